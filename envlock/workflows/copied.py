"""Files and folders that `copy` of env.toml takes into an image: by content, the same in every clone.

What counts of a folder is what git tracks or at least does not ignore; outside git, all. Left out, besides, is what
git and Python keep for themselves, env.toml, env.lock, caches and virtual environments.
"""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice
from pathlib import Path, PurePosixPath

from envlock.errors import OutsideError, UserInputError
from envlock.history.work_tree import counted_files
from envlock.model.files import IMAGE_PREFIX, WHITEOUT, PrefixFile
from envlock.model.image_values import copied_name
from envlock.model.lock import Lock
from envlock.model.problem import COPY, IMAGE, Problem
from envlock.model.spec import EnvSpec
from envlock.system.local_files import content_pieces, holds_cache, lfs_pointer, link_target, measured
from envlock.system.saved_folder import counting_root
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
    places = counted(top, counting_root(folder.resolve()))
    found = {_name(place, top, path): _file(place, top, executable) for place, executable in places.items()}
    if not found:
        raise UserInputError(f"`{path}` has nothing to copy")
    return tuple(
        PrefixFile(path=name, content=content, link=link, executable=executable)
        for name, (content, link, executable) in sorted(found.items(), key=lambda item: item[0].encode())
    )


def copied_sha256(folder: Path, path: str) -> str:
    """The sha256 (64 hex) of what a path brings into the image: names, contents, executable bits, links."""
    return _sha256(copied_files(folder, path))


def locked_copies(folder: Path, spec: EnvSpec) -> tuple[tuple[str, str], ...]:
    """What is recorded of all that is to be copied; UserInputError where it cannot lie in one image."""
    brought = {path: copied_files(folder, path) for path in spec.image.copy}
    wrong = next(_misplaced(spec.image.workdir, brought), None)
    if wrong:
        raise UserInputError(wrong, hint="copy something else, or into another `workdir`")
    return tuple((path, _sha256(files)) for path, files in brought.items())


def changed_copies(folder: Path, spec: EnvSpec, lock: Lock) -> Iterator[Problem]:
    """What is to be copied and is not what was locked, not there, or has no place."""
    found: dict[str, tuple[PrefixFile, ...]] = {}
    for path, locked in lock.copied:
        if path in spec.image.copy:
            try:
                found[path] = copied_files(folder, path)
                message = _changed(path, found[path], locked)
            except UserInputError as error:
                message = f"`{path}` is to be copied into the image: {error.message}"
            if message:
                yield Problem(kind=IMAGE, subject=COPY, message=message)
    # as two branches can bring it about, neither of which saw what the other copies
    yield from (Problem(kind=IMAGE, subject=COPY, message=wrong) for wrong in _misplaced(spec.image.workdir, found))


def locked_files(folder: Path, lock: Lock) -> tuple[PrefixFile, ...]:
    """All that is copied into the image, as it was locked.

    OutsideError where it is something else by now; UserInputError where the bytes of a file are not here, but git-LFS's
    word for them.
    """
    found: list[PrefixFile] = []
    for path, locked in lock.copied:
        files = copied_files(folder, path)
        changed = _changed(path, files, locked)
        if changed:
            raise OutsideError(changed, hint="`envlock lock` records what is there now")
        found += files
    for place in (file.content.place for file in found if isinstance(file.content, CopiedContent)):
        if lfs_pointer(place):
            what = f"`{display(place)}` is to be copied into the image, and is a git-LFS pointer here"
            raise UserInputError(what, hint="`git lfs pull` brings the file itself")
    return tuple(found)


def _changed(path: str, files: tuple[PrefixFile, ...], locked: str) -> str | None:
    found = _sha256(files)
    if found == locked:
        return None
    return f"`{path}`, which is copied into the image, has changed: {found[:_SHOWN]}…, locked {locked[:_SHOWN]}…"


