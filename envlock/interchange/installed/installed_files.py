"""Whether installed files are as they were installed, as far as their sizes tell: reading all of them takes minutes."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.model.imported import Remark

_SHOWN = 3
# digits of a size: no file is larger
_LONGEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFiles:
    """Of the files of a package those that are not there, and those that have another size, sorted."""

    lacking: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def remarks(self, what: str) -> Iterator[Remark]:
        for names, why in ((self.lacking, "half removed, there is no"), (self.changed, "changed by somebody:")):
            if names:
                yield Remark(what=what, why=f"{why} {listed(names)}; locked is the package as it was made")


AS_INSTALLED = InstalledFiles()


def installed_files(sizes: Iterable[tuple[str, int]], folder: Path) -> InstalledFiles:
    """From paths below a folder and the bytes that each had; what leaves the folder is not looked at."""
    lacking, changed = list[str](), list[str]()
    top = f"{folder}/"
    for path, size in sizes:
        if path.startswith(("/", "../")) or "/../" in path or "\0" in path:
            continue
        try:
            if os.stat(top + path).st_size != size:  # noqa: PTH116  there may be a million
                changed.append(path)
        except OSError:
            lacking.append(path)
    return InstalledFiles(lacking=tuple(sorted(lacking)), changed=tuple(sorted(changed)))


def recorded(record: bytes) -> Iterator[tuple[str, int | None]]:
    """The paths in a RECORD (PEP 376), and their sizes where it says them."""
    for line in record.decode("utf-8", errors="replace").splitlines():
        name, *rest = line.rsplit(",", 2)
        size = rest[-1] if len(rest) > 1 else ""
        if name.startswith('"'):
            name = name[1:-1].replace('""', '"')
        if name:
            yield name, int(size) if size.isascii() and size.isdigit() and len(size) < _LONGEST else None


def listed(names: Iterable[str]) -> str:
    """The first of many names."""
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more
