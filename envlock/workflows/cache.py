"""cache: what is kept on this machine, and making room."""

import re
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from envlock.environments.store import MARKER
from envlock.errors import UserInputError
from envlock.model.cutoff import cutoff
from envlock.system.cache import Cache
from envlock.system.cache_entries import KINDS, Entry, entries, size_of
from envlock.system.cache_use import at_work_in, is_held
from envlock.system.parts import scratch_folder

_SPAN = re.compile(r"[1-9]\d{0,3}[hdw]")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTotal:
    """All entries of a kind; the times are seconds since 1970, None where there is no entry."""

    kind: str
    holds: str
    count: int
    size: int
    oldest: float | None
    newest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOptions:
    """Without `kinds` all of them; `older_than` is a span such as "30d", None for whatever was used whenever."""

    kinds: tuple[str, ...] = ()
    older_than: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What is gone, by kind, and how many entries stay because something is at work in them."""

    removed: tuple[KindTotal, ...]
    in_use: int

    @property
    def size(self) -> int:
        return sum(each.size for each in self.removed)

    @property
    def count(self) -> int:
        return sum(each.count for each in self.removed)


def cache_totals(cache: Cache) -> tuple[KindTotal, ...]:
    """Every kind with what it takes."""
    found = defaultdict(list)
    for entry in entries(cache, KINDS):
        found[entry.kind].append(entry)
    return tuple(_total(kind, found[kind], sum(size_of(e.path) for e in found[kind])) for kind in KINDS)


def clean(cache: Cache, options: CleanOptions, progress: Callable[[str], None] = lambda _: None) -> Cleaned:
    """Removes entries, each as a whole, and none that another process works with.

    What is to go is moved aside while nobody else uses the cache, and deleted afterwards.
    """
    before = _limit(options.older_than)
    kinds = {name: KINDS[name] for name in options.kinds or KINDS}
    if not cache.root.is_dir():
        return Cleaned(removed=(), in_use=0)
    if cache.users.others():
        progress("waiting for other commands that use the cache")
    with ExitStack() as aside:
        with cache.users.alone():
            old = [entry for entry in entries(cache, kinds) if entry.used < before]
            busy = _in_use(old, cache)
            gone = list(_moved_aside([entry for entry in old if entry not in busy], aside))
        progress(f"removing {len(gone)} entries")
        return Cleaned(removed=tuple(_removed(gone)), in_use=len(busy))


def _limit(older_than: str | None) -> float:
    if older_than is None:
        return float("inf")
    if not _SPAN.fullmatch(older_than):
        raise UserInputError(f"`{older_than}` is no span of time", hint="write `30d`, `8w` or `12h`")
    moment = cutoff(older_than, datetime.now(UTC))
    return datetime.fromisoformat(moment or "").timestamp()


def _in_use(found: Sequence[Entry], cache: Cache) -> list[Entry]:
    """Prefixes in which something runs, and what is still being written."""
    running = at_work_in(cache.prefixes) if any(entry.kind == "prefixes" for entry in found) else set()
    return [entry for entry in found if _IN_USE.get(entry.kind, _never)(entry, running)]


def _runs(entry: Entry, running: set[str]) -> bool:
    return entry.path.name in running or is_held(entry.path / MARKER)


_IN_USE: dict[str, Callable[[Entry, set[str]], bool]] = {
    "prefixes": _runs,
    "leftovers": lambda entry, _running: is_held(entry.path),
}


def _never(_entry: Entry, _running: set[str]) -> bool:
    return False


def _moved_aside(found: Iterable[Entry], aside: ExitStack) -> Iterator[tuple[Entry, Path]]:
    """Each entry and where it is now: in a folder that goes with the stack, and that others remove if we are killed."""
    folders: dict[Path, Path] = {}
    for number, entry in enumerate(found):
        # in the same folder, which may be a link to another disk
        parent = entry.path.parent
        if parent not in folders:
            folders[parent] = aside.enter_context(scratch_folder(parent))
        place = folders[parent] / str(number)
        try:
            entry.path.rename(place)
        except FileNotFoundError:
            continue  # a part, whose maker was ready
        yield entry, place


def _removed(gone: Sequence[tuple[Entry, Path]]) -> Iterator[KindTotal]:
    found: dict[str, list[tuple[Entry, int]]] = defaultdict(list)
    for entry, place in gone:
        found[entry.kind].append((entry, size_of(place)))
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
    for kind, each in found.items():
        yield _total(kind, [entry for entry, _ in each], sum(size for _, size in each))


def _total(kind: str, found: Sequence[Entry], size: int) -> KindTotal:
    times = [min(entry.used, time.time()) for entry in found]
    return KindTotal(
        kind=kind,
        holds=KINDS[kind].holds,
        count=len(found),
        size=size,
        oldest=min(times, default=None),
        newest=max(times, default=None),
    )
