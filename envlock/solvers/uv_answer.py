"""What uv wrote (PEP 751) as answers: of each package the wheel that fits best, or what one is built from."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock, PylockValidationError
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from envlock.errors import OutsideError, UserInputError
from envlock.model.spec import DEFAULT_INDEX, Index
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.uv_failure import declared

_File = PackageWheel | PackageSdist | PackageArchive


def read_pylock(text: str) -> list[Package]:
    """The packages of uv's lock."""
    try:
        return list(Pylock.from_dict(tomllib.loads(text)).packages)
    except (PylockValidationError, tomllib.TOMLDecodeError) as error:
        raise OutsideError(f"uv wrote a lock that cannot be read: {error}") from error


def answer(package: Package, tags: tuple[Tag, ...], index: str | None, request: PipRequest) -> PipAnswer:
    """What is locked of a package; `index` where it is from one."""
    name, version = package.name, str(package.version or "")
    if package.vcs:
        return PipAnswer(
            name=name,
            version=version,
            url=package.vcs.url or "",
            commit=package.vcs.commit_id,
            subdirectory=package.vcs.subdirectory,
            builds=True,
        )
    if package.directory:
        return PipAnswer(name=name, version=version, url=Path(package.directory.path).resolve().as_uri(), builds=True)
    if package.archive:
        _require_fitting(package, package.archive, tags, request)
    chosen = package.archive or _best(package, tags) or package.sdist
    if not chosen:
        raise _no_wheel(package, request)
    return PipAnswer(
        name=name,
        version=version,
        file=_file(chosen),
        url=_url(chosen),
        sha256=_sha256(chosen),
        size=chosen.size,
        index=index,
        uploaded=chosen.upload_time.strftime("%Y-%m-%dT%H:%M:%SZ") if chosen.upload_time else None,
        builds=not _file(chosen).endswith(".whl"),
    )


def _best(package: Package, tags: tuple[Tag, ...]) -> PackageWheel | None:
    fitting = []
    for wheel in sorted(package.wheels or (), key=_file):
        best = _rank(_file(wheel), tags)
        if best is not None:
            fitting.append((-best, parse_wheel_filename(_file(wheel))[2], wheel))
    return max(fitting, key=lambda found: found[:2])[2] if fitting else None


def _rank(file: str, tags: tuple[Tag, ...]) -> int | None:
    """How well a wheel fits: 0 is best; None where it does not."""
    of_wheel = parse_wheel_filename(file)[3]
    return next((number for number, tag in enumerate(tags) if tag in of_wheel), None)


def _require_fitting(package: Package, archive: PackageArchive, tags: tuple[Tag, ...], request: PipRequest) -> None:
    if _file(archive).endswith(".whl") and _rank(_file(archive), tags) is None:
        raise _no_wheel(package, request)


def _no_wheel(package: Package, request: PipRequest) -> UserInputError:
    python = ".".join(request.python.split(".")[:2])
    return UserInputError(
        f"`{package.name}` {package.version} has no wheel for Python {python} and {declared(request)}",
        hint="allow another version, or declare a newer system in [platform.NAME]",
    )


def _file(file: _File) -> str:
    name = None if isinstance(file, PackageArchive) else file.name
    return name or unquote(urlsplit(file.url or file.path or "").path.rpartition("/")[2])


def _url(file: _File) -> str:
    return file.url or Path(file.path or "").resolve().as_uri()


def _sha256(file: _File) -> str:
    sha256 = file.hashes.get("sha256")
    if not sha256:
        raise OutsideError(f"the index has no sha256 for `{_file(file)}`", hint="take it from an index that has")
    return sha256


def index_name(url: str | None, indexes: Iterable[Index]) -> str:
    """The manifest's name of an index; the one that it does not name is the default."""
    if url is None:
        return next((i.name for i in indexes if i.default), DEFAULT_INDEX)
    return next((i.name for i in indexes if i.url and _spelt_alike(i.url) == _spelt_alike(url)), DEFAULT_INDEX)


def _spelt_alike(url: str) -> tuple[str, str | None, int | None, str]:
    """A URL without what spelling alone decides: case of the host, the usual port, a slash at the end."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual, parts.path.rstrip("/")
