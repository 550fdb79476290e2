"""Brings the values of a TOML text to others, one after another; bytes that say nothing of these stay as they are.

What is put in is taken from another text that has it, with the comments that stand above and behind it there.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from envlock.manifest.dependency_text import place_in_order
from envlock.manifest.merged_values import in_any_order, name_in
from envlock.manifest.remarks import first_line, with_remarks
from envlock.manifest.text_edits import quoted, with_other_string, with_string, without_string
from envlock.manifest.text_places import insert_value, without_lines
from envlock.model.toml_lines import KeyPath, Places, Span, places

# more is no work of people, and takes its time
_MOST = 300
_MISSING, _GONE, _OTHER, _STRING = "missing", "gone", "other", "string"


class NotEditable(Exception):
    """A difference that cannot be brought into a text without more knowledge of its layout."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done at a path: put a value in, take it out, or put another there; or a string into a list."""

    do: str
    path: KeyPath
    value: Any = None


def with_values(text: str, wanted: dict[str, Any], donors: Sequence[str]) -> str:
    """A TOML text with LF line ends, its values made those that are wanted; NotEditable where that is beyond us, or
    the text is no TOML. Lists and tables without items count as not there."""
    for _ in range(_MOST):
        try:
            values = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise NotEditable from error
        step = next(_steps(_filled(values), _filled(wanted), (), values), None)
        if step is None:
            return text
        text = _done(text, step, donors)
    raise NotEditable


def _filled(value: Any, path: KeyPath = ()) -> Any:
    """Without lists and tables that have nothing, but for groups, which are there by their name."""
    if not isinstance(value, dict):
        return value
    inner = {key: _filled(one, (*path, key)) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one not in ({}, []) or path == ("groups",)}


def _steps(values: dict[str, Any], wanted: dict[str, Any], path: KeyPath, raw: dict[str, Any]) -> Iterator[_Step]:
    for key in values:
        if key not in wanted:
            yield _Step(_GONE, (*path, key))
    for key, value in wanted.items():
        yield from _of_value(values.get(key), value, (*path, key), raw.get(key))


def _of_value(now: Any, wanted: Any, path: KeyPath, raw: Any) -> Iterator[_Step]:
    if isinstance(wanted, list) and in_any_order(_names(path)) and isinstance(now, list | None):
        yield from _of_set(now or [], wanted, path)
    elif isinstance(wanted, dict) and isinstance(now, dict | None):
        yield from _of_table(now, wanted, path, raw)
    elif _are_tables(wanted) and (now is None or _are_tables(now)):
        yield from _of_tables(now or [], wanted, path)
    elif now is None:
        yield _Step(_MISSING, path, wanted)
    elif now != wanted or type(now) is not type(wanted):
        yield _Step(_OTHER, path, wanted)


def _of_table(now: dict[str, Any] | None, wanted: dict[str, Any], path: KeyPath, raw: Any) -> Iterator[_Step]:
    if raw is None and not wanted:
        yield _Step(_MISSING, path, wanted)
    yield from _steps(now or {}, wanted, path, raw or {})


def _of_set(now: list[str], wanted: list[str], path: KeyPath) -> Iterator[_Step]:
    missing = {name_in(_names(path), text): text for text in reversed(wanted) if text not in now}
    gone = [n for n in range(len(now)) if now[n] not in wanted or now[n] in now[:n]]
    for number in gone:
        other = missing.get(name_in(_names(path), now[number]))
        if other is not None:
            yield _Step(_STRING, (*path, number), other)
    yield from (_Step(_GONE, (*path, number)) for number in reversed(gone))
    yield from (_Step(_STRING, path, text) for text in wanted if text not in now)


def _of_tables(now: list[dict[str, Any]], wanted: list[dict[str, Any]], path: KeyPath) -> Iterator[_Step]:
    """Tables of an array are told by their names, and only added at its end."""
    names, there = [table.get("name") for table in wanted], [table.get("name") for table in now]
    for number in reversed(range(len(now))):
        if there[number] not in names or there[number] in there[:number]:
            yield _Step(_GONE, (*path, number))
    if there != names[: len(there)]:
        raise NotEditable
    for number, table in enumerate(wanted):
        if number < len(now):
            yield from _steps(now[number], table, (*path, number), now[number])
        else:
            yield _Step(_MISSING, (*path, number), table)


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _names(path: KeyPath) -> tuple[str, ...]:
    return tuple(map(str, path))


def _done(text: str, step: _Step, donors: Sequence[str]) -> str:
    return _DO[step.do](text, step, donors)


