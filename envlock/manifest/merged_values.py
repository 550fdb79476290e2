"""Three env.toml as raw values, merged key by key: by the rule of `model.three_way`, on what people wrote.

Keys that nobody knows merge too: what a file means is asked of what comes out.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from envlock.interchange.pip.direct import as_path
from envlock.manifest.dependency_text import CONDA, DEBIAN, PIP, name_of, read_dependency
from envlock.model.platform import DEFAULT_PLATFORM
from envlock.model.same_meaning import conda_meaning, pip_meaning
from envlock.model.spec import DEFAULT_CHANNEL
from envlock.model.three_way_rules import Combined, Conflict, Key, Rules, Sides, item, members

Values = dict[str, Any]
ListRule = Callable[[Rules, Key, Sides[Any]], list[Any]]

_BASES = ("base", "dockerfile", "debian")
_IMAGE, _INDEXES = ("image",), ("pip", "indexes")
_MEANINGS: Mapping[str, Callable[[str], str]] = {CONDA: conda_meaning, PIP: pip_meaning}


@dataclass(frozen=True, slots=True)
class _Written:
    """What is asked for by one name: in one spelling, which is what counts, and as it is written."""

    spelled: tuple[str, ...]
    texts: tuple[str, ...] = field(compare=False)

    def __str__(self) -> str:
        return str(self.spelled)


def values_of(text: str) -> Values:
    """What stands in an env.toml, as it is written; ValueError where it is no TOML."""
    return tomllib.loads(text)


def merged_values(base: Values | None, ours: Values, theirs: Values) -> Combined[Values]:
    """What both sides have; where they conflict, ours. Without `base`, both added the file. ValueError, TypeError or
    AttributeError where a dependency is none."""
    rules = Rules()
    sides = Sides(base or {}, ours, theirs)
    merged = _table(rules, (), sides)
    if "image" in merged:
        merged["image"] = _one_base(rules, sides.each(lambda side: side.get("image", {})), merged["image"])
    return Combined(merged, tuple(map(_plain, rules.conflicts)))


def in_any_order(path: Key) -> bool:
    """Is the list at this key a set?"""
    return _list_rule(path) in (_dependencies, _editable, _debian, _members, _platforms)


def name_in(path: Key, text: str) -> str:
    """What an item of the list at this key is told by; ValueError where it is none."""
    rule = _list_rule(path)
    if rule is _dependencies or rule is _debian:
        return name_of(path[-2] if rule is _dependencies else DEBIAN, text)
    return as_path(text.partition("[")[0]) if rule is _editable else text


def _plain(conflict: Conflict) -> Conflict:
    ours, theirs = (one.texts if isinstance(one, _Written) else one for one in (conflict.ours, conflict.theirs))
    return Conflict(path=conflict.path, ours=_shown(ours), theirs=_shown(theirs))


def _shown(value: Any) -> object:
    return tuple(value) if isinstance(value, list | dict) else value


def _table(rules: Rules, path: Key, sides: Sides[Values]) -> Values:
    merged = {
        key: _value(rules, (*path, key), item(sides, key)) for key in {**sides.ours, **sides.theirs, **sides.base}
    }
    return {key: value for key, value in merged.items() if value is not None}


def _value(rules: Rules, path: Key, sides: Sides[Any]) -> Any:
    if sides.base in (sides.ours, sides.theirs) or sides.ours == sides.theirs:
        return rules.value(path, sides)  # also where it stands for a default, unwritten
    present = [side for side in (sides.base, sides.ours, sides.theirs) if side is not None]
    both = sides.ours is not None and sides.theirs is not None
    if all(isinstance(side, dict) for side in present):
        if not both and _is_entry(path):
            return rules.value(path, sides)
        return _table(rules, path, sides.each(lambda side: side or {})) or ({} if both else None)
    rule = _list_rule(path)
    if rule and all(isinstance(side, list) for side in present):
        return rule(rules, path, sides)
    return rules.value(path, sides)


def _is_entry(path: Key) -> bool:
    """Is a table there as a whole or not at all? Of others, one that is not there is one without keys."""
    return (len(path) == 2 and path[0] == "groups") or path == (*_IMAGE, "debian")


def _list_rule(path: Key) -> ListRule | None:
    if path[-1] == "dependencies" and path[-2:-1] in ((CONDA,), (PIP,)):
        return _dependencies
    return _LISTS.get(path) or (_members if path[:2] == _INDEXES and path[3:] == ("packages",) else None)


def _dependencies(rules: Rules, path: Key, sides: Sides[Any]) -> list[str]:
    return _named(rules, path, sides, path[-2])


def _debian(rules: Rules, path: Key, sides: Sides[Any]) -> list[str]:
    return _named(rules, path, sides, DEBIAN)


def _named(rules: Rules, path: Key, sides: Sides[Any], kind: str) -> list[str]:
    meaning = _MEANINGS.get(kind, str)

    def of(written: _Written | None) -> object:
        return written and frozenset(map(meaning, written.spelled))

    by_name = sides.each(
        lambda texts: _by_name(texts or (), lambda text: name_of(kind, text), lambda text: read_dependency(kind, text))
    )
    return [text for written in rules.table(path, by_name, of).values() for text in written.texts]


def _editable(rules: Rules, path: Key, sides: Sides[Any]) -> list[str]:
    by_path = sides.each(lambda texts: _by_name(texts or (), lambda text: as_path(text.partition("[")[0]), str))
    return [text for written in rules.table(path, by_path).values() for text in written.texts]


def _by_name(texts: Any, name: Callable[[str], str], spelled: Callable[[str], str]) -> dict[str, _Written]:
    found: dict[str, _Written] = {}
    for text in sorted({*texts}):
        one = found.get(name(text), _Written((), ()))
        found[name(text)] = _Written(tuple(sorted((*one.spelled, spelled(text)))), (*one.texts, text))
    return found


def _members(_rules: Rules, _path: Key, sides: Sides[Any]) -> list[str]:
    return [*members(sides.each(lambda texts: texts or ()))]


def _platforms(rules: Rules, path: Key, sides: Sides[Any]) -> list[str]:
    """Where the file is there, it has the default one, without writing it."""
    known = sides.each(lambda texts: tuple(texts or (DEFAULT_PLATFORM,)))
    return [*(members(known) or rules.conflict(path, known))]


def _channels(rules: Rules, path: Key, sides: Sides[Any]) -> list[str]:
    return [*rules.order(path, sides.each(lambda texts: tuple(texts or (DEFAULT_CHANNEL,))))]


def _indexes(rules: Rules, path: Key, sides: Sides[Any]) -> list[Values]:
    by_name = sides.each(lambda tables: {str(table.get("name")): table for table in tables or ()})
    before = len(rules.conflicts)
    names = rules.order(path, by_name.each(tuple))
    if len(rules.conflicts) > before:
        return list(sides.ours or ())
    found = {}
    for name in names:
        one = item(by_name, name)
        there = one.ours is not None and one.theirs is not None
        table = (
            _table(rules, (*path, name), one.each(lambda table: table or {}))
            if there
            else rules.value((*path, name), one)
        )
        found[name] = table
    for name in {*by_name.ours, *by_name.theirs} - {*names}:
        rules.value((*path, name), item(by_name, name))  # taken out by one side: unchanged by the other?
    return [table for table in found.values() if table is not None]


_LISTS: Mapping[Key, ListRule] = {
    ("platforms",): _platforms,
    ("conda", "channels"): _channels,
    ("pip", "constraints"): _dependencies,
    ("pip", "editable"): _editable,
    _INDEXES: _indexes,
    ("image", "copy"): _members,
    ("image", "debian", "packages"): _debian,
    ("image", "debian", "components"): _members,
    ("workspace", "exclude"): _members,
}


def _one_base(rules: Rules, sides: Sides[Values], merged: Values) -> Values:
    """An image stands on one thing: where each side has changed to another, ours is kept, and it is a conflict."""
    if sum(key in merged for key in _BASES) < 2 or any(sum(key in side for key in _BASES) > 1 for side in _both(sides)):
        return merged
    named = sides.each(lambda side: ", ".join(key for key in _BASES if key in side) or None)
    rules.conflict((*_IMAGE, "base"), named)
    keys = (*_BASES, "interpreter")
    kept = {key: value for key, value in merged.items() if key not in keys}
    return {**kept, **{key: value for key, value in sides.ours.items() if key in keys}}


def _both(sides: Sides[Values]) -> tuple[Values, Values]:
    return sides.ours, sides.theirs
