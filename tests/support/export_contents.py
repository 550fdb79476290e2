"""What an export is made of, by hand: two platforms, a group, conda and pip, every kind of source, versions that look
like numbers."""

import hashlib
from dataclasses import replace

from envlock.interchange.exports.contents import Contents
from envlock.interchange.exports.formats import FORMATS
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.spec import Index

LINUX, MAC = "linux-64", "osx-arm64"
CHANNELS = {"forge": "https://conda.test/forge", "https://conda.acme.test/own": "https://conda.acme.test/own"}
INDEXES = {"pypi": "https://index.test/simple/", "acme": "https://pip.acme.test/simple/"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def conda(name: str, version: str, subdir: str, *requires: str, build: str = "0", **more: object) -> CondaPackage:
    file = f"{name}-{version}-{build}.conda"
    package = CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir=subdir,
        file=file,
        sha256=digest(f"{subdir}/{file}"),
        size=1000,
        channel="forge",
        requires=requires,
    )
    return replace(package, **more)  # type: ignore[arg-type]


def wheel(name: str, version: str, *requires: str, tag: str = "py3-none-any", **more: object) -> PipPackage:
    file = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    package = PipPackage(
        name=name,
        version=version,
        file=file,
        sha256=digest(file),
        size=2000,
        index="pypi",
        requires=requires,
        uploaded="2026-01-02T03:04:05Z",
    )
    return replace(package, **more)  # type: ignore[arg-type]


def direct(name: str, version: str, file: str = "", **more: object) -> PipPackage:
    """A package that env.toml gives the source of."""
    package = PipPackage(name=name, version=version, file=file, sha256=digest(file) if file else "")
    return replace(package, **more)  # type: ignore[arg-type]


def condas(platform: str) -> tuple[CondaPackage, ...]:
    own = "https://conda.acme.test/own"
    return (
        conda("acme-tool", "1e3", platform, "python >=3.11,<3.12.0a0", build="1_0", channel=own),
        conda("numpy", "1.10", platform, "python >=3.11", "python <3.12.0a0", constrains=("scipy <0a0",),
              provides=("numpy==1.10",)),
        conda("python", "3.11.7", platform),
        conda("tz-data", "2026", "noarch"),
        conda("typing", "4.0", "noarch", "python", provides=("typing==4.0",), groups=("dev",)),
    )  # fmt: skip


def pips(platform: str) -> tuple[PipPackage, ...]:
    tag = "cp311-cp311-manylinux_2_28_x86_64" if platform == LINUX else "cp311-cp311-macosx_13_0_arm64"
    common = (
        wheel("acme-lib", "1.0", index="acme", requires_python=">=3.9"),
        wheel("flask", "3.0", 'asgiref>=3.2 ; extra == "async"', "werkzeug>=3", extras=("async",)),
        direct("by-url", "2.0", "by_url-2.0-py3-none-any.whl", url="https://files.test/by_url-2.0-py3-none-any.whl"),
        direct("folder", "0.1", path="./folder", tree=digest("folder"), builds=True),
        direct(
            "from-git",
            "1.0",
            git="git+https://git.test/tools.git@v1",
            commit=COMMIT,
            subdirectory="python",
            builds=True,
        ),
        direct("local", "1.0", "local-1.0-py3-none-any.whl", path="../wheels/local-1.0-py3-none-any.whl"),
        wheel("markupsafe", "3.0", tag=tag),
        replace(wheel("old", "1.10"), file="old-1.10.tar.gz", sha256=digest("old-1.10.tar.gz"), builds=True),
        wheel("pytest", "9.0", "pluggy<2,>=1.5", groups=("dev",)),
    )
    only = (wheel("uvloop", "0.2", tag=tag),) if platform == LINUX else ()
    version = "2.0" if platform == LINUX else "1.0"
    return tuple(sorted((*common, *only, wheel("werkzeug", version)), key=lambda p: p.name))


def a_lock(*, conda: bool = True) -> Lock:
    return Lock(
        inputs=Inputs(
            python="3.11",
            platforms=(LINUX, MAC),
            systems=tuple((name, PLATFORMS[name].system) for name in (LINUX, MAC)),
            channels=tuple(CHANNELS) if conda else (),
            channel_priority="strict",
            conda=(),
            pip=(),
            indexes=(Index(name="acme", url=INDEXES["acme"], packages=("acme-*",)),),
            base="debian:trixie-slim",
            interpreter=None,
        ),
        image=ImageSettings(),
        platforms=tuple(
            PlatformLock(
                platform=name,
                base=Base(python="3.11.9"),
                conda=condas(name) if conda else (),
                pip=pips(name),
            )
            for name in (LINUX, MAC)
        ),
    )


def contents(*platforms: str, groups: tuple[str, ...] = (), pip: bool = True, conda: bool = True) -> Contents:
    """The export of these platforms (all, where none is given), without the kinds that are not wanted."""
    lock = a_lock(conda=conda)
    cut = (p.of_groups(*groups) for p in lock.platforms if p.platform in (platforms or (LINUX, MAC)))
    chosen = tuple(cut if pip else (replace(p, pip=()) for p in cut))
    return Contents(
        name="train",
        lock=lock,
        platforms=chosen,
        groups=groups,
        urls={package: url(package) for locked in chosen for package in locked.prefix_packages},
        md5={p: hashlib.md5(p.sha256.encode(), usedforsecurity=False).hexdigest() for c in chosen for p in c.conda},
        channels=CHANNELS,
        indexes=INDEXES,
        default_index="pypi",
    )


def url(package: CondaPackage | PipPackage) -> str:
    if isinstance(package, CondaPackage):
        return f"{CHANNELS[package.channel]}/{package.subdir}/{package.file}"
    return package.url or f"https://files.test/{package.file}"


def holdable(found: Contents, refuses: object) -> Contents:
    """Without the pip packages for which a format gives a reason."""
    assert callable(refuses)
    cut = (replace(p, pip=tuple(each for each in p.pip if not refuses(each))) for p in found.platforms)
    return replace(found, platforms=tuple(cut))


def export_text(name: str, *, groups: tuple[str, ...] = ("dev",)) -> str:
    """The file of a format: of all that it can hold."""
    form = FORMATS[name]
    found = contents(*([LINUX] if form.one_platform else []), groups=groups)
    return form.write(holdable(found, form.refuses))
