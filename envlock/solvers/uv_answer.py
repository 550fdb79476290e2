"""What uv wrote (PEP 751) as answers: of each package the wheel that fits best, or what one is built from."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from envlock.errors import OutsideError, UserInputError
from envlock.model.spec import DEFAULT_INDEX, Index, python_minor
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.uv_failure import declared


class UvFile(NamedTuple):
    """A file as uv's lock has it; `sha256` is empty where the index has none."""

    name: str
    url: str
    sha256: str
    size: int | None
    uploaded: str | None


class UvPackage(NamedTuple):
    """A package of uv's lock: of an index with `wheels` or an `sdist`, or with one of the other fields."""

    name: str
    version: str
    wheels: tuple[UvFile, ...]
    sdist: UvFile | None
    archive: UvFile | None
    folder: str | None
    vcs: Mapping[str, str] | None


def read_pylock(text: str) -> list[UvPackage]:
    """The packages of uv's lock."""
    try:
        # by hand: to load the classes that `packaging` has for it takes as long as to choose twenty packages
        return [_package(table) for table in tomllib.loads(text).get("packages", ())]
    except (LookupError, TypeError, AttributeError, tomllib.TOMLDecodeError) as error:
        raise OutsideError(f"uv wrote a lock that cannot be read: {error}") from error


def _package(table: Mapping[str, Any]) -> UvPackage:
    return UvPackage(
        name=table["name"],
        version=table.get("version", ""),
        wheels=tuple(map(_read_file, table.get("wheels", ()))),
        sdist=_read_file(table["sdist"]) if "sdist" in table else None,
        archive=_read_file(table["archive"]) if "archive" in table else None,
        folder=table["directory"]["path"] if "directory" in table else None,
        vcs=table.get("vcs"),
    )


def _read_file(table: Mapping[str, Any]) -> UvFile:
    url = table.get("url") or Path(table["path"]).resolve().as_uri()
    uploaded = table.get("upload-time")
    return UvFile(
        name=table.get("name") or unquote(urlsplit(url).path.rpartition("/")[2]),
        url=url,
        sha256=table.get("hashes", {}).get("sha256", ""),
        size=table.get("size"),
        uploaded=uploaded.strftime("%Y-%m-%dT%H:%M:%SZ") if uploaded else None,
    )


def answer(package: UvPackage, ranks: Mapping[Tag, int], index: str | None, request: PipRequest) -> PipAnswer:
    """What is locked of a package; `ranks` say how well a tag fits: 0 is best; `index` where it is from one."""
    name, version = package.name, package.version
    if package.vcs:
        return PipAnswer(
            name=name,
            version=version,
            url=package.vcs.get("url", ""),
            commit=package.vcs["commit-id"],
            subdirectory=package.vcs.get("subdirectory"),
            builds=True,
        )
    if package.folder is not None:
        return PipAnswer(name=name, version=version, url=Path(package.folder).resolve().as_uri(), builds=True)
    chosen = package.archive or _best(package, ranks) or package.sdist
    if not chosen or (package.archive and _is_wheel(chosen) and _rank(chosen, ranks) is None):
        raise _no_wheel(package, request)
    if not chosen.sha256:
        raise OutsideError(f"the index has no sha256 for `{chosen.name}`", hint="take it from an index that has")
    return PipAnswer(
        name=name,
        version=version,
        file=chosen.name,
        url=chosen.url,
        sha256=chosen.sha256,
        size=chosen.size,
        index=index,
        uploaded=chosen.uploaded,
        builds=not _is_wheel(chosen),
    )


def ranked(tags: Iterable[Tag]) -> dict[Tag, int]:
    """How well each tag fits, of tags from best to worst."""
    ranks: dict[Tag, int] = {}
    for number, tag in enumerate(tags):
        ranks.setdefault(tag, number)
    return ranks


def _best(package: UvPackage, ranks: Mapping[Tag, int]) -> UvFile | None:
    fitting = []
    for wheel in sorted(package.wheels, key=lambda wheel: wheel.name):
        best = _rank(wheel, ranks)
        if best is not None:
            fitting.append((-best, parse_wheel_filename(wheel.name)[2], wheel))
    return max(fitting, key=lambda found: found[:2])[2] if fitting else None


def _rank(wheel: UvFile, ranks: Mapping[Tag, int]) -> int | None:
    """How well a wheel fits: 0 is best; None where it does not."""
    return min((ranks[tag] for tag in parse_wheel_filename(wheel.name)[3] if tag in ranks), default=None)


def _is_wheel(file: UvFile) -> bool:
    return file.name.endswith(".whl")


def _no_wheel(package: UvPackage, request: PipRequest) -> UserInputError:
    python = python_minor(request.python)
    return UserInputError(
        f"`{package.name}` {package.version} has no wheel for Python {python} and {declared(request)}",
        hint="allow another version, or declare a newer system in [platform.NAME]",
    )


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
