"""The files of a distribution that are pinned, with what their index says of them where the pins say less."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from envlock.errors import OutsideError, UserInputError
from envlock.model.imported import PinnedFile, PinnedPip
from envlock.model.index_file import IndexFile
from envlock.sources.index import files_on
from envlock.workflows.packages import supply_of
from envlock.workflows.task import PlatformTask

_FILES = "index-files"


class NotOnIndex(UserInputError):
    """An index does not have what is pinned."""


def known_files(package: PinnedPip, index: str, task: PlatformTask) -> tuple[PinnedFile, ...]:
    """The files that a platform may take, each with name, URL and sha256; those of the version where none is named.

    UserInputError where the index has none of them, or has another file by that name, and where a file is of another
    distribution or version than the one that it is pinned for.
    """
    package = as_today(package)
    usable = [file for file in package.files if not file.name or _is_of(package, file.name)]
    if usable and all(file.name and file.url and file.sha256 for file in usable):
        return tuple(usable)
    page = _page(package, index, task)
    if page is None:
        raise NotOnIndex(f"the index `{index}` has no `{package.name}`", hint="say by [[pip.indexes]] which has it")
    found = tuple(_completed(usable, page, package, index) if package.files else _of_version(package, page))
    if not found:
        raise _missing(package, index)
    return found


def _is_of(package: PinnedPip, file: str) -> bool:
    """Is this a wheel of it, or an sdist as they are named today? UserInputError for a wheel of something else."""
    named = _named(file)
    same = named is not None and (named[0], str(named[1])) == (package.name, package.version)
    if named and not same and file.endswith(".whl"):
        raise UserInputError(
            f"`{package.name}` {package.version}: `{file}` is a wheel of {named[0]} {named[1]}",
            hint="pin it again with the tool that wrote the file",
        )
    return same


def as_today(package: PinnedPip) -> PinnedPip:
    """With its version as indexes and METADATA write it: older locks have `2020.06.20`."""
    try:
        return replace(package, version=str(Version(package.version)))
    except InvalidVersion:
        return package


def _named(file: str) -> tuple[NormalizedName, Version] | None:
    """The distribution and version that a file's name tells; None for what is no wheel and no sdist of today."""
    try:
        return parse_wheel_filename(file)[:2] if file.endswith(".whl") else parse_sdist_filename(file)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _completed(
    files: Sequence[PinnedFile], page: Sequence[IndexFile], package: PinnedPip, index: str
) -> Iterator[PinnedFile]:
    """With what the index says: by name, else by sha256; what it does not have can be taken where its URL is known."""
    by_name: dict[object, IndexFile] = {listed.file: listed for listed in page}
    if any(file.name not in by_name for file in files if file.name):
        # the same wheel, its name or its tags spelt otherwise
        by_name |= {meaning: listed for listed in page if (meaning := _meaning(listed.file))}
    by_sha256 = {listed.sha256: listed for listed in page if listed.sha256}
    for file in files:
        named = by_name.get(file.name) or by_name.get(_meaning(file.name))
        listed = named if file.name else by_sha256.get(file.sha256 or "")
        if listed:
            yield _with(file, listed, package, index)
        elif file.name and file.url and file.sha256:
            yield file


def _meaning(file: str) -> object:
    """What the name of a wheel says, however it is spelt; None for what is no wheel."""
    try:
        return parse_wheel_filename(file)
    except InvalidWheelFilename:
        return None


def _with(file: PinnedFile, listed: IndexFile, package: PinnedPip, index: str) -> PinnedFile:
    if file.sha256 and listed.sha256 and file.sha256 != listed.sha256:
        raise UserInputError(
            f"`{package.name}` {package.version}: `{listed.file}` is pinned with sha256 {file.sha256},"
            f" and on `{index}` it has {listed.sha256}",
            hint="it was made anew, or tampered with: pin it again with the tool that wrote the file",
        )
    return PinnedFile(
        name=listed.file,
        url=file.url or listed.url,
        sha256=file.sha256 or listed.sha256,
        size=listed.size if file.size is None else file.size,
        uploaded=file.uploaded or listed.uploaded,
    )


def _of_version(package: PinnedPip, page: Sequence[IndexFile]) -> Iterator[PinnedFile]:
    for listed in page:
        if listed.version == package.version and _named(listed.file):
            yield _with(PinnedFile(), listed, package, listed.index or "")


def _missing(package: PinnedPip, index: str) -> NotOnIndex:
    named = [f"`{file.name}`" for file in package.files if file.name]
    hashed = [f"sha256 {file.sha256}" for file in package.files if file.sha256 and not file.name]
    said = f"no {', '.join((*named, *hashed)[:3])}" if named or hashed else "none of its files"
    more = f" or {len(package.files) - 3} others" if len(package.files) > 3 else ""
    return NotOnIndex(
        f"`{package.name}` {package.version}: the index `{index}` has {said}{more}",
        hint="say by [[pip.indexes]] where it is from, or pin it again with the tool that wrote the file",
    )


def _page(package: PinnedPip, index: str, task: PlatformTask) -> tuple[IndexFile, ...] | None:
    """What an index has of a distribution; as it was seen before, where that tells all that is asked."""
    cache, url = task.context.cache, task.sources.mirrors.get(index) or task.sources.index(index, package.name)
    key = hashlib.sha256(f"{url or ''} {package.name}".encode()).hexdigest()
    kept = cache.record(_FILES, key, lambda files: [files and tuple(IndexFile(**file) for file in files)])
    if kept is not None and (task.context.offline or _tells_all(kept[0], package)):
        return kept[0]
    if task.context.offline:
        message = f"what the index `{index}` has of `{package.name}` is not in the cache, and this is --offline"
        raise OutsideError(message, hint="run it once without")
    return task.context.once((_FILES, key), lambda: _asked(package.name, index, url, key, task))


def _asked(name: str, index: str, url: str | None, key: str, task: PlatformTask) -> tuple[IndexFile, ...] | None:
    found = files_on(supply_of(task.sources, task.context).http(), url, name=name, index=index)
    task.context.cache.keep(_FILES, key, found and [asdict(file) for file in found])
    return found


def _tells_all(page: Sequence[IndexFile] | None, package: PinnedPip) -> bool:
    """Is each file here by its sha256, which never changes what it means?"""
    known = {listed.sha256 for listed in page or ()}
    return bool(package.files) and all(file.sha256 and file.sha256 in known for file in package.files)
