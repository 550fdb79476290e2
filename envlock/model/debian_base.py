"""A base of Debian's packages: what every one has, which Python it brings, and what a lock says of it."""

import re
from collections.abc import Iterable

from envlock.model.lock import Base, DebianPackage
from envlock.model.spec import DebianSpec, EnvSpec, python_minor

# the smallest that runs a Python program and a shell
BASE_GROUP = ("base-files", "base-passwd", "libc6", "libstdc++6", "dash", "mawk")
# who asks for what env.toml does not name
EVERY_BASE = "every base"
PYTHON = "`python`"
MANIFEST = "env.toml"
_LIBC = "libc6"
_SHELL = "/bin/sh"
_FOLDER = "/usr/bin/"
_PYTHON_PACKAGE = re.compile(r"python[0-9]+\.[0-9]+")
# what Python says of itself: without Debian's epoch, revision, and what was taken out of the source ("+dfsg")
_PYTHON_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:~?(?:a|b|rc)[0-9]+)?")
_POOL = re.compile(r"pool/(?:updates/)?(?P<component>[^/]+)/.+")


def base_name(base: Base) -> str:
    """A base as people call it: "Debian bookworm", "base `debian:trixie-slim`"."""
    if base.context:
        return "what the Dockerfile makes"
    return f"Debian {base.suite}" if base.suite else f"base `{base.reference}`"


def brings_python(spec: EnvSpec, platform: str) -> bool:
    """Does Debian bring the Python? Where conda does not, and it is stated, or wheels are wanted."""
    return not spec.has_conda and bool(spec.python or spec.all_wants(platform).pip)


def stated_interpreter(python: str | None) -> str | None:
    """The package that the key `python` stands for: "3.11" -> "python3.11"."""
    return f"python{python_minor(python)}" if python else None


def locked_interpreter(base: Base) -> str | None:
    """The package that a base's interpreter is from: "/usr/bin/python3.11" -> "python3.11"."""
    name = (base.interpreter or "").removeprefix(_FOLDER)
    return name if base.suite and _PYTHON_PACKAGE.fullmatch(name) else None


def wanted_packages(debian: DebianSpec, interpreter: str | None) -> dict[str, str]:
    """What a base begins with: relations, and who asks for each; env.toml where several do."""
    python = {interpreter: PYTHON} if interpreter else {}
    return dict.fromkeys(BASE_GROUP, EVERY_BASE) | python | dict.fromkeys(debian.packages, MANIFEST)


def debian_base(
    suite: str, dates: tuple[tuple[str, str], ...], packages: Iterable[DebianPackage], interpreter: str | None
) -> Base:
    """What is recorded of a base of these packages; `interpreter` is the package of the Python that it is to bring."""
    versions = {package.name: package.version for package in packages}
    return Base(
        suite=suite,
        dates=dates,
        glibc=upstream(versions[_LIBC]),
        interpreter=f"{_FOLDER}{interpreter}" if interpreter else None,
        python=python_version(versions[interpreter]) if interpreter else None,
        shell=_SHELL,
    )


def upstream(version: str) -> str:
    """A version without epoch and revision: "1:2.39.5-0+deb12u2" -> "2.39.5"."""
    return _without_epoch(version).rpartition("-")[0] or _without_epoch(version)


def python_version(version: str) -> str:
    """What a Python of this version of Debian's says that it is: "3.13.0~rc2-1" -> "3.13.0rc2"."""
    found = _PYTHON_VERSION.match(upstream(version))
    return found[0].replace("~", "") if found else upstream(version)


def component(package: DebianPackage) -> str | None:
    """The part of the archive that a package is from, "main", as its path says; None where it says nothing."""
    found = _POOL.fullmatch(package.file)
    return found["component"] if found else None


def _without_epoch(version: str) -> str:
    return version.partition(":")[2] or version
