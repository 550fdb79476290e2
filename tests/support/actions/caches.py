"""The store of actions/cache: entries never change; a run sees its ref's, its target's, the default branch's.

Paths are those below the disk of a job, which has another place each time, and the same one for what runs there.
"""

import hashlib
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class Entry:
    key: str
    archive: Path


@dataclass(frozen=True)
class Caches:
    root: Path
    default_branch: str

    def scopes(self, ref: str, target: str = "") -> tuple[str, ...]:
        """The refs whose entries a run may read, its own first."""
        branches = [f"refs/heads/{name}" for name in (target, self.default_branch) if name]
        return tuple(dict.fromkeys((ref, *branches)))

    def find(self, scopes: Sequence[str], paths: Sequence[str], keys: Sequence[str]) -> Entry | None:
        """The entry of the first key, else the newest that begins with it, else the same for the other keys."""
        for scope in scopes:
            entries = list(self._entries(scope, paths))
            for key in keys:
                exact = [entry for entry in entries if entry.key == key]
                begun = [entry for entry in entries if entry.key.startswith(key)]
                if exact or begun:
                    return (exact or begun)[0]
        return None

    def save(self, scope: str, paths: Sequence[str], key: str, base: Path) -> bool:
        """False where an entry of this key is there: it is kept as it is."""
        archive = self._folder(scope, paths) / f"{quote(key, safe='')}.tar"
        if archive.exists():
            return False
        archive.parent.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_suffix(".part")
        with tarfile.open(unfinished, "w") as tar:
            for path in _places(paths, base):
                tar.add(path, arcname=str(path.relative_to(base)))
        shutil.move(unfinished, archive)
        return True

    def keys(self, scope: str) -> list[str]:
        return sorted(unquote(path.stem) for path in (self.root / quote(scope, safe="")).rglob("*.tar"))

    def _entries(self, scope: str, paths: Sequence[str]) -> Iterator[Entry]:
        found = list(self._folder(scope, paths).glob("*.tar"))
        for path in sorted(found, key=lambda each: each.stat().st_mtime_ns, reverse=True):
            yield Entry(unquote(path.stem), path)

    def _folder(self, scope: str, paths: Sequence[str]) -> Path:
        """An entry is of the paths that it was saved for, too."""
        version = hashlib.sha256("|".join(paths).encode()).hexdigest()
        return self.root / quote(scope, safe="") / version


def restore(entry: Entry, base: Path) -> None:
    with tarfile.open(entry.archive) as tar:
        tar.extractall(base, filter="tar")


def exists(paths: Sequence[str], base: Path) -> bool:
    return any(True for _ in _places(paths, base))


def _places(paths: Sequence[str], base: Path) -> Iterator[Path]:
    for each in paths:
        yield from sorted(base.glob(each))
