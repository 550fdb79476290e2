"""`NAME@X`: what X may be, in which order, and what is said where it is nothing."""

from pathlib import Path

import pytest

from envlock.lockfile.reader import read_lock
from envlock.model.digest import environment_hash, image_key, lock_hash
from tests.support.locked_project import locked_project
from tests.support.projects import Project
from tests.support.repository import History, set_version

SHALLOW = "hint: this clone has only a part of the history: `git fetch --unshallow --tags` brings the rest\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train", git=True)


@pytest.fixture
def history(project: Project) -> History:
    """click 8.3.1, 8.4 and 8.5 on `main`, each a commit; the second is registered as 1."""
    history = History(project.folder)
    history.git("checkout", "--quiet", "-b", "main")
    history.git("config", "user.name", "Kim")
    history.git("config", "user.email", "kim@acme.test")
    history.commit("one")
    set_version(project, "click", "8.4")
    history.commit("two")
    project.must("register", "train")
    set_version(project, "click", "8.5")
    history.commit("three")
    return history


def click_at(project: Project, version: str) -> str:
    """The version of click in a version of the environment."""
    (line,) = (line for line in project.must("show", f"train@{version}").splitlines() if line.startswith("click"))
    return line.split()[1]


def hashes(project: Project) -> tuple[str, str, str]:
    lock = read_lock(project.lockfile)
    return lock_hash(lock, lock.platforms[0]), image_key(lock), environment_hash(lock)


def test_the_beginning_of_a_hash(project: Project, history: History) -> None:
    for back, version in enumerate(("8.5", "8.4", "8.3.1")):
        project.lockfile.write_text(history.git("show", f"HEAD~{back}:env.lock") + "\n")
        for hash in hashes(project):
            for digits in (hash[:10], hash[:16], hash):
                assert click_at(project, f"lock-{digits}") == version
    history.git("tag", "--delete", "env/train/1")  # then the history alone tells
    project.lockfile.write_text(history.git("show", "HEAD~1:env.lock") + "\n")
    assert click_at(project, f"lock-{hashes(project)[0][:12]}") == "8.4"


def test_a_hash_of_another_branch_is_found_by_its_tag(project: Project, history: History) -> None:
    history.git("checkout", "--quiet", "-b", "topic")
    set_version(project, "click", "9.0")
    history.commit("nine")
    project.must("register", "train")
    hash = hashes(project)[0]
    history.git("checkout", "--quiet", "main")
    history.git("branch", "--quiet", "-D", "topic")
    for _ in range(2):
        assert click_at(project, f"lock-{hash[:12]}") == "9.0"
        assert click_at(project, "2") == "9.0"
        history.git("pack-refs", "--all")


def test_digits_of_several_locks(project: Project, history: History) -> None:
    """Sixteen first digits, and no more: two of so many locks share theirs."""
    for number in range(17):
        set_version(project, "click", f"9.{number}")
        history.commit(f"{number}")
    first = [hash[0] for hash in _all(project, history)]
    shared = next(digit for digit in first if first.count(digit) > 1)
    result = project.call("show", f"train@lock-{shared}")
    assert (result.code, result.stdout) == (2, "")
    message, *listed, hint = result.stderr.splitlines()
    assert message == f"error: `lock-{shared}` is the beginning of several locks of `train`"
    assert len(listed) >= 2
    assert hint == "hint: give more digits"


def _all(project: Project, history: History) -> list[str]:
    found = []
    for commit in history.git("log", "--format=%H").split():
        project.lockfile.write_text(history.git("show", f"{commit}:env.lock") + "\n")
        found.append(hashes(project)[0])
    history.git("checkout", "--quiet", "--force", "main")
    return found


def test_labels_go_before_branches(project: Project, history: History) -> None:
    history.git("branch", "prod", "HEAD~2")
    assert click_at(project, "prod") == "8.3.1"
    project.must("label", "train@1", "prod")
    assert click_at(project, "prod") == "8.4"
    assert click_at(project, "git:prod") == "8.3.1"
    history.git("pack-refs", "--all")
    assert click_at(project, "prod") == "8.4"
    project.must("label", "--remove", "train", "prod")
    assert click_at(project, "prod") == "8.3.1"


