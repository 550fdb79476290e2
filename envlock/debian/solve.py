"""Choosing Debian's packages: everything that is asked for, with all that it needs, and nothing that conflicts.

Recommended packages are not taken, nor Essential ones that nothing asks for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envlock.debian.index import Universe
from envlock.debian.solve_clauses import Clause, Search, Unsatisfiable
from envlock.debian.solve_conflict import conflict, unknown
from envlock.debian.solve_packages import Packages
from envlock.errors import UserInputError
from envlock.model.debian_base import python_version, upstream
from envlock.model.debian_relations import relations
from envlock.model.lock import DebianPackage
from envlock.model.spec import python_minor

_INTERPRETER = re.compile(r"python([0-9]+\.[0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`roots` maps a relation to who asks for it, in words ("env.toml", "every base"). What is in `keep` was locked
    before: it stays where it can, also what the archive has no more. `architecture` is Debian's name ("amd64")."""

    roots: Mapping[str, str]
    keep: tuple[DebianPackage, ...] = ()
    architecture: str
    suite: str


def solve(wanted: Wanted, universe: Universe) -> tuple[DebianPackage, ...]:
    """The packages, sorted by name: always the same, in whichever order they are asked for. UserInputError where there
    is no such set: it names both sides of a conflict, or what is not there."""
    packages = Packages(universe, wanted.keep, wanted.architecture)
    roots = _roots(wanted, packages, universe)
    search = Search(packages.clauses_of)
    for clause in packages.made():
        search.add(clause)
    try:
        chosen = search.solve(roots)
    except Unsatisfiable as error:
        raise conflict(error.clauses, packages, wanted.suite) from None
    return tuple(sorted((packages[number].package for number in chosen), key=lambda package: package.name))


def _roots(wanted: Wanted, packages: Packages, universe: Universe) -> list[Clause]:
    """What is asked for, as clauses; UserInputError that names all that is not there."""
    asked = sorted(wanted.roots.items())
    roots = [packages.root(item, who) for item, who in asked]
    missing = [one for one, root in zip(asked, roots, strict=True) if not root.literals]
    if missing:
        raise unknown(missing, universe, packages)
    return roots


def python_root(python: str | None, universe: Universe, keep: Iterable[DebianPackage] = ()) -> tuple[str, str]:
    """The relation that brings a Python ("python3.11"), and its minor ("3.11"): as stated, a minor or an exact version,
    else the one that the suite's `python3` depends on. UserInputError, with what the suite has, where there is none,
    not even among what is to `keep`."""
    minor = python_minor(python) if python else _default_minor(universe)
    name = f"python{minor}"
    versions = [one.package.version for one in universe.candidates(name)]
    kept = [package.version for package in keep if package.name == name]
    exact = [version for version in (*versions, *kept) if python_version(version) == python]
    if python in (None, minor) and (versions or kept):
        return name, minor
    if not exact:
        raise _no_python(python, universe)
    # where it is the latest, a later revision of it is as good
    latest = exact[0] in versions[:1]
    return (f"{name} (>= {upstream(exact[0])})" if latest else f"{name} (= {exact[0]})"), minor


def _default_minor(universe: Universe) -> str:
    items = (item for one in universe.candidates("python3")[:1] for item in one.package.requires)
    found = (_INTERPRETER.fullmatch(relations(item)[0].name) for item in items)
    return next((one[1] for one in found if one), "")


def _no_python(python: str | None, universe: Universe) -> UserInputError:
    names = [name for name in universe.names("python") if _INTERPRETER.fullmatch(name)]
    found = [python_version(one.package.version) for name in names for one in universe.candidates(name)[:1]]
    has = f"it has {' and '.join(found)}" if found else "it has none at all"
    return UserInputError(
        f"no {f'Python {python}' if python else '`python3`'} in Debian {universe.suites[0]}: {has}",
        hint="take another `python`, another `suite`, or Python from conda",
    )
