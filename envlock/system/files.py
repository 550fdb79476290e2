"""Files: whole or not at all."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from envlock.system.parts import part_file

# from Linux's fcntl.h: relative to the current folder; exchange, as a flag of renameat2
_CURRENT = -100
_EXCHANGE = 2


def write_whole(path: Path, data: bytes, *, aside: Path | None = None) -> None:
    """Writes a file so that a reader, or a crash, sees the old bytes or the new ones and nothing between.

    Permissions of an existing file stay; a symbolic link is followed, so that what it points to is replaced. What is
    half-written lies beside the file, or in the folder `aside` on the same disk. A pipe or a device, as `/dev/stdout`
    may be one, is written into.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = path.resolve()
    with _written(path, data, aside or path.parent) as part:
        part.replace(path)
    sync_folder(path.parent)


def write_together(files: Mapping[Path, bytes]) -> None:
    """Writes several files, each as `write_whole` does, in this order; none where one of them cannot be written.

    All bytes are on the disk before the first file changes. A crash right between two of them leaves the earlier ones
    new and the later ones old.
    """
    new = {path.resolve(): data for path, data in files.items()}
    old = {path: path.read_bytes() if path.exists() else None for path in new}
    with ExitStack() as stack:
        parts = [(path, stack.enter_context(_written(path, data, path.parent))) for path, data in new.items()]
        done: list[Path] = []
        try:
            for path, part in parts:
                done.append(path)
                part.replace(path)
            for folder in {path.parent for path in new}:
                sync_folder(folder)
        except BaseException:
            for path in done:
                _restore(path, old[path])
            raise


def _restore(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    elif path.read_bytes() != data:
        write_whole(path, data)


@contextmanager
def _written(path: Path, data: bytes, folder: Path) -> Iterator[Path]:
    """What is to become a file, whole and on the disk, under another name."""
    mode = path.stat().st_mode & 0o777 if path.exists() else usual_mode()
    with part_file(folder, path) as (file, part):
        file.write(data)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
        yield part


def replace_folder(new: Path, target: Path) -> None:
    """Puts a folder in the place of another, which then has the name of the first, or of nothing."""
    try:
        new.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        _exchange(new, target)


def _exchange(new: Path, target: Path) -> None:
    """Exchanges two folders: at once where the system can, else with a moment in which there is no `target`."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 and renameat2(_CURRENT, bytes(new), _CURRENT, bytes(target), _EXCHANGE) == 0:
        return
    old = new.with_name(f"{new.name}-replaced")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise


@contextmanager
def folder_for(folder: Path, *, keep: bool) -> Iterator[None]:
    """While inside, the folder is there: paths are followed from it. What was made for that goes where nothing is to
    be kept in it, or something fails."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        keep = False
        raise
    finally:
        for path in missing if not keep else ():
            with suppress(OSError):  # somebody else has put something there
                path.rmdir()


def copy_bytes(source: IO[bytes], target: IO[bytes]) -> None:
    """Fills an empty file with all of another, by the kernel where it can."""
    try:
        while os.copy_file_range(source.fileno(), target.fileno(), 1 << 30):
            pass
    except (AttributeError, OSError):  # not on this system, or not between these two file systems
        target.seek(0)
        source.seek(0)
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()


def sync_folder(folder: Path) -> None:
    """Makes renames within a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def repository_root(folder: Path) -> Path | None:
    """The work tree around a folder, found by its `.git`; None outside git."""
    return next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)


def git_folder(root: Path) -> Path:
    """Git's own folder of a work tree; of further ones, and of submodules, a file says where that is."""
    place = root / ".git"
    if not place.is_file():
        return place
    return root / place.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()


def usual_mode() -> int:
    """The mode of a new file as the user wants it."""
    return 0o666 & ~_umask()


def _umask() -> int:
    """The file mode creation mask, as Linux tells it without its being changed for a moment, which others would see."""
    with suppress(OSError), Path("/proc/self/status").open("rb") as status:
        for line in status:
            name, _, value = line.partition(b":")
            if name == b"Umask":
                return int(value, 8)
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
