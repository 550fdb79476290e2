"""Git's index, as the program reads it that git has called us from: `GIT_INDEX_FILE` is honoured.

In `git commit -a` and `git commit FILE` hooks see another index than the one in git's folder.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from envlock.history.git_program import Git
from envlock.history.repository import Entry
from envlock.system.process import without_git_variables

_VARIABLE = "GIT_INDEX_FILE"


def staged(root: Path, *paths: str) -> Mapping[str, Entry]:
    """What is to be committed, by path from the top of the work tree, sorted: of these files and folders, else of all.
    What is in conflict is not there."""
    return {entry.path: entry for stage, entry in _entries(root, "--cached", *_limits(paths)) if stage == 0}


def unmerged(root: Path, *paths: str) -> Mapping[str, Mapping[int, str]]:
    """What is in conflict, by path: the ids of what both sides come from (1), of ours (2) and of theirs (3), as far as
    there are such."""
    found: dict[str, dict[int, str]] = {}
    for stage, entry in _entries(root, "--unmerged", *_limits(paths)):
        found.setdefault(entry.path, {})[stage] = entry.id
    return found


def touched(root: Path) -> frozenset[str] | None:
    """The paths at which what is to be committed differs from HEAD; None before the first commit: all do."""
    git = Git(root, environment=_environment(root))
    code, said, _ = git.tried("diff-index", "--cached", "--name-only", "--no-renames", "-z", "HEAD", "--")
    return _paths(said) if code == 0 else None


def unstaged(root: Path) -> frozenset[str]:
    """The tracked files that are not in the work tree as they are to be committed."""
    git = Git(root, environment=_environment(root))
    # not by diff-files, to which a file with other times looks changed
    words = ("--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "-z")
    return _paths(git.said("--no-optional-locks", "diff", *words))


def to_be_added(root: Path) -> frozenset[str]:
    """The files that are only announced, by `git add --intent-to-add`: no commit has them."""
    git = Git(root, environment=_environment(root))
    return _paths(git.said("diff-files", "--diff-filter=A", "--name-only", "-z"))


def _paths(said: bytes) -> frozenset[str]:
    return frozenset(os.fsdecode(path) for path in filter(None, said.split(b"\0")))


def _limits(paths: tuple[str, ...]) -> tuple[str, ...]:
    return ("--", *paths) if paths else ()


def _entries(root: Path, *words: str) -> Iterator[tuple[int, Entry]]:
    git = Git(root, environment=_environment(root))
    # names are names, no patterns
    for line in filter(None, git.said("--literal-pathspecs", "ls-files", "--stage", "-z", *words).split(b"\0")):
        told, _, path = line.partition(b"\t")
        mode, id, stage = told.decode("ascii").split(" ")
        yield int(stage), Entry(path=os.fsdecode(path), mode=int(mode, 8), id=id)


def _environment(root: Path) -> Mapping[str, str]:
    """With the index that a hook is told of, unless that is of another repository than the one asked for."""
    kept = without_git_variables(_VARIABLE)
    told = root / kept.get(_VARIABLE, "")  # hooks start at the top of the work tree
    of_git = (told.parent / "HEAD").is_file()
    is_own = told.parent.is_dir() and not (of_git and told.parent.resolve() != _own(root))
    return kept if is_own else without_git_variables()


def _own(root: Path) -> Path:
    return Path(os.fsdecode(Git(root).said("rev-parse", "--absolute-git-dir").removesuffix(b"\n"))).resolve()
