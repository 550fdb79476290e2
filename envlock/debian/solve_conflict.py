"""Why packages cannot be had together, for people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from envlock.debian.index import Universe
from envlock.debian.solve_clauses import Clause
from envlock.debian.solve_packages import Conflicts, Needs, Packages
from envlock.errors import UserInputError
from envlock.model.debian_relations import Relation, relations


@dataclass(frozen=True, slots=True)
class _Step:
    """A package, what needs it, and the step to that; None where somebody asked for it."""

    number: int
    need: Needs
    before: "_Step | None" = None

    @property
    def way(self) -> "tuple[_Step, ...]":
        """From what was asked for to here."""
        return (*self.before.way, self) if self.before else (self,)


@dataclass(frozen=True, slots=True)
class _Reason:
    """Packages that cannot be, and what says so in the end; "" where their ways tell it."""

    sides: tuple[_Step, ...]
    last: str

    @property
    def length(self) -> int:
        """The shortest is the clearest."""
        return sum(len(side.way) for side in self.sides)

    @property
    def roots(self) -> tuple[Needs, ...]:
        return tuple(dict.fromkeys(side.way[0].need for side in self.sides))


def unknown(asked: Sequence[tuple[str, str]], universe: Universe, packages: Packages) -> UserInputError:
    """Nothing at all answers what somebody asks for: items, each with who asks."""
    suite = universe.suites[0]
    missing = [(f"no {_shown(item)} ({who})", *_what_is(item, universe, packages)) for item, who in asked]
    if len(missing) == 1:
        ((what, there, hint),) = missing
        return UserInputError(f"{what} in Debian {suite}{f': {there}' if there else ''}", hint=hint)
    # what is meant stands beside each: one hint for all would be of use for none
    lines = [f"  {what}: {there or hint}" for what, there, hint in missing]
    return UserInputError("\n".join([f"{len(missing)} packages cannot be had in Debian {suite}", *lines]))


def _what_is(item: str, universe: Universe, packages: Packages) -> tuple[str, str]:
    """What there is of that name, "" for nothing, and what to do."""
    there = _there(item, packages)
    if there:
        return there, "ask for what there is"
    near = [f"`{name}`" for relation in relations(item) for name in universe.near(relation.name)]
    return (
        "",
        f"did you mean {' or '.join(near[:3])}?" if near else "packages are named as `apt-cache search` shows them",
    )


def conflict(clauses: Sequence[Clause], packages: Packages, suite: str) -> UserInputError:
    """Clauses that cannot hold together: told by the shortest ways from what is asked for to what cannot be."""
    steps = _steps(clauses)
    places = {number: place for place, number in enumerate(steps)}  # the preferred ones come first
    reasons = list(_reasons(clauses, steps, packages))
    reason = min(reasons, key=lambda one: (one.length, [places[side.number] for side in one.sides]))
    several = len(reason.roots) > 1
    names = " and ".join(_shown(root.item) for root in reason.roots)
    told = dict.fromkeys(line for side in reason.sides for line in _told(side, packages, reason))
    lines = (f"{names} cannot {'both ' if several else ''}be had in Debian {suite}", *told, reason.last)
    return UserInputError(
        "\n  ".join(filter(None, lines)),
        hint="loosen or drop one of them in env.toml" if several else "loosen or drop it in env.toml",
    )


def _steps(clauses: Iterable[Clause]) -> dict[int, _Step]:
    """The shortest way to each package, from those that people ask for on."""
    needs = [(clause.says, clause.literals) for clause in clauses if isinstance(clause.says, Needs)]
    needs.sort(key=lambda one: one[0].item)
    steps: dict[int, _Step] = {}
    waiting: list[_Step | None] = [None]
    for before in waiting:  # it grows
        for need, literals in needs:
            if need.asker == (before.number if before else None):
                new = [_Step(number, need, before) for number in literals if number > 0 and number not in steps]
                steps.update((step.number, step) for step in new)
                waiting.extend(new)
    return steps


def _reasons(clauses: Iterable[Clause], steps: dict[int, _Step], packages: Packages) -> Iterator[_Reason]:
    places = {number: place for place, number in enumerate(steps)}
    for clause in clauses:
        says = clause.says
        if isinstance(says, Conflicts) and says.one in steps and says.other in steps:
            sides = sorted((steps[says.one], steps[says.other]), key=lambda side: [places[s.number] for s in side.way])
            yield _Reason(tuple(sides), _refusal(says, packages))
        elif isinstance(says, Needs) and says.asker in steps and max(clause.literals) < 0:
            side = steps[says.asker]
            there = _there(says.item, packages) or "there is no such package"
            yield _Reason((side,), f"{_asker(side, packages)} needs {_shown(says.item)}: {there}")


def _refusal(says: Conflicts, packages: Packages) -> str:
    if not says.item:
        return ""  # two versions: who needs which says it
    named = any(relation.name == packages[says.other].package.name for relation in relations(says.item))
    other = f"{_title(says.other, packages)} {'is' if named else 'provides'}"
    return f"{_title(says.one, packages)} conflicts with {_shown(says.item)}, which {other}"


def _told(side: _Step, packages: Packages, reason: _Reason) -> Iterator[str]:
    root, *others = side.way
    if not _is_named(root, packages):
        yield f"{_shown(root.need.item)} ({root.need.who}) is {_title(root.number, packages)}"
    elif not others and len(reason.sides) > 1:
        yield _asker(root, packages)
    for before, step in zip(side.way, others, strict=False):
        yield f"{_asker(before, packages)} needs {_shown(step.need.item)}"


def _asker(step: _Step, packages: Packages) -> str:
    """A package, and who asked for it where it was by its mere name."""
    who = f" ({step.need.who})" if step.before is None and _is_named(step, packages) else ""
    return f"{_title(step.number, packages)}{who}"


def _is_named(step: _Step, packages: Packages) -> bool:
    return step.need.item == packages[step.number].package.name


def _title(number: int, packages: Packages) -> str:
    package = packages[number].package
    return f"`{package.name}` {package.version}"


def _shown(item: str) -> str:
    return f"`{item}`"


def _there(item: str, packages: Packages) -> str:
    """What there is instead of an item, "" for nothing."""
    return ", ".join(filter(None, (_instead(relation, packages) for relation in relations(item))))


def _instead(relation: Relation, packages: Packages) -> str:
    versions = [one.package.version for one in packages.versions(relation.name)]
    if versions and relation.qualifier and packages.meets(replace(relation, qualifier=None)):
        return f"`{relation.name}` does not say that it serves `:{relation.qualifier}`"
    if versions:
        return f"there is `{relation.name}` {' and '.join(dict.fromkeys(versions))}"
    providers = packages.meets(Relation(relation.name))
    return f"there is only what {' or '.join(f'`{name}`' for name in providers[:3])} provides" if providers else ""
