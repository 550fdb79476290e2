"""What differs between two locks: packages, base, Python, image settings, platforms; one row where platforms agree."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from packaging.utils import canonicalize_name

from envlock.model.lock import (
    Base,
    CondaPackage,
    DebianPackage,
    ImageSettings,
    Lock,
    Node,
    Package,
    PipPackage,
    PlatformLock,
)

# what one platform had and has of a package
Pair = tuple[Package | None, Package | None]
_TABLES = ("variables", "labels")  # of image settings
_SHOWN = 12  # digits of a hash


class Facts(NamedTuple):
    """What a row says of a package on one side; bytes and sizes differ from platform to platform anyway."""

    name: str
    version: str
    kind: str
    source: str
    groups: tuple[str, ...]
    builds: bool

    @classmethod
    def of(cls, package: Package) -> "Facts":
        builds = isinstance(package, PipPackage) and package.builds
        return cls(package.name, package.version, package.kind, source(package), package.groups, builds)


class OnPlatform(NamedTuple):
    """A package on one platform, before and after."""

    platform: str
    before: Package | None
    after: Package | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One package on the platforms that agree: `before` is None where it was added, `after` where it was removed.

    `differs` says in what two sides differ: `version` or `bytes` (build or content of one version), `kind` (conda or
    pip), `source` (the archive, channel or index of one kind), `groups`.
    """

    before: Facts | None
    after: Facts | None
    differs: tuple[str, ...]
    on: tuple[OnPlatform, ...]

    @property
    def name(self) -> str:
        facts = self.after or self.before
        assert facts
        return facts.name

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(place.platform for place in self.on)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseChange:
    """The base of some platforms, each with its own digests: merged where the references are the same."""

    on: tuple[tuple[str, Base | None, Base | None], ...]

    @property
    def before(self) -> Base | None:
        return self.on[0][1]

    @property
    def after(self) -> Base | None:
        return self.on[0][2]

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(platform for platform, _, _ in self.on)


class ValueChange(NamedTuple):
    """A setting of the image (`user`, `variables.A`) or a version of Python, None where there is none."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes between two locks, packages sorted by name.

    `python` is by platform, where no conda package is it; `added` and `removed` are platforms that only one of the
    two locks has, whose packages are no rows; `kept` counts packages, once a platform, that stayed as they were.
    """

    packages: tuple[Change, ...] = ()
    base: tuple[BaseChange, ...] = ()
    python: tuple[ValueChange, ...] = ()
    image: tuple[ValueChange, ...] = ()
    added: tuple[PlatformLock, ...] = ()
    removed: tuple[PlatformLock, ...] = ()
    kept: int = 0

    def __bool__(self) -> bool:
        return any((self.packages, self.base, self.python, self.image, self.added, self.removed))


def changes(*, before: Lock | None, after: Lock | None) -> Changes:
    """What `after` has that `before` had not, and the reverse; None stands for no environment at all."""
    old, new = _platforms(before), _platforms(after)
    # where one side is nothing, all of the other is told package by package
    names = sorted(old.keys() | new.keys() if not (before and after) else old.keys() & new.keys())
    pairs = [(name, list(_pairs(old.get(name), new.get(name)))) for name in names]
    bases = [(n, old[n].base if n in old else None, new[n].base if n in new else None) for n in names]
    both = bool(before and after)
    return Changes(
        packages=_merged(pairs),
        base=_merged_bases(bases),
        python=tuple(_pythons(bases)),
        image=tuple(_image(_settings(before), _settings(after))),
        added=tuple(new[n] for n in sorted(new.keys() - old.keys()) if both),
        removed=tuple(old[n] for n in sorted(old.keys() - new.keys()) if both),
        kept=sum(differences(*pair) == () for _, found in pairs for pair in found if None not in pair),
    )


def differences(before: Package | None, after: Package | None) -> tuple[str, ...]:
    """In what two states of a package differ, as in `Change.differs`; nothing where one is missing."""
    if before is None or after is None:
        return ()
    same = before.version == after.version
    found: tuple[str, ...] = () if same else ("version",)
    if before.kind != after.kind:
        found += ("kind",)
    else:
        rebuilt = same and (before.build, before.identity) != (after.build, after.identity)
        found += ("bytes",) if rebuilt else ()
        found += ("source",) if _moved(before, after) else ()
    return (*found, "groups") if before.groups != after.groups else found


def source(package: Package) -> str:
    """Where a package is from, for people: an archive, a channel, an index, or the address that env.toml gives."""
    if isinstance(package, DebianPackage):
        return package.archive
    return package.channel if isinstance(package, CondaPackage) else package.source


def _moved(before: Package, after: Package) -> bool:
    # the address of another version's file is another one, and that is no move
    files = _is_address(before) and _is_address(after) and before.version != after.version
    return source(before) != source(after) and not files


