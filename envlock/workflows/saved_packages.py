"""save --with-packages: every file that is locked, as a conda channel, an index, a Debian archive, an image layout."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from envlock.images.base import FOLDER
from envlock.interchange.exports.package_folders import index_page, packages_file, project_page, repodata
from envlock.model.image import Descriptor
from envlock.model.lock import CondaPackage, DebianPackage, Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.oci.document import hex_of
from envlock.oci.index import IMAGE_NAME, IndexEntry, index_bytes
from envlock.oci.layout import INDEX, LAYOUT_FILE, MARK, Layout
from envlock.oci.manifest import read_manifest
from envlock.sources.saved_places import CONDA, DEBIAN, IMAGES, WHEELS, channel_folder, saved_paths
from envlock.workflows.base_images import pull_base
from envlock.workflows.context import Context
from envlock.workflows.debian_packages import fetch_debian
from envlock.workflows.packages import fetch_all
from envlock.workflows.project import Project
from envlock.workflows.saved_stage import Stage
from envlock.workflows.solve_conda import read_contents

_NOARCH = "noarch"
P = TypeVar("P", CondaPackage, PipPackage, DebianPackage)


def save_packages(stage: Stage, lock: Lock, platforms: Sequence[str], project: Project, context: Context) -> None:
    """Fetches what is missing in the cache, and writes all of it; OutsideError naming what cannot be had."""
    locks = [locked for locked in lock.platforms if locked.platform in platforms]
    files: dict[str, Path] = {}
    for locked in locks:
        files |= fetch_all(locked, lock.inputs, project, context)
        files |= fetch_debian(locked, project, context) if locked.debian else {}
    _save_conda(stage, _each([p for locked in locks for p in locked.conda]), files, context)
    _save_wheels(stage, _each([p for locked in locks for p in locked.pip if saved_paths(p)]), files)
    _save_debian(stage, _each([p for locked in locks for p in locked.debian]), files)
    _save_bases(stage, locks, project, context)


def _each(packages: Iterable[P]) -> list[P]:
    """Those with the same bytes from the same place once, in an order that is the same everywhere."""
    found: dict[tuple[tuple[str, ...], str], P] = {}
    for package in sorted(packages, key=lambda p: (p.name, p.file, p.sha256)):
        found[saved_paths(package), package.sha256] = package
    return list(found.values())


def _save_conda(stage: Stage, packages: Sequence[CondaPackage], files: Mapping[str, Path], context: Context) -> None:
    raw = read_contents([(p.sha256, str(files[p.sha256])) for p in packages], context.cache)
    folders: dict[tuple[str, str], list[CondaPackage]] = defaultdict(list)
    for package in packages:
        stage.copy(saved_paths(package)[0], files[package.sha256], package.sha256)
        folders[package.channel, package.subdir].append(package)
        folders.setdefault((package.channel, _NOARCH), [])  # without it a channel is none
    for (channel, subdir), held in sorted(folders.items()):
        path = f"{CONDA}/{channel_folder(channel)}/{subdir}/repodata.json"
        stage.write(path, [repodata(subdir, ((p, raw[p.sha256]["index"]) for p in held))])


def _save_wheels(stage: Stage, packages: Sequence[PipPackage], files: Mapping[str, Path]) -> None:
    """Flat, as `--find-links` reads it, with pages for `--index-url`; what shares its name lies in a folder."""
    pages: dict[str, list[tuple[PipPackage, str]]] = defaultdict(list)
    for package in packages:
        aside, plain = saved_paths(package)
        taken = stage.files.get(plain)
        path = aside if taken and taken.sha256 != package.sha256 else plain
        stage.copy(path, files[package.sha256], package.sha256)
        if _is_listable(package.file):
            pages[package.name].append((package, f"../{path.removeprefix(f'{WHEELS}/')}"))
    for name, held in sorted(pages.items()):
        stage.write(f"{WHEELS}/{name}/index.html", [project_page(held)])
    if pages:
        stage.write(f"{WHEELS}/index.html", [index_page(pages)])


def _is_listable(file: str) -> bool:
    try:
        _ = parse_wheel_filename(file) if file.endswith(".whl") else parse_sdist_filename(file)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return False  # at a URL, a file is called as somebody likes
    return True


def _save_debian(stage: Stage, packages: Sequence[DebianPackage], files: Mapping[str, Path]) -> None:
    archives: dict[str, list[DebianPackage]] = defaultdict(list)
    for package in packages:
        stage.copy(saved_paths(package)[0], files[package.sha256], package.sha256)
        archives[package.archive].append(package)
    for archive, held in sorted(archives.items()):
        stage.write(f"{DEBIAN}/{archive}/Packages", [packages_file(held)])


def _save_bases(stage: Stage, locks: Sequence[PlatformLock], project: Project, context: Context) -> None:
    """The bases from registries, in one layout; a base that is a folder is a part of the definition."""
    entries: dict[str, IndexEntry] = {}
    for locked in locks:
        reference, digest = locked.base.reference, locked.base.digest
        if reference and digest and not reference.startswith(FOLDER) and digest not in entries:
            context.progress(f"{locked.platform}: the base `{reference}`")
            pulled = pull_base(reference, digest, PLATFORMS[locked.platform], project, context)
            for blob in _blobs(pulled.descriptor, pulled.manifest):
                _save_blob(stage, pulled.layout, blob)
            entries[digest] = _entry(pulled.descriptor, locked.platform, reference)
    if entries:
        stage.write(f"{IMAGES}/{MARK}", [LAYOUT_FILE])
        stage.write(f"{IMAGES}/{INDEX}", [index_bytes(entries[digest] for digest in sorted(entries))])


def _blobs(descriptor: Descriptor, manifest: bytes) -> Iterator[Descriptor]:
    yield descriptor
    yield from read_manifest(manifest, f"`{descriptor.digest}`").blobs


def _save_blob(stage: Stage, layout: Layout, blob: Descriptor) -> None:
    path = f"{IMAGES}/blobs/{blob.digest.replace(':', '/')}"
    if not stage.has(path, hex_of(blob.digest)):
        stage.write(path, layout.pieces(blob))


def _entry(descriptor: Descriptor, platform: str, reference: str) -> IndexEntry:
    known = PLATFORMS[platform]
    return IndexEntry(
        descriptor=descriptor,
        os=known.os,
        architecture=known.architecture,
        annotations={IMAGE_NAME: reference},
    )
