"""`envlock lock`"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from envlock.cli.command import Session, command
from envlock.cli.options import many_envs
from envlock.cli.text import aligned, number, size
from envlock.errors import escaped
from envlock.workflows.lock import lock
from envlock.workflows.upgrade import Upgrade

if TYPE_CHECKING:
    from envlock.model.lock import Lock, PlatformLock
    from envlock.workflows.relock import LockResult

_NOTHING = "env.lock answers env.toml: nothing to do"


@command("envlock lock", "envlock lock -P numpy -P base", "envlock lock train --upgrade")
@many_envs
@click.option("-P", "--upgrade-package", "names", multiple=True, metavar="NAME", help="Move this package, or `base`.")
@click.option("--upgrade", is_flag=True, help="Move everything to what is newest, the base too.")
def lock_command(session: Session, envs: tuple[str, ...], names: tuple[str, ...], upgrade: bool) -> None:
    """Resolve env.toml into env.lock.

    Pins that still hold are kept; where nothing changes, nothing is written.
    """
    wanted = Upgrade(everything=upgrade, names=frozenset(names))
    projects = session.projects(envs)
    for project in projects:
        with session.context() as context:
            result = lock(project, context, wanted)
        if len(projects) > 1:
            session.console.note(f"{project.name}:")
        for line in _lines(result) if result and result.written else [_NOTHING]:
            session.console.note(line)


def _lines(result: "LockResult") -> Iterator[str]:
    total = sum(len(p.packages) for p in result.lock.platforms)
    changed = result.changes.packages
    if result.changes.kept or any(change.before for change in changed):
        yield from _changes(result)
        yield f"wrote env.lock: {number(len(changed), 'package')} changed, {result.changes.kept} kept"
    else:
        yield from aligned([_platform(p) for p in result.lock.platforms])
        yield f"wrote env.lock: {number(total, 'package')}, {size(_bytes(result.lock))}, in {result.seconds:.1f} s"
    yield from (f"note: {escaped(note)}" for note in result.notes)


def _changes(result: "LockResult") -> Iterator[str]:
    rows = [("base", _short(a), _short(b), platform) for platform, a, b in result.changes.base]
    rows += [(c.name, c.before or "", c.after or "", ", ".join(c.platforms)) for c in result.changes.packages]
    if rows:
        yield from aligned([(f"  {name}", _move(before, after), where) for name, before, after, where in rows])


def _move(before: str, after: str) -> str:
    if before and after:
        return f"{before} → {after}" if before != after else f"{after} (rebuilt)"
    return f"+ {after}" if after else f"− {before}"


def _platform(locked: "PlatformLock") -> tuple[str, ...]:
    base = locked.base
    pinned = f"base {base.reference} → {_short(base.digest)}" if base.digest else f"base {base.reference}"
    python = f"python {locked.python}" if locked.python else ""
    counts = [f"{len(found)} {kind}" for kind, found in (("conda", locked.conda), ("pip", locked.pip)) if found]
    return f"  {locked.platform}", pinned if base.reference else "", python, ", ".join(counts)


def _short(digest: str | None) -> str:
    return f"{digest[:19]}…" if digest else "none"


def _bytes(lock: "Lock") -> int:
    return sum(package.size or 0 for platform in lock.platforms for package in platform.packages)