def _misplaced(workdir: str | None, brought: Mapping[str, tuple[PrefixFile, ...]]) -> Iterator[str]:
    """Of each path at most one reason why what it brings cannot lie where it is to: what is another's stays whole."""
    owners: dict[str, str] = {}
    for path, files in brought.items():
        owners |= {file.path: path for file in files if file.path not in owners}
    for path, files in brought.items():
        yield from islice(filter(None, (_clash(file.path, path, workdir or "/", owners) for file in files)), 1)


def _clash(name: str, path: str, workdir: str, owners: Mapping[str, str]) -> str | None:
    for within in (name, *map(str, PurePosixPath(name).parents)):
        other = owners.get(within)
        if other not in (None, path):
            also = f", and `{name}` by `{path}`" if within != name else f" and by `{path}`"
            return f"`{within}` is brought by `{other}`{also}"
    place = posixpath.join(workdir, name)
    if f"{place}/".startswith(f"{IMAGE_PREFIX}/") or IMAGE_PREFIX.startswith(f"{place}/"):
        return f"`{path}` brings `{place}`: `{IMAGE_PREFIX}` is the environment's own"
    return None


def _sha256(files: Iterable[PrefixFile]) -> str:
    total = hashlib.sha256(_FORM)
    for file in files:
        told = f"link {file.link}" if file.link is not None else _told(file)
        total.update(b"%s\0%s\0" % (file.path.encode(), told.encode()))
    return total.hexdigest()


def _told(file: PrefixFile) -> str:
    assert isinstance(file.content, CopiedContent)
    return f"file {'x' if file.executable else '-'} {file.content.sha256}"


def counted(top: Path, root: Path | None) -> dict[Path, bool | None]:
    """The files that count, each with what is known of its executable bit."""
    try:
        found = counted_files(top, root) if root else dict.fromkeys(_all_files(top))
    except OutsideError as error:
        if isinstance(error.__cause__, UnicodeEncodeError):  # git's library cannot be asked for such a name
            _require_utf8(error.__cause__.object)
        raise

    @cache
    def is_left_out(folder: Path) -> bool:
        return folder != top and (_has_such_name(folder) or holds_cache(folder) or is_left_out(folder.parent))

    return {
        place: known
        for place, known in found.items()
        if not (_has_such_name(place) or (place != top and is_left_out(place.parent)))
    }


def _all_files(place: Path) -> Iterator[Path]:
    if place.is_dir() and not place.is_symlink():
        for entry in place.iterdir():
            yield from _all_files(entry)
    elif place.is_symlink() or place.is_file():
        yield place


def _has_such_name(place: Path) -> bool:
    return any(fnmatchcase(place.name, pattern) for pattern in _LEFT_OUT)


def _name(place: Path, top: Path, path: str) -> str:
    """What a file is called in `workdir`."""
    within = place.relative_to(top).as_posix() if place != top else ""
    name = "/".join(filter(None, (copied_name(path), within)))
    _require_utf8(name)
    if any(part.startswith(WHITEOUT) for part in name.split("/")):
        what = f"`{display(place)}` would hide a file of the image below: names that begin with `{WHITEOUT}` do that"
        raise UserInputError(what, hint="rename it")
    return name


def _require_utf8(text: str) -> None:
    """An image has names in no other encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode(errors="backslashreplace").decode()
        raise UserInputError(f"`{shown}` is to be copied, and is not UTF-8", hint="rename it") from None


def _file(place: Path, top: Path, executable: bool | None) -> tuple[CopiedContent | None, str | None, bool]:
    """Its content or where it leads, and whether it is executable."""
    if place.is_symlink():
        link = link_target(place, top)
        _require_utf8(link)
        return None, link, False
    known = measured(place)
    is_executable = place.stat().st_mode & 0o100 != 0 if executable is None else executable
    return CopiedContent(place=place, sha256=known.oid, size=known.size), None, is_executable
