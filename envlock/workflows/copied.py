"""Files and folders that `copy` of env.toml takes into an image: by content, the same in every clone.

What counts of a folder is what git tracks or at least does not ignore; outside git, all. Left out, besides, is what
git and Python keep for themselves, env.toml, env.lock, caches and virtual environments.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history.repository import counted_files
from envlock.model.files import PrefixFile
from envlock.model.image_values import copied_name
from envlock.model.lock import Lock
from envlock.model.problem import IMAGE, Problem
from envlock.model.spec import EnvSpec
from envlock.system.files import repository_root
from envlock.system.local_files import content_pieces, holds_cache, lfs_pointer, link_target, measured
from envlock.system.text_file import display

_FORM = b"envlock-copy 1\n"
_LEFT_OUT = (
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    "__pycache__",
    "*.pyc",
    "*.pyo",
    "env.toml",
    "env.lock",
)
_SHOWN = 12  # digits of a hash


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedContent:
    """The bytes of a file as git keeps it; reading them to the end checks that they are those of `sha256`."""

    place: Path
    sha256: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        total = hashlib.sha256()
        for piece in content_pieces(self.place):
            total.update(piece)
            yield piece
        if total.hexdigest() != self.sha256:
            raise OutsideError(f"`{display(self.place)}` was changed while it was read", hint="try again")


def copied_files(folder: Path, path: str) -> tuple[PrefixFile, ...]:
    """What a path of `copy`, relative to env.toml's `folder`, brings into `workdir`, sorted by path there.

    UserInputError where there is nothing, or a link that leads out of it.
    """
    top = (folder / path).resolve()
    if not top.exists():
        raise UserInputError(f"`{path}` does not exist")
    places = _counted(top, repository_root(folder.resolve()))
    found = {_name(place, top, path): _file(place, top, executable) for place, executable in places.items()}
    if not found:
        raise UserInputError(f"`{path}` has nothing to copy")
    return tuple(
        PrefixFile(path=name, content=content, link=link, executable=executable)
        for name, (content, link, executable) in sorted(found.items(), key=lambda item: item[0].encode())
    )


def copied_sha256(folder: Path, path: str) -> str:
    """The sha256 (64 hex) of what a path brings into the image: names, contents, executable bits, links."""
    total = hashlib.sha256(_FORM)
    for file in copied_files(folder, path):
        told = f"link {file.link}" if file.link is not None else _told(file)
        total.update(b"%s\0%s\0" % (file.path.encode(errors="surrogateescape"), told.encode(errors="surrogateescape")))
    return total.hexdigest()


def locked_copies(folder: Path, spec: EnvSpec) -> tuple[tuple[str, str], ...]:
    """What is recorded of all that is to be copied; UserInputError where two paths bring the same file."""
    brought: dict[str, str] = {}
    for path in spec.image.copy:
        for file in copied_files(folder, path):
            other = brought.setdefault(file.path, path)
            if other != path:
                raise UserInputError(f"`{file.path}` is brought by `{other}` and by `{path}`", hint="copy one of them")
    return tuple((path, copied_sha256(folder, path)) for path in spec.image.copy)


def changed_copies(folder: Path, spec: EnvSpec, lock: Lock) -> Iterator[Problem]:
    """What is to be copied and is not what was locked, or not there."""
    for path, locked in lock.copied:
        if path in spec.image.copy:
            message = _changed(folder, path, locked)
            if message:
                yield Problem(kind=IMAGE, subject="copy", message=message)


def require_contents(folder: Path, lock: Lock) -> None:
    """UserInputError where the bytes of something that is to be copied are not here, but git-LFS's word for them."""
    for path, _ in lock.copied:
        for file in copied_files(folder, path):
            place = file.content.place if isinstance(file.content, CopiedContent) else None
            if place and lfs_pointer(place):
                what = f"`{display(place)}` is to be copied into the image, and is a git-LFS pointer here"
                raise UserInputError(what, hint="`git lfs pull` brings the file itself")


def _changed(folder: Path, path: str, locked: str) -> str | None:
    try:
        found = copied_sha256(folder, path)
    except UserInputError as error:
        return f"`{path}` is to be copied into the image: {error.message}"
    if found == locked:
        return None
    return f"`{path}`, which is copied into the image, has changed: {found[:_SHOWN]}…, locked {locked[:_SHOWN]}…"


def _told(file: PrefixFile) -> str:
    assert isinstance(file.content, CopiedContent)
    return f"file {'x' if file.executable else '-'} {file.content.sha256}"


def _counted(top: Path, root: Path | None) -> dict[Path, bool | None]:
    """The files that count, each with what is known of its executable bit."""
    found = counted_files(top, root) if root else dict.fromkeys(_all_files(top))
    caches: dict[Path, bool] = {}
    return {place: known for place, known in found.items() if not _is_left_out(place, top, caches)}


def _all_files(place: Path) -> Iterator[Path]:
    if place.is_dir() and not place.is_symlink():
        for entry in place.iterdir():
            yield from _all_files(entry)
    elif place.is_symlink() or place.is_file():
        yield place


def _is_left_out(place: Path, top: Path, caches: dict[Path, bool]) -> bool:
    for within in (place, *place.parents):
        if within == top and within != place:
            return False
        if any(fnmatchcase(within.name, pattern) for pattern in _LEFT_OUT):
            return True
        if within == top:
            return False
        if within != place and caches.setdefault(within, holds_cache(within)):
            return True
    return False


def _name(place: Path, top: Path, path: str) -> str:
    """What a file is called in `workdir`."""
    within = place.relative_to(top).as_posix() if place != top else ""
    return "/".join(filter(None, (copied_name(path), within)))


def _file(place: Path, top: Path, executable: bool | None) -> tuple[CopiedContent | None, str | None, bool]:
    """Its content or where it leads, and whether it is executable."""
    if place.is_symlink():
        return None, link_target(place, top), False
    known = measured(place)
    is_executable = place.stat().st_mode & 0o100 != 0 if executable is None else executable
    return CopiedContent(place=place, sha256=known.oid, size=known.size), None, is_executable
