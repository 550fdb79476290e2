"""The merge driver at work in the real git: every operation that merges, and every way in which the driver can fail."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.merging import Repository, new_repository, write
from tests.support.projects import ENVLOCK
from tests.support.strace import Point

BOTH = ("attrs", "flask", "idna", "numpy")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """`main` has added idna, `other` numpy, to attrs and flask."""
    made = new_repository(tmp_path / "repo", "attrs", "flask")
    made.branch("other", "attrs", "flask", "numpy")
    made.commit("attrs", "flask", "idna")
    return made


def merge(repository: Repository) -> None:
    said = repository.git("merge", "other")
    assert said.code == 0, said
    assert said.stderr == "envlock: kept 3 pins, added 1 for `numpy`, 0 conflicts\n"


def merge_recursive(repository: Repository) -> None:
    repository.must("merge", "--strategy", "recursive", "other")


def merge_without_commit(repository: Repository) -> None:
    repository.must("merge", "--no-commit", "other")
    assert repository.unmerged() == set()


def rebase(repository: Repository) -> None:
    repository.must("rebase", "other")


def rebase_applying(repository: Repository) -> None:
    repository.must("rebase", "--apply", "other")


def cherry_pick(repository: Repository) -> None:
    repository.must("cherry-pick", "other")


def stash(repository: Repository) -> None:
    write(repository.environment, "attrs", "flask", "idna")
    repository.must("reset", "--quiet", "--hard", "main~1")
    write(repository.environment, "attrs", "flask", "idna")
    repository.must("stash")
    repository.must("merge", "--quiet", "other")
    repository.must("stash", "pop")


def revert(repository: Repository) -> None:
    """Three of them are added in a row, and the first is taken back."""
    repository.must("reset", "--quiet", "--hard", "main~1")
    commit = repository.commit("attrs", "black", "flask")
    repository.commit("attrs", "black", "flask", "idna")
    repository.commit("attrs", "black", "flask", "idna", "numpy")
    repository.must("revert", "--no-edit", commit)


def criss_cross(repository: Repository) -> None:
    """Each side has merged the other's earlier state: the common ancestor is itself a merge, which conflicts."""
    repository.must("branch", "early", "main")
    repository.must("merge", "--quiet", "other")
    repository.must("switch", "--quiet", "other")
    repository.must("merge", "--quiet", "early")
    repository.commit("attrs", "flask", "idna", "numpy", "six")
    repository.must("switch", "--quiet", "main")
    repository.commit("attrs", "flask", "idna", "numpy", "toml")
    repository.must("merge", "--quiet", "other")
    assert repository.asked() == (*BOTH, "six", "toml")
    write(repository.environment, *BOTH)


