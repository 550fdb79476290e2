"""How one part of a value is merged of three: by the side that changed it, and where both did by what kind it is of.

An absent part is None, or empty. Whatever is merged does not depend on which side is called ours, but for the value
that stands in where both changed it differently: that is ours, and the conflict is noted.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from envlock.model.debian_relations import relations
from envlock.model.match_specs import conda_name
from envlock.model.needs import need
from envlock.model.same_meaning import conda_meaning, pip_meaning

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)
Key = tuple[str, ...]
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What both sides changed, and differently: `path` is its key in env.toml, with the name of what is required last
    where it is of a list; the values as they are merged, absent ones None or empty."""

    path: Key
    ours: object
    theirs: object


@dataclass(frozen=True, slots=True)
class Combined(Generic[T]):
    """What three values merge to, and where they do not: there `value` is that of ours."""

    value: T
    conflicts: tuple[Conflict, ...] = ()

    @property
    def clean(self) -> bool:
        return not self.conflicts


@dataclass(frozen=True, slots=True)
class Sides(Generic[T_co]):
    """One part of the common ancestor and of both sides."""

    base: T_co
    ours: T_co
    theirs: T_co

    def each(self, part: Callable[[T_co], U]) -> "Sides[U]":
        return Sides(part(self.base), part(self.ours), part(self.theirs))


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules at work on one value; what cannot be merged is noted in `conflicts`."""

    conflicts: list[Conflict] = field(default_factory=list)

    def value(self, path: Key, sides: Sides[T], meaning: Callable[[T], object] = lambda value: value) -> T:
        """One value: that of the side that changed it. Two spellings of one `meaning` are no conflict."""
        for read in (lambda value: value, meaning):
            base, ours, theirs = (read(side) for side in (sides.base, sides.ours, sides.theirs))
            if ours == theirs:
                return min(sides.ours, sides.theirs, key=str)
            if theirs == base:
                return sides.ours
            if ours == base:
                return sides.theirs
        return self.conflict(path, sides)

    def conflict(self, path: Key, sides: Sides[T]) -> T:
        """Notes it, and gives ours."""
        self.conflicts.append(Conflict(path=path, ours=sides.ours, theirs=sides.theirs))
        return sides.ours

    def requirements(self, path: Key, sides: Sides[Texts], kind: str) -> Texts:
        """A list of requirements (conda, pip, debian), as a set: what each name is asked for is one value."""
        name_of, meaning = _KINDS[kind]
        by_name = sides.each(lambda texts: _grouped(texts, name_of))
        return tuple(sorted(text for texts in self.table(path, by_name, _same(meaning)).values() for text in texts))

    def table(
        self, path: Key, sides: Sides[Mapping[str, T]], meaning: Callable[[T | None], object] = lambda value: value
    ) -> dict[str, T]:
        """A table key by key, sorted, each of its values as one."""
        merged = {
            key: self.value((*path, key), item(sides, key), meaning)
            for key in sorted({*sides.base, *sides.ours, *sides.theirs})
        }
        return {key: value for key, value in merged.items() if value is not None}

    def order(self, path: Key, sides: Sides[tuple[T, ...]]) -> tuple[T, ...]:
        """A list whose order counts, as one value. Where a side only added to its end, this is added to the other's
        end, unless that one added other things, too: which of them comes first is for people to say."""
        if len({sides.base, sides.ours, sides.theirs}) < 3:
            return self.value(path, sides)
        added = sides.each(lambda items: _behind(items, sides.base))
        if added.ours is not None and added.theirs is not None:
            longer = max(sides.ours, sides.theirs, key=len)
            both_begin = _behind(longer, sides.ours) is not None and _behind(longer, sides.theirs) is not None
            return longer if both_begin else self.conflict(path, sides)
        for changed, new in ((sides.ours, added.theirs), (sides.theirs, added.ours)):
            if new is not None and not {*new} & {*changed}:
                return (*changed, *new)
        return self.conflict(path, sides)


def item(sides: Sides[Mapping[str, T]], key: str) -> Sides[T | None]:
    """What three tables have under one key."""
    return sides.each(lambda table: table.get(key))


def members(sides: Sides[Iterable[T]]) -> tuple[T, ...]:
    """A set, sorted: what the common ancestor has, with what either side added, and without what either took out."""
    base, ours, theirs = ({*side} for side in (sides.base, sides.ours, sides.theirs))
    return tuple(sorted((ours & theirs) | ((ours ^ theirs) - base), key=str))


def _behind(items: tuple[T, ...], first: tuple[T, ...]) -> tuple[T, ...] | None:
    """What follows `first`; None where it does not begin with that."""
    return items[len(first) :] if items[: len(first)] == first else None


def _grouped(texts: Texts, name_of: Callable[[str], str]) -> dict[str, Texts]:
    found: dict[str, Texts] = {}
    for text in sorted({*texts}):
        name = name_of(text)
        found[name] = (*found.get(name, ()), text)
    return found


def _same(meaning: Callable[[str], Hashable]) -> Callable[[Texts | None], object]:
    return lambda texts: texts and frozenset(map(meaning, texts))


_KINDS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "conda": (conda_name, conda_meaning),
    "pip": (lambda text: need(text).name, pip_meaning),
    "debian": (lambda text: relations(text)[0].name, str),
}
