"""What locked Debian packages ask of one another: which of them answers each requirement, and what leads to what."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from envlock.model.debian_relations import Compare, Relation, is_met, provided, relations
from envlock.model.lock import DebianPackage

# what says that an architecture is of no account; one of them is locked alone
_ANY = (None, "any", "native")


class DebianClosure:
    """The Debian packages of one platform; `compare` orders their versions."""

    def __init__(self, packages: Iterable[DebianPackage], compare: Compare) -> None:
        self.packages = {package.name: package for package in packages}
        self._compare = compare

    def answer(self, text: str) -> DebianPackage | None:
        """The package that meets a requirement: the first of its alternatives that is met; there the package of that
        name, or else the first that provides it."""
        return next((package for relation in relations(text) for package in self.meeting(relation)), None)

    def led_to(self, text: str) -> DebianPackage | None:
        """The package that a requirement leads to: the one that meets it, or else the first that goes by the name."""
        bare = (Relation(relation.name) for relation in relations(text))
        return self.answer(text) or next((package for relation in bare for package in self.meeting(relation)), None)

    def meeting(self, relation: Relation) -> Iterator[DebianPackage]:
        """Every package that meets a relation, the one of that name first."""
        own = self.packages.get(relation.name)
        if own and relation.qualifier in (*_ANY, own.architecture) and is_met(relation, own.version, self._compare):
            yield own
        for package, version in self.providers.get(relation.name, ()):
            if package is not own and is_met(relation, version, self._compare):
                yield package

    @cached_property
    def providers(self) -> dict[str, list[tuple[DebianPackage, str | None]]]:
        """By virtual package those that provide it, sorted by name, each with the version in which it does."""
        found: dict[str, list[tuple[DebianPackage, str | None]]] = {}
        for _, package in sorted(self.packages.items()):
            for text in package.provides:
                name, version = provided(text)
                found.setdefault(name, []).append((package, version))
        return found

    @cached_property
    def ways(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """What each package asks for: requirements, and the packages that they lead to."""
        return {
            name: tuple((text, to.name) for text in package.requires if (to := self.led_to(text)))
            for name, package in self.packages.items()
        }

    def reached(self, wanted: Iterable[str]) -> frozenset[str]:
        """The names of all packages that these requirements lead to."""
        found: set[str] = set()
        waiting = [package.name for package in map(self.led_to, wanted) if package]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += (to for _, to in self.ways[name])
        return frozenset(found)
