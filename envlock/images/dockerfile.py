"""A Dockerfile and what it may copy, as files with a hash: two clones of a repository have the same."""

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from envlock.errors import OutsideError, UserInputError
from envlock.images.dockerignore import Pattern, is_left_out, read_patterns
from envlock.system.saved_folder import surrounding

IGNORED = ".dockerignore"
LISTINGS = "dockerfile-listings"  # records in the cache: what stood in a context, by its hash
_FORM = b"envlock-docker-context 1\n"
# the lock would hold the hash of a text that the hash stands in; and git's own folder is another in every clone
_NEVER = ("env.toml", "env.lock", ".git")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFile:
    """A file or symbolic link (`link`) of a context, by its path in it; folders are those that files lie in."""

    path: str
    place: Path
    executable: bool = False
    link: str | None = None

    @property
    def mode(self) -> int:
        """Not that of the disk: what a umask made of it is another on every machine."""
        return 0o755 if self.executable else 0o644

    @property
    def described(self) -> bytes:
        """What the hash holds of it, beside its path."""
        if self.link is not None:
            return b"link " + os.fsencode(self.link)
        with _opened(self.place) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return f"file {'x' if self.executable else '-'} {sha256}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerContext:
    """A Dockerfile (its place, and its name as env.toml has it) and the files that it may copy, sorted; `listing` has
    what stood in them when they were read."""

    dockerfile: Path
    name: str
    files: tuple[ContextFile, ...]
    listing: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The hash (64 hex) of all that a build may take from the disk."""
        return hashlib.sha256(_FORM + b"".join(f"{k} {v}\n".encode() for k, v in self.listing.items())).hexdigest()

    def require_unchanged(self) -> None:
        """OutsideError where something else was handed to a build than what stands behind the hash."""
        if _listing(self.dockerfile, self.files) != self.listing:
            raise OutsideError(f"`{self.name}` or what it may copy was changed just now", hint="run it again")


def read_context(project: Path, dockerfile: str) -> DockerContext:
    """The context of a Dockerfile of env.toml in `project`; UserInputError where there is none in its repository."""
    place = project / dockerfile
    within = surrounding(project.resolve())
    if Path(dockerfile).is_absolute() or not place.resolve().is_relative_to(within):
        raise UserInputError(f"`dockerfile` is `{dockerfile}`, which leaves the repository")
    if not place.is_file():
        raise UserInputError(f"`dockerfile` is `{dockerfile}`, and there is no such file beside env.toml")
    place = place.parent.resolve() / place.name
    files = tuple(sorted(_files(place.parent, "", _patterns(place)), key=lambda file: os.fsencode(file.path)))
    return DockerContext(dockerfile=place, name=dockerfile, files=files, listing=_listing(place, files))


def _listing(dockerfile: Path, files: Iterable[ContextFile]) -> dict[str, str]:
    """By path what stands there, as text; the Dockerfile itself by the empty path, which no file has."""
    with _opened(dockerfile) as file:
        own = hashlib.file_digest(file, "sha256").hexdigest()
    return {"": own, **{repr(f.path): f.described.decode(errors="backslashreplace") for f in files}}


def context_sha256(project: Path, dockerfile: str) -> str:
    """What the lock holds of a Dockerfile and its context."""
    return read_context(project, dockerfile).sha256


def stage_context(context: DockerContext, folder: Path) -> Path:
    """Puts the files below `folder`; the Dockerfile, which is not to be copied where it is left out, lies beside them.

    Returned is that of it: with an empty list beside it of what to leave out, since that has been done.
    """
    for file in context.files:
        target = folder / "context" / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link is not None:
            target.symlink_to(file.link)
            continue
        shutil.copyfile(file.place, target)
        target.chmod(file.mode)
        os.utime(target, (0, 0))
    (folder / "context").mkdir(exist_ok=True)
    shutil.copyfile(context.dockerfile, folder / "Dockerfile")
    context.require_unchanged()
    (folder / f"Dockerfile{IGNORED}").touch()
    return folder / "Dockerfile"


def write_context(context: DockerContext, target: IO[bytes]) -> str:
    """The files as a tar, and the name of the Dockerfile in it: one of its own where it is not among them."""
    own = context.dockerfile.name
    hidden = all(file.path != own for file in context.files)
    name = f".dockerfile.{context.sha256[:16]}" if hidden else own
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in context.files:
            if not (hidden and file.path == IGNORED):
                _add(archive, file)
        if hidden:  # as docker does it: what is named there is taken out of the context once it is read
            left_out = next((f.place.read_bytes() for f in context.files if f.path == IGNORED), IGNORED.encode())
            _add_bytes(archive, name, context.dockerfile.read_bytes())
            _add_bytes(archive, IGNORED, left_out + f"\n{name}\n".encode())
    context.require_unchanged()
    return name


def _add(archive: tarfile.TarFile, file: ContextFile) -> None:
    info = tarfile.TarInfo(file.path)
    info.mode = file.mode
    if file.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, file.link
        archive.addfile(info)
        return
    with _opened(file.place) as content:
        info.size = os.fstat(content.fileno()).st_size
        archive.addfile(info, content)


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _patterns(dockerfile: Path) -> tuple[Pattern, ...]:
    """What is left out: as the file says that has the Dockerfile's name, else the one of all of the folder."""
    for name in (f"{dockerfile.name}{IGNORED}", IGNORED):
        place = dockerfile.with_name(name)
        if place.is_file():
            with _opened(place) as file:
                return read_patterns(file.read().decode(errors="replace"), name)
    return ()


def _files(folder: Path, above: str, patterns: tuple[Pattern, ...]) -> Iterator[ContextFile]:
    """Everything below that counts; links are not followed. Folders that are left out may hold what is not."""
    deeper = not any(pattern.exception for pattern in patterns)
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{above}{entry.name}"
            if entry.name in _NEVER:
                continue
            left_out = is_left_out(path, patterns)
            if entry.is_dir(follow_symlinks=False):
                if not (left_out and deeper):
                    yield from _files(Path(entry.path), f"{path}/", patterns)
            elif not left_out:
                yield from _file(entry, path)


def _file(entry: "os.DirEntry[str]", path: str) -> Iterator[ContextFile]:
    place = Path(entry.path)
    if entry.is_symlink():
        yield ContextFile(path=path, place=place, link=str(place.readlink()))
    elif entry.is_file():  # sockets and the like are no part of what docker sends, either
        yield ContextFile(path=path, place=place, executable=bool(entry.stat().st_mode & 0o100))


def _opened(place: Path) -> BufferedReader:
    try:
        return place.open("rb")
    except OSError as error:
        raise OutsideError(f"`{place}` cannot be read: {error.strerror}") from error
