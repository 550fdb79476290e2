"""Which packages two locks merge to, as far as that can be told without a solver: of each name what one of them has.

What both agree on stays, and what one side alone has changed is as that side has it. Where both have changed it there
is a choice; whether a choice is right is told by the same walk over every requirement that `check` makes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from packaging.version import InvalidVersion, Version

from envlock.model.debian_relations import Compare
from envlock.model.lock import Base, DebianPackage, Node, Package, PlatformLock
from envlock.model.lock_pieces import place_of, put_together
from envlock.model.spec import EnvSpec
from envlock.model.three_way_rules import Sides

# how many choices are walked for one platform: most merges need one
_TRIES = 150
_BASE: Node = ("base", "")

# what may be chosen: a package, the base
Found = Package | Base
Choice = Mapping[Node, Found | None]
Prefer = Callable[[Found, Found], Found]
# how much is wrong with a platform
Wrong = Callable[[PlatformLock], int]


def merged_platform(
    sides: Sides[PlatformLock | None], spec: EnvSpec, wrong: Wrong, compare: Compare, *, any_python: bool = False
) -> PlatformLock | None:
    """A platform with which nothing is wrong, of what the sides have; None where no such choice is found.

    Without `any_python` the Python of a side that has changed it stays, whatever the other has for the one before.
    """
    search = _Search(sides, spec, wrong, compare)
    found = search.found(any_python=any_python)
    return found if not wrong(found) else None


class _Search:
    """Choices for one platform, tried one after the other."""

    def __init__(self, sides: Sides[PlatformLock | None], spec: EnvSpec, wrong: Wrong, compare: Compare) -> None:
        self._locks = tuple(filter(None, (sides.ours, sides.theirs)))
        self._sides: Sides[dict[Node, Found]] = sides.each(_found)
        self._nodes = sorted({*self._sides.ours, *self._sides.theirs})
        self._spec, self._wrong, self._compare = spec, wrong, compare
        self._walked: dict[tuple[object, ...], int] = {}
        self._python: str | None = None

    def found(self, *, any_python: bool) -> PlatformLock:
        """That with which the least is wrong."""
        starts: list[Choice] = []
        self._python = None if any_python else self._made(next(self._starts())).python
        for start in self._starts():
            starts.append(start)
            if not self._score(start):
                return self._made(start)
        return self._made(self._improved(min(starts, key=self._score)))

    def _starts(self) -> Iterator[Choice]:
        for prefer in (self._newer, _ours, _theirs):
            yield {node: self._changed(node, prefer) for node in self._nodes}
        for prefer in (_ours, _theirs):
            yield {node: self._either(node, prefer) for node in self._nodes}

    def _changed(self, node: Node, prefer: Prefer) -> Found | None:
        """As the side has it that has changed it. What a side no longer has is left out only once nothing asks for it
        any more; but of Debian's packages one may answer what another one was to answer."""
        base, ours, theirs = self._of(node)
        if ours is None or theirs is None:
            one = ours or theirs
            gone = isinstance(one, DebianPackage) and _identity(one) == _identity(base)
            return None if gone else one
        if _identity(ours) == _identity(base):
            return theirs
        return ours if _identity(theirs) == _identity(base) else prefer(ours, theirs)

    def _either(self, node: Node, prefer: Prefer) -> Found | None:
        """As one side has it, whoever has changed it."""
        _, ours, theirs = self._of(node)
        return prefer(ours, theirs) if ours and theirs else ours or theirs

    def _of(self, node: Node) -> tuple[Found | None, Found | None, Found | None]:
        return self._sides.base.get(node), self._sides.ours.get(node), self._sides.theirs.get(node)

    def _newer(self, ours: Found, theirs: Found) -> Found:
        return theirs if _is_newer(theirs, ours, self._compare) else ours

    def _improved(self, start: Choice) -> Choice:
        """One choice after the other is turned round, as long as less is wrong then."""
        best, before = start, None
        while before is not best and self._score(best):
            before = best
            for node in self._open():
                other = {**best, node: self._turned(node, best[node])}
                if len(self._walked) < _TRIES and self._score(other) < self._score(best):
                    best = other
        return best

    def _open(self) -> list[Node]:
        """What the sides have differently; what one of them does not have at all must be Debian's to be left out."""
        sides = [(node, *self._of(node)[1:]) for node in self._nodes]
        return [
            node
            for node, ours, theirs in sides
            if _identity(ours) != _identity(theirs) and ((ours and theirs) or isinstance(ours or theirs, DebianPackage))
        ]

    def _turned(self, node: Node, chosen: Found | None) -> Found | None:
        _, ours, theirs = self._of(node)
        return theirs if _identity(chosen) == _identity(ours) else ours

    def _score(self, choice: Choice) -> int:
        key = tuple(map(_identity, choice.values()))
        if key not in self._walked:
            made = self._made(choice)
            self._walked[key] = self._wrong(made) + (self._python not in (None, made.python))
        return self._walked[key]

    def _made(self, choice: Choice) -> PlatformLock:
        base = choice[_BASE]
        assert isinstance(base, Base)
        packages = [found for found in choice.values() if found and not isinstance(found, Base)]
        return put_together(base, packages, self._locks, self._spec, self._compare)


def _found(platform: PlatformLock | None) -> dict[Node, Found]:
    return {_BASE: platform.base, **{p.node: p for p in platform.packages}} if platform else {}


def _ours(ours: Found, _theirs: Found) -> Found:
    return ours


def _theirs(_ours: Found, theirs: Found) -> Found:
    return theirs


def _identity(found: Found | None) -> object:
    """What tells one thing that may be chosen from another: of a base of Debian's packages, which is merged by these,
    its suite and its Python; of a package its bytes, and where these are from."""
    if isinstance(found, Base):
        return (found.suite, found.interpreter) if found.suite else replace(found, dates=())
    return found and (found.identity, place_of(found))


def _is_newer(one: Found, other: Found, compare: Compare) -> bool:
    """Of two of the same version the one that was uploaded later; of two bases nobody knows."""
    if isinstance(one, Base) or isinstance(other, Base):
        return False
    if isinstance(one, DebianPackage):
        return compare(one.version, other.version) > 0
    try:
        versions = Version(one.version), Version(other.version)
    except InvalidVersion:
        return (one.uploaded or "") > (other.uploaded or "")
    return versions[0] > versions[1] or (versions[0] == versions[1] and (one.uploaded or "") > (other.uploaded or ""))
