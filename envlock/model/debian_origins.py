"""Whether a locked base of Debian's packages is the one that the inputs of the same lock ask for."""

from collections.abc import Iterator

from envlock.model.debian_base import base_name, component, debian_base, locked_interpreter
from envlock.model.lock import Base, DebianPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.problem import shown_value
from envlock.model.spec import DebianSpec

_ALL = "all"


def wrong_debian(debian: DebianSpec, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    """Another base, packages of another place or machine, and what is recorded of packages that are others."""
    if not PLATFORMS[locked.platform].has_images:
        return
    base = locked.base
    if base.suite != debian.suite:
        found = base_name(base) if base.suite else f"base {shown_value(base.reference)}"
        yield "debian.suite", f"Debian {debian.suite} is asked for: {found} is locked"
        return
    if not base.dates:
        yield "debian.suite", f"no dates of {base_name(base)} are recorded, by which older indexes are refused"
    for package in locked.debian:
        yield from _package(debian, locked.platform, package)
    yield from _records(base, locked.debian)


def _package(debian: DebianSpec, platform: str, package: DebianPackage) -> Iterator[tuple[str, str]]:
    if package.architecture not in (PLATFORMS[platform].architecture, _ALL):
        yield package.name, f"`{package.name}` is locked for `{package.architecture}`, which is another architecture"
    part = component(package)
    if part and part not in debian.components:
        yield "debian.components", f"`{package.name}` is locked from `{part}`, which is not among the components"


def _records(base: Base, packages: tuple[DebianPackage, ...]) -> Iterator[tuple[str, str]]:
    """glibc and Python are read of packages: one of two branches may have moved these alone."""
    versions = {package.name: package.version for package in packages}
    interpreter = locked_interpreter(base)
    if base.interpreter and interpreter not in versions:
        yield "python", f"`{base.interpreter}` is recorded, and no package that brings it is locked"
        return
    if "libc6" not in versions:
        return  # said already
    read = debian_base(base.suite or "", base.dates, packages, interpreter)
    for name, package in (("glibc", "libc6"), ("python", interpreter), ("shell", "dash")):
        recorded, found = getattr(base, name), getattr(read, name)
        if recorded != found:
            version = versions.get(package or "")
            what = f"`{package}` {version} is locked" if version else "nothing brings one"
            yield name, f"{name} {recorded or 'none'} is recorded, and {what}"
