"""The two sides of a change in the words of a row: what `lock` and `diff` say of it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from envlock.cli.text import number
from envlock.errors import escaped

if TYPE_CHECKING:  # a `lock` with nothing to do says nothing of changes, and waits for no parser
    from envlock.model.changes import BaseChange, Change, Changes, Facts, OnPlatform, ValueChange
    from envlock.model.lock import Base, Package, PlatformLock

_SHORT = 8
_HEX = 12
_DIGEST = len("sha256:") + _HEX


class Row(NamedTuple):
    """One change, before and after as text, "" where there is nothing; `change` is None for what is no package."""

    name: str
    before: str
    after: str
    platforms: tuple[str, ...]
    change: "Change | None" = None


def rows(changes: "Changes") -> Iterator[Row]:
    """All changes: what packages stand on, then packages."""
    yield from (_platform(p, added=True) for p in changes.added)
    yield from (_platform(p, added=False) for p in changes.removed)
    yield from map(_base, changes.base)
    yield from _pythons(changes.python)
    yield from (Row(f"image.{key}", _plain(before), _plain(after), ()) for key, before, after in changes.image)
    yield from map(_package, changes.packages)


def move(before: str, after: str) -> str:
    """Both sides in one cell."""
    if before and after:
        return f"{before} → {after}" if before != after else after
    return f"+ {after}" if after else f"− {before}"


def _package(change: "Change") -> Row:
    before = _side(change, change.before, lambda on: on.before)
    after = _side(change, change.after, lambda on: on.after)
    if before == after:  # bytes that differ in another way on each platform
        after += " (rebuilt)"
    return Row(escaped(change.name), before, after, change.platforms, change)


def _side(change: "Change", facts: "Facts | None", of: "Callable[[OnPlatform], Package | None]") -> str:
    if facts is None:
        return ""
    words = [facts.version]
    if "bytes" in change.differs:
        told = {_told(package) for package in map(of, change.on) if package}
        words += told if len(told) == 1 else ()
    extra = [facts.name] if change.before and change.after and change.before.name != change.after.name else []
    extra += [facts.kind] if "kind" in change.differs else []
    extra += [facts.source] if "source" in change.differs else []
    extra += [f"group {' and '.join(facts.groups)}"] if "groups" in change.differs else []
    return escaped(" ".join(words) + (f" ({', '.join(extra)})" if extra else ""))


def _told(package: "Package") -> str:
    """What tells two packages of one version apart: a build string, a commit, or the first digits of a hash."""
    return package.build or package.identity[:_SHORT]


def _platform(locked: "PlatformLock", *, added: bool) -> Row:
    what = number(len(locked.packages), "package")
    return Row(f"platform {locked.platform}", "" if added else what, what if added else "", ())


def _base(change: "BaseChange") -> Row:
    one = len(change.on) == 1  # digests are other ones on each platform
    before, after = _reference(change.before, digest=one), _reference(change.after, digest=one)
    if before == after:
        after += f" ({', '.join(_fields(change))})"
    return Row("base", before, after, change.platforms)


def _reference(base: "Base | None", *, digest: bool) -> str:
    if base and base.suite:
        return f"Debian {escaped(base.suite)}"
    if base and base.context:
        return f"Dockerfile {base.context[:_HEX]}…"
    if base is None or base.reference is None:
        return ""
    return escaped(base.reference) + (f"@{base.digest[:_DIGEST]}…" if digest and base.digest else "")


def _fields(change: "BaseChange") -> list[str]:
    """What differs in bases of one name."""
    names = ("digest", "context", "interpreter", "glibc", "shell")
    differ = [n for n in names if any(getattr(b, n, None) != getattr(a, n, None) for _, b, a in change.on)]
    return ["rebuilt"] if {"digest", "context"} & {*differ} else [f"another {name}" for name in differ]


def _pythons(changes: "tuple[ValueChange, ...]") -> Iterator[Row]:
    platforms: dict[tuple[str, str], list[str]] = {}
    for platform, before, after in changes:
        platforms.setdefault((_plain(before), _plain(after)), []).append(platform)
    yield from (Row("python", before, after, tuple(names)) for (before, after), names in platforms.items())


def _plain(text: str | None) -> str:
    return "" if text is None else escaped(text) or '""'
