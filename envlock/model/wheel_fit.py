"""Why a wheel cannot run on a Python and a declared system, in the words of what is declared."""

import re
from collections.abc import Iterator
from functools import cache

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from envlock.model.lock import PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, System
from envlock.model.problem import Problem
from envlock.model.tags import wheel_tags

_MANYLINUX = re.compile(r"manylinux(?:1|2010|2014|_\d+_\d+)_(?P<machine>.+)")
_MACOS = re.compile(r"macosx_\d+_\d+_(?P<machine>.+)")
_NEWER = {"linux": _MANYLINUX, "darwin": _MACOS, "windows": None}
# on macOS there are wheels with code for both
_FAT = {"x86_64": ("x86_64", "universal2", "intel"), "arm64": ("arm64", "universal2")}


def unfit_wheels(locked: PlatformLock, system: System) -> Iterator[Problem]:
    """The locked wheels that cannot run; what is built while it is installed fits what it is built on."""
    if not locked.python:
        return
    tags = _tags(locked.python, locked.platform, system)
    for package in locked.pip:
        if package.builds or not package.file:
            continue
        lacks = tags.lacking(package)
        if lacks:
            yield Problem(
                kind="wheel",
                subject=package.name,
                platform=locked.platform,
                message=f"`{package.name}` has no wheel for {lacks}: `{package.file}` is locked",
            )


@cache
def _tags(python: str, platform: str, system: System) -> "_Tags":
    return _Tags(python, platform, system)


class _Tags:
    """What fits a Python and a declared system."""

    def __init__(self, python: str, platform: str, system: System) -> None:
        self._python, self._platform, self._system = python, PLATFORMS[platform], system
        tags = list(wheel_tags(python, self._platform, system))
        self._all = frozenset(map(str, tags))
        self._pythons = frozenset((tag.interpreter, tag.abi) for tag in tags)
        self._platforms = frozenset(tag.platform for tag in tags)

    def lacking(self, package: PipPackage) -> str | None:
        """What the wheel is not for; None where it fits."""
        # nearly all names end in one tag, which is looked up as it stands
        if "-".join(package.file.removesuffix(".whl").rsplit("-", 3)[1:]) in self._all:
            return None
        try:
            tags = parse_wheel_filename(package.file)[3]
        except InvalidWheelFilename:
            return f"`{self._platform.name}`"
        return None if any(str(tag) in self._all for tag in tags) else self._cause(tags)

    def _cause(self, tags: frozenset[Tag]) -> str:
        for_python = [tag for tag in tags if (tag.interpreter, tag.abi) in self._pythons]
        if not for_python:
            return f"Python {self._python}"
        if any(self._is_newer(tag.platform) for tag in for_python):
            return f"glibc {self._system.glibc}" if self._platform.os == "linux" else f"macOS {self._system.macos}"
        return f"`{self._platform.name}`"

    def _is_newer(self, platform: str) -> bool:
        """Whether it is a tag for this kind of machine, with a system newer than the declared one."""
        pattern, machines = _NEWER[self._platform.os], _FAT.get(self._platform.machine, (self._platform.machine,))
        found = pattern.fullmatch(platform) if pattern else None
        return found is not None and found["machine"] in machines
