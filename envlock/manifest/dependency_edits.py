"""Adds dependencies to env.toml and removes them; comments, layout and quotes stay as they are."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from envlock.errors import UserInputError
from envlock.interchange.pip.direct import as_path
from envlock.manifest.debian import limited_side
from envlock.manifest.dependency_text import CONDA, DEBIAN, PIP, name_of, place_in_order, united
from envlock.manifest.text_edits import with_other_string, with_string, without_string
from envlock.model.place import key_text
from envlock.model.toml_lines import KeyPath, places

_DEPENDENCIES, _EDITABLE = "dependencies", "editable"
_PACKAGES: KeyPath = ("image", "debian", "packages")
# what tells entries of one name apart
_APART = {CONDA: "channel", PIP: "marker", DEBIAN: "operator"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A list of env.toml: the dependencies of a kind, for all, for a group or for a platform; editable projects; or
    the packages of a base of Debian's."""

    kind: str
    group: str | None = None
    platform: str | None = None
    editable: bool = False

    @property
    def path(self) -> KeyPath:
        if self.kind == DEBIAN:
            return _PACKAGES
        around = ("groups", self.group) if self.group else ("platform", self.platform) if self.platform else ()
        return (*(str(key) for key in around), self.kind, _EDITABLE if self.editable else _DEPENDENCIES)

    @property
    def shown(self) -> str:
        return f"[{key_text(self.path[:-1])}]{' editable' if self.editable else ''}"

    @property
    def options(self) -> str:
        """The options that mean this place."""
        around = f"--group {self.group}" if self.group else f"--platform {self.platform}" if self.platform else ""
        return around or f"--{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A dependency that stands in env.toml, as it is written."""

    place: Place
    at: int
    text: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One dependency that was added (`before` is None), changed, removed (`after` is None) or found there as wanted."""

    place: Place
    name: str
    before: str | None
    after: str | None
    line: int


def entries(text: str) -> tuple[Entry, ...]:
    """All dependencies that stand in an env.toml, valid, with LF line ends."""
    values = tomllib.loads(text)
    found = (
        Entry(place=p, at=n, text=t, name=_name(p, t)) for p in _lists(values) for n, t in enumerate(_at(values, p))
    )
    return tuple(found)


def add(text: str, place: Place, spec: str) -> tuple[str, Edit]:
    """The text with a dependency, in the list's order where it has one; what stands there of that name is changed."""
    name, there = _name(place, spec), [e for e in entries(text) if e.place == place]
    same = [e for e in there if e.name == name]
    if same:
        return _change(text, _meant(same, place, spec), spec)
    at = place_in_order([e.name for e in there], name)
    new = with_string(text, place.path, at, spec)
    return _verified(text, new, place), Edit(
        place=place, name=name, before=None, after=spec, line=_line(new, place, at)
    )


def stands(text: str, edit: Edit) -> bool:
    """Is what an edit wrote still there? A later one of the same name may have changed it."""
    return any(e.place == edit.place and e.text == edit.after for e in entries(text))


def change(text: str, edit: Edit, spec: str) -> tuple[str, Edit]:
    """The text with other words for what an edit wrote."""
    (entry,) = [e for e in entries(text) if e.place == edit.place and e.text == edit.after]
    new = with_other_string(text, entry.place.path, entry.at, spec)
    return _verified(text, new, edit.place), Edit(
        place=edit.place, name=edit.name, before=edit.before, after=spec, line=edit.line
    )


def remove(text: str, entry: Entry) -> tuple[str, Edit]:
    """The text without a dependency; its list goes with its last one where nothing speaks for keeping it."""
    line = _line(text, entry.place, entry.at)
    new = without_string(text, entry.place.path, entry.at)
    edit = Edit(place=entry.place, name=entry.name, before=entry.text, after=None, line=line)
    return _verified(text, new, entry.place), edit


def line_of(text: str, entry: Entry) -> int:
    """The line that an entry stands in."""
    return _line(text, entry.place, entry.at)


def nearest(name: str, found: tuple[Entry, ...]) -> str | None:
    """The name that was probably meant."""
    near = get_close_matches(name, sorted({e.name for e in found}), n=1)
    return near[0] if near else None


def _change(text: str, entry: Entry, spec: str) -> tuple[str, Edit]:
    wanted = spec if entry.place.editable else united(entry.place.kind, entry.text, spec)
    new = text if wanted == entry.text else with_other_string(text, entry.place.path, entry.at, wanted)
    line = _line(new, entry.place, entry.at)
    edit = Edit(place=entry.place, name=entry.name, before=entry.text, after=wanted, line=line)
    return _verified(text, new, entry.place), edit


def _meant(same: list[Entry], place: Place, spec: str) -> Entry:
    """The one entry of a name; of several, the one whose marker, channel or operator is given."""
    meant = same if len(same) == 1 else [e for e in same if _apart(place, e.text) == _apart(place, spec)]
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(f"`{e.text}`" for e in same)
    raise UserInputError(
        f"`{same[0].name}` stands {len(same)} times in {place.shown}: {listed}",
        hint=f"give the {_APART[place.kind]} of one of them",
    )


def _apart(place: Place, text: str) -> str:
    """What tells entries of one name apart: a channel, a marker, or which side of the versions is limited."""
    if place.kind == DEBIAN:
        return limited_side(text)[1]
    if place.kind == CONDA:
        return text.strip().rpartition("::")[0]
    return "".join(text.partition(";")[2].replace("'", '"').split())


def _lists(values: dict[str, Any]) -> Iterator[Place]:
    yield from (Place(kind=CONDA), Place(kind=PIP), Place(kind=PIP, editable=True), Place(kind=DEBIAN))
    for kind in (CONDA, PIP):
        yield from (Place(kind=kind, group=name) for name in values.get("groups", {}))
        yield from (Place(kind=kind, platform=name) for name in values.get("platform", {}))


def _at(values: Any, place: Place) -> list[str]:
    for key in place.path:
        values = values.get(key, {})
    return list(values)


def _name(place: Place, text: str) -> str:
    if place.editable:
        return as_path(text.partition("[")[0])
    return name_of(place.kind, text)


def _line(text: str, place: Place, at: int) -> int:
    return text.count("\n", 0, places(text).values[(*place.path, at)].start) + 1


def _verified(before: str, after: str, place: Place) -> str:
    """An edit must not have touched anything else."""
    if _all_but(before, place) != _all_but(after, place):
        raise RuntimeError(f"an edit of {place.shown} changed more than that")
    return after


def _all_but(text: str, place: Place) -> dict[str, Any]:
    """All values but those of one list, without the tables that hold nothing else."""
    values = tomllib.loads(text)
    *tables, last = map(str, place.path)
    around = [values]
    for key in tables:
        around.append(around[-1].get(key, {}))
    around[-1].pop(last, None)
    for table, key in zip(reversed(around[:-1]), reversed(tables), strict=True):
        if not table.get(key, True):
            del table[key]
    return values
