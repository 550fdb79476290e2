"""Which packages of a poetry.lock are of which group, on one platform and Python."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import canonicalize_name

from envlock.interchange.pip.poetry_packages import PoetryLocked
from envlock.interchange.pip.pythons import Selection, Spans
from envlock.model.spec import MAIN

_EXTRA = re.compile(r"""extra == ["']([^"']*)["']""")


def markers_of(packages: Iterable[PoetryLocked]) -> set[str]:
    """Every marker that decides something."""
    found: set[str] = set()
    for package in packages:
        found |= {text for text in package.markers.values() if text}
        found |= {text for _, text in package.needs if text}
    return found


def every_extra(packages: Iterable[PoetryLocked]) -> Selection:
    """All extras that packages require something for."""
    texts = (text for package in packages for _, text in package.needs if text)
    return Selection(extras=frozenset(canonicalize_name(name) for text in texts for name in _EXTRA.findall(text)))


@dataclass(frozen=True)
class PoetryReach:
    """What applies on one platform; `extras` are those of the project, with the packages that they name.

    Where the lock does not tell groups and markers (`tells`), it is what those packages lead to that no other one
    needs, whichever of their extras are asked for.
    """

    packages: Sequence[PoetryLocked]
    extras: Mapping[str, tuple[str, ...]]
    tells: bool
    spans: Spans

    def numbers(self, group: str, selection: Selection, python: str) -> set[int]:
        """The packages of a group, by their place in the lock."""
        if not self.tells:
            return self._led_to(self._firsts(group), python)
        groups = (MAIN, group) if selection.extras else (group,)
        return {
            number
            for number, package in enumerate(self.packages)
            for name in groups
            if name in package.markers and self.spans.holds(package.markers[name], python, selection)
        }

    def _firsts(self, group: str) -> set[int]:
        if group in self.extras:
            return {n for n, package in enumerate(self.packages) if package.name in self.extras[group]}
        own = {n for n, package in enumerate(self.packages) if group in package.markers and not package.optional}
        needed = {name for n in own for name, _ in self.packages[n].needs}
        first = {n for n in own if self.packages[n].name not in needed}
        # with those that need one another, and that nothing else needs
        return first | (own - self._led_to(first, None))

    def _led_to(self, first: set[int], python: str | None) -> set[int]:
        """What some packages lead to; without a Python wherever that is."""
        found, waiting = set[int](), list(first)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                for name, marker in self.packages[number].needs:
                    if python is None or self.spans.holds(marker, python, self._all):
                        waiting += self._by_name.get(name, ())
        return found

    @cached_property
    def _all(self) -> Selection:
        return every_extra(self.packages)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, package in enumerate(self.packages):
            found.setdefault(package.name, []).append(number)
        return found
