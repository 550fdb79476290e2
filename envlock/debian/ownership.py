"""Who has a path that several Debian packages bring: as dpkg decides it, but whatever the order they come in.

- A folder is everybody's. dpkg leaves it as whoever came first made it; here that is base-files, which makes the root
  what it is, then the first by name.
- Anything else has one owner: the package whose `Replaces` names all others that bring it (policy 7.6.1). Without one
  it is an error, as it is for dpkg.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from envlock.debian.listing import Member, first_below
from envlock.debian.versions import compare
from envlock.errors import OutsideError
from envlock.model.debian_relations import is_met, items, relations

FIRST = "base-files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A package as far as ownership goes: its members where /usr is merged, and its field `Replaces`."""

    name: str
    version: str
    members: tuple[Member, ...]
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Owned:
    """A member and the package that has it."""

    owner: str
    member: Member


def owned(packages: Iterable[Brought]) -> dict[str, Owned]:
    """All members by path; OutsideError where two packages cannot stand beside one another."""
    found: dict[str, list[tuple[Brought, Member]]] = {}
    for package in sorted(packages, key=lambda p: (p.name != FIRST, p.name)):
        for member in package.members:
            found.setdefault(member.path, []).append((package, member))
    result = {path: _owner(path, bringing) for path, bringing in found.items()}
    _refuse_through_others(result)
    return result


def _owner(path: str, bringing: Sequence[tuple[Brought, Member]]) -> Owned:
    first, member = bringing[0]
    if len(bringing) > 1 and any(each.kind != "folder" for _, each in bringing):
        first, member = _replacing(path, bringing)
    return Owned(first.name, member)


def _replacing(path: str, bringing: Sequence[tuple[Brought, Member]]) -> tuple[Brought, Member]:
    winners = [
        (package, member)
        for package, member in bringing
        if all(other is package or _replaces(package, other) for other, _ in bringing)
    ]
    kinds = {member.kind == "folder" for _, member in bringing}
    if len(winners) != 1 or len(kinds) > 1:
        names = " and ".join(f"`{package.name}`" for package, _ in bringing)
        raise OutsideError(
            f"{names} bring `{path}`, and none says that it replaces the other's",
            hint="they cannot be in one image: leave one of them out",
        )
    return winners[0]


def _replaces(one: Brought, other: Brought) -> bool:
    return any(
        relation.name == other.name and is_met(relation, other.version, compare)
        for item in _items(one)
        for relation in relations(item)
    )


def _items(package: Brought) -> tuple[str, ...]:
    try:
        return items(package.replaces)
    except ValueError as error:
        raise OutsideError(f"what `{package.name}` replaces cannot be read: {error}") from error


def _refuse_through_others(found: Mapping[str, Owned]) -> None:
    """A path below a link of another package would end up where that link leads."""
    ordered = sorted(found)
    for path, each in found.items():
        below = None if each.member.kind == "folder" else first_below(path, ordered)
        if below:
            raise OutsideError(
                f"`{below}` of `{found[below].owner}` runs through `{path}`, which is no folder but"
                f" a {each.member.kind} of `{each.owner}`",
                hint="they cannot be in one image: leave one of them out",
            )
