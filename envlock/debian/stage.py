"""Locked packages as a root: planned from what is kept of them, unpacked into scratch files where bytes are wanted."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock

from envlock.debian.accounts import accounts
from envlock.debian.contents import Contents, read_contents
from envlock.debian.deb import named, require_promised, unpack_data
from envlock.debian.diversions import diversions, without
from envlock.debian.elf import Inspected, SharedObject
from envlock.debian.listing import Member
from envlock.debian.merged_usr import merged, root_links
from envlock.debian.ownership import Brought
from envlock.debian.stanza import fields
from envlock.debian.unpack import unpack
from envlock.model.files import SystemFile
from envlock.model.lock import DebianPackage
from envlock.system.cache import Cache

_MOST_WORKERS = 8
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """`architecture` in Debian's word; `folder` is for scratch and outlives the stage; `docs` as in DebianSpec."""

    architecture: str
    folder: Path
    docs: bool = True


class DebianStage:
    """Debian's packages together: a `debian.root.Root`, and what of it each package brings."""

    def __init__(
        self, packages: tuple[DebianPackage, ...], files: Mapping[str, Path], cache: Cache, options: StageOptions
    ) -> None:
        """`files` are the .debs by sha256. Reads those that the cache knows nothing of, several at a time."""
        self.packages = {package.name: package for package in packages}
        self.architecture = options.architecture
        self._docs = options.docs
        self._debs = {package.name: files[package.sha256] for package in packages}
        self._data = {p.name: _Data(self._debs[p.name], options.folder / p.sha256) for p in packages}
        self._contents = self._read_all(cache)

    @property
    def versions(self) -> Mapping[str, str]:
        return {name: package.version for name, package in self.packages.items()}

    @cached_property
    def by_package(self) -> Mapping[str, tuple[SystemFile, ...]]:
        """The files and folders that each package has in the root, sorted by path."""
        texts = {path: text for contents in self._contents.values() for path, text in contents.texts.items()}
        brought = [self._brought(name, contents) for name, contents in self._contents.items()]
        diverted = {name: diversions(name, c.control, self.architecture) for name, c in self._contents.items()}
        for name, paths in filter(lambda item: item[1], diverted.items()):
            brought = [b if b.name == name else replace(b, members=without(b.members, paths)) for b in brought]
        return unpack(brought, accounts(texts), self._content, docs=self._docs)

    @cached_property
    def links(self) -> tuple[SystemFile, ...]:
        """What stands in the root because /usr is merged, and belongs to no package."""
        return root_links(file.path for files in self.by_package.values() for file in files)

    @cached_property
    def files(self) -> Mapping[str, SystemFile]:
        brought = (file for files in self.by_package.values() for file in files)
        return {file.path: file for file in (*brought, *self.links)}

    def control(self, package: str) -> Mapping[str, bytes]:
        return self._contents[package].control

    def read(self, path: str) -> bytes:
        file = self.files[path]
        if file.hardlink is not None:
            file = self.files[file.hardlink]
        if file.content is None:
            raise KeyError(path)
        return b"".join(file.content.chunks())

    def _read_all(self, cache: Cache) -> dict[str, Contents]:
        def read(package: DebianPackage) -> Contents:
            data = self._data[package.name]
            found = read_contents(package, data.deb, cache, data.path)
            require_promised(package, found.control, self.architecture)
            return found

        with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_WORKERS)) as pool:
            # the largest first, so that the last one to end is a small one
            futures = {p.name: pool.submit(read, p) for p in sorted(self.packages.values(), key=lambda p: -p.size)}
            try:
                return {name: futures[name].result() for name in self.packages}
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _brought(self, name: str, contents: Contents) -> Brought:
        with named(self._debs[name].name):
            members = merged(contents.members)
        replaces = fields(contents.control["control"]).get("replaces", "")
        return Brought(name=name, version=self.packages[name].version, members=members, replaces=replaces)

    def _content(self, package: str, member: Member) -> "_Slice":
        known = self._contents[package].objects.get(member.offset)
        return _Slice(self._data[package], member.offset, member.size, known)


class _Data:
    """The data archive of a package, unpacked into `path` when somebody first wants its bytes."""

    def __init__(self, deb: Path, path: Path) -> None:
        self.deb, self.path = deb, path
        self._once = Lock()

    def unpacked(self) -> Path:
        with self._once:  # layers are made side by side, and files of one package may be wanted for two
            if not self.path.exists():
                part = self.path.with_suffix(".part")
                part.unlink(missing_ok=True)
                unpack_data(self.deb, part)
                part.rename(self.path)
        return self.path


@dataclass(frozen=True, slots=True)
class _Slice(Inspected):
    """The bytes of one member."""

    data: _Data
    offset: int
    size: int
    shared_object: SharedObject | None

    def chunks(self) -> Iterator[bytes]:
        left = self.size
        with self.data.unpacked().open("rb", buffering=0) as file:
            file.seek(self.offset)
            while left and (piece := file.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece
