"""conda packages linked into a folder, with the paths of the prefix that they will finally have."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from envlock.errors import OutsideError
from envlock.model.conda_contents import conda_meta, conda_meta_path
from envlock.model.files import IMAGE_PREFIX, Inline, PrefixFile
from envlock.model.lock import CondaPackage
from envlock.system.cache import Cache, typed
from envlock.system.conda.child import ask
from envlock.system.disk import DiskContent
from envlock.workflows.package_files import bring

OWNERSHIP = "conda-ownership"
_NOT_OURS = ("conda-meta/", "__clobbers__/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTarget:
    """`prefix` is where files are put, `final` the path that is written into them.

    With `share` they may be hard links into the cache: only where nobody will work in the prefix.
    """

    prefix: Path
    final: str
    share: bool


def link(
    packages: tuple[CondaPackage, ...], files: Mapping[str, Path], cache: Cache, target: LinkTarget
) -> dict[str, tuple[str, ...]]:
    """Links packages; the paths that each owns, without what the linker notes itself."""
    bring(files, [package.sha256 for package in packages])
    request = {
        "packages": [str(files[p.sha256]) for p in packages],
        "prefix": str(target.prefix),
        "final": target.final,
        "cache": str(cache.root / "conda-packages"),
        "platform": "linux-64",
        "share": target.share,
    }
    owned = ask("install", request)
    return {p.name: tuple(sorted(f for f in owned[p.name] if not f.startswith(_NOT_OURS))) for p in packages}


@dataclass
class CondaStage:
    """The conda packages of an image, linked when the first of their files is wanted, and only then."""

    packages: tuple[CondaPackage, ...]
    files: Mapping[str, Path]
    cache: Cache
    folder: Path
    _owned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _once: Lock = field(default_factory=Lock)

    def ownership(self) -> Mapping[str, tuple[str, ...]]:
        """Who has which path where packages overlap: as the linker decides it; kept by the set of packages."""
        together = "\n".join(sorted(p.sha256 for p in self.packages))
        key = hashlib.sha256(together.encode()).hexdigest()
        kept = self.cache.record(OWNERSHIP, key, self._owned_as_kept)
        if kept is None:
            kept = self._linked()
            self.cache.keep(OWNERSHIP, key, kept)
        return kept

    def _owned_as_kept(self, kept: Any) -> dict[str, tuple[str, ...]]:
        return {p.name: tuple(typed(path, str) for path in typed(kept[p.name], list)) for p in self.packages}

    def prefix_files(
        self, package: CondaPackage, index: Mapping[str, Any], paths: Iterable[str]
    ) -> Iterable[PrefixFile]:
        """The files of one package at `paths`; its record in conda-meta is made by us, from its own `index`."""
        owned = set(self._linked()[package.name])
        record = conda_meta_path(package)
        for path in paths:
            if path == record:
                yield PrefixFile(path=path, content=Inline(conda_meta(package, index, owned)))
            elif path in owned:
                yield file_on_disk(self.folder, path)
            else:
                raise OutsideError(f"`{package.file}` names `{path}`, but linking it does not make that")

    def _linked(self) -> dict[str, tuple[str, ...]]:
        with self._once:  # layers are made side by side, and each may be the first that asks
            if not self._owned:
                target = LinkTarget(prefix=self.folder, final=IMAGE_PREFIX, share=True)
                self._owned = link(self.packages, self.files, self.cache, target)
        return self._owned


def file_on_disk(folder: Path, path: str) -> PrefixFile:
    """A linked file as it lies on disk: a symbolic link stays one."""
    place = folder / path
    if place.is_symlink():
        return PrefixFile(path=path, link=str(place.readlink()))
    status = place.stat()
    content = DiskContent(place, status.st_size)
    return PrefixFile(path=path, content=content, executable=bool(status.st_mode & 0o111))
