"""What can be wrong with a repository, in words: the same whichever way it is read."""

from pathlib import Path

from envlock.errors import OutsideError
from envlock.history.repository import Busy

_FSCK = "`git fsck` tells what else is damaged; a fresh clone brings back what was pushed"


def damaged(id: str, folder: Path) -> OutsideError:
    """An object that is named and cannot be read."""
    return OutsideError(f"the object `{id}` is missing or damaged in the repository `{folder}`", hint=_FSCK)


def no_commit(id: str, folder: Path) -> OutsideError:
    """An object that is no commit, where one is needed."""
    return OutsideError(f"`{id}` is no commit of the repository `{folder}`")


def no_file(id: str, folder: Path) -> OutsideError:
    """An object that is no file's content."""
    return OutsideError(f"`{id}` is no file of the repository `{folder}`")


def broken_reference(name: str, folder: Path) -> OutsideError:
    """A reference that holds no id, or names nothing."""
    return OutsideError(f"the reference `{name}` is damaged in the repository `{folder}`", hint=_FSCK)


def held(name: str, folder: Path) -> Busy:
    """A reference that cannot be moved now."""
    return Busy(
        f"another process holds the reference `{name}` of the repository `{folder}`",
        hint=f"if no git is at work there, remove `{name}.lock` and `packed-refs.lock` in that folder",
    )


def in_the_way(name: str, other: str) -> OutsideError:
    """Two references of which one would be a file where the other needs a folder."""
    return OutsideError(f"git cannot have `{name}` beside `{other}`", hint="choose another name, or remove that one")


def no_reference_name(name: str) -> OutsideError:
    """What git takes for no name of a reference."""
    return OutsideError(f"git takes no reference `{name}`", hint="`git help check-ref-format` says how they are named")


def of_somebody_else(folder: Path) -> OutsideError:
    """A repository that git reads for its owner alone."""
    return OutsideError(
        f"the repository `{folder}` belongs to another user: git does not read it unless told to",
        hint=f"`git config --global --add safe.directory {folder}` where you trust what is in it",
    )


def unreadable(folder: Path, why: object) -> OutsideError:
    """All else."""
    return OutsideError(f"the repository `{folder}` cannot be read: {why}")


def unwritable(folder: Path, why: object) -> OutsideError:
    """All else, of writing."""
    return OutsideError(f"the repository `{folder}` cannot be written: {why}")
