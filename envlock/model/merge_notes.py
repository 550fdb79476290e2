"""What a merge of two locks did, in words: told to those who have ours and get theirs."""

from collections import Counter
from collections.abc import Iterable, Iterator

from envlock.model.lock import Inputs, Lock, Node, Package
from envlock.model.spec import Wants
from envlock.model.three_way_rules import Conflict, Sides

_NAMED = 3

# by platform, kind and name
Key = tuple[str, Node]


def merge_notes(sides: Sides[Lock | None], merged: Lock) -> tuple[str, ...]:
    """One line of what came of the pins, and one for each that could not stay though both sides had it."""
    ours, theirs, found = (_packages(lock) for lock in (sides.ours, sides.theirs, merged))
    counts = Counter(_fates(ours, found).values())
    gone = {node for _, node in ours} - {node for _, node in found}
    added = f"added {counts['added']}{_reason(sides, merged)}" if counts["added"] else ""
    moved = f"moved {counts['moved']}" if counts["moved"] else ""
    removed = f"removed {len(gone)}" if gone else ""
    pins = "1 pin" if counts["kept"] == 1 else f"{counts['kept']} pins"
    line = ", ".join(filter(None, (f"kept {pins}", added, moved, removed, "0 conflicts")))
    return (line, *_lost(ours, theirs, found), *_undone(_packages(sides.base), ours, theirs, found))


def conflict_notes(conflicts: Iterable[Conflict]) -> Iterator[str]:
    """What both sides have changed, and how."""
    for one in conflicts:
        yield f"both sides changed `{'.'.join(one.path)}`: {_shown(one.ours)} here, {_shown(one.theirs)} there"


def _packages(lock: Lock | None) -> dict[Key, Package]:
    return {(p.platform, package.node): package for p in (lock.platforms if lock else ()) for package in p.packages}


def _fates(ours: dict[Key, Package], found: dict[Key, Package]) -> dict[Node, str]:
    """Of each package: one that differs on any platform has moved."""
    had = {node for _, node in ours}
    fates = {node: "kept" if node in had else "added" for _, node in found}
    for key, package in found.items():
        if key in ours and ours[key].identity != package.identity:
            fates[key[1]] = "moved"
    return fates


def _reason(sides: Sides[Lock | None], merged: Lock) -> str:
    """What theirs asks for anew."""
    base, ours, theirs = (
        set(_asked(lock.inputs)) if lock else set() for lock in (sides.base, sides.ours, sides.theirs)
    )
    new = sorted((theirs - base - ours) & {*_asked(merged.inputs)})
    if not new:
        return ""
    more = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
    return f" for {', '.join(f'`{text}`' for text in new[:_NAMED])}{more}"


def _asked(inputs: Inputs) -> Iterator[str]:
    main = Wants(conda=inputs.conda, pip=inputs.pip)
    for wants in (main, *(wants for _, wants in (*inputs.platform_wants, *inputs.groups))):
        yield from (*wants.conda, *wants.pip)
    yield from inputs.debian.packages if inputs.debian else ()


def _lost(ours: dict[Key, Package], theirs: dict[Key, Package], found: dict[Key, Package]) -> Iterator[str]:
    said = {
        f"`{package.name}` is {package.version} now: {ours[key].version}, which both sides had, could not stay"
        for key, package in found.items()
        if key in ours and key in theirs and ours[key].identity == theirs[key].identity != package.identity
    }
    yield from sorted(said)


def _undone(
    base: dict[Key, Package], ours: dict[Key, Package], theirs: dict[Key, Package], found: dict[Key, Package]
) -> Iterator[str]:
    """What one side has changed and is as it was before."""
    said = {
        f"`{package.name}` stays {package.version}: {side[key].version} of {label} does not go with the rest"
        for label, side, other in (("ours", ours, theirs), ("theirs", theirs, ours))
        for key, package in found.items()
        if key in base and key in side and key in other
        if package.identity == base[key].identity == other[key].identity != side[key].identity
    }
    yield from sorted(said)


def _shown(value: object) -> str:
    texts = value if isinstance(value, tuple) else (value,)
    shown = ", ".join(f"`{text}`" for text in texts if text is not None)
    return shown or "nothing"