def test_a_label_that_a_remote_had(project: Project, history: History) -> None:
    project.must("label", "train@1", "prod")
    label = history.git("rev-parse", "refs/envlock/labels/train/prod")
    history.git("update-ref", "refs/envlock/remotes/origin/labels/train/prod", label)
    history.git("update-ref", "-d", "refs/envlock/labels/train/prod")
    assert click_at(project, "prod") == "8.4"
    assert "1        prod" in project.must("versions")
    assert "prod → 1" in project.must("list")
    project.must("label", "--remove", "train", "prod")  # ours is the newer word on it
    assert project.call("show", "train@prod").code == 2
    assert "prod" not in project.must("versions") + project.must("list")


def test_numbers(project: Project, history: History) -> None:
    for number in ("2", "9", "10"):
        history.git("tag", f"env/train/{number}", "HEAD~2" if number == "10" else "HEAD")
    history.git("tag", "env/train/1234567", "HEAD")  # by a name, not a number: it has too many digits
    assert [click_at(project, version) for version in ("1", "2", "10", "latest", "1234567")] == [
        *("8.4", "8.5", "8.3.1", "8.3.1", "8.5")
    ]


REFUSED = [
    ("7", "`7` is no version of `train` and no git revision\nhint: the highest number is 1"),
    ("other", "`other` is no version of `train` and no git revision"),
    ("lock-00", "`lock-00` is no version of `train` and no git revision\nhint: `envlock versions train` lists locks"),
    ("git:1", "`1` is no git revision"),
    ("git:lock-0", "`lock-0` is no git revision\nhint: say of which environment: `NAME@lock-…`"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "message"), REFUSED)
def test_what_is_not_there(project: Project, history: History, version: str, message: str) -> None:
    assert history.folder
    assert project.call("show", f"train@{version}") == (2, "", f"error: {message}\n")


def test_nothing_is_registered(project: Project, history: History) -> None:
    history.git("tag", "--delete", "env/train/1")
    for version in ("latest", "1"):
        message = (
            f"`{version}` is no version of `train` and no git revision\nhint: `envlock register train` makes the first"
        )
        assert project.call("show", f"train@{version}") == (2, "", f"error: {message}\n")


def test_a_shallow_clone_may_lack_it(project: Project, history: History, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--depth", "1", "--no-tags", f"file://{project.folder}", tmp_path / "shallow")
    shallow = Project(folder=tmp_path / "shallow", cache=project.cache)
    for version in ("1", "latest", "lock-0123456789", "HEAD~1"):
        result = shallow.call("show", f"train@{version}")
        assert (result.code, result.stderr.endswith(SHALLOW)) == (2, True), result


def test_a_repository_of_longer_ids(tmp_path: Path) -> None:
    """SHA-256, which git's library does not open."""
    project = locked_project(tmp_path / "train")
    history = History(project.folder)
    history.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    history.commit("one")
    set_version(project, "click", "8.4")
    history.commit("two")
    history.git("tag", "--annotate", "--message", "train 1", "env/train/1", "HEAD~1")
    titles, newest, first = project.must("versions").splitlines()
    assert (titles.split()[0], newest.split()[0], first.split()[0]) == ("VERSION", "—", "1")
    assert project.must("list").splitlines()[1].split() == ["train", ".", "1", "changed", "since"]


def test_a_partial_clone(project: Project, history: History, tmp_path: Path) -> None:
    """What is missing is fetched as it is needed."""
    history.git("config", "uploadpack.allowFilter", "true")
    for words in (("--filter=blob:none",), ("--filter=tree:0", "--bare")):
        folder = tmp_path / words[0][-5:]
        history.git("clone", "--quiet", *words, f"file://{project.folder}", folder)
        partial = Project(folder=folder, cache=tmp_path / f"{folder.name}-cache")
        assert partial.must("versions", "train") == project.must("versions", "train")
        assert partial.must("list") == project.must("list")


def test_a_tag_of_no_commit_takes_a_number_and_is_no_version(project: Project, history: History) -> None:
    history.git("tag", "env/train/7", "HEAD:env.toml")
    assert click_at(project, "latest") == "8.4"
    assert "leads to no commit" in project.call("show", "train@7").stderr
    assert project.must("list").splitlines()[1].split()[2] == "1"
    project.must("label", "train", "prod")
    assert click_at(project, "prod") == "8.4"
    assert project.must("register", "train").startswith("train 8 ")
    assert click_at(project, "latest") == "8.5"
