"""What is laid out of trees and repositories of other kinds: large ones, those of SHA-256, what Dockerfiles copy."""

import resource
import subprocess
from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.history import bounded
from envlock.history.around import repository_around
from envlock.history.git_program import Git
from envlock.history.objects import Objects
from envlock.history.program import Program
from envlock.history.snapshot import lay_out
from envlock.history.tree import CommitTree
from envlock.workflows.later_local import context_sha256
from tests.support.locked_project import locked_project
from tests.support.projects import ENVLOCK, Project
from tests.support.repository import History
from tests.test_check_dockerfile import project as made_project

LARGE = 256 << 20
project = made_project


def test_a_repository_of_sha256_here_and_elsewhere(tmp_path: Path) -> None:
    history = History(tmp_path / "there")
    history.folder.mkdir()
    history.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    project = locked_project(history.folder / "envs/train")
    commit = history.commit()
    project.change("flask >=3", "flask >=4")
    history.git("add", "--all")
    assert project.call("check", "--staged").code == 1
    shown = project.must("show")
    assert project.must("show", "train@HEAD") == shown
    assert project.must("check", "train@HEAD") == ""
    (tmp_path / "elsewhere").mkdir()
    somebody = Project(folder=tmp_path / "elsewhere", cache=tmp_path / "new")
    for version in (commit, "main"):
        assert somebody.must("show", f"{history.folder.as_uri()}#train@{version}") == shown


def test_an_environment_at_the_top_is_called_as_its_repository(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train", git=True)
    project.change('name = "train"\n', "")
    history = History(project.folder)
    history.commit()
    history.git("clone", "--quiet", "--bare", ".", tmp_path / "bare" / "train.git")
    shown = project.must("show", "train@HEAD")
    for address in (history.folder.as_uri(), (tmp_path / "bare/train.git").as_uri(), str(tmp_path / "bare/train.git")):
        assert project.must("show", f"{address}#train@HEAD") == shown


def test_what_a_dockerfile_copies(project: Project) -> None:
    history = History(project.folder)
    (project.folder / "docker/.dockerignore").write_text("*.log\n")
    (project.folder / "docker/deep").mkdir()
    (project.folder / "docker/deep/b").write_text("b")
    (project.folder / "docker/link").symlink_to("deep/b")
    before = context_sha256(project.folder, "docker/Dockerfile")
    project.lockfile.write_text(project.lockfile.read_text().replace(project.locked().base.context or "", before))
    history.commit()
    assert project.call("check") == (0, "", "")
    (project.folder / "docker/deep/b").write_text("changed")
    assert project.call("check").code == 1
    history.git("add", "--all")
    assert project.call("check", "--staged").code == 1
    assert project.call("check", "made@HEAD") == (0, "", "")
    history.commit("changed")
    assert project.call("check", "made@HEAD").code == 1
    assert project.call("check", "made@HEAD~1") == (0, "", "")


def test_a_large_file_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train", git=True)
    history = History(project.folder)
    project.manifest.write_text(project.manifest.read_text() + 'copy = ["big"]\n')
    with (project.folder / "big").open("wb") as file:
        file.truncate(LARGE)
    history.git("config", "core.bigFileThreshold", "1m")
    history.commit()
    words = (ENVLOCK, "show", "train@HEAD")
    # address space, also of threads and libraries: a copy or two more would not fit
    limit = 3 * LARGE
    done = subprocess.run(
        words,
        cwd=project.folder,
        env=project.environment(),
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr
    (laid_out,) = (project.cache / "versions").glob("*/*/big")
    assert laid_out.stat().st_size == LARGE


def test_objects_are_read_in_pieces_and_skipped(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.git("init", "--quiet")
    (tmp_path / "a").write_bytes(bytes(3_000_000))
    (tmp_path / "b").write_bytes(b"b")
    a, b = (history.git("hash-object", "-w", name) for name in "ab")
    with Objects(Git(tmp_path)) as objects:
        assert objects.small(a, 100) is None
        assert objects.small(b, 1) == b"b"
        pieces = [*(objects.pieces(a) or ())]
        assert (len(pieces), sum(map(len, pieces))) == (3, 3_000_000)
        assert objects.small("0" * 40, 1) is None
        assert objects.pieces("0" * 40) is None
        assert objects.small(b, 1) == b"b"


@pytest.mark.parametrize("by_program", [False, True])
def test_trees_that_unfold_to_more_than_any_disk_has(
    by_program: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_MOST", 1000)
    history = History(tmp_path)
    history.git("init", "--quiet")
    git = Git(tmp_path)
    (tmp_path / "a").write_text("a")
    line = f"100644 blob {history.git('hash-object', '-w', 'a')}"
    for _ in range(9):
        listed = "".join(f"{line}\t{name}\n" for name in "abcdefghij")
        tree = git.said("mktree", stdin=listed.encode()).decode().strip()
        line = f"040000 tree {tree}"
    commit = history.git("commit-tree", "-m", "bomb", tree)
    repository = Program.around(tmp_path) if by_program else repository_around(tmp_path)
    assert repository
    assert isinstance(repository, Program) == by_program
    with pytest.raises(UserInputError, match="more than 1,000 files in one commit"):
        repository.files(commit, "env.toml")


def test_links_are_made_when_all_else_is_there(tmp_path: Path) -> None:
    """Where `Link` and `link` are one, nothing may be written through it."""
    root = tmp_path / "there"
    root.mkdir()
    history = History(root)
    history.git("init", "--quiet")
    (root / "Link").symlink_to(tmp_path)
    for number in range(20):
        (root / f"file{number}").write_text(str(number))
    commit = history.commit()
    repository = repository_around(root)
    assert repository
    (tmp_path / "new").mkdir()
    lay_out(CommitTree(repository, commit), {each.path: each for each in repository.entries(commit)}, tmp_path / "new")
    made = {path.name: path.lstat().st_mtime_ns for path in (tmp_path / "new").iterdir() if path.name != ".git"}
    assert max(made, key=lambda name: made[name]) == "Link"