def _is_address(package: Package) -> bool:
    return isinstance(package, PipPackage) and bool(package.url or package.path or package.git)


def _platforms(lock: Lock | None) -> dict[str, PlatformLock]:
    return {p.platform: p for p in lock.platforms} if lock else {}


def _pairs(old: PlatformLock | None, new: PlatformLock | None) -> Iterator[Pair]:
    """Each package with itself; what went from conda to pip or back with what it is now."""
    was: dict[Node, Package] = {p.node: p for p in old.packages} if old else {}
    now: dict[Node, Package] = {p.node: p for p in new.packages} if new else {}
    yield from ((was[node], now[node]) for node in was.keys() & now.keys())
    gone = {node: p for node, p in was.items() if node not in now}
    come = {node: p for node, p in now.items() if node not in was}
    for before, after in [*_crossed(gone, come)]:
        del gone[before.node], come[after.node]
        yield before, after
    yield from ((p, None) for p in gone.values())
    yield from ((None, p) for p in come.values())


def _crossed(gone: dict[Node, Package], come: dict[Node, Package]) -> Iterator[tuple[Package, Package]]:
    """What is left on one side as conda's and on the other as a wheel, and is the same distribution."""
    taken: set[Node] = set()
    was, now = (sorted(filter(_is_in_prefix, found.values()), key=lambda p: p.node) for found in (gone, come))
    for before in was:
        for after in now:
            if before.kind != after.kind and after.node not in taken and _names(before) & _names(after):
                taken.add(after.node)
                yield before, after
                break


def _is_in_prefix(package: Package) -> bool:
    """The same name in the base is another program, for others."""
    return not isinstance(package, DebianPackage)


def _names(package: Package) -> set[str]:
    provides = package.provides if isinstance(package, CondaPackage) else ()
    return {str(canonicalize_name(package.name)), *(text.partition("==")[0] for text in provides)}


def _merged(pairs: Iterable[tuple[str, Iterable[Pair]]]) -> tuple[Change, ...]:
    found: dict[tuple[Facts | None, Facts | None, tuple[str, ...]], list[OnPlatform]] = {}
    for platform, of_platform in pairs:
        for before, after in of_platform:
            differs = differences(before, after)
            if differs or before is None or after is None:
                key = (Facts.of(before) if before else None, Facts.of(after) if after else None, differs)
                found.setdefault(key, []).append(OnPlatform(platform, before, after))
    listed = [Change(before=b, after=a, differs=d, on=tuple(on)) for (b, a, d), on in found.items()]
    return tuple(sorted(listed, key=lambda c: (c.name, c.after or (), c.before or (), c.platforms)))


def _merged_bases(bases: Iterable[tuple[str, Base | None, Base | None]]) -> tuple[BaseChange, ...]:
    found: dict[tuple[Node, Node], list[tuple[str, Base | None, Base | None]]] = {}
    for platform, before, after in bases:
        # that of the environment's Python is said by itself, and a platform without images has no base
        if _told(before) != _told(after):
            key = (_named(before), _named(after))
            found.setdefault(key, []).append((platform, before, after))
    return tuple(BaseChange(on=tuple(on)) for on in found.values())


def _told(base: Base | None) -> Base | None:
    if base and base.suite:
        return Base(suite=base.suite)  # what else there is of it is of its packages
    return replace(base, python=None) if base and (base.reference or base.context) else None


def _named(base: Base | None) -> Node:
    return (base.reference or base.context or "", base.suite or "") if base else ("", "")


def _pythons(bases: Iterable[tuple[str, Base | None, Base | None]]) -> Iterator[ValueChange]:
    for platform, before, after in bases:
        was, now = before.python if before else None, after.python if after else None
        if was != now:
            yield ValueChange(platform, was, now)


def _image(was: dict[str, str], now: dict[str, str]) -> Iterator[ValueChange]:
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) != now.get(key):
            yield ValueChange(key, was.get(key), now.get(key))


def _settings(lock: Lock | None) -> dict[str, str]:
    """What is set, by key; lists as TOML has them, copied files by what is in them."""
    values = asdict(lock.image if lock else ImageSettings())
    entries = {f"{table}.{key}": value for table in _TABLES for key, value in values.pop(table)}
    entries |= {f"copy.{path}": f"{sha256[:_SHOWN]}…" for path, sha256 in (lock.copied if lock else ())}
    told = {"copy": None, "bytecode": "true" if values["bytecode"] else None}
    return {key: _text(value) for key, value in {**values, **told}.items() if value is not None} | entries


def _text(value: object) -> str:
    return f"[{', '.join(map(_string, value))}]" if isinstance(value, list | tuple) else str(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
