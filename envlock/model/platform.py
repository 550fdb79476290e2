"""Platforms by conda's names, and the system that is declared (never detected) for each."""

from dataclasses import dataclass, fields

DEFAULT_PLATFORM = "linux-64"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The machine an environment is made for; versions as text, absent is `None`.

    The defaults are what the manylinux_2_28 wheels and the conda-forge of today ask for.
    """

    glibc: str | None = "2.28"
    linux: str | None = "4.18"
    cuda: str | None = None
    archspec: str | None = "x86_64"

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
    declared = (("__linux", system.linux), ("__glibc", system.glibc), ("__cuda", system.cuda))
    found = (VirtualPackage("__unix", "0"), *(VirtualPackage(name, version) for name, version in declared if version))
    return (*found, VirtualPackage("__archspec", "1", system.archspec)) if system.archspec else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One platform in the words of each field: conda, OCI images, wheels, environment markers."""

    name: str
    architecture: str
    machine: str
    os: str = "linux"

    def wheel_platforms(self, glibc: str) -> tuple[str, ...]:
        """Wheel platform tags from best to worst, for a glibc such as "2.28" (PEP 600)."""
        major, minor = (int(part) for part in glibc.split(".")[:2])
        legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
        tags: list[str] = []
        for number in range(minor, 4, -1):
            tags.append(f"manylinux_{major}_{number}_{self.machine}")
            if number in legacy and (number == 17 or self.machine == "x86_64"):
                tags.append(f"{legacy[number]}_{self.machine}")
        return (*tags, f"linux_{self.machine}")

    def markers(self, python: str) -> dict[str, str]:
        """The PEP 508 marker environment of CPython `python` (full version) on this platform."""
        minor = ".".join(python.split(".")[:2])
        return {
            "implementation_name": "cpython",
            "implementation_version": python,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": python,
            "python_version": minor,
            "sys_platform": "linux",
        }


PLATFORMS = {
    "linux-64": Platform(name="linux-64", architecture="amd64", machine="x86_64"),
}
