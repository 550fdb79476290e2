"""Packages and their relations as variables and clauses."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from envlock.debian.candidate import ALLOWED, PRIORITIES, Candidate
from envlock.debian.index import Universe
from envlock.debian.solve_clauses import Clause
from envlock.debian.versions import compare
from envlock.model.debian_relations import Relation, is_met, provided, relations
from envlock.model.lock import DebianPackage

_ANY = "any"
_LAST = len(PRIORITIES)  # of what has no priority that is known


@dataclass(frozen=True, slots=True)
class Needs:
    """A package needs an item, or somebody does: `asker` is None where it is the words `who`."""

    asker: int | None
    item: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """A package cannot be beside another; `item` says so, "" of two versions of one package."""

    one: int
    other: int
    item: str = ""


class Packages:
    """Each package that matters has a number; what is in `keep` goes before all else that would do."""

    def __init__(self, universe: Universe, keep: Iterable[DebianPackage], architecture: str) -> None:
        self._universe = universe
        self._kept = {package.name: package for package in keep}
        self._kept_providers: defaultdict[str, set[str]] = defaultdict(set)
        for package in self._kept.values():
            for name in _provided_names(package):
                self._kept_providers[name].add(package.name)
        self._ours = {None, _ANY, "native", architecture}
        self._candidates: list[Candidate] = []
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._named: defaultdict[str, list[int]] = defaultdict(list)  # by their own names, and by provided ones
        self._refused: defaultdict[str, list[tuple[Relation, str, int]]] = defaultdict(list)
        self._answers: dict[str, tuple[int, ...]] = {}
        self._versions: dict[str, tuple[Candidate, ...]] = {}
        self._made: list[Clause] = []  # of packages that have just got their numbers

    def __getitem__(self, number: int) -> Candidate:
        return self._candidates[number - 1]

    def root(self, item: str, who: str) -> Clause:
        """Somebody asks for this."""
        answers = self._answering(item)
        return Clause(answers, Needs(None, item, who), is_need=True, easy=self._is_easy(answers))

    def clauses_of(self, number: int) -> Iterator[Clause]:
        """What holds where a package is chosen."""
        package = self[number].package
        for item in package.requires:
            answers = self._answering(item)
            yield Clause((-number, *answers), Needs(number, item), is_need=True, easy=self._is_easy(answers))
        for item in package.conflicts:
            for relation in relations(item):
                yield from self._against(relation, item, number)
        yield from self.made()

    def made(self) -> list[Clause]:
        """What holds of packages that got their numbers since this was asked."""
        made, self._made = self._made, []
        return made

    def versions(self, name: str) -> Sequence[Candidate]:
        """Every version that is known of a package, the kept one first, then the latest."""
        if name not in self._versions:
            self._versions[name] = tuple(self._all_versions(name))
        return self._versions[name]

    def meets(self, relation: Relation) -> tuple[str, ...]:
        """The names of what meets a relation, the preferred ones first."""
        return tuple(dict.fromkeys(one.package.name for one in self._meeting(relation)))

    def _all_versions(self, name: str) -> Iterator[Candidate]:
        known, kept = self._universe.candidates(name), self._kept.get(name)
        if kept:
            same = next((one for one in known if one.package.sha256 == kept.sha256), None)
            # archives drop what is superseded. What held when it was locked, holds: also `NAME:any`
            yield replace(same, package=kept) if same else Candidate(package=kept, multi_arch=ALLOWED)
        yield from (one for one in known if not kept or one.package.sha256 != kept.sha256)

    def _answering(self, item: str) -> tuple[int, ...]:
        """The packages that meet an item, the preferred ones first."""
        if item not in self._answers:
            found = [one for relation in relations(item) for one in self._meeting(relation)]
            # nobody is to get what is superseded only because it stands first
            found.sort(key=self._rank)
            self._answers[item] = tuple(dict.fromkeys(map(self._number, found)))
        return self._answers[item]

    def _rank(self, one: Candidate) -> int:
        package = one.package
        if package is self._kept.get(package.name):
            return 0
        known = self._universe.candidates(package.name)
        return 1 if known and known[0].package.version == package.version else 2

    def _meeting(self, relation: Relation) -> Iterator[Candidate]:
        """What meets one alternative: the package itself, then those that provide it."""
        if relation.qualifier not in self._ours:
            return
        yield from (one for one in self.versions(relation.name) if _is(one, relation))
        others = {one.package.name for one in self._universe.providers(relation.name)}
        others |= self._kept_providers[relation.name]
        found = [one for name in sorted(others) for one in self.versions(name) if _provides(one, relation)]
        # as apt does: what every system has, then what most have
        yield from sorted(found, key=lambda one: (not one.essential, _priority(one)))

    def _is_easy(self, numbers: Iterable[int]) -> bool:
        """Is it but a question of the version?"""
        return len({self[number].package.name for number in numbers}) <= 1

    def _number(self, one: Candidate) -> int:
        package = one.package
        key = (package.name, package.version, package.sha256)
        if key not in self._numbers:
            self._candidates.append(one)
            self._numbers[key] = len(self._candidates)
            self._introduce(self._numbers[key], package)
        return self._numbers[key]

    def _introduce(self, number: int, package: DebianPackage) -> None:
        """Of each package there is one version, and none that another refuses."""
        names = sorted({package.name, *_provided_names(package)})
        for name in names:
            self._made.extend(
                self._both(asker, number, item)
                for relation, item, asker in self._refused[name]
                if self._is_refused(number, relation, asker)
            )
        for other in self._named[package.name]:
            if self[other].package.name == package.name:
                self._made.append(self._both(other, number, ""))
        for name in names:
            self._named[name].append(number)

    def _against(self, relation: Relation, item: str, asker: int) -> Iterator[Clause]:
        if relation.qualifier in self._ours:
            self._refused[relation.name].append((relation, item, asker))
            for number in self._named[relation.name]:
                if self._is_refused(number, relation, asker):
                    yield self._both(asker, number, item)

    def _is_refused(self, number: int, relation: Relation, asker: int) -> bool:
        """A package may refuse what it provides itself, so that it is the only one."""
        one = self[number]
        if one.package.name == self[asker].package.name:
            return False
        plain = replace(relation, qualifier=None)
        return _is(one, plain) or _provides(one, plain)

    def _both(self, one: int, other: int, item: str) -> Clause:
        return Clause((-one, -other), Conflicts(one, other, item))


def _is(one: Candidate, relation: Relation) -> bool:
    named = one.package.name == relation.name and is_met(relation, one.package.version, compare)
    return named and _is_for_any(one, relation)


def _provides(one: Candidate, relation: Relation) -> bool:
    found = (provided(item) for item in one.package.provides)
    named = any(name == relation.name and is_met(relation, version, compare) for name, version in found)
    return named and _is_for_any(one, relation)


def _is_for_any(one: Candidate, relation: Relation) -> bool:
    """`NAME:any` is met by what says that it serves other architectures: by no other package, even of ours."""
    return relation.qualifier != _ANY or one.multi_arch == ALLOWED


def _priority(one: Candidate) -> int:
    return PRIORITIES.index(one.priority) if one.priority in PRIORITIES else _LAST


def _provided_names(package: DebianPackage) -> set[str]:
    return {provided(item)[0] for item in package.provides}
