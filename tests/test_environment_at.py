"""`NAME@X` wherever an environment is read: what comes of it is what came when it was the work tree."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envlock.errors import EnvlockError
from envlock.history.objects import Objects
from envlock.history.repository import Entry
from envlock.history.snapshot import lay_out
from envlock.interchange.exports.provenance import Revision
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.environment_at import environment_at
from envlock.workflows.source_revision import revision_of
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.locked_project import locked_project
from tests.support.projects import ENVLOCK, MINOR, Project
from tests.support.repository import History
from tests.support.tiny_project import tree
from tests.support.tiny_sources import write_project
from tests.support.tiny_wheels import write_wheel

MANIFEST = """name = "small"
extends = "../../shared/base.toml"

[pip]
from = ["needs.in"]
dependencies = ["local @ ../../wheels/local-1.0-py3-none-any.whl"]

[groups.dev.pip]
dependencies = ["lib @ ../../lib"]
"""
SHARED = f"""python = "{MINOR}"

[image]
base = "scratch"
workdir = "/srv/app"
copy = ["../envs/small/src", "../tool"]
"""
READING = (
    ("show",),
    ("show", "--json"),
    ("show", "--manifest"),
    ("tree",),
    ("export", "--format", "requirements"),
    ("check",),
)


@dataclass(frozen=True, kw_only=True)
class Then:
    """What came of the environment when it was the work tree."""

    history: History
    project: Project
    said: dict[tuple[str, ...], str]
    prefix: str
    digest: str
    commit: str


def written(path: Path, text: str, *, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755 if executable else 0o644)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Then]:
    """Version 1; by now all that it was made of is another, the folder was moved, and is gone."""
    tmp_path = tmp_path_factory.mktemp("then")
    write_wheel(tmp_path / "served", "beta")
    with serve_index(WheelFolders((tmp_path / "served",))) as index:
        yield then_of(tmp_path, index)


@pytest.fixture
def then(made: Then, tmp_path: Path) -> Then:
    """The same with a cache of the test's own."""
    shutil.copytree(made.project.cache, tmp_path / "cache", symlinks=True)
    return replace(made, project=replace(made.project, cache=tmp_path / "cache"))


def then_of(tmp_path: Path, index: IndexServer) -> Then:
    root = tmp_path / "repository"
    root.mkdir()
    history = History(root)
    history.git("init", "--quiet", "--initial-branch=main")
    project = Project(folder=root / "envs/small", cache=tmp_path / "cache", variables={"COLUMNS": "120"})
    written(project.manifest, f'{MANIFEST}\n[[pip.indexes]]\nname = "ours"\nurl = "{index.url}"\ndefault = true\n')
    written(root / "shared/base.toml", SHARED)
    written(project.folder / "needs.in", "-r lists/more\n")
    written(project.folder / "lists/more", "beta\n")
    write_project(root / "lib", "lib", "1.0")
    write_wheel(root / "wheels", "local")
    written(project.folder / "src/model.py", "print('one')\n")
    written(project.folder / "src/ignored.log", "tracked all the same\n")
    written(project.folder / "src/run.sh", "#!/bin/sh\n", executable=True)
    (project.folder / "src/link").symlink_to("run.sh")
    (root / "tool").symlink_to("tools/tool-1")
    written(root / "tools/tool-1", "#!/bin/sh\n", executable=True)
    written(root / "unrelated.txt", "never looked at\n")
    written(root / ".gitignore", "*.log\n")
    written(root / ".gitattributes", "*.py text eol=crlf\n")
    history.git("add", "--force", project.folder / "src/ignored.log")
    project.must("lock")
    commit = history.commit("one")
    history.git("tag", "--annotate", "--message", "small 1", "env/small/1")
    # as git checks it out: with CRLF
    (project.folder / "src/model.py").unlink()
    history.git("checkout", "--", "envs/small/src/model.py")
    assert b"\r\n" in (project.folder / "src/model.py").read_bytes()
    found = Then(
        history=history,
        project=replace(project, folder=root),
        said={words: project.must(*words) for words in READING},
        prefix=project.must("install", "--group", "dev").rpartition("/")[2],
        digest=project.must("build"),
        commit=commit,
    )
    written(project.folder / "src/model.py", "print('two')\n")
    written(root / "lib/lib.py", "new = True\n")
    (root / "tools/tool-1").write_text("#!/bin/sh\nexit 1\n")
    project.must("lock")
    history.commit("two")
    history.git("mv", "envs/small", "envs/moved")
    history.commit("three")
    history.git("rm", "-r", "--quiet", "envs", "lib", "wheels", "shared")
    history.commit("four")
    return found


