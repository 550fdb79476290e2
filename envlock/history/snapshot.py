"""Files of a tree laid out as a work tree of their own: by its index, git counts exactly these as its files.

It has no history, and no object of it is ever asked for. What lies in it is as git keeps it.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history.objects import Objects
from envlock.history.repository import Entry
from envlock.history.tree import EXECUTABLE, LINK, Tree

_KEEPING = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tautocrlf = false\n"
_LONGEST = 0xFFF  # of a name's length in an index
_SHA1 = 20


def lay_out(tree: Tree, entries: Mapping[str, Entry], folder: Path) -> None:
    """Writes the files and links into an empty folder, which becomes the top of a repository."""
    listed = sorted(entries.values(), key=lambda entry: os.fsencode(entry.path))
    _refuse_leading_out(listed)
    tree.bring(entry.id for entry in listed)
    with tree.objects() as objects:
        # links last: where two names are one to the file system, nothing is written through them
        for entry in sorted(listed, key=lambda entry: entry.mode == LINK):
            _write(folder / entry.path, entry, objects)
    git = folder / ".git"
    git.mkdir()  # it is ours alone: no name of theirs may stand for it here
    for name in ("objects", "refs"):
        (git / name).mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(_KEEPING)
    (git / "index").write_bytes(index_of(listed))


def index_of(entries: Iterable[Entry]) -> bytes:
    """Git's index of these, which are sorted by the bytes of their paths (gitformat-index, version 2)."""
    records = [_record(entry) for entry in entries]
    content = b"DIRC" + struct.pack(">II", 2, len(records)) + b"".join(records)
    return content + hashlib.sha1(content, usedforsecurity=False).digest()


def _record(entry: Entry) -> bytes:
    path = os.fsencode(entry.path)
    # ids of another form are cut: nobody looks for what they name
    id = bytes.fromhex(entry.id)[:_SHA1]
    told = struct.pack(">10I", 0, 0, 0, 0, 0, 0, entry.mode, 0, 0, 0) + id
    record = told + struct.pack(">H", min(len(path), _LONGEST)) + path
    return record + b"\0" * (8 - len(record) % 8)


def _write(place: Path, entry: Entry, objects: Objects) -> None:
    pieces = objects.pieces(entry.id)
    if pieces is None:
        raise OutsideError(f"`{entry.path}` is missing in the repository: `{entry.id}`")
    place.parent.mkdir(parents=True, exist_ok=True)
    if entry.mode == LINK:
        place.symlink_to(os.fsdecode(b"".join(pieces)))
        return
    with place.open("xb") as file:
        for piece in pieces:
            file.write(piece)
        os.fchmod(file.fileno(), 0o755 if entry.mode == EXECUTABLE else 0o644)
        file.flush()
        os.fsync(file.fileno())


def _refuse_leading_out(entries: Iterable[Entry]) -> None:
    """A tree can be made by hand: no name in it may lead anywhere else, and nothing may lie below what is no folder."""
    paths = {entry.path for entry in entries}
    for entry in entries:
        parts = entry.path.split("/")
        if any(part in ("", ".", "..") or part.lower().rstrip(". ") == ".git" for part in parts) or "\0" in entry.path:
            raise UserInputError(f"a file is called `{entry.path}`, which git would not check out")
        if any("/".join(parts[:end]) in paths for end in range(1, len(parts))):
            raise OutsideError(f"the repository is damaged: `{entry.path}` lies below what is no folder")
