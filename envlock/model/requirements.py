"""Which requirements of which packages apply: markers evaluated, extras followed to the end."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envlock.errors import OutsideError


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Of one package: the extras that something asked for, and the requirements that then apply, sorted.

    Those that only an extra brings keep `; extra == "NAME"`: so it can be told later who needs what for which.
    """

    extras: tuple[str, ...]
    requires: tuple[str, ...]


def applies(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """Is a requirement with this marker asked for, with any of these extras?"""
    if marker is None:
        return True
    return any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def applied(
    roots: Iterable[str], requires_dist: Mapping[str, Iterable[str]], environment: Mapping[str, str]
) -> dict[str, Applied]:
    """For every package in `requires_dist` (by canonical name) what applies of it, starting from `roots`.

    Names that are asked for but not in `requires_dist` (what conda provides) are passed over.
    """
    known = {name: [parsed(text, name) for text in texts] for name, texts in requires_dist.items()}
    extras: dict[str, set[str]] = {name: set() for name in known}
    waiting = [r for r in map(Requirement, roots) if applies(r.marker, environment)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in known:
            continue
        extras[name] |= {canonicalize_name(extra) for extra in requirement.extras}
        state = (str(name), frozenset(extras[name]))
        if state not in seen:
            seen.add(state)
            waiting += [r for r in known[name] if applies(r.marker, environment, extras[name])]
    return {name: _applied(known[name], extras[name], environment) for name in known}


def parsed(text: str, asker: str) -> Requirement:
    """A requirement of `asker`, read once and shared; OutsideError where it is none."""
    try:
        return _requirement(text)
    except InvalidRequirement as error:
        raise OutsideError(
            f"`{asker}` requires `{text}`, which is not a requirement",
            hint=f"another version of `{asker}` may be sound",
        ) from error


@cache
def _requirement(text: str) -> Requirement:
    return Requirement(text)


def _applied(requirements: Collection[Requirement], extras: set[str], environment: Mapping[str, str]) -> Applied:
    always = {plain(r) for r in requirements if applies(r.marker, environment)}
    by_extra = {
        f'{plain(r)} ; extra == "{extra}"'
        for r in requirements
        for extra in extras
        if plain(r) not in always and applies(r.marker, environment, [extra])
    }
    return Applied(extras=tuple(sorted(extras)), requires=tuple(sorted(always | by_extra)))


def plain(requirement: Requirement) -> str:
    """A requirement without its marker, spelled one way: "NumPy [b,a] >=1,<2" -> "numpy[a,b]<2,>=1"."""
    extras = f"[{','.join(sorted({canonicalize_name(e) for e in requirement.extras}))}]" if requirement.extras else ""
    limits = ",".join(sorted(str(s) for s in requirement.specifier))
    return f"{canonicalize_name(requirement.name)}{extras}{limits}"