def test_it_is_read_as_when_it_was_the_work_tree(then: Then, tmp_path: Path) -> None:
    before = tree(then.history.folder)
    new = replace(then.project, cache=tmp_path / "new")
    for words in READING:
        assert new.must(*words, "small@1") == then.said[words], words
    assert new.must("check", "--at", "HEAD~2", "small") == ""
    assert new.must("build", "small@1") == then.digest
    assert then.project.must("install", "--group", "dev", "small@1").rpartition("/")[2] == then.prefix
    assert (
        then.project.must("run", "--no-record", "--at", "1", "-e", "small", "--", "python", "-c", "print(1)") == "1\n"
    )
    assert tree(then.history.folder) == before
    assert then.history.git("status", "--porcelain") == ""


def test_only_what_it_is_made_of_is_laid_out_as_git_has_it(then: Then) -> None:
    then.project.must("show", "small@1")
    (folder,) = (then.project.cache / "versions").glob("*/repository")
    laid_out = History(folder)
    assert laid_out.git("ls-files", "--others") == ""
    lines = then.history.git("ls-tree", "-r", "--format=%(objectmode) %(objectname) 0%x09%(path)", then.commit)
    left_out = ("unrelated.txt", ".gitignore", ".gitattributes")
    expected = [line for line in lines.splitlines() if not line.endswith(tuple(f"\t{name}" for name in left_out))]
    assert laid_out.git("ls-files", "--stage").splitlines() == expected
    assert (folder / "tool").readlink() == Path("tools/tool-1")
    assert (folder / "envs/small/src/run.sh").stat().st_mode & 0o111


def test_commits_with_the_same_environment_share_it(then: Then) -> None:
    for word in ("small@1", f"small@{then.commit[:10]}", "small@git:HEAD~3", "@HEAD~3"):
        then.project.must("show", word)
    assert len([*(then.project.cache / "versions").iterdir()]) == 1


def test_what_somebody_edited_in_the_cache_is_made_again(then: Then) -> None:
    then.project.must("show", "small@1")
    (lockfile,) = (then.project.cache / "versions").glob("*/*/envs/small/env.lock")
    lockfile.write_text("")
    assert then.project.must("show", "small@1") == then.said["show",]


def test_several_at_once(then: Then, tmp_path: Path) -> None:
    environment = {**then.project.environment(), "ENVLOCK_CACHE_DIR": str(tmp_path / "new")}
    words = (ENVLOCK, "show", "small@1")
    folder = then.history.folder
    pipe = subprocess.PIPE
    calls = [subprocess.Popen(words, cwd=folder, env=environment, stdout=pipe, text=True) for _ in range(4)]
    assert [call.communicate()[0] for call in calls] == [then.said["show",]] * 4
    assert len([*(tmp_path / "new/versions").iterdir()]) == 1


def test_in_a_bare_repository(then: Then, tmp_path: Path) -> None:
    then.history.git("clone", "--quiet", "--bare", then.history.folder, tmp_path / "bare.git")
    bare = replace(then.project, folder=tmp_path / "bare.git")
    assert bare.must("show", "small@1") == then.said["show",]
    assert bare.must("check", "small@1") == ""
    assert bare.must("check", "--at", "env/small/1", "--all") == ""


