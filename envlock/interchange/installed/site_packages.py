"""The distributions in a `site-packages` that no conda package brought, and what else lies there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from envlock.interchange.installed.direct_url import DirectUrl
from envlock.interchange.installed.dist_info import DIST_INFO, EGG, EGG_INFO, Distribution, read_distribution, read_egg
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.model.imported import Remark

_SHOWN = 8
_EGG_LINK, _PTH = ".egg-link", ".pth"
# what makes a virtual environment one, and what pip and setuptools write beside their packages
_NOT_PACKAGES = {"__pycache__", "_virtualenv.py", "_virtualenv.pth", "easy-install.pth", "README.txt", ".lock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`distributions` are sorted by name, each there once."""

    distributions: tuple[Distribution, ...]
    remarks: tuple[Remark, ...]


def read_site(folder: str, owned: frozenset[str], files: PrefixFiles) -> Site:
    """What is in a folder, but for the names in it that are `owned` by conda packages; ValueError where that is none
    of the prefix."""
    if files.leads_out(folder):
        raise ValueError(f"its `{folder}` is a link that leads out of it: nothing there is read")
    names = files.names(folder)
    found: list[Distribution] = []
    remarks: list[Remark] = []
    others: set[str] = set()
    for name, is_folder in names.items():
        read = None if name in owned else _READERS.get(Path(name).suffix)
        if name.startswith("~"):
            why = "left behind by pip when it was interrupted"
            remarks.append(Remark(what=name, why=why, file=files.shown(folder)))
        elif read:
            try:
                found.append(read(folder, name, is_folder, files))
            except ValueError as error:
                why = f"corrupt or half removed: {error}"
                remarks.append(Remark(what=name, why=why, file=files.shown(folder)))
        elif name not in owned:
            others.add(name)
    kept, doubled = _each_once(found)
    brought = frozenset().union(owned, _NOT_PACKAGES, *(one.record or () for one in found))
    remarks += [*doubled, *(remark for one in kept for remark in one.state.remarks(f"{one.name} {one.version}"))]
    if all(one.record is not None or one.direct for one in kept):  # of an older one nobody knows what it brought
        remarks += _of_nobody(others - brought, folder, files)
    shown = files.shown(folder)
    return Site(
        distributions=kept,
        remarks=tuple(replace(remark, file=remark.file or shown) for remark in remarks),
    )


def _each_once(found: list[Distribution]) -> tuple[tuple[Distribution, ...], list[Remark]]:
    """Of several installations of one name the one that says what it brought, and of these the newest."""
    by_name: dict[str, Distribution] = {}
    remarks = []
    for one in sorted(found, key=lambda d: (d.record is not None, Version(d.version or "0"))):
        if other := by_name.get(one.name):
            why = f"{one.version} is there as well, this is what is left of another one"
            remarks.append(Remark(what=f"{other.name} {other.version}", why=why))
        by_name[one.name] = one
    return tuple(by_name[name] for name in sorted(by_name)), remarks


def _of_nobody(names: set[str], folder: str, files: PrefixFiles) -> Iterator[Remark]:
    """Files that no package brought: somebody put them there."""
    paths = sorted(name for name in names if name.endswith(_PTH))
    for name in paths:
        why = "it adds folders to Python's path, and no package brought it"
        yield Remark(what=name, why=why, file=files.shown(folder))
    rest = sorted(names.difference(paths))
    if rest:
        yield Remark(
            what=", ".join(rest[:_SHOWN]) + (" …" if rest[_SHOWN:] else ""),
            why="no package brought it",
            file=files.shown(folder),
        )


def _of_dist_info(folder: str, name: str, is_folder: bool, files: PrefixFiles) -> Distribution:
    if not is_folder:
        raise ValueError("it is no folder")
    return read_distribution(f"{folder}/{name}", files.names(f"{folder}/{name}"), files)


def _of_egg_info(folder: str, name: str, is_folder: bool, files: PrefixFiles) -> Distribution:
    return read_egg(f"{folder}/{name}/PKG-INFO" if is_folder else f"{folder}/{name}", files)


def _of_egg(folder: str, name: str, is_folder: bool, files: PrefixFiles) -> Distribution:
    if not is_folder:
        raise ValueError("it is a zip file, in the form that was before wheels")
    return read_egg(f"{folder}/{name}/EGG-INFO/PKG-INFO", files)


def _of_egg_link(folder: str, name: str, _is_folder: bool, files: PrefixFiles) -> Distribution:
    """What `setup.py develop` wrote: the project's folder."""
    line = (files.text(f"{folder}/{name}") or "").partition("\n")[0].strip()
    if not line:
        raise ValueError("it names no folder")
    direct = DirectUrl(path=Path(line), editable=True)
    return Distribution(name=canonicalize_name(Path(name).stem), version="", requires=(), direct=direct)


_READERS: dict[str, Callable[[str, str, bool, PrefixFiles], Distribution]] = {
    DIST_INFO: _of_dist_info,
    EGG_INFO: _of_egg_info,
    EGG: _of_egg,
    _EGG_LINK: _of_egg_link,
}
