"""What pip-tools is handed: indexes, wheels and their metadata, by the same way to the network as everything else."""

import hashlib
import shutil
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from envlock.errors import OutsideError, UserInputError
from envlock.model.index_file import IndexFile
from envlock.model.lock import PipPackage
from envlock.model.spec import Index
from envlock.model.wheel_metadata import WheelMetadata
from envlock.sources.metadata import said_by, wheel_metadata
from envlock.system.parts import scratch_folder
from envlock.system.secrets import redact
from envlock.workflows import later
from envlock.workflows.packages import supply_of
from envlock.workflows.task import PlatformTask

_PAGES = "index-pages"
_MOST = 8 << 30  # bytes of a wheel that nobody has told the size of


def files_of(task: PlatformTask, index: Index, name: str) -> tuple[IndexFile, ...] | None:
    """The wheels of a distribution on an index, kept for the time when there is no connection."""
    cache, url = task.context.cache, task.sources.indexes.get(index.name)
    key = hashlib.sha256(f"{url or ''} {name}".encode()).hexdigest()
    if task.context.offline:
        kept = cache.record(_PAGES, key, lambda files: [files and tuple(IndexFile(**file) for file in files)])
        if kept is None:
            message = f"what the index `{index.name}` has of `{name}` is not in the cache, and this is --offline"
            raise OutsideError(message, hint="run it once without")
        return kept[0]
    found = later.wheels_on(supply_of(task.sources, task.context).http(), url, name=name, index=index.name)
    cache.keep(_PAGES, key, found and [asdict(file) for file in found])
    return found


def metadata_of(task: PlatformTask, file: IndexFile) -> WheelMetadata:
    """What a wheel says of itself, without fetching it where that can be."""
    if file.index is None:
        return said_by(_here(file, task))
    package = PipPackage(
        name=file.name,
        version=file.version,
        file=file.file,
        sha256=file.sha256 or "",
        size=file.size,
        index=file.index,
    )
    return wheel_metadata(package, file.url, supply_of(task.sources, task.context))


def wheel_at(task: PlatformTask, name: str, url: str) -> IndexFile:
    """A wheel that env.toml names by its own URL or path; what is not on this machine is fetched into the cache."""
    file = unquote(urlsplit(url).path.rpartition("/")[2])
    try:
        _, version, _, _ = parse_wheel_filename(file)
    except InvalidWheelFilename as error:
        raise UserInputError(
            f"`{name}`: `{file}` is no name of a wheel", hint="give it the name it was made with"
        ) from error
    path = _path(url) or fetched_file(task, url, file)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return IndexFile(name=name, version=str(version), file=file, url=url, sha256=sha256, size=path.stat().st_size)


def fetched_file(task: PlatformTask, url: str, file: str) -> Path:
    """What is at a URL, in the cache: its hash is not known before it is here."""
    cache = task.context.cache
    with scratch_folder(cache.root) as folder:
        path = folder / file
        with path.open("w+b") as target:
            if not supply_of(task.sources, task.context).http().download(url, target, limit=_MOST):
                raise OutsideError(f"there is nothing at {redact(url)}")
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            return cache.add_package(sha256, file, lambda target: shutil.copyfileobj(source, target))


def _path(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _here(file: IndexFile, task: PlatformTask) -> Path:
    path = _path(file.url) or task.context.cache.package(file.sha256 or "", file.file)
    if path is None:
        raise OutsideError(f"`{file.file}` has gone from the cache while it was in use")
    return path
