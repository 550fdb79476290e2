"""The merge of two env.lock: of their inputs by the rule that env.toml's merge follows, and of what answers these."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic

from envlock.errors import UserInputError
from envlock.lockfile.conflict_text import conflict_text
from envlock.lockfile.writer import lock_text
from envlock.model.lock import Lock, PlatformLock
from envlock.model.lock_merge import merged_platform
from envlock.model.merge_notes import merge_notes
from envlock.workflows import later, later_merge
from envlock.workflows.context import Context
from envlock.workflows.merge_sides import MergedSides, of_platform, problems_of, read_sides
from envlock.workflows.merged import Merged, Texts

# seconds after which a merge has ended, whatever it needs; before, choices are left for a solver, and that is ended
LIMIT = 10.0
_CHOOSING, _SOLVING = 0.4 * LIMIT, 0.9 * LIMIT
# reasons
_SHOWN = 2


class _NoTime(Exception):
    """There is none left for another choice."""


def merge_lock(texts: Texts, folder: Path, context: Context) -> Merged:
    """Ours and theirs as one lock that answers what both ask for; nothing but these texts and the cache is read, and
    nobody on the network is asked. `folder` is the one of env.lock in the work tree, for what is locked by its path."""
    began = monotonic()
    texts = Texts(base=_plain(texts.base or ""), ours=_plain(texts.ours), theirs=_plain(texts.theirs))
    if texts.ours in (texts.base, texts.theirs):
        return Merged(text=texts.theirs, clean=True)
    if texts.theirs == texts.base:
        return Merged(text=texts.ours, clean=True)
    try:
        sides = read_sides(texts)
        found = of_both(sides, until=began + _CHOOSING) or _solved(sides, texts, folder, context, began)
    except UserInputError as error:
        return Merged(text=conflict_text(texts.ours, texts.theirs), clean=False, notes=_notes(error))
    return Merged(text=lock_text(found), clean=True, notes=merge_notes(sides.locks, found))


def _solved(sides: MergedSides, texts: Texts, folder: Path, context: Context, began: float) -> Lock:
    """By a solver; without one, with the Python that one side has moved away from."""
    try:
        return later_merge.merge_solved(texts, folder, context, began + _SOLVING - monotonic())
    except UserInputError:
        # better than none at all
        if found := of_both(sides, until=began + LIMIT, any_python=True):
            return found
        raise


def of_both(sides: MergedSides, *, until: float, any_python: bool = False) -> Lock | None:
    """What answers, of packages that the two sides have; None where no such choice does, or is found in time, and a
    solver is to look."""
    now, found = datetime.now(UTC), []

    def wrong(platform: PlatformLock) -> int:
        if monotonic() > until:
            raise _NoTime
        return len(problems_of(sides, replace(sides.frame, platforms=(platform,)), now=now))

    for name in sides.spec.platforms:
        locks = sides.locks.each(partial(of_platform, name=name))
        try:
            platform = merged_platform(locks, sides.spec, wrong, later.debian_compare, any_python=any_python)
        except _NoTime:
            return None
        if platform is None:
            return None
        found.append(platform)
    return replace(sides.frame, platforms=tuple(found))


def _notes(error: UserInputError) -> tuple[str, ...]:
    """Few enough that what is to be done next is read, too."""
    lines = error.message.splitlines()
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return (*lines[:_SHOWN], *more, *([error.hint] if error.hint else []))


def _plain(text: str) -> str:
    """Without BOM, with LF line ends: as env.lock is written."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
