"""Manifests and locks with many packages, written without solving: what a reader of locks has to cope with."""

import random
from collections.abc import Iterator
from pathlib import Path

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS

MINOR = "3.11"
PYTHON = f"{MINOR}.7"
WIDTH, DEPTH = 4, 12  # how many packages one requires, and how near they are by number
# conda's folder, its Python's ABI, and the wheels of compiled packages
TAGS = {
    "linux-64": "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "linux-aarch64": "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "osx-arm64": "macosx_11_0_arm64",
}
MANIFEST = """name = "{name}"
python = "{minor}"
platforms = {platforms}

[conda]
channels = ["conda-forge"]
dependencies = {conda}

[pip]
dependencies = {pip}

[image]
base = "scratch"
"""


def write_environment(folder: Path, *, packages: int, platforms: tuple[str, ...] = ("linux-64",)) -> None:
    """An env.toml and the env.lock that answers it: half of the `packages` of each platform are wheels."""
    folder.mkdir(parents=True, exist_ok=True)
    half = packages // 2
    conda, pip = _roots("lib", half - 1), _roots("dist", packages - half)
    text = MANIFEST.format(name=folder.name, minor=MINOR, platforms=list(platforms), conda=conda, pip=pip)
    manifest = folder / "env.toml"
    manifest.write_text(text)
    spec = read_manifest(manifest)
    locked = tuple(_platform(name, half - 1, packages - half) for name in platforms)
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=locked)
    (folder / "env.lock").write_text(lock_text(lock))


def _roots(kind: str, count: int) -> list[str]:
    """Those that nothing else asks for: see `_needs`."""
    asked = {need for number in range(count) for need in _needs(number)}
    return [f"{kind}{number}" for number in range(count) if number not in asked]


def _needs(number: int) -> list[int]:
    """The packages that one requires: always lower numbers, so that there is an end; the same in every run."""
    near = range(max(0, number - DEPTH), number)
    return sorted(random.Random(number).sample(near, min(WIDTH, len(near))))


def _platform(platform: str, conda: int, pip: int) -> PlatformLock:
    empty = PLATFORMS[platform].has_images
    return PlatformLock(
        platform=platform,
        base=Base(reference="scratch") if empty else Base(),
        conda=tuple(sorted((_python(platform), *_conda(platform, conda)), key=lambda p: p.name)),
        pip=tuple(sorted(_pip(platform, pip), key=lambda p: p.name)),
    )


def _python(platform: str) -> CondaPackage:
    return _conda_package(platform, "python", PYTHON, "h955ad1f_0_cpython", requires=())


def _conda(platform: str, count: int) -> Iterator[CondaPackage]:
    for number in range(count):
        needs = (f"lib{need} >={need % 7 + 1}.2,<{need % 7 + 2}.0a0" for need in _needs(number))
        yield _conda_package(
            platform,
            f"lib{number}",
            f"{number % 7 + 1}.{number % 5 + 2}.1",
            f"py311h{number:07x}_{number % 3}",
            requires=(*needs, f"python >={MINOR},<3.12.0a0"),
        )


def _conda_package(platform: str, name: str, version: str, build: str, requires: tuple[str, ...]) -> CondaPackage:
    return CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir=platform,
        file=f"{name}-{version}-{build}.conda",
        sha256=_digest(platform, name),
        size=1_000_000,
        channel="conda-forge",
        requires=tuple(sorted(requires)),
        constrains=(f"{name}-static <0a0",),
        provides=(f"{name}-py=={version}",),
        uploaded="2026-01-31T12:00:00Z",
    )


def _pip(platform: str, count: int) -> Iterator[PipPackage]:
    for number in range(count):
        name, version = f"dist{number}", f"{number % 7 + 1}.{number % 5 + 2}.1"
        tag = "py3-none-any" if number % 2 else f"cp311-cp311-{TAGS[platform]}"
        yield PipPackage(
            name=name,
            version=version,
            file=f"{name}-{version}-{tag}.whl",
            sha256=_digest(platform, name),
            size=1_000_000,
            index="pypi",
            requires=tuple(sorted(f"dist{need}!={need % 7 + 1}.0.*,>={need % 7 + 1}.2" for need in _needs(number))),
            requires_python=">=3.9",
            uploaded="2026-01-31T12:00:00.123456Z",
        )


def _digest(platform: str, name: str) -> str:
    return random.Random(f"{platform}/{name}").randbytes(32).hex()
