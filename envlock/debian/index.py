"""The packages of all releases of a suite together, for one architecture."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cmp_to_key

from envlock.debian.candidate import Candidate, candidate
from envlock.debian.index_cache import KeptIndex, open_index
from envlock.debian.release import IndexFile
from envlock.debian.versions import compare
from envlock.model.debian_relations import provided
from envlock.system.cache import Cache

_MAIN = "main"  # the archive that keeps what the others hold for a while


class Universe:
    """All packages that may be chosen. What was looked at is remembered."""

    def __init__(self, indexes: Iterable[tuple[IndexFile, KeptIndex]]) -> None:
        self._indexes = tuple(indexes)
        self._candidates: dict[str, tuple[Candidate, ...]] = {}
        self._providers: dict[str, tuple[Candidate, ...]] = {}

    @property
    def suites(self) -> tuple[str, ...]:
        """The releases it is made of, the suite itself first."""
        return tuple(sorted({index.suite for index, _ in self._indexes}, key=lambda suite: (len(suite), suite)))

    def candidates(self, name: str) -> Sequence[Candidate]:
        """Every version of a package, the latest first."""
        if name not in self._candidates:
            self._candidates[name] = self._ordered(name)
        return self._candidates[name]

    def providers(self, name: str) -> Sequence[Candidate]:
        """Every version of a package that provides this name; sorted by name, the latest version first."""
        if name not in self._providers:
            names = sorted({found for _, kept in self._indexes for found in kept.providers(name)})
            found = (one for other in names for one in self.candidates(other))
            self._providers[name] = tuple(one for one in found if _provides(one, name))
        return self._providers[name]

    def names(self, start: str = "") -> Sequence[str]:
        """The packages whose names begin like this, sorted."""
        return sorted({name for _, kept in self._indexes for name in kept.names(start)})

    def near(self, name: str) -> tuple[str, ...]:
        """The names that are most like one that there is not, the nearest first."""
        swapped = (name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1))
        there = (other for other in swapped if any(kept.entries(other) for _, kept in self._indexes))
        # nearly always the first letter is right; among all it would take seconds
        like = get_close_matches(name, self.names(name[:1]), n=3)
        return tuple(dict.fromkeys((*there, *like)))[:3]

    def _ordered(self, name: str) -> tuple[Candidate, ...]:
        """By version; what several releases have in the same bytes is there once, and the main archive's."""
        found = [candidate(entry, index) for index, kept in self._indexes for entry in kept.entries(name)]
        found.sort(key=lambda one: (one.package.archive != _MAIN, one.suite, one.package.file, one.package.sha256))
        once = {(one.package.version, one.package.sha256): one for one in reversed(found)}
        return tuple(sorted(reversed(once.values()), key=cmp_to_key(_by_version), reverse=True))


def open_universe(files: Sequence[IndexFile], cache: Cache) -> Universe:
    """What these indexes hold together; each is read once, and looked up in the cache from then on."""
    return Universe((index, open_index(index, cache)) for index in files)


def _by_version(one: Candidate, other: Candidate) -> int:
    return compare(one.package.version, other.package.version)


def _provides(one: Candidate, name: str) -> bool:
    return any(provided(item)[0] == name for item in one.package.provides)