def _take_out(text: str, step: _Step, _donors: Sequence[str]) -> str:
    if isinstance(step.path[-1], int) and in_any_order(_names(step.path[:-1])):
        return without_string(text, step.path[:-1], step.path[-1])
    pair = _pair_below(places(text), step.path)
    while pair:
        if pair.table in places(text).values and text[places(text).values[pair.table].start] == "{":
            raise NotEditable
        text = without_lines(text, pair.span)
        pair = _pair_below(places(text), step.path)
    heading = _heading_below(places(text), step.path)
    while heading:
        start = heading.start - 1 if text[: heading.start].endswith("\n\n") else heading.start
        text = without_lines(text, Span(start, heading.end))
        heading = _heading_below(places(text), step.path)
    return text


def _pair_below(found: Places, path: KeyPath) -> Any:
    """The outermost pair of what is to go, the last first."""
    inside = [p for p in found.pairs if p.path[: len(path)] == path]
    return min(reversed(inside), key=lambda p: len(p.path), default=None)


def _heading_below(found: Places, path: KeyPath) -> Span | None:
    return next((span for table, span in reversed(found.headings) if table[: len(path)] == path), None)


def _put_string(text: str, step: _Step, donors: Sequence[str]) -> str:
    """Into a list, or in the place of one of its strings."""
    *table, last = step.path
    if isinstance(last, int):
        path, at = tuple(table), last
        new = with_other_string(text, path, at, step.value)
    elif not table and last not in tomllib.loads(text):
        return insert_value(text, step.path, f"[{quoted(step.value)}]")
    else:
        path, at = step.path, _place(text, step)
        new = with_string(text, path, at, step.value)
    donor = next((d for d in donors if step.value in (_at(tomllib.loads(d), path) or [])), None)
    if donor is None:
        return new
    number = _at(tomllib.loads(donor), path).index(step.value)
    return with_remarks(new, (*path, at), donor, (*path, number))


def _place(text: str, step: _Step) -> int:
    """Where a string belongs in its list."""
    key = _names(step.path)
    names = [name_in(key, one) for one in _at(tomllib.loads(text), step.path) or []]
    return place_in_order(names, name_in(key, step.value))


def _put_in(text: str, step: _Step, donors: Sequence[str]) -> str:
    donor = _donor(step, donors)
    if isinstance(step.value, dict):
        return _with_block(text, step, donor)
    word = _word(step, donor)
    new = insert_value(text, step.path, word)
    return with_remarks(new, step.path, donor, step.path) if donor else new


def _with_block(text: str, step: _Step, donor: str | None) -> str:
    """A whole table, as the donor has it: a group without anything, or the next of an array of tables."""
    headings = [(p, span) for p, span in places(donor).headings if p == step.path] if donor else []
    if donor is None or not headings:
        raise NotEditable
    begin = headings[0][1].start
    after = [span.start for _, span in places(donor).headings if span.start > begin]
    block = donor[first_line(donor, begin) : first_line(donor, after[0]) if after else len(donor)].strip("\n")
    ends = [span.start for p, span in places(text).headings if span.start and p[: len(step.path) - 1] == step.path[:-1]]
    last = max(ends, default=None)
    behind = [span.start for _, span in places(text).headings if last is not None and span.start > last]
    at = first_line(text, behind[0]) if behind else len(text)
    before = text[:at].rstrip("\n")
    rest = text[at:].lstrip("\n")
    return f"{before}\n\n{block}\n" + (f"\n{rest}" if rest else "")


def _put_other(text: str, step: _Step, donors: Sequence[str]) -> str:
    donor, span = _donor(step, donors), places(text).values.get(step.path)
    if span is None:
        raise NotEditable
    new = text[: span.start] + _word(step, donor) + text[span.end :]
    return with_remarks(new, step.path, donor, step.path) if donor else new


_DO = {_MISSING: _put_in, _GONE: _take_out, _OTHER: _put_other, _STRING: _put_string}


def _donor(step: _Step, donors: Sequence[str]) -> str | None:
    return next((d for d in donors if _at(tomllib.loads(d), step.path) == step.value), None)


def _at(values: Any, path: KeyPath) -> Any:
    for key in path:
        if isinstance(key, int):
            values = values[key] if isinstance(values, list) and key < len(values) else None
        else:
            values = values.get(key) if isinstance(values, dict) else None
    return values


def _word(step: _Step, donor: str | None) -> str:
    span = places(donor).values.get(step.path) if donor else None
    if donor and span:
        return donor[span.start : span.end]
    if isinstance(step.value, list) and all(isinstance(one, str) for one in step.value):
        return f"[{', '.join(map(quoted, step.value))}]"
    raise NotEditable
