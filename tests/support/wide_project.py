"""A project with a lock made by hand: several platforms, groups, conda and pip, and all kinds of sources."""

from dataclasses import replace
from pathlib import Path

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from tests.support.projects import Project, new_project

MANIFEST = """name = "train"
python = "3.11"
platforms = ["linux-64", "osx-arm64", "win-64"]

[conda]
dependencies = [
    "pandas >=2",
]

[pip]
dependencies = [
    "flask[async] >=3",
    "tool @ git+https://git.acme.test/tool@v1",
]

[platform.win-64.conda]
dependencies = ["wincore"]

[groups.dev.pip]
dependencies = ["pytest"]
"""
PLATFORMS = ("linux-64", "osx-arm64", "win-64")
COMMIT = "c0ffee" + "0" * 34


def conda(
    name: str, version: str, platform: str, *requires: str, size: int = 1_000_000, **more: object
) -> CondaPackage:
    """A package whose build, bytes and size are those of its platform."""
    number = PLATFORMS.index(platform) + 1
    build = f"h{number}_0"
    package = CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir=platform,
        file=f"{name}-{version}-{build}.conda",
        sha256=str(number) * 64,
        size=size * number,
        channel="conda-forge",
        requires=requires,
    )
    return replace(package, **more)  # type: ignore[arg-type]


def pip(name: str, version: str, *requires: str, **more: object) -> PipPackage:
    package = PipPackage(
        name=name,
        version=version,
        file=f"{name}-{version}-py3-none-any.whl",
        sha256="a" * 64,
        size=100_000,
        index="pypi",
        requires=requires,
    )
    return replace(package, **more)  # type: ignore[arg-type]


def condas(platform: str) -> tuple[CondaPackage, ...]:
    numpy = "2.2.0" if platform == "win-64" else "2.3.1"
    found = [
        conda("numpy", numpy, platform, "python >=3.11,<3.12.0a0", size=8_000_000, provides=(f"numpy=={numpy}",)),
        conda("pandas", "2.2.3", platform, "numpy >=1.22", "python >=3.11,<3.12.0a0", provides=("pandas==2.2.3",)),
        conda("python", "3.11.7", platform, size=30_000_000),
    ]
    return (*found, conda("wincore", "10", platform)) if platform == "win-64" else tuple(found)


def pips(platform: str) -> tuple[PipPackage, ...]:
    windows = platform == "win-64"
    colorama = ("colorama>=0.4",) if windows else ()
    groups = ("dev", "main")
    found = [
        pip("asgiref", "3.11.0"),
        pip("click", "8.3.1", *colorama),
        pip("flask", "3.1.3", 'asgiref>=3.2 ; extra == "async"', "click>=8.1.3", extras=("async",)),
        pip("numtool", "1.0", "numpy>=1.20"),
        pip("pytest", "9.0", *colorama, groups=("dev",)),
        pip(
            "tool", "1.0", "numtool", "click",
            index=None, file="", sha256="", size=None, builds=True,
            git="git+https://git.acme.test/tool@v1", commit=COMMIT,
        ),
    ]  # fmt: skip
    extra = [pip("colorama", "0.4.6", groups=groups)] if windows else []
    return tuple(sorted((*found, *extra), key=lambda package: package.name))


def base(platform: str) -> Base:
    if platform != "linux-64":
        return Base()
    return Base(reference="debian:trixie-slim", digest=f"sha256:{'b' * 64}", glibc="2.41", shell="/bin/sh")


def wide_lock(manifest: Path) -> Lock:
    """What answers `MANIFEST`."""
    spec = read_manifest(manifest)
    return Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings.of(spec),
        platforms=tuple(
            PlatformLock(platform=name, base=base(name), conda=condas(name), pip=pips(name)) for name in PLATFORMS
        ),
    )


def wide_project(folder: Path, *, git: bool = False) -> Project:
    project = new_project(folder, MANIFEST, cache=folder.parent / "cache", git=git)
    project.lockfile.write_text(lock_text(wide_lock(project.manifest)))
    return project
