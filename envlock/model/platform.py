"""Platforms by conda's names, and the system that is declared (never detected) for each."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from packaging.tags import mac_platforms

DEFAULT_PLATFORM = "linux-64"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The machine an environment is made for; versions as text, absent is `None`.

    The defaults are those of `linux-64`: what manylinux_2_28 wheels and the conda-forge of today ask for.
    """

    glibc: str | None = "2.28"
    linux: str | None = "4.18"
    cuda: str | None = None
    cuda_arch: str | None = None
    archspec: str | None = "x86_64"
    macos: str | None = None
    windows: str | None = None

    def differences(self, other: "System") -> tuple[str, ...]:
        """The names of the fields in which two systems differ."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))


@dataclass(frozen=True, slots=True)
class VirtualPackage:
    """A part of a declared system as conda sees it: `__glibc` 2.28."""

    name: str
    version: str
    build: str = "0"

    subdir = "noarch"


def virtual_packages(system: System) -> tuple[VirtualPackage, ...]:
    """A declared system as the packages that conda packages require."""
    declared = (
        ("__unix", None if system.windows else "0"),
        ("__linux", system.linux),
        ("__glibc", system.glibc),
        ("__osx", system.macos),
        ("__win", system.windows),
        ("__cuda", system.cuda),
        ("__cuda_arch", system.cuda_arch),
    )
    found = tuple(VirtualPackage(name, version) for name, version in declared if version)
    return (*found, VirtualPackage("__archspec", "1", system.archspec)) if system.archspec else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One platform in the words of each field: conda, OCI images, wheels, environment markers.

    `system` is what is declared where env.toml declares nothing.
    """

    name: str
    architecture: str
    machine: str
    os: str = "linux"
    system: System = field(default_factory=System)

    @property
    def has_images(self) -> bool:
        return self.os == "linux"

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields of `System` that can be declared for it."""
        return _DECLARABLE[self.os]

    def wheel_platforms(self, system: System) -> tuple[str, ...]:
        """Wheel platform tags from best to worst for a declared system (PEP 600, PEP 425)."""
        return tuple(_WHEEL_PLATFORMS[self.os](self, system))

    def markers(self, python: str) -> dict[str, str]:
        """The PEP 508 marker environment of CPython `python` (full version) on this platform."""
        minor = ".".join(python.split(".")[:2])
        os_name, system, sys_platform = _MARKERS[self.os]
        return {
            "implementation_name": "cpython",
            "implementation_version": python,
            "os_name": os_name,
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": python,
            "python_version": minor,
            "sys_platform": sys_platform,
        }


def _of_linux(platform: Platform, system: System) -> Iterator[str]:
    major, minor = version_numbers(system.glibc or "2.17")
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    for number in range(minor, 4, -1):
        yield f"manylinux_{major}_{number}_{platform.machine}"
        if number in legacy and (number == 17 or platform.machine == "x86_64"):
            yield f"{legacy[number]}_{platform.machine}"
    yield f"linux_{platform.machine}"


def _of_macos(platform: Platform, system: System) -> Iterator[str]:
    yield from mac_platforms(version_numbers(system.macos or "11.0"), platform.machine)


def _of_windows(platform: Platform, _system: System) -> Iterator[str]:
    yield f"win_{platform.architecture}"


def version_numbers(version: str) -> tuple[int, int]:
    """The first two numbers of a version of a system: "2.28" -> (2, 28)."""
    major, minor = (int(part) for part in f"{version}.0".split(".")[:2])
    return major, minor


_WHEEL_PLATFORMS = {"linux": _of_linux, "darwin": _of_macos, "windows": _of_windows}
_MARKERS = {
    "linux": ("posix", "Linux", "linux"),
    "darwin": ("posix", "Darwin", "darwin"),
    "windows": ("nt", "Windows", "win32"),
}
_DECLARABLE = {
    "linux": ("glibc", "linux", "cuda", "cuda_arch", "archspec"),
    "darwin": ("macos", "archspec"),
    "windows": ("windows", "cuda", "cuda_arch", "archspec"),
}
# the oldest macOS that Apple still mends and wheels are still made for, and any Windows that is alive
_MACOS, _WINDOWS = "13.0", "10.0"


def _foreign(**declared: str) -> System:
    return System(**{"glibc": None, "linux": None, "archspec": None, **declared})


PLATFORMS = {
    "linux-64": Platform(name="linux-64", architecture="amd64", machine="x86_64"),
    "linux-aarch64": Platform(
        name="linux-aarch64", architecture="arm64", machine="aarch64", system=System(archspec="aarch64")
    ),
    "osx-64": Platform(
        name="osx-64",
        architecture="amd64",
        machine="x86_64",
        os="darwin",
        system=_foreign(macos=_MACOS, archspec="x86_64"),
    ),
    "osx-arm64": Platform(
        name="osx-arm64",
        architecture="arm64",
        machine="arm64",
        os="darwin",
        system=_foreign(macos=_MACOS, archspec="m1"),
    ),
    "win-64": Platform(
        name="win-64",
        architecture="amd64",
        machine="AMD64",
        os="windows",
        system=_foreign(windows=_WINDOWS, archspec="x86_64"),
    ),
}
