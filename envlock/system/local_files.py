"""Local files and folders by content: the same hash in every clone, whatever its checkout made of the bytes.

    content_sha256   a file as git keeps it: CRLF counts as LF in text, a git-LFS pointer as the file that it stands for
    tree_sha256      a local project: path, executable bit and content of every file, without what tools leave in it

Works without git: what is left out of a project is a fixed list.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from io import BufferedReader
from pathlib import Path
from typing import IO, NamedTuple

from envlock.errors import OutsideError, UserInputError
from envlock.system.text_file import display

# left behind by building and by tools, or of no part in what is built, at any depth
LEFT_OUT = (".*", "__pycache__", "*.pyc", "*.pyo", "*.egg-info", "*.egg", "node_modules", "env.toml", "env.lock")
# and directly in the project: deeper, a package may have such a name
LEFT_OUT_ON_TOP = ("build", "dist", "wheelhouse", "htmlcov")
# a folder that holds one of these is a cache (as Cargo, pytest and others mark theirs) or a virtual environment
_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")

_FORM = b"envlock-tree 1\n"
_CONTROLS = bytes({*range(32), 127} - {*b"\b\t\n\f\r\x1b"})  # such as texts do not have
_PIECE = 1 << 20
_POINTER_SIZE = 1024  # as git-LFS's specification has it, no pointer is as long
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\r?\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\r?\nsize (\d+)\r?\n?"
)


class LfsPointer(NamedTuple):
    """What stands in git for a big file: sha256 and size of its bytes."""

    oid: str
    size: int


def lfs_pointer(path: Path) -> LfsPointer | None:
    """The git-LFS pointer that a file is; None where it is the file itself."""
    with _opened(path) as file:
        found = _POINTER.fullmatch(file.read(_POINTER_SIZE))
    return LfsPointer(found[1].decode(), int(found[2])) if found else None


def content_sha256(path: Path) -> str:
    """The sha256 (64 hex) of a file as git keeps it; UserInputError where there is no such file."""
    return measured(path).oid


def measured(path: Path) -> LfsPointer:
    """The same with the size, as a pointer to it would have them."""
    pointer = lfs_pointer(path)
    if pointer:
        return pointer
    total, size = hashlib.sha256(), 0
    for piece in content_pieces(path):
        total.update(piece)
        size += len(piece)
    return LfsPointer(total.hexdigest(), size)


def content_pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file as git keeps it, in pieces; of a git-LFS pointer, its own."""
    with _opened(path) as file:
        text = _is_text(file)
        file.seek(0)
        yield from _text_pieces(file) if text else iter(lambda: file.read(_PIECE), b"")


def _is_text(file: IO[bytes]) -> bool:
    """As git tells text from the rest, whose line ends it leaves alone (`gather_stats` in its convert.c)."""
    printable = controls = 0
    for piece in _whole_ends(file):
        if b"\0" in piece or piece.count(b"\r") != piece.count(b"\r\n"):
            return False
        of_it = len(piece) - len(piece.translate(None, _CONTROLS))
        controls += of_it
        printable += len(piece) - of_it - piece.count(b"\n") - piece.count(b"\r")
        last = piece
    return controls == 0 or printable >> 7 >= controls - last.endswith(b"\x1a")


def tree_sha256(folder: Path) -> str:
    """The sha256 (64 hex) of a local project; UserInputError for what is no file, or a link that leads out of it."""
    if not folder.is_dir():
        raise UserInputError(f"`{display(folder)}` is not a folder")
    total = hashlib.sha256(_FORM)
    for name, entry in sorted((_name(entry, folder), entry) for entry in _files(folder, folder)):
        total.update(b"%s\0%s\0" % (name, _described(entry, folder).encode(errors="surrogateescape")))
    return total.hexdigest()


def project_files(folder: Path) -> list[Path]:
    """What counts of a local project: its files and links, sorted."""
    return sorted(_files(folder, folder))


def _files(folder: Path, top: Path) -> Iterator[Path]:
    """Everything below that is not a folder, in no order; links are not followed."""
    for entry in folder.iterdir():
        if _left_out(entry.name, LEFT_OUT) or (folder == top and _left_out(entry.name, LEFT_OUT_ON_TOP)):
            continue
        if entry.is_symlink() or not entry.is_dir():
            yield entry
        elif not holds_cache(entry):
            yield from _files(entry, top)


def holds_cache(folder: Path) -> bool:
    """Is a folder marked as a cache, or a virtual environment?"""
    return any((folder / mark).is_file() for mark in _MARKS)


def _left_out(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _name(entry: Path, folder: Path) -> bytes:
    return os.fsencode(entry.relative_to(folder).as_posix())


def _described(entry: Path, folder: Path) -> str:
    """What the hash holds of an entry, beside its name."""
    if entry.is_symlink():
        return f"link {link_target(entry, folder)}"
    executable = "x" if entry.stat().st_mode & 0o100 else "-"
    return f"file {executable} {content_sha256(entry)}"


def link_target(link: Path, folder: Path) -> str:
    """Where a link points, which must be inside: what lies outside, no hash of the folder would notice."""
    target = link.readlink()
    within = Path(os.path.normpath(link.parent.relative_to(folder) / target))
    if target.is_absolute() or within.parts[:1] == (os.pardir,):
        raise UserInputError(
            f"`{display(link)}` is a link to `{target}`, which is outside of `{display(folder)}`",
            hint="put the file itself there",
        )
    return str(target)


def _opened(path: Path) -> BufferedReader:
    try:
        if path.exists() and not path.is_file():
            raise UserInputError(f"`{display(path)}` is not a regular file")
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise UserInputError(f"`{display(path)}` does not exist") from None
    except OSError as error:
        raise OutsideError(f"`{display(path)}` cannot be read: {error.strerror}") from error


def _text_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A text with LF for CRLF."""
    for piece in _whole_ends(file):
        yield piece.replace(b"\r\n", b"\n")


def _whole_ends(file: IO[bytes]) -> Iterator[bytes]:
    """The rest of a file in pieces, none of which ends within a CRLF: a CR at the end of one waits for the next."""
    waiting = b""
    while piece := file.read(_PIECE):
        piece = waiting + piece
        waiting = b"\r" if piece.endswith(b"\r") else b""
        yield piece[: len(piece) - len(waiting)]
    if waiting:
        yield waiting
