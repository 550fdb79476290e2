"""`[platform.NAME]` of env.lock: the base and the packages of one platform."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from envlock.lockfile.as_written import PYTHON, AsWritten, Runs
from envlock.lockfile.debian import CODENAME, codename, read_debian
from envlock.lockfile.packages import read_conda, read_pip
from envlock.lockfile.values import filled, sha256
from envlock.model.fields import Item, Table, matching
from envlock.model.image_values import absolute_path
from envlock.model.lock import Base, CondaPackage, DebianPackage, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.system_values import system_value

SCRATCH = "scratch"
P = TypeVar("P", DebianPackage, CondaPackage, PipPackage)
_digest = matching(r"sha256:[0-9a-f]{64}", "`sha256:` and 64 hex digits")
_utc = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "a UTC time such as `2026-01-31T12:00:00Z`")
_of_suite = matching(rf"{CODENAME}(?:-[a-z]+)*", "a suite such as `bookworm-security`")
_python = matching(r"\d{1,3}\.\d{1,3}\.\d{1,3}\S{0,10}", "a version of Python such as `3.11.7`")


def read_platforms(table: Table, expected: Collection[str], known: AsWritten) -> tuple[PlatformLock, ...]:
    """All platforms, sorted; those that the inputs name must be there, and no others. `known` packages are read."""
    for name in expected:
        if name not in table:
            table.refuse(name, "missing, though `inputs.platforms` names it")
    for name in table.names():
        if name not in expected:
            table.refuse(name, "not among `inputs.platforms`")
    return tuple(_platform(name, table.table(name), known) for name in sorted(table.names()) if name in PLATFORMS)


def _platform(name: str, table: Table, known: AsWritten) -> PlatformLock:
    platform = PLATFORMS[name]
    debian = table.tables("debian") if platform.has_images else ()
    return PlatformLock(
        platform=name,
        base=read_base(table.table("base"), platform),
        debian=_packages(debian, partial(read_debian, platform=platform), known.debian),
        conda=_packages(table.tables("conda"), _conda, known.conda),
        pip=_packages(table.tables("pip"), read_pip, known.pip),
    )


def _packages(tables: Iterable[Table], read: Callable[[Table], P], known: Runs[P]) -> tuple[P, ...]:
    """The packages of one kind, sorted, none of them twice."""
    found = [(table, package) for table in tables for package in known.of(table) or [read(table)]]
    for table, _ in found[:1]:
        table.document.refuse_twice(Item(t.at("name"), p.name) for t, p in found if p.name)
    return tuple(sorted((package for _, package in found), key=lambda package: package.name))


def _conda(table: Table) -> CondaPackage:
    package = read_conda(table)
    if package.name == PYTHON:
        table.text("version", _python)
    return package


def read_base(table: Table, platform: Platform) -> Base:
    """The base of a platform; what is wrong is noted in the document."""
    if not platform.has_images:
        return Base(python=table.text("python", _python))
    kind = next((key for key in _KINDS if key in table), "reference")
    base = _KINDS[kind](table)
    return replace(
        base,
        glibc=table.text("glibc", system_value("glibc")),
        interpreter=table.text("interpreter", absolute_path),
        python=table.text("python", _python),
        shell=table.text("shell", absolute_path),
    )


def _base_image(table: Table) -> Base:
    reference = table.needed("reference", filled)
    # an empty base has no bytes to pin
    digest = table.text("digest", _digest) if reference == SCRATCH else table.needed("digest", _digest)
    return Base(reference=reference, digest=digest)


def _dockerfile_base(table: Table) -> Base:
    _refuse(table, ("reference", "digest"), "not together with `context`: the base is what a Dockerfile makes")
    return Base(context=table.needed("context", sha256))


def _refuse(table: Table, keys: Iterable[str], why: str) -> None:
    for key in keys:
        if table.has(key):
            table.refuse(key, why)


def _debian_base(table: Table) -> Base:
    why = "not together with `suite`: the base is made of Debian's packages"
    _refuse(table, ("reference", "digest", "context"), why)
    suite = table.needed("suite", codename)
    return Base(suite=suite, dates=read_dates(table.table("dates"), suite))


def read_dates(table: Table, suite: str | None = None) -> tuple[tuple[str, str], ...]:
    """The times of the indexes, by suite, sorted: of `suite` and what is laid over it, where it is given."""
    dates = {name: table.text(name, _utc) for name in table.names(_of_suite)}
    for name in dates:
        if suite and name.partition("-")[0] != suite:
            table.refuse(name, f"not of the suite `{suite}`")
    return tuple(sorted((name, date) for name, date in dates.items() if date))


# by the key that tells what a base is
_KINDS: dict[str, Callable[[Table], Base]] = {
    "suite": _debian_base,
    "dates": _debian_base,
    "context": _dockerfile_base,
    "reference": _base_image,
}
