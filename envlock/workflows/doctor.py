"""What is found on this machine, what is missing and what to do about it."""

import fcntl
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from envlock.debian.signatures import INSTALLED
from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.images.docker_engine.connection import engine_version
from envlock.registry.credentials import Credentials
from envlock.solvers.conda_lock import PROGRAMS, find_program
from envlock.system.apt_sources import apt_mirrors
from envlock.system.cache import Cache
from envlock.system.mirrors import Mirror, read_mirror
from envlock.system.process import run, scrubbed
from envlock.system.uv_program import uv_program
from envlock.workflows.debian_mirrors import MIRROR

# the ioctl by which Linux lets one file share another's blocks (linux/fs.h)
_FICLONE = 0x40049409
_LOW_SPACE = 2 << 30
_REINSTALL = "install envlock anew: it brings this along"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked for. `found` says whether it is there; `required` whether envlock is of no use without it."""

    name: str
    found: bool
    detail: str
    required: bool = False
    hint: str | None = None


def doctor(cache: Cache, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Everything that is looked for, in a fixed order."""
    return (
        _python(),
        _uv(),
        _library("py-rattler", "rattler", required=True),
        _library("pip-tools", "piptools"),
        _library("conda-lock", "conda_lock"),
        _conda(),
        _git(),
        _engine(environment),
        _logins(environment),
        _debian_mirror(environment),
        _debian_keys(),
        *_cache(cache.root),
    )


def _python() -> Finding:
    return Finding(
        name="Python", found=True, required=True, detail=f"{platform.python_version()}, {platform.machine()}"
    )


def _uv() -> Finding:
    try:
        said = run([uv_program(), "--version"], environment=scrubbed())
    except (FileNotFoundError, OutsideError):
        return Finding(name="uv", found=False, required=True, detail="resolves wheels", hint=_REINSTALL)
    hint = _REINSTALL if said.code else None
    return Finding(name="uv", found=not said.code, required=True, detail=_version_in(said.stdout), hint=hint)


def _library(distribution: str, module: str, *, required: bool = False) -> Finding:
    try:
        found, detail = find_spec(module) is not None, version(distribution)
    except PackageNotFoundError:
        found, detail = False, ""
    return Finding(name=distribution, found=found, required=required, detail=detail, hint=None if found else _REINSTALL)


def _conda() -> Finding:
    program = find_program()
    hint = None if program else f'only `conda-solver = "conda-lock"` needs one of {", ".join(PROGRAMS)} on PATH'
    return Finding(name="conda program", found=bool(program), detail=program or "", hint=hint)


def _git() -> Finding:
    try:
        said = run(["git", "--version"], environment=scrubbed())
    except OutsideError:
        hint = "install git, to keep environments and their versions in a repository"
        return Finding(name="git", found=False, detail="", hint=hint)
    return Finding(name="git", found=said.code == 0, detail=_version_in(said.stdout))


def _engine(environment: Mapping[str, str]) -> Finding:
    try:
        return Finding(name="Docker engine", found=True, detail=engine_version(environment))
    except EnvlockError as error:
        hint = (
            "only `--load`, `--engine docker` and what must be executed need one; DOCKER_HOST or a docker context says"
            " where it is"
        )
        return Finding(name="Docker engine", found=False, detail=error.message, hint=hint)


def _logins(environment: Mapping[str, str]) -> Finding:
    files = [str(path) for path in Credentials(environment).files() if path.is_file()]
    hint = None if files else "only images that are not public need one: `docker login` makes it"
    return Finding(name="registry logins", found=bool(files), detail=", ".join(files), hint=hint)


def _debian_mirror(environment: Mapping[str, str]) -> Finding:
    """Where `[image.debian]` has packages from, where it names no mirror itself."""
    hint = f"only `[image.debian]` needs one: {MIRROR} says where it is"
    given = environment.get(MIRROR)
    try:
        found, where = (read_mirror(MIRROR, given), MIRROR) if given else (_apt_mirror(), "apt's sources")
    except UserInputError as error:
        return Finding(name="Debian mirror", found=False, detail=error.message, hint=hint)
    detail = f"{found.url} ({where})" if found else ""
    return Finding(name="Debian mirror", found=bool(found), detail=detail, hint=None if found else hint)


def _apt_mirror() -> Mirror | None:
    found = apt_mirrors()
    return found.main if found else None


def _debian_keys() -> Finding:
    """Those that come with envlock are always there."""
    here = [str(path) for path in INSTALLED if path.is_file()]
    return Finding(name="Debian keys", found=True, detail=", ".join(["envlock's own", *here]))


def _cache(root: Path) -> Iterator[Finding]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=root) as folder:
            shared = _shares_blocks(Path(folder))
    except OSError as error:
        hint = "give another folder with `--cache-dir` or ENVLOCK_CACHE_DIR"
        yield Finding(name="cache", found=False, required=True, detail=f"{root}: {error.strerror}", hint=hint)
        return
    free = shutil.disk_usage(root).free
    advice = "make room: environments and images take gigabytes" if free < _LOW_SPACE else None
    yield Finding(name="cache", found=True, required=True, detail=f"{root}, {free / 1e9:.1f} GB free", hint=advice)
    yield Finding(name="reflinks", found=shared, detail="files are shared" if shared else "files are copied")


def _shares_blocks(folder: Path) -> bool:
    """Can files on this disk share their blocks until one is changed?"""
    with (folder / "a").open("wb") as source, (folder / "b").open("wb") as target:
        source.write(b"envlock")
        source.flush()
        try:
            fcntl.ioctl(target, _FICLONE, source.fileno())
        except OSError:
            return False
    return True


def _version_in(said: str) -> str:
    """The version in what a program says of itself: "git version 2.39.5" -> "2.39.5"."""
    return next((word for word in said.split() if word[:1].isdigit()), said.strip())
