"""What was locked, in the lines that every command which locks prints."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from envlock.cli.text import aligned, number, size
from envlock.errors import escaped

if TYPE_CHECKING:
    from envlock.model.lock import Lock, PlatformLock
    from envlock.workflows.relock import LockResult

_NOTHING = "env.lock answers env.toml: nothing to do"


def lock_lines(result: "LockResult | None", *, written: str = "wrote") -> list[str]:
    """What changed and what was `written`; one line where that is nothing."""
    if result and result.written:
        return list(_lines(result, written))
    return [_NOTHING, *(_notes(result) if result else ())]


def _lines(result: "LockResult", written: str) -> Iterator[str]:
    total = sum(len(p.packages) for p in result.lock.platforms)
    changed = result.changes.packages
    if result.changes.kept or any(change.before for change in changed):
        yield from _changes(result)
        yield f"{written} env.lock: {number(len(changed), 'package')} changed, {result.changes.kept} kept"
    else:
        columns = zip(*map(_platform, result.lock.platforms), strict=True)
        yield from aligned([*zip(*filter(any, columns), strict=True)])
        yield f"{written} env.lock: {number(total, 'package')}, {size(_bytes(result.lock))}, in {result.seconds:.1f} s"
    yield from _notes(result)


def _notes(result: "LockResult") -> Iterator[str]:
    yield from (f"note: {escaped(note)}" for note in result.notes)


def _changes(result: "LockResult") -> Iterator[str]:
    from envlock.cli.change_text import move, rows

    everywhere = {platform.platform for platform in result.lock.platforms}
    found = [
        (f"  {row.name}", move(row.before, row.after), _where(row.platforms, everywhere))
        for row in rows(result.changes)
    ]
    if found:
        yield from aligned(found)


def _where(platforms: Sequence[str], everywhere: Collection[str]) -> str:
    return "all platforms" if len(everywhere) > 1 and set(platforms) == everywhere else ", ".join(platforms)


def _platform(locked: "PlatformLock") -> tuple[str, ...]:
    base = locked.base
    pinned = f"base {base.reference} → {_short(base.digest)}" if base.digest else f"base {base.reference}"
    if base.suite:
        pinned = f"Debian {base.suite}, {number(len(locked.debian), 'package')}"
    if base.context:
        pinned = f"Dockerfile {_short(base.context)}"
    known = base.reference or base.suite or base.context
    python = f"python {locked.python}" if locked.python else ""
    counts = [f"{len(found)} {kind}" for kind, found in (("conda", locked.conda), ("pip", locked.pip)) if found]
    return f"  {locked.platform}", pinned if known else "", python, ", ".join(counts)


def _short(digest: str | None) -> str:
    return f"{digest[:19]}…" if digest else "none"


def _bytes(lock: "Lock") -> int:
    return sum(package.size or 0 for platform in lock.platforms for package in platform.packages)
