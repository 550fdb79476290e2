"""conda's link scripts, run in a container as conda would run them, and what they made of the prefix read back."""

import shutil
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import IO

from envlock.errors import OutsideError
from envlock.model.files import EXECUTABLE, IMAGE_PREFIX, PLAIN, SystemFile
from envlock.model.lock import CondaPackage
from envlock.system.disk import DiskContent
from envlock.workflows.contents import PackageContents
from envlock.workflows.docker_room import Room

_POST_LINK = "-post-link.sh"
_MESSAGES = ".messages.txt"
_GONE = 2
# conda takes bash, where there is one
_RUN = 'cd "$PREFIX" && exec "$(command -v bash || echo /bin/sh)" "$1"'
_OUTSIDE = ("/run", "/tmp", "/proc", "/sys", "/dev", "/envlock", "/root/.cache", "/var/tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanges:
    """What link scripts made or changed below the prefix, and what is to be said of it."""

    files: tuple[SystemFile, ...]
    notes: tuple[str, ...]


def link_scripts(contents: Iterable[PackageContents]) -> tuple[tuple[CondaPackage, str], ...]:
    """The packages that have one, each after those that it requires, and the script's path below the prefix."""
    scripts = {
        c.package.name: (c.package, script)
        for c in contents
        if isinstance(c.package, CondaPackage)
        for script in c.scripts
        if script.endswith(_POST_LINK)
    }
    needs = {
        c.package.name: {need.split()[0] for need in c.package.requires}
        for c in contents
        if isinstance(c.package, CondaPackage)
    }
    return tuple(scripts[name] for name in _in_order(needs) if name in scripts)


def run_link_scripts(scripts: Sequence[tuple[CondaPackage, str]], room: Room, folder: Path) -> LinkChanges:
    """Runs them and brings what they changed into `folder`."""
    for package, script in scripts:
        room.log.line(f"running the link script of `{package.name}` in a container")
        told = {
            "PYTHONDONTWRITEBYTECODE": "1",  # it is none of what the script is for
            "PREFIX": IMAGE_PREFIX,
            "CONDA_PREFIX": IMAGE_PREFIX,
            "ROOT_PREFIX": IMAGE_PREFIX,
            "PKG_NAME": package.name,
            "PKG_VERSION": package.version,
            "PKG_BUILDNUM": package.build.rpartition("_")[2],
        }
        path = f"{IMAGE_PREFIX}/{script}"
        room.must(["/bin/sh", "-c", _RUN, "sh", path], told, f"the link script of `{package.name}` failed")
    return _changes(room, folder)


def _changes(room: Room, folder: Path) -> LinkChanges:
    changed = room.container.changed()
    below = {path: kind for path, kind in changed.items() if path.startswith(f"{IMAGE_PREFIX}/")}
    gone = sorted(path for path, kind in below.items() if kind == _GONE)
    if gone:
        raise OutsideError(f"link scripts take away what packages brought: {', '.join(gone[:5])}")
    messages, files = [], []
    for number, path in enumerate(sorted(below)):
        found = _brought(room, path, folder / str(number), new=below[path] == 1)
        if path == f"{IMAGE_PREFIX}/{_MESSAGES}" and found and found.content:
            messages = b"".join(found.content.chunks()).decode(errors="replace").split("\n")
        elif found:
            files.append(found)
    return LinkChanges(files=tuple(files), notes=(*_said(messages), *_left_out(changed)))


def _brought(room: Room, path: str, place: Path, *, new: bool) -> SystemFile | None:
    """A file or link as it is in the container; of folders those that are new."""
    inner = path.removeprefix(f"{IMAGE_PREFIX}/")
    with closing(room.container.get(path)) as members:
        member, content = next(members)
        if member.isdir():
            return SystemFile(path=inner, mode=EXECUTABLE, is_folder=True) if new else None
        if member.issym():
            return SystemFile(path=inner, mode=0o777, link=member.linkname)
        if content is None:
            raise OutsideError(f"a link script made `{path}`, which is no file that could be packed")
        return _file(inner, member, content, place)


def _file(inner: str, member: tarfile.TarInfo, content: IO[bytes], place: Path) -> SystemFile:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as target:
        shutil.copyfileobj(content, target)
    mode = EXECUTABLE if member.mode & 0o111 else PLAIN
    return SystemFile(path=inner, mode=mode, content=DiskContent(place, place.stat().st_size))


def _said(messages: Iterable[str]) -> Iterator[str]:
    yield from (f"a link script says: {line.strip()}" for line in messages if line.strip())


def _left_out(changed: dict[str, int]) -> Iterator[str]:
    """Of what lies elsewhere nothing is taken: an environment is its prefix."""
    parents = {path.rpartition("/")[0] for path in changed}
    outside = [
        path
        for path in sorted(changed)
        if path not in parents and not f"{path}/".startswith(tuple(f"{top}/" for top in (*_OUTSIDE, IMAGE_PREFIX)))
    ]
    if outside:
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        yield f"link scripts changed {outside[0]}{more}, which is not below {IMAGE_PREFIX} and left out"


def _in_order(needs: dict[str, set[str]]) -> list[str]:
    sorter = TopologicalSorter({name: found & needs.keys() for name, found in sorted(needs.items())})
    try:
        return list(sorter.static_order())
    except CycleError:
        return sorted(needs)
