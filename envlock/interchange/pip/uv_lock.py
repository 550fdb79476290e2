"""A uv.lock as a whole: its packages, the projects that it is for, and what it was told beside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from envlock.interchange.pip.pins import ForeignToml, utc_time
from envlock.interchange.pip.pythons import checked_marker, checked_specifiers
from envlock.interchange.pip.uv_packages import Edge, UvLocked, edges, group_key, uv_package
from envlock.model.fields import Table
from envlock.model.imported import Remark

_LAID_DOWN = {
    "overrides": "the pins follow it; what is locked anew does not",
    "excludes": "the pins follow it; what is locked anew does not",
    "build-constraints": "it limits what wheels are built with, which is not locked",
    "dependency-metadata": "what packages say themselves is read instead",
}
_OPTIONS = {
    "resolution-mode": "the pins follow it; what is locked anew is the newest",
    "prerelease-mode": "the pins follow it; a pre-release is asked for by its version, such as `x>=2.0a1`",
    "fork-strategy": "the pins follow it; env.lock has one version for each platform",
    "exclude-newer-package": "the pins follow it; `exclude-newer` of env.toml is for all packages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UvLock:
    """`roots` are the projects, by their place among the `packages`; `needs` what the file asks for itself, always
    ("") or with a group; each of `conflicts` are parts of projects, of which one may be installed."""

    packages: tuple[UvLocked, ...]
    roots: tuple[int, ...]
    requires_python: str | None
    environments: tuple[str, ...]
    needs: Mapping[str, tuple[Edge, ...]]
    constraints: tuple[Edge, ...]
    conflicts: tuple[frozenset[tuple[str, str]], ...]
    exclude_newer: str | None
    remarks: tuple[Remark, ...]


def uv_lock(document: ForeignToml) -> UvLock:
    """UserInputError names every place where it is not as uv writes it."""
    root = document.root
    if root.integer("version") != 1:
        root.refuse("version", "expected version 1, the one that is known")
        document.close()
    manifest, options = root.table("manifest"), root.table("options")
    packages = tuple(uv_package(table) for table in root.tables("package"))
    named = manifest.table("dependency-groups")
    needs = {"": edges(manifest, "requirements")}
    needs |= {group_key(name): edges(named, name) for name in named.names()}
    members = frozenset(canonicalize_name(item.value) for item in manifest.texts("members") or ())
    found = UvLock(
        packages=packages,
        roots=_roots(packages, members),
        requires_python=root.text("requires-python", checked_specifiers),
        environments=tuple(item.value for item in root.texts("supported-markers", checked_marker) or ()),
        needs=needs,
        constraints=edges(manifest, "constraints"),
        conflicts=_conflicts(root),
        exclude_newer=_time(options),
        remarks=(*_remarks(manifest, _LAID_DOWN), *_remarks(options, _OPTIONS)),
    )
    document.close()
    return found


def _roots(packages: tuple[UvLocked, ...], members: frozenset[str]) -> tuple[int, ...]:
    """The project at the lock's own place; without one every member of the workspace."""
    local = {number: each for number, each in enumerate(packages) if each.origin.kind in ("editable", "virtual")}
    here = tuple(number for number, each in local.items() if each.origin.text == ".")
    return here or tuple(number for number, each in enumerate(packages) if each.name in members)


def _conflicts(root: Table) -> tuple[frozenset[tuple[str, str]], ...]:
    found = []
    for several in root.raw.get("conflicts", ()) if isinstance(root.raw.get("conflicts"), list) else ():
        parts = [each for each in several if isinstance(each, dict)] if isinstance(several, list) else []
        found.append(frozenset(_part(each) for each in parts))
    return tuple(found)


def _part(said: Mapping[str, object]) -> tuple[str, str]:
    """A project by its name, and the extra or group of it that is meant."""
    group = said.get("group")
    part = group_key(str(group)) if group else canonicalize_name(str(said.get("extra", "")))
    return canonicalize_name(str(said.get("package", ""))), part


def _time(options: Table) -> str | None:
    """The limit in time as env.toml writes it."""
    text = options.text("exclude-newer")
    if text is None or "exclude-newer-span" in options:
        return None
    found = utc_time(text)
    if found is None:
        options.refuse("exclude-newer", f"expected a time, got `{text}`")
    return found


def _remarks(table: Table, reasons: Mapping[str, str]) -> Iterator[Remark]:
    document = table.document
    for key, why in reasons.items():
        if key in table:
            yield Remark(file=document.name, what=key, why=why, line=document.line(table.at(key)))
    if "exclude-newer-span" in table:
        span = str(table.raw["exclude-newer-span"])
        why = 'a span is written `exclude-newer = "7d"` in [lock]; the pins follow it'
        yield Remark(file=document.name, what=f"exclude-newer-span: {span}", why=why)
