"""`[platform.NAME]` of env.lock: the base and the packages of one platform."""

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from envlock.lockfile.as_written import PYTHON, AsWritten, Runs
from envlock.lockfile.packages import read_conda, read_pip
from envlock.lockfile.values import filled
from envlock.model.fields import Item, Table, matching
from envlock.model.image_values import absolute_path
from envlock.model.lock import Base, CondaPackage, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.system_values import system_value

SCRATCH = "scratch"
P = TypeVar("P", CondaPackage, PipPackage)
_digest = matching(r"sha256:[0-9a-f]{64}", "`sha256:` and 64 hex digits")
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
    conda = _packages(table.tables("conda"), _conda, known.conda)
    pip = _packages(table.tables("pip"), read_pip, known.pip)
    return PlatformLock(platform=name, base=read_base(table.table("base"), PLATFORMS[name]), conda=conda, pip=pip)


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
    """The base image of a platform; what is wrong is noted in the document."""
    if not platform.has_images:
        return Base(python=table.text("python", _python))
    reference = table.needed("reference", filled)
    return Base(
        reference=reference,
        # an empty base has no bytes to pin
        digest=table.text("digest", _digest) if reference == SCRATCH else table.needed("digest", _digest),
        glibc=table.text("glibc", system_value("glibc")),
        interpreter=table.text("interpreter", absolute_path),
        python=table.text("python", _python),
        shell=table.text("shell", absolute_path),
    )
