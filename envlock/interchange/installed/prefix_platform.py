"""For which platform a prefix is, and what its packages say the system has, which runs them."""

import platform as machine
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from envlock.interchange.installed.dist_info import Distribution
from envlock.interchange.source import Source
from envlock.model.imported import PinnedConda
from envlock.model.platform import PLATFORMS, System, version_numbers

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_")
_AT_LEAST = re.compile(r"__(?P<name>glibc|cuda) >=(?P<version>\d+(?:\.\d+)?)(?:[,.].*)?")
_SYSTEMS = tuple[tuple[str, System], ...]


def only_platform(subdirs: Iterable[str], source: Source) -> str:
    """The one of these, else this machine's; ValueError where that is none, or another than was asked for."""
    found = sorted(set(subdirs)) or [_here()]
    if len(found) > 1:
        raise ValueError(f"it has packages of several platforms: {', '.join(found)}")
    if found[0] not in PLATFORMS:
        raise ValueError(f"it is of `{found[0]}`: environments are for {', '.join(PLATFORMS)}")
    if source.platforms not in ((), (found[0],)):
        raise ValueError(f"it is of `{found[0]}`, and pins nothing for any other platform")
    return found[0]


def _here() -> str:
    named = (machine.system().lower(), machine.machine().lower())
    found = (p.name for p in PLATFORMS.values() if (p.os, p.machine.lower()) == named)
    return next(found, f"{machine.system()} on {machine.machine()}")


def captured_system(platform: str, conda: Iterable[PinnedConda], found: Iterable[Distribution]) -> _SYSTEMS:
    """The platform's system where the packages need a later one than is usual: it had that, since they ran there."""
    usual = PLATFORMS[platform].system
    system = usual
    for name, version in (*_of_conda(conda), *_of_wheels(found)):
        known = getattr(system, name)
        if platform.startswith("linux") or name == "cuda":
            later = known is None or version_numbers(version) > version_numbers(known)
            system = replace(system, **{name: version}) if later else system
    return ((platform, system),) if system != usual else ()


def _of_conda(packages: Iterable[PinnedConda]) -> Iterator[tuple[str, str]]:
    for package in packages:
        for match in map(_AT_LEAST.fullmatch, package.requires or ()):
            if match:
                yield match["name"], match["version"]


def _of_wheels(found: Iterable[Distribution]) -> Iterator[tuple[str, str]]:
    """The least glibc that each wheel runs on."""
    for one in found:
        tagged = [_MANYLINUX.findall(tag) for tag in one.tags]
        least = (
            min((int(major), int(minor)) for pairs in tagged for major, minor in pairs)
            if all(tagged) and tagged
            else None
        )
        if least:
            yield "glibc", f"{least[0]}.{least[1]}"
