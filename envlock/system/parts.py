"""Files and folders on their way, before they get their name; what a killed process left of its own is swept.

Each is locked by its maker. The operating system gives such a lock back when a process ends, also by kill -9: a part
that can be locked has no maker any more.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path

# says whose it is: parts lie in folders of users too
PREFIX = ".envlock-part-"


def new_part(folder: Path) -> tuple[int, Path]:
    """An empty file in `folder`, as an open descriptor and a path; it is to be renamed or removed while it is open.

    What others left there is removed, so the folder should hold few things.
    """
    sweep(folder)
    while True:
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, dir=folder)
        if _claimed(descriptor):
            return descriptor, Path(name)
        os.close(descriptor)


@contextmanager
def part_file(folder: Path, target: Path) -> Iterator[tuple[BufferedRandom, Path]]:
    """Such a file, to be renamed to `target` by the path that is given with it; else it goes. Errors name `target`."""
    try:
        descriptor, path = new_part(folder)
    except OSError as error:
        error.filename = str(target)  # what was to be written, under whichever name at first
        raise
    with naming(target), os.fdopen(descriptor, "w+b") as file:
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Has errors of the system name a file: the system itself does not when it cannot write to one that is open."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder below `parent` for half-done work; it goes, whatever happens inside, unless it was renamed."""
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    descriptor, folder = _new_folder(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Removes the parts in a folder whose makers have ended."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError), _opened(path) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _new_folder(parent: Path) -> tuple[int, Path]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            if _claimed(descriptor) and folder.exists():
                return descriptor, folder
            os.close(descriptor)


def _claimed(descriptor: int) -> bool:
    """Locks what was just made; False where somebody who sweeps was faster."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks, where nobody can sweep either
    return os.fstat(descriptor).st_nlink > 0


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
