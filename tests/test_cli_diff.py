"""`envlock diff`: between files, versions and revisions of real repositories, in whole commands."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import click
import pytest

from envlock.lockfile.writer import lock_text
from envlock.model.lock import ImageSettings, Lock
from tests.support.locked_project import locked_project
from tests.support.projects import Project, Result
from tests.support.repository import History, set_version
from tests.support.wide_project import pip as wheel_of
from tests.support.wide_project import wide_project

UPGRADED = "CHANGE    NAME   BEFORE  AFTER\nupgraded  click  8.3.1   {}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train", git=True)


@pytest.fixture
def history(project: Project) -> History:
    """Three versions of click: 8.3.1 on `main`, 8.4 tagged as version 1, 8.5 in the work tree."""
    history = History(project.folder)
    history.git("checkout", "--quiet", "-b", "main")
    history.commit("one")
    history.git("checkout", "--quiet", "-b", "topic")
    set_version(project, "click", "8.4")
    history.commit("two")
    history.git("tag", "--annotate", "--message", "1", "env/train/1")
    set_version(project, "click", "8.5")
    return history


def moved(before: str, after: str) -> str:
    """The table of one upgrade or downgrade."""
    what = "upgraded" if before < after else "downgraded"
    rows = [("CHANGE", "NAME", "BEFORE", "AFTER"), (what, "click", before, after)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows)


def test_nothing_is_asked_for(project: Project, history: History) -> None:
    head = history.git("rev-parse", "--short=7", "HEAD")
    assert project.call("diff") == (
        0,
        moved("8.4", "8.5"),
        f"train: HEAD ({head}) → work tree: 1 upgraded\nlinux-64  2 packages  103 kB\n",
    )


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        (("train",), "8.4", "8.5"),
        ((".",), "8.4", "8.5"),
        (("main",), "8.3.1", "8.5"),
        (("git:main",), "8.3.1", "8.5"),
        (("train@main",), "8.3.1", "8.5"),
        (("train@git:HEAD~1",), "8.3.1", "8.5"),
        (("HEAD~1", "HEAD"), "8.3.1", "8.4"),
        (("HEAD~1..HEAD",), "8.3.1", "8.4"),
        (("HEAD..main",), "8.4", "8.3.1"),
        (("main..",), "8.3.1", "8.4"),
        (("train@main..topic",), "8.3.1", "8.4"),
        (("main", "train"), "8.3.1", "8.5"),
        (("train@1", "."), "8.4", "8.5"),
        (("main", "1"), "8.3.1", "8.4"),
        (("main", "train@latest"), "8.3.1", "8.4"),
        (("HEAD^", "env/train/1"), "8.3.1", "8.4"),
        (("env.lock", "HEAD"), "8.5", "8.4"),
        (("main", "./env.lock"), "8.3.1", "8.5"),
    ],
)
def test_what_can_be_compared(
    project: Project, history: History, words: tuple[str, ...], before: str, after: str
) -> None:
    status = history.git("status", "--porcelain=v2", "--branch")
    result = project.call("diff", "--quiet", *words)
    assert result == (0, moved(before, after), "")
    assert history.git("status", "--porcelain=v2", "--branch") == status


def test_from_where_two_parted(project: Project, history: History) -> None:
    """What `main` did meanwhile is not told."""
    history.git("stash", "--quiet")
    history.git("checkout", "--quiet", "main")
    set_version(project, "flask", "9.0")
    history.commit("meanwhile")
    history.git("checkout", "--quiet", "topic")
    assert project.must("diff", "--quiet", "main...HEAD") == moved("8.3.1", "8.4")
    assert "downgraded  flask" in project.must("diff", "--quiet", "main..HEAD")
    history.git("checkout", "--quiet", "--orphan", "other")
    history.commit("apart")
    assert project.call("diff", "main...HEAD") == (2, "", "error: `main` and `HEAD` have no commit in common\n")


def test_versions_are_looked_up_in_order(project: Project, history: History) -> None:
    history.git("tag", "env/train/2", "main")  # light, and older
    history.git("tag", "env/train/10", "HEAD")
    history.git("tag", "env/train/1.0", "main")
    history.git("config", "user.name", "Kim")
    history.git("config", "user.email", "kim@acme.test")
    project.must("label", "train@2", "prod")
    history.git("branch", "prod", "topic")
    history.git("branch", "2", "topic")
    for version, click_ in {"2": "8.3.1", "latest": "8.4", "1.0": "8.3.1", "prod": "8.3.1", "git:prod": "8.4"}.items():
        assert project.must("diff", "--quiet", f"train@{version}") == moved(click_, "8.5"), version


def test_a_detached_head(project: Project, history: History) -> None:
    history.git("stash", "--quiet")
    history.git("checkout", "--quiet", "--detach", "main")
    assert project.call("diff") == (
        0,
        "",
        f"train: HEAD ({history.git('rev-parse', '--short=7', 'HEAD')}) → work tree: nothing changed\n",
    )
    assert project.must("diff", "--quiet", "HEAD", "topic") == moved("8.3.1", "8.4")


def test_a_folder_that_was_renamed(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "repo" / "old", git=False)
    history = History(tmp_path / "repo")
    history.git("init", "--quiet")
    history.commit()
    history.git("mv", "old", "new")
    renamed = replace(project, folder=tmp_path / "repo" / "new")
    set_version(renamed, "click", "8.4")
    history.commit()
    # another environment takes the place
    locked_project(tmp_path / "repo" / "old", name="other")
    assert renamed.must("diff", "--quiet", "HEAD~1") == moved("8.3.1", "8.4")
    assert renamed.must("diff", "--quiet", "train@HEAD~1", "train@HEAD") == moved("8.3.1", "8.4")


def test_a_bare_repository(project: Project, history: History, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--bare", ".", tmp_path / "bare.git")
    bare = replace(project, folder=tmp_path / "bare.git")
    assert bare.must("diff", "--quiet", "main", "topic") == moved("8.3.1", "8.4")
    assert bare.must("diff", "--quiet", "train@main..HEAD") == moved("8.3.1", "8.4")
    assert bare.must("diff", "--quiet", "main", "train@1") == moved("8.3.1", "8.4")
    assert bare.call("diff", "other@main..HEAD") == (
        2,
        "",
        "error: no environment `other` is at `main`\nhint: there is `train`\n",
    )


def test_a_linked_work_tree_and_a_hook(project: Project, history: History, tmp_path: Path) -> None:
    """What git tells hooks of another repository does not lead astray."""
    history.git("worktree", "add", "--quiet", tmp_path / "linked", "main")
    linked = replace(project, folder=tmp_path / "linked")
    assert linked.must("diff", "--quiet", "topic") == moved("8.4", "8.3.1")
    other = project.given(GIT_DIR=str(tmp_path / "nowhere"), GIT_INDEX_FILE="index")
    assert other.must("diff", "--quiet") == moved("8.4", "8.5")


def test_an_environment_that_is_new(project: Project, history: History) -> None:
    history.git("checkout", "--quiet", "--orphan", "empty")
    history.git("rm", "--quiet", "-r", "--force", "--cached", ".")
    (project.folder / ".git" / "info" / "exclude").write_text("env.*\n")
    history.commit("nothing yet")
    result = project.call("diff")
    assert result.code == 0
    assert result.stdout == (
        "CHANGE  NAME    AFTER       SIZE\n"
        "added   base    scratch\n"
        "added   python  3.11.0\n"
        "added   click   8.5\n"
        "added   flask   3.1.3    +103 kB\n"
    )
    assert project.call("diff", "train@HEAD").code == 2


def test_an_environment_at_one_end_alone(project: Project, history: History) -> None:
    """What a branch adds, or what went: the other end counts as empty."""
    history.git("checkout", "--quiet", "--force", "main")
    locked_project(project.folder / "new", name="new")
    history.commit("new")
    before = "refs/tags/env/train/1"
    assert "\nadded   flask   3.1.3 " in project.must("diff", "--quiet", f"new@{before}..HEAD")
    assert "\nadded   flask   3.1.3 " in project.must("diff", "--quiet", f"new@{before}...new@HEAD")
    shutil.rmtree(project.folder / "new")
    assert "\nremoved  flask   3.1.3 " in project.must("diff", "--quiet", "new@HEAD")
    history.commit("gone")
    assert "\nremoved  flask   3.1.3 " in project.must("diff", "--quiet", "new@HEAD~1..HEAD")
    hint = "hint: there is `train`\n"
    assert project.call("diff", "new@main") == (2, "", f"error: no environment `new` is at `main`\n{hint}")
    assert project.call("diff", "nwe@HEAD~1..HEAD").stderr.startswith("error: no environment `nwe` is at `HEAD~1`\n")
    assert project.call("diff", "..").code == 2


BROKEN = [
    (("train@7",), "`7` is no version of `train` and no git revision\nhint: the highest number is 1"),
    (
        ("train@deadbeef",),
        "`deadbeef` is no version of `train` and no git revision\nhint: several commits may begin so: give more digits",
    ),
    (("nowhere",), "`nowhere` is no version of `train` and no git revision"),
    (("git:nowhere",), "`nowhere` is no git revision"),
    (("./nowhere.lock", "env.lock"), "`nowhere.lock` does not exist\nhint: `envlock lock` makes it"),
    (
        ("train@lock-0123456789abcdef",),
        "`lock-0123456789abcdef` is no version of `train` and no git revision\n"
        "hint: `envlock versions train` lists locks",
    ),
    (("a", "b", "c"), "two sides can be compared, not 3\nhint: see `envlock diff --help`"),
]


@pytest.mark.parametrize(("words", "message"), BROKEN)
def test_what_is_not_there(project: Project, history: History, words: tuple[str, ...], message: str) -> None:
    assert history.folder
    assert project.call("diff", *words) == (2, "", f"error: {message}\n")


def test_without_any_commit(project: Project) -> None:
    assert project.call("diff") == (
        2,
        "",
        "error: the repository has no commit yet\nhint: commit env.toml and env.lock first\n",
    )


def test_outside_of_git(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train")
    assert project.call("diff") == (
        2,
        "",
        f"error: `HEAD` is no file, and `{project.folder}` is in no git repository\n"
        "hint: outside of git, give two env.lock files\n",
    )
    shutil.copy(project.lockfile, tmp_path / "old.lock")
    set_version(project, "click", "8.4")
    assert project.must("diff", "--quiet", "../old.lock", "env.lock") == moved("8.3.1", "8.4")
    assert project.must("diff", "--quiet", "../old.lock") == moved("8.3.1", "8.4")


def test_a_clone_without_history_says_how_to_get_it(project: Project, history: History, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--depth", "1", f"file://{project.folder}", tmp_path / "shallow")
    shallow = replace(project, folder=tmp_path / "shallow")
    assert shallow.call("diff", "main") == (
        2,
        "",
        "error: `main` is no version of `train` and no git revision\n"
        "hint: this clone has only a part of the history: `git fetch --unshallow --tags` brings the rest\n",
    )


def test_a_lock_that_was_wrong_is_told_with_its_commit(project: Project, history: History) -> None:
    good = project.lockfile.read_text()
    project.lockfile.write_text(good + "<<<<<<< ours\n")
    commit = history.commit("broken")
    project.lockfile.write_text(good)
    result = project.call("diff")
    assert (result.code, result.stdout) == (2, "")
    assert f"{commit[:7]}:env.lock:" in result.stderr


def wide_pair(tmp_path: Path) -> tuple[Project, Lock]:
    """A project of many platforms, and another lock for it: a bit of every change."""
    project = wide_project(tmp_path / "train")
    lock = project.lock()
    linux, osx, _ = lock.platforms
    _, pandas, python = linux.conda
    # a wheel where conda's was, of the same version; and a rebuilt package
    pip = {p.name: p for p in linux.pip}
    wheel = wheel_of("numpy", "2.3.1", size=9_000_000)
    pandas = replace(pandas, build="h9_1", file="pandas-2.2.3-h9_1.conda", sha256="9" * 64)
    pips = {
        **pip,
        "numpy": wheel,
        "asgiref": replace(pip["asgiref"], version="3.9.1", file="asgiref-3.9.1-py3-none-any.whl", sha256="1" * 64),
        "flask": replace(pip["flask"], index="acme"),
        "pytest": replace(pip["pytest"], groups=("main",)),
    }
    del pips["numtool"]
    base = replace(linux.base, reference="debian:forky-slim", digest=f"sha256:{'d' * 64}")
    linux = replace(linux, base=base, conda=(pandas, python), pip=tuple(sorted(pips.values(), key=lambda p: p.name)))
    osx = replace(osx, pip=(*osx.pip, wheel_of("zope", "8.3.1", size=5_000_000)))
    image = ImageSettings(user="1000", variables=(("A", "1"),))
    inputs = replace(lock.inputs, platforms=("linux-64", "osx-arm64"), systems=lock.inputs.systems[:2])
    return project, replace(lock, inputs=inputs, image=image, platforms=(linux, osx))


@pytest.fixture
def wide(tmp_path: Path) -> Project:
    """A project, whose new lock is `new.lock`."""
    project, lock = wide_pair(tmp_path)
    (project.folder / "new.lock").write_text(lock_text(lock))
    return project


def compared(project: Project, *options: str) -> Result:
    return project.call("diff", "env.lock", "new.lock", *options)


def test_every_kind_of_change(wide: Project) -> None:
    result = compared(wide)
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert result.code == 0
    assert [" ".join(row) for row in rows] == [
        "removed platform win-64 11 packages",
        "changed base debian:trixie-slim@sha256:bbbbbbbbbbbb… debian:forky-slim@sha256:dddddddddddd… linux-64",
        "added image.user 1000",
        "added image.variables.A 1",
        "downgraded asgiref 3.11.0 3.9.1 linux-64",
        "moved flask 3.1.3 (pypi) 3.1.3 (acme) linux-64",
        "moved numpy 2.3.1 (conda) 2.3.1 (pip) +1.0 MB linux-64",
        "removed numtool 1.0 −100 kB linux-64",
        "rebuilt pandas 2.2.3 h1_0 2.2.3 h9_1 linux-64",
        "regrouped pytest 9.0 (group dev) 9.0 (group main) linux-64",
        "added zope 8.3.1 +5.0 MB osx-arm64",
    ]
    assert result.stderr == (
        "env.lock → new.lock: 1 added, 1 removed, 1 downgraded, 1 rebuilt, 2 moved, 1 regrouped, 4 other changes\n"
        "linux-64    9 → 8 packages  40 MB → 40 MB (+900 kB)\n"
        "osx-arm64  9 → 10 packages  78 MB → 84 MB (+5.0 MB)\n"
        "win-64     11 → 0 packages  121 MB → 0 B (−121 MB)\n"
    )


def test_the_way_back(wide: Project) -> None:
    """Every row turned round."""
    turned = {"added": "removed", "removed": "added", "upgraded": "downgraded", "downgraded": "upgraded"}
    there = json.loads(compared(wide, "--json").stdout)
    back = json.loads(wide.must("diff", "new.lock", "env.lock", "--json"))
    for one, other in zip(there["packages"], back["packages"], strict=True):
        assert other["change"] == turned.get(one["change"], one["change"])
        assert (other["before"], other["after"], other["differs"]) == (one["after"], one["before"], one["differs"])
    assert back["platforms"]["added"] == there["platforms"]["removed"]
    assert back["kept"] == there["kept"]


def test_colours_change_no_word(wide: Project) -> None:
    plain, drawn = compared(wide).stdout, compared(wide, "--color", "always").stdout
    assert "\x1b[31mremoved\x1b[0m" in drawn
    assert "\x1b" not in plain
    assert click.unstyle(drawn) == plain
    assert wide.given(NO_COLOR="1").must("diff", "env.lock", "new.lock") == plain


def test_a_narrow_terminal(wide: Project) -> None:
    shown = wide.given(COLUMNS="60").must("diff", "env.lock", "new.lock", "--quiet")
    cells = {word for line in shown.splitlines() for word in line.split()}
    assert cells == {word for line in compared(wide).stdout.splitlines() for word in line.split()}
    assert [line for line in shown.splitlines() if len(line) > 60 and "@sha256" not in line] == []


@pytest.mark.parametrize(("words", "code"), [(("env.lock", "new.lock"), 1), (("env.lock", "env.lock"), 0)])
def test_the_exit_code_says_whether_anything_differs(wide: Project, words: tuple[str, ...], code: int) -> None:
    assert wide.call("diff", *words, "--exit-code").code == code
    assert wide.call("diff", *words).code == 0


def test_nothing_differs(wide: Project) -> None:
    assert wide.call("diff", "env.lock", "./env.lock") == (0, "", "env.lock → ./env.lock: nothing changed\n")
    found = json.loads(wide.must("diff", "env.lock", "env.lock", "--json"))
    assert (found["different"], found["packages"], found["kept"]) == (False, [], 29)


def test_as_json(project: Project, history: History) -> None:
    found = json.loads(project.must("diff", "main", "--json"))
    flask, click_ = (p for p in project.lock().platforms[0].pip[::-1])
    (change,) = found["packages"]
    (on,) = change.pop("platforms")
    facts = {"name": "click", "kind": "pip", "source": "pypi", "groups": ["main"], "builds": False}
    assert change == {
        "name": "click",
        "change": "upgraded",
        "differs": ["version"],
        "before": {**facts, "version": "8.3.1"},
        "after": {**facts, "version": "8.5"},
    }
    assert on["platform"] == "linux-64"
    assert (on["before"]["version"], on["after"]["sha256"], flask.name) == ("8.3.1", click_.sha256, "flask")
    del found["packages"]
    both = {"packages": 2, "size": 103_424}
    assert found == {
        "environment": "train",
        "before": {"text": "main", "commit": history.git("rev-parse", "main"), "locked": True},
        "after": {"text": "work tree", "commit": None, "locked": True},
        "different": True,
        "kept": 1,
        "base": [],
        "python": [],
        "image": [],
        "platforms": {"added": [], "removed": []},
        "totals": [{"platform": "linux-64", "before": both, "after": both}],
    }


def test_names_are_completed(project: Project) -> None:
    words = project.given(_ENVLOCK_COMPLETE="bash_complete", COMP_WORDS="envlock diff tr", COMP_CWORD="2").call()
    assert words.stdout == "plain,train\n"
