"""Text that people and envlock write: read whole, checked for what would make no sense to parse."""

import codecs
import os
import stat
from pathlib import Path

from envlock.errors import OutsideError, UserInputError


def read_text(path: Path, *, limit: int, absent: str) -> str:
    """The UTF-8 text of a file of at most `limit` bytes, without BOM, with LF line ends.

    `absent` is the hint for a missing file. UserInputError says what is wrong with the file.
    """
    name = display(path)
    try:
        _refuse_unreadable(path, name, limit)
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (FileNotFoundError, NotADirectoryError):
        raise UserInputError(f"`{name}` does not exist", hint=absent) from None
    except UnicodeDecodeError as error:
        raise UserInputError(f"`{name}` is not UTF-8 text (byte {error.start} cannot be decoded)") from None
    except OSError as error:
        raise OutsideError(f"`{name}` cannot be read: {error.strerror}") from error
    if "\r\n" in text:  # a TOML parser would take it for one more CRLF, and count lines that nobody else does
        line = text[: text.index("\r\n")].count("\n") + 1
        raise UserInputError(f"{name}:{line}: the line ends in CR CR LF", hint="save it with LF or CRLF")
    return text


def bytes_like(old: bytes, text: str) -> bytes:
    """A text with LF line ends in the manner of the bytes that `read_text` made its former state of: BOM, CRLF."""
    was = old.decode("utf-8-sig").splitlines(keepends=True)
    now = text.splitlines(keepends=True)
    top = _alike(was, now)
    end = _alike(was[top:][::-1], now[top:][::-1])
    crlf = sum(line.endswith("\r\n") for line in was) * 2 > len(was)
    new = [line.replace("\n", "\r\n") if crlf else line for line in now[top : len(now) - end]]
    bom = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    return bom + "".join([*was[:top], *new, *was[len(was) - end :]]).encode()


def _alike(was: list[str], now: list[str]) -> int:
    """How many lines at the beginning differ in their ends at most."""
    pairs = enumerate(zip(was, now, strict=False))
    return next((n for n, (a, b) in pairs if a.replace("\r\n", "\n") != b), min(len(was), len(now)))


def _refuse_unreadable(path: Path, name: str, limit: int) -> None:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UserInputError(f"`{name}` is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise UserInputError(f"`{name}` is not a regular file")
    if status.st_size > limit:
        most = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
        raise UserInputError(f"`{name}` is larger than {most}: it cannot be what its name says")


# what was laid out of a commit is shown as the version that it is of: its top, the environment's folder, and the name
_VERSIONS: dict[Path, tuple[Path, str]] = {}


def show_as(top: Path, folder: Path, name: str) -> None:
    """Has paths below `top` be shown from one folder in it on, after a name."""
    _VERSIONS[top] = (folder, name)


def seen_from(folder: Path, shown: str) -> str:
    """What `display` made of a path, as somebody in another folder would write it."""
    for start, name in _VERSIONS.values():
        if shown.startswith(f"{name}:"):
            return Path(os.path.relpath(start / shown.removeprefix(f"{name}:"), folder)).as_posix()
    return Path(os.path.relpath(shown, folder)).as_posix()


def display(path: Path) -> str:
    """The path as somebody in the current folder would write it; of a version, as `train@3:env.toml`."""
    for top, (folder, name) in _VERSIONS.items():
        if path.is_relative_to(top):
            return f"{name}:{os.path.relpath(path, folder)}"
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