def test_the_cache_knows_of_it(then: Then) -> None:
    then.project.must("show", "small@1")
    known = {each["kind"]: each["count"] for each in json.loads(then.project.must("cache", "info", "--json"))}
    assert known["versions"] == 1
    then.project.must("cache", "clean", "--kind", "versions")
    assert [*(then.project.cache / "versions").iterdir()] == []


def test_provenance_names_the_commit(then: Then) -> None:
    start, cache = then.history.folder, Cache(then.project.cache)
    context = Context(cache=cache)
    project = environment_at("small@1", start, context)
    assert project.title == "small@1"
    assert revision_of(project, context) == Revision(commit=then.commit, origin=None, dirty=False)


def test_errors_name_the_version_and_no_path_of_the_cache(then: Then, tmp_path: Path) -> None:
    history = History(tmp_path / "other")
    locked_project(history.folder, git=True)
    history.commit()
    (history.folder / "env.toml").write_text('name = "train"\npyton = "3.11"\n')
    history.commit()
    project = replace(then.project, folder=history.folder)
    result = project.call("show", "--manifest", "train@HEAD")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: train@HEAD:env.toml:2: ")
    assert str(project.cache) not in result.stderr
    result = project.call("install", "train@HEAD")
    assert "train@HEAD:env.toml:2: " in result.stderr
    assert project.call("show", "train@HEAD~7").stderr.startswith("error: `HEAD~7` is no version of `train`")
    (history.folder / "env.lock").unlink()
    (history.folder / "env.toml").write_text('name = "train"\n')
    history.commit()
    said = "error: `train@HEAD` has no env.lock: it was not locked then\n"
    assert project.call("show", "train@HEAD") == (2, "", said)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../out", "which git would not check out"),
        ("a/.GIT/hooks/post-checkout", "which git would not check out"),
        ("/etc/x", "which git would not check out"),
        ("link/x", "lies below what is no folder"),
    ],
)
def test_trees_that_lead_elsewhere(path: str, message: str, tmp_path: Path) -> None:
    entries = {name: Entry(path=name, mode=0o100644, id="0" * 40) for name in ("link", path)}
    with pytest.raises(EnvlockError, match=message):
        lay_out(Nothing(), entries, tmp_path)
    assert [*tmp_path.iterdir()] == []


class Nothing:
    """A tree that must not be asked for anything."""

    def entry(self, path: str) -> Entry | None:
        raise AssertionError(path)

    def entries(self, folder: str) -> Iterator[Entry]:
        raise AssertionError(folder)

    def files(self, name: str) -> tuple[str, ...]:
        raise AssertionError(name)

    def blob(self, id: str) -> bytes:
        raise AssertionError(id)

    def objects(self) -> AbstractContextManager[Objects]:
        raise AssertionError

    def bring(self, ids: Iterable[str]) -> None:
        raise AssertionError(ids)


def test_links_out_of_the_repository_are_not_followed(then: Then, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text('name = "train"\n[pip]\ndependencies = ["secret"]\n')
    history = History(tmp_path / "other")
    locked_project(history.folder, git=True)
    (history.folder / "env.toml").unlink()
    (history.folder / "env.toml").symlink_to(tmp_path / "secret.toml")
    history.commit()
    result = replace(then.project, folder=history.folder).call("show", "other@HEAD")
    assert result.code == 2
    assert "outside of the repository" in result.stderr or "no environment" in result.stderr


@pytest.mark.parametrize(
    "words", [("lock", "small@1"), ("add", "--env", "small@1", "beta"), ("lock", "file:///nowhere#small")]
)
def test_what_was_is_not_changed(then: Then, words: tuple[str, ...]) -> None:
    result = then.project.call(*words)
    assert result.code == 2
    assert "not changed here" in result.stderr
