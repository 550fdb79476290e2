"""The layers of a Debian base: each package as it is, and one layer of what their scripts would have made."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from envlock.debian.deb import named
from envlock.debian.functions import system_files
from envlock.debian.stage import DebianStage, StageOptions
from envlock.debian.status import status_files
from envlock.images.recipe import PlannedLayer, require_all
from envlock.model.debian_relations import relations
from envlock.model.digest import canonical_json
from envlock.model.files import Inline, SystemFile
from envlock.model.layers import DEBIAN, LAYOUT, Sized, group
from envlock.model.lock import DebianPackage, Lock, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.spec import DebianSpec
from envlock.oci.compress import compressor_id
from envlock.workflows.context import Context
from envlock.workflows.debian_notes import stage_notes
from envlock.workflows.debian_packages import fetch_debian
from envlock.workflows.debian_starts import start_notes
from envlock.workflows.debian_system import System, functions_id, known_system
from envlock.workflows.project import Project

_ROOT = "/"


def debian_image(project: Project, lock: Lock, locked: PlatformLock, context: Context, folder: Path) -> "DebianImage":
    """The Debian base of one platform, its packages fetched; what is unpacked goes into `folder`.

    UserInputError where the image is to run as somebody who is not in it.
    """
    files = fetch_debian(locked, project, context)
    wanted = lock.inputs.debian or DebianSpec(suite="")
    options = StageOptions(architecture=PLATFORMS[locked.platform].architecture, folder=folder, docs=wanted.docs)
    made = DebianImage(
        stage=DebianStage(locked.debian, files, context.cache, options),
        options=options,
        asked=frozenset(relations(item)[0].name for item in wanted.packages),
        context=context,
    )
    if lock.image.user:
        made.system.require_user(lock.image.user)
    return made


# no slots: what is worked out stays
@dataclass(frozen=True, kw_only=True)
class DebianImage:
    """The base of one platform; nothing that the cache knows of is unpacked before its bytes are asked for.

    `asked` are the names of the packages that env.toml asks for.
    """

    stage: DebianStage
    options: StageOptions
    asked: frozenset[str]
    context: Context

    @cached_property
    def layers(self) -> tuple[PlannedLayer, ...]:
        """Bottom to top: large packages, the bins of the others, and what functions make of them all."""
        sizes = (Sized(key=name, size=sum(file.size for file in files)) for name, files in self._files.items())
        grouped = group(sizes, DEBIAN)
        packages = self.stage.packages
        layers = [self._layer(g.title, [packages[name] for name in g.keys]) for g in grouped]
        require_all(layers, sum(map(len, self._files.values())))
        return (*layers, self._system_layer())

    @cached_property
    def system(self) -> System:
        """What is known of the files that belong to no package."""
        return known_system(self._system_key, lambda: self._system_files, self.context.cache)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the packages' scripts would do beyond that, and what of those that are asked for cannot start."""
        cache = self.context.cache
        return (
            *stage_notes(self.stage, cache),
            *start_notes(self.stage, self.asked, lambda: self._system_files, cache),
        )

    @cached_property
    def _files(self) -> Mapping[str, tuple[SystemFile, ...]]:
        """What stands in the layer of each package: its own files, and those that say that it is there."""
        return {name: (*files, *self._status_files(name)) for name, files in self.stage.by_package.items()}

    def _status_files(self, name: str) -> tuple[SystemFile, ...]:
        with named(self.stage.packages[name].file_name):
            return status_files(self.stage.control(name))

    @cached_property
    def _folders(self) -> Mapping[str, SystemFile]:
        return {path: file for path, file in self.stage.files.items() if file.is_folder}

    @cached_property
    def _system_files(self) -> tuple[SystemFile, ...]:
        self.context.progress("making what scripts of Debian's packages would: users, certificates, libraries, …")
        files = {file.path: file for file in (*self.stage.links, *system_files(self.stage))}
        return tuple(files[path] for path in sorted(files))

    @cached_property
    def _system_key(self) -> str:
        packages = sorted(package.sha256 for package in self.stage.packages.values())
        scheme = [self.options.architecture, self.options.docs, functions_id()]
        return _digest({"scheme": ["debian system", LAYOUT, *scheme], "packages": packages})

    def _layer(self, title: str, packages: Sequence[DebianPackage]) -> PlannedLayer:
        files = tuple(file for package in packages for file in self._files[package.name])
        above = {folder for file in files for folder in _above(file.path) if folder in self._folders}
        # sha256s stand for contents; what is kept of a package, and by which owners, others have a say in
        decides = {
            "scheme": ["debian", LAYOUT],
            "packages": [package.sha256 for package in packages],
            "files": [_plain(file) for file in files],
            "folders": [_plain(self._folders[path]) for path in sorted(above)],
        }
        return PlannedLayer(
            title=_title(title, packages),
            key=_digest(decides),
            count=len(files),
            size=sum(file.size for file in files),
            files=lambda: files,
            root=_ROOT,
            part="base",
            made_of=frozenset(package.sha256 for package in packages),
            folders=self._folders,
        )

    def _system_layer(self) -> PlannedLayer:
        return PlannedLayer(
            title="debian: users, certificates, libraries and links",
            key=self._system_key,
            count=self.system.count,
            size=self.system.size,
            files=lambda: self._system_files,
            root=_ROOT,
            part="base",
            folders=self._folders,
        )


def _above(path: str) -> Iterable[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _plain(file: SystemFile) -> list[Any]:
    inline = hashlib.sha256(file.content.data).hexdigest() if isinstance(file.content, Inline) else None
    return [file.path, file.mode, file.uid, file.gid, file.size, file.link, file.hardlink, file.is_folder, inline]


def _title(title: str, packages: Sequence[DebianPackage]) -> str:
    """What stands in the image's history: names and versions."""
    listed = ", ".join(f"{package.name} {package.version}" for package in packages[:4])
    more = f", and {len(packages) - 4} more" if len(packages) > 4 else ""
    return f"{title}: {listed}{more}" if title.startswith(DEBIAN.title) else f"{DEBIAN.title}: {listed}"


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json({**value, "compressor": compressor_id()})).hexdigest()
