"""`[platform.NAME]` of env.lock: the base and the packages of one platform."""

from collections.abc import Collection

from envlock.lockfile.packages import filled, read_conda, read_pip
from envlock.model.fields import Item, Table, matching
from envlock.model.image_values import absolute_path
from envlock.model.lock import Base, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.system_values import system_value

PYTHON = "python"
SCRATCH = "scratch"
_digest = matching(r"sha256:[0-9a-f]{64}", "`sha256:` and 64 hex digits")
_python = matching(r"\d{1,3}\.\d{1,3}\.\d{1,3}\S{0,10}", "a version of Python such as `3.11.7`")


def read_platforms(table: Table, expected: Collection[str]) -> tuple[PlatformLock, ...]:
    """All platforms, sorted; those that the inputs name must be there, and no others."""
    for name in expected:
        if name not in table:
            table.refuse(name, "missing, though `inputs.platforms` names it")
    for name in table.names():
        if name not in expected:
            table.refuse(name, "not among `inputs.platforms`")
    return tuple(_platform(name, table.table(name)) for name in sorted(table.names()) if name in PLATFORMS)


def _platform(name: str, table: Table) -> PlatformLock:
    conda = [(t, read_conda(t)) for t in table.tables("conda")]
    pip = [(t, read_pip(t)) for t in table.tables("pip")]
    for packages in (conda, pip):
        table.document.refuse_twice(Item(t.at("name"), p.name) for t, p in packages if p.name)
    for python in (t for t, p in conda if p.name == PYTHON):
        python.text("version", _python)
    return PlatformLock(
        platform=name,
        base=_base(table.table("base"), PLATFORMS[name]),
        conda=tuple(sorted((p for _, p in conda), key=lambda p: p.name)),
        pip=tuple(sorted((p for _, p in pip), key=lambda p: p.name)),
    )


def _base(table: Table, platform: Platform) -> Base:
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