OPERATIONS = [
    merge,
    merge_recursive,
    merge_without_commit,
    rebase,
    rebase_applying,
    cherry_pick,
    stash,
    revert,
    criss_cross,
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_git_merges_environments(repository: Repository, operation: Callable[[Repository], None]) -> None:
    operation(repository)
    assert repository.asked() == BOTH
    assert repository.locked() == [*BOTH]
    assert repository.unmerged() == set()
    assert repository.check() == 0


def test_three_branches_at_once_are_merged_as_text(repository: Repository) -> None:
    """By programs of git's own, which knows no drivers there: what it cannot merge is a conflict, and no commit."""
    repository.must("reset", "--quiet", "--hard", "main~1")
    repository.branch("third", "attrs", "flask", "idna")
    assert repository.git("merge", "other", "third").code == 1
    _marked_as_conflict(repository)
    assert repository.check() == 2


def test_another_work_tree_and_a_folder_with_any_name(tmp_path: Path) -> None:
    below = "päth with 'quotes' \"and\" $(spaces) %P/-x"
    repository = new_repository(tmp_path / "the repo", "attrs", "flask", below=below)
    repository.branch("other", "attrs", "flask", "numpy")
    repository.commit("attrs", "flask", "idna")
    tree = tmp_path / "tree"
    repository.must("worktree", "add", "--quiet", tree, "-b", "here")
    said = repository.git("merge", "other", within=tree)
    assert said.code == 0, said
    assert f"envlock: {below}/env.lock: kept 3 pins" in said.stderr
    assert repository.asked(tree / below) == BOTH
    assert repository.check(tree / below) == 0
    assert repository.must("status", "--short", within=tree) == ""


def test_merged_without_a_work_tree(repository: Repository) -> None:
    """As servers do it."""
    bare = repository.folder.parent / "bare.git"
    repository.must("clone", "--quiet", "--bare", repository.folder, bare)
    for key in ("merge.envlock.driver", "merge.envlock.recursive"):
        repository.must("config", key, repository.must("config", key), within=bare)
    for folder in (bare, repository.folder):
        # a bare repository takes attributes from its own file
        (bare / "info" / "attributes").write_text((repository.folder / ".gitattributes").read_text())
        tree = repository.must("merge-tree", "--write-tree", "main", "other", within=folder).splitlines()[0]
        assert "numpy" in repository.must("show", f"{tree}:env.toml", within=folder)
        assert "idna" in repository.must("show", f"{tree}:env.lock", within=folder)
    assert repository.must("status", "--short") == ""


def test_a_renamed_folder_is_followed(tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repo", "attrs", "flask", below="old")
    repository.branch("other", "attrs", "flask", "numpy")
    repository.must("mv", "old", "new")
    repository.must("commit", "--quiet", "--message", "rename")
    write(repository.folder / "new", "attrs", "flask", "idna")
    repository.must("commit", "--quiet", "--all", "--message", "idna")
    repository.must("merge", "other")
    assert repository.asked(repository.folder / "new") == BOTH
    assert repository.check(repository.folder / "new") == 0
    assert not (repository.folder / "old").exists()


def test_both_added(tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repo", "attrs", "flask")
    for name, packages in (("one", ("attrs", "numpy")), ("two", ("attrs", "idna", "flask"))):
        repository.must("switch", "--quiet", "--create", name, "main")
        write(repository.folder / "added", *packages)
        repository.must("add", "added")
        repository.must("commit", "--quiet", "--message", name)
    repository.must("merge", "one")
    assert repository.asked(repository.folder / "added") == BOTH
    assert repository.check(repository.folder / "added") == 0


def test_a_lock_that_one_side_deleted_is_a_conflict_of_git(repository: Repository) -> None:
    repository.must("rm", "--quiet", "env.lock")
    repository.must("commit", "--quiet", "--message", "no lock")
    assert repository.git("merge", "other").code == 1
    assert repository.unmerged() == {"env.lock"}
    assert repository.asked() == BOTH
    assert repository.locked() == ["attrs", "flask", "numpy"]
    assert repository.check() == 1


def test_a_sparse_checkout(repository: Repository) -> None:
    (repository.folder / "docs").mkdir()
    repository.must("mv", "env.toml", "env.lock", "docs")
    repository.must("commit", "--quiet", "--all", "--message", "move")
    repository.must("sparse-checkout", "set", "elsewhere")
    assert not (repository.folder / "docs").exists()
    repository.must("merge", "other")
    assert "numpy" in repository.must("show", "HEAD:docs/env.toml")
    assert "idna" in repository.must("show", "HEAD:docs/env.lock")


def test_a_conflict_is_shown_and_can_be_left(repository: Repository) -> None:
    repository.commit("attrs", "flask>=1", "idna")
    repository.must("switch", "--quiet", "other")
    repository.commit("attrs", "flask<3", "numpy")
    repository.must("switch", "--quiet", "main")
    said = repository.git("merge", "other")
    assert said.code == 1
    both = "both sides changed `pip.dependencies.flask`: `flask>=1` here, `flask<3` there"
    assert f"envlock: env.toml: {both}\n" in said.stderr
    assert f"envlock: env.lock: {both}\n" in said.stderr
    assert repository.unmerged() == {"env.toml", "env.lock"}
    manifest = (repository.environment / "env.toml").read_text()
    assert '<<<<<<< ours\n    "flask>=1",\n=======\n    "flask<3",\n>>>>>>> theirs\n' in manifest
    assert manifest.count("<<<<<<<") == 1
    assert '    "numpy",\n' in manifest
    assert repository.check() == 2
    repository.must("merge", "--abort")
    assert repository.must("status", "--short") == ""
    assert repository.check() == 0


def test_what_was_resolved_once_is_again(repository: Repository) -> None:
    """`rerere` knows a conflict by its text: that is the same each time."""
    repository.must("config", "rerere.enabled", "true")
    repository.must("branch", "again")
    repository.commit("attrs", "flask>=1", "idna")
    repository.must("switch", "--quiet", "other")
    repository.commit("attrs", "flask<3", "numpy")
    repository.must("switch", "--quiet", "main")
    assert repository.git("merge", "other").code == 1
    write(repository.environment, "attrs", "flask>=1", "idna", "numpy")
    repository.must("commit", "--quiet", "--all", "--message", "resolved")
    repository.must("reset", "--quiet", "--hard", "HEAD~1")
    said = repository.git("merge", "other")
    assert "Resolved 'env.toml' using previous resolution" in said.stdout + said.stderr
    assert "Resolved 'env.lock' using previous resolution" in said.stdout + said.stderr
    assert repository.check() == 0


def test_bytes_are_in_the_manner_of_ours(repository: Repository) -> None:
    """CRLF and a BOM in files that .gitattributes says nothing of."""
    (repository.folder / ".gitattributes").write_text("env.* merge=envlock\n")
    for branch in ("main", "other"):
        repository.must("switch", "--quiet", "--discard-changes", branch)
        manifest = repository.environment / "env.toml"
        manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes().replace(b"\n", b"\r\n"))
        (repository.folder / ".gitattributes").write_text("env.* merge=envlock\n")
        repository.must("commit", "--quiet", "--all", "--message", "CRLF")
    repository.must("switch", "--quiet", "main")
    repository.must("merge", "other")
    data = (repository.environment / "env.toml").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfname")
    assert data.count(b"\r\n") == data.count(b"\n") == 13
    assert repository.check() == 0


# ---- what can go wrong


def _marked_as_conflict(repository: Repository) -> None:
    """git knows of the conflict, and both files hold what theirs added."""
    assert repository.unmerged() == {"env.toml", "env.lock"}
    for name in ("env.toml", "env.lock"):
        assert "numpy" in (repository.environment / name).read_text()
        assert "idna" in (repository.environment / name).read_text()


def test_without_the_driver(tmp_path: Path) -> None:
    """Attributes alone: git merges as text, and what comes of it is looked at by `check`."""
    repository = new_repository(tmp_path / "repo", "attrs", "flask", driver=False)
    repository.branch("other", "attrs", "flask", "numpy")
    repository.commit("attrs", "flask", "idna")
    assert repository.git("merge", "other").code == 1
    _marked_as_conflict(repository)
    assert repository.check() == 2


def test_bytes_that_are_no_text_of_ours_are_merged_as_git_does(repository: Repository) -> None:
    for branch in ("main", "other"):
        repository.must("switch", "--quiet", branch)
        manifest = repository.environment / "env.toml"
        manifest.write_bytes(b"# caf\xe9\n" + manifest.read_bytes())
        repository.must("commit", "--quiet", "--all", "--message", "latin-1")
    said = repository.git("merge", "main")
    assert said.code == 1
    assert repository.unmerged() == {"env.toml"}
    data = (repository.environment / "env.toml").read_bytes()
    assert data.count(b"<<<<<<< ours\n") == data.count(b"caf\xe9") == 1
    assert b"numpy" in data
    assert b"idna" in data


@pytest.mark.parametrize("end", ["missing", "kills itself", "traceback", "odd code"])
def test_an_envlock_that_does_not_work(repository: Repository, tmp_path: Path, end: str) -> None:
    program = tmp_path / "it's 100%A $here" / "envlock"
    program.parent.mkdir()
    scripts = {"kills itself": "kill -9 $$", "traceback": "exit 1", "odd code": "exit 70"}
    if end in scripts:
        program.write_text(f"#!/bin/sh\n{scripts[end]}\n")
        program.chmod(0o755)
    repository.configure(program)
    broken = Repository(folder=repository.folder, variables={"PATH": "/usr/bin:/bin"})
    said = broken.git("merge", "other")
    assert said.code == 1
    for name in ("env.toml", "env.lock"):
        assert f"git did, as text: look at it, then run `envlock lock`: {name}\n" in said.stderr
    _marked_as_conflict(broken)
    assert broken.check() == 2


def test_the_one_on_path_is_taken_where_the_installed_one_is_gone(repository: Repository, tmp_path: Path) -> None:
    repository.configure(tmp_path / "gone" / "envlock")
    moved = Repository(folder=repository.folder, variables={"PATH": f"{ENVLOCK.parent}:/usr/bin:/bin"})
    moved.must("merge", "other")
    assert moved.asked() == BOTH
    assert moved.check() == 0


# the text with markers is the first that is written and renamed, the merged one the second
FAULTS = [
    pytest.param(
        Point(call, number, everywhere=False),
        fault,
        marks=()
        if (call, number, fault)
        in (("rename", 1, "signal=KILL"), ("rename", 2, "signal=INT"), ("fsync", 3, "error=ENOSPC"))
        else pytest.mark.full,
        id=f"{call}-{number}-{fault}",
    )
    for call in ("rename", "fsync", "openat", "write")
    for number in (1, 2, 3, 4)
    for fault in ("signal=KILL", "signal=INT", "error=ENOSPC")
]


def _faulty(repository: Repository, folder: Path, starter: Sequence[str | Path]) -> None:
    """Has git start envlock by other words."""
    words = " ".join(f"'{word}'" for word in starter)
    program = folder / "faulty" / "envlock"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {words} {ENVLOCK} "$@"\n')
    program.chmod(0o755)
    repository.configure(program)


@pytest.mark.parametrize(("point", "fault"), FAULTS)
def test_killed_or_without_room_at_any_point(repository: Repository, tmp_path: Path, point: Point, fault: str) -> None:
    _faulty(repository, tmp_path, point.starter(fault))
    said = repository.git("merge", "other")
    assert said.code in (0, 1), said
    conflicts = repository.unmerged()
    assert bool(conflicts) == (said.code == 1)
    for name in ("env.toml", "env.lock"):
        text = (repository.environment / name).read_text()
        assert "numpy" in text
        assert "idna" in text
        assert name in conflicts or "<<<<<<<" not in text
    assert [path.name for path in repository.folder.glob(".envlock-part-*")] == []
    if repository.check() == 0:  # also where it was killed when all was done
        assert (repository.asked(), repository.locked()) == (BOTH, [*BOTH])
    else:
        assert said.code == 1
    repository.configure()
    repository.must("reset", "--quiet", "--hard", "HEAD")
    repository.must("merge", "other")
    assert repository.check() == 0
    assert repository.must("status", "--short") == ""
