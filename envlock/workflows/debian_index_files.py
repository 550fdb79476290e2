"""One index of a release: in the cache, or fetched into it, whole and as its release names it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from envlock.debian.packed_index import require_unpacked
from envlock.debian.release import FORMS, IndexFile, Listed, Release
from envlock.errors import OutsideError
from envlock.workflows.context import Context
from envlock.workflows.debian_releases import Wanted

# bytes over the listed size that are still read: what changed on its mirror can then be told by its hash
_SLACK = 16 << 20


class Moved(OutsideError):
    """A mirror does not have what its own release names: it may be changing just now."""


class _NotThere(Exception):
    """This form of an index is not there; another may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An index that is wanted: `paths` are its forms below the release's folder, the smallest first."""

    wanted: Wanted
    release: Release
    component: str
    architecture: str
    paths: tuple[str, ...]

    @property
    def size(self) -> int:
        """What is fetched, in bytes."""
        return self.release.files[self.paths[0]].size

    def kept(self, context: Context) -> IndexFile | None:
        """The index in the cache, in whichever of its forms."""
        for path in self.paths:
            sha256 = self.release.files[path].sha256
            if context.cache.intact(sha256, _name(path)):
                here = context.cache.package(sha256, _name(path))
                return self._index(sha256, here) if here else None
        return None

    def fetch(self, context: Context) -> IndexFile:
        """The index, once it is in the cache; Moved where the mirror has it in no form that its release names."""
        if context.offline and not self.wanted.files.is_local:
            raise OutsideError(
                f"the index of `{self.release.suite}` ({self.component}, {self.architecture}) is not in the cache,"
                " and this is --offline",
                hint="run it once without",
            )
        for path in self.paths:
            listed = self.release.files[path]
            with context.cache.lock(f"package-{listed.sha256[:32]}"):
                here = context.cache.package(listed.sha256, _name(path)) or self._fetched(path, listed, context)
            if here:
                return self._index(listed.sha256, here)
        raise Moved(f"`{self._shown(self.paths[0])}` is not there, though its release names it", hint=_HINT)

    def _fetched(self, path: str, listed: Listed, context: Context) -> Path | None:
        """The index in one form; None where that is not there."""

        def fill(target: IO[bytes]) -> None:
            if not any(self._copied(place, target, listed) for place in self._places(path, listed)):
                raise _NotThere
            self._require_listed(path, target, listed)
            form = next(end for end in FORMS if path.endswith(f"Packages{end}"))
            plain = self.release.files.get(path.removesuffix(form))
            require_unpacked(target, form=form, plain=plain, name=self._shown(path))

        try:
            return context.cache.add_package(listed.sha256, _name(path), fill)
        except _NotThere:
            return None

    def _places(self, path: str, listed: Listed) -> list[str]:
        """By its hash first: under that name nothing is ever replaced by something newer."""
        by_hash = f"{path.rpartition('/')[0]}/by-hash/SHA256/{listed.sha256}"
        return [*([by_hash] if self.release.by_hash else []), path]

    def _copied(self, place: str, target: IO[bytes], listed: Listed) -> bool:
        return self.wanted.files.copy(f"{self.wanted.path}/{place}", target, limit=listed.size + _SLACK)

    def _require_listed(self, path: str, target: IO[bytes], listed: Listed) -> None:
        size = target.seek(0, 2)
        target.seek(0)
        found = hashlib.file_digest(target, "sha256").hexdigest()  # type: ignore[arg-type]  # it is a binary file
        if (found, size) != (listed.sha256, listed.size):
            raise Moved(
                f"`{self._shown(path)}` is not what its release names: sha256 {found} and {size} bytes,"
                f" instead of {listed.sha256} and {listed.size}",
                hint=_HINT,
            )

    def _shown(self, path: str) -> str:
        return self.wanted.files.shown(f"{self.wanted.path}/{path}")

    def _index(self, sha256: str, path: Path) -> IndexFile:
        return IndexFile(
            archive=self.release.archive,
            suite=self.release.suite,
            component=self.component,
            architecture=self.architecture,
            sha256=sha256,
            path=path,
        )


_HINT = "the mirror is changing, or was changed: try later, or name another one"


def _name(path: str) -> str:
    return path.rpartition("/")[2]
