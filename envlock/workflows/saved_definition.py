"""The files that an environment is made of: env.toml, env.lock, and all in the work tree that these name."""

import posixpath
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from envlock.errors import EnvlockError, UserInputError
from envlock.history.work_tree import counted_files
from envlock.images.base import FOLDER
from envlock.images.dockerfile import IGNORED, read_context
from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.direct import is_path, sources
from envlock.model.spec import EnvSpec
from envlock.sources.lfs import real_file
from envlock.system.local_files import content_pieces, lfs_pointer, link_target, project_files
from envlock.system.saved_folder import counting_root, surrounding
from envlock.system.text_file import display
from envlock.workflows.copied import counted
from envlock.workflows.local_sources import local_sources
from envlock.workflows.project import Project
from envlock.workflows.saved_listing import present

_PIECE = 1 << 20
_GIT = ".git"  # has the whole history, and may have passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file at `place`, or a symbolic link to `link`. It is kept as git keeps it, but where it is `raw`: of what a
    Dockerfile may copy the lock knows the bytes as they lie there."""

    place: Path
    executable: bool = False
    link: str | None = None
    raw: bool = False

    def pieces(self) -> Iterator[bytes]:
        """Its bytes; of what git-LFS keeps, the file itself."""
        if self.raw or lfs_pointer(self.place):
            with real_file(self.place).open("rb") as file:
                yield from iter(lambda: file.read(_PIECE), b"")
        else:
            yield from content_pieces(self.place)


Files = dict[str, SavedFile]


def definition(project: Project) -> Files:
    """All files by their paths from env.toml's folder, where a path may begin with `../`.

    UserInputError where env.toml cannot be read, or a file that it names is not there.
    """
    found: Files = {}
    for look in _looks(project):
        found |= look()
    return dict(sorted(found.items()))


def left_of(project: Project) -> Files:
    """The same as far as it is there: of a definition that is about to be replaced, in whichever state it is."""
    found: Files = {}
    with suppress(EnvlockError):
        for look in _looks(project):
            with suppress(EnvlockError):
                found |= look()
    return found


def _looks(project: Project) -> Iterator[Callable[[], Files]]:
    """What finds the files, a part each."""
    folder = project.folder.resolve()
    for place in (project.lockfile, project.manifest):
        if place.is_file():
            yield partial(_either, folder, place.name)
    spec = read_manifest(project.manifest)
    locked = local_sources(read_lock(project.lockfile)) if project.lockfile.exists() else {}
    for path in sorted({*spec.files, *_local_sources(spec), *locked, *_keys(spec)}):
        yield partial(_either, folder, path)
    for path in sorted({*spec.image.copy, *(each.path for each in spec.pip.editable)}):
        yield partial(_counted, folder, path)
    for path in sorted({*_base(spec), *_channels(spec)}):
        yield partial(_everything, folder, path)
    if spec.image.dockerfile:
        yield partial(_context, folder, spec.image.dockerfile)


def walked_folders(spec: EnvSpec, folder: Path) -> set[str]:
    """The folders of which all that counts is taken, by their paths from env.toml's."""
    named = {*_local_sources(spec), *spec.image.copy, *(each.path for each in spec.pip.editable), *_base(spec)}
    docker = {posixpath.dirname(spec.image.dockerfile)} if spec.image.dockerfile else set()
    return {_named(path) for path in {*named, *_channels(spec)} if (folder / path).is_dir()} | set(map(_named, docker))


def _local_sources(spec: EnvSpec) -> Iterator[str]:
    """The files and folders that requirements name, on whichever platform."""
    for platform in spec.platforms:
        yield from (source for _, source in sources(spec.all_wants(platform).pip) if is_path(source))


def _keys(spec: EnvSpec) -> Iterator[str]:
    if spec.image.debian and spec.image.debian.keys:
        yield spec.image.debian.keys


def _base(spec: EnvSpec) -> Iterator[str]:
    if spec.base and spec.base.startswith(FOLDER):
        yield spec.base.removeprefix(FOLDER)


def _channels(spec: EnvSpec) -> Iterator[str]:
    yield from (channel for channel in spec.conda.channels if spec.has_conda and is_path(channel))


def _either(folder: Path, path: str) -> Files:
    """A file, or what counts of a local project."""
    top = folder / path
    if not top.resolve().is_relative_to(surrounding(folder)):  # of a lock that somebody else wrote
        raise UserInputError(f"`{path}`, which the environment is made of, leaves the repository")
    if not top.is_dir():
        return {_named(path): _file(top)}
    top = top.resolve()
    return {_named(path, place.relative_to(top)): _within(place, top) for place in project_files(top)}


def _counted(folder: Path, path: str) -> Files:
    """What git counts of a file or folder."""
    top = (folder / path).resolve()
    if not top.exists():
        raise _absent(folder / path)
    places = counted(top, counting_root(folder))
    return {_named(path, place.relative_to(top)): _within(place, top, bit) for place, bit in places.items()}


def _everything(folder: Path, path: str) -> Files:
    top = (folder / path).resolve()
    if not top.is_dir():
        raise _absent(folder / path)
    found = ((name, place) for name, place in present(top) if _GIT not in name.split("/"))
    return {_named(path, name): _within(place, top) for name, place in found}


def _context(folder: Path, dockerfile: str) -> Files:
    read = read_context(folder, dockerfile)
    above = posixpath.dirname(dockerfile)
    found = {
        _named(above, file.path): SavedFile(place=file.place, link=file.link, executable=file.executable, raw=True)
        for file in read.files
    }
    beside = [read.dockerfile, read.dockerfile.with_name(f"{read.dockerfile.name}{IGNORED}")]
    beside.append(read.dockerfile.with_name(IGNORED))
    return found | {_named(above, p.name): SavedFile(place=p, raw=True) for p in beside if p.is_file()}


def git_ignores(folder: Path, spec: EnvSpec) -> set[str]:
    """What a Dockerfile may copy though git ignores it, as it may be a file of secrets: by paths from env.toml's."""
    root, dockerfile = counting_root(folder), spec.image.dockerfile
    if root is None or dockerfile is None:
        return set()
    found = {(folder / path).parent.resolve() / posixpath.basename(path): path for path in _context(folder, dockerfile)}
    with suppress(EnvlockError):  # where git cannot tell, there is nothing to be said
        counted_places = counted_files((folder / dockerfile).resolve().parent, root)
        return {path for place, path in found.items() if place not in counted_places}
    return set()


def _within(place: Path, top: Path, executable: bool | None = None) -> SavedFile:
    if place.is_symlink():
        return SavedFile(place=place, link=link_target(place, top))
    file = _file(place)
    return file if executable is None else SavedFile(place=file.place, executable=executable)


def _file(place: Path) -> SavedFile:
    if not place.is_file():
        raise _absent(place)
    return SavedFile(place=place, executable=bool(place.stat().st_mode & 0o100))


def _absent(place: Path) -> UserInputError:
    return UserInputError(f"`{display(place)}`, which the environment is made of, is not there")


def _named(*parts: str | Path) -> str:
    return posixpath.normpath(posixpath.join(*(Path(part).as_posix() for part in parts)))
