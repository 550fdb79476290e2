"""The edges between the Debian packages of a base: every requirement, every conflict, and what nobody asks for."""

from collections.abc import Iterator

from envlock.model.debian_base import (
    MANIFEST,
    PYTHON,
    brings_python,
    locked_interpreter,
    stated_interpreter,
    wanted_packages,
)
from envlock.model.debian_closure import DebianClosure
from envlock.model.debian_relations import Compare, Relation, is_met, relations
from envlock.model.lock import DebianPackage, Node, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.problem import Problem, opposed, unasked, unmet
from envlock.model.reach import first
from envlock.model.spec import DebianSpec, EnvSpec


def debian_edges(spec: EnvSpec, locked: PlatformLock, compare: Compare) -> Iterator[Problem]:
    """What is wrong between env.toml and the base's packages, and among these."""
    debian = spec.image.debian
    if debian is None or not PLATFORMS[locked.platform].has_images:
        return
    closure = DebianClosure(locked.debian, compare)
    wanted = wanted_packages(debian, _interpreter(spec, locked))
    yield from _roots(wanted, closure, locked.platform)
    yield from _requirements(debian, closure, compare, locked.platform)
    yield from _conflicts(closure, locked.platform)
    # of a package that nothing asks for, it does not matter what that asks for
    ways = {_node(name): [_node(to) for _, to in found] for name, found in closure.ways.items()}
    idle = ways.keys() - set(map(_node, closure.reached(wanted)))
    yield from (unasked(name, locked.platform) for _, name in first(idle, ways))


def asked_for(spec: EnvSpec, locked: PlatformLock, compare: Compare) -> tuple[DebianPackage, ...]:
    """Of the base's packages those that something asks for."""
    if spec.image.debian is None:
        return ()
    wanted = wanted_packages(spec.image.debian, _interpreter(spec, locked))
    reached = DebianClosure(locked.debian, compare).reached(wanted)
    return tuple(package for package in locked.debian if package.name in reached)


def _node(name: str) -> Node:
    return DebianPackage.kind, name


def _interpreter(spec: EnvSpec, locked: PlatformLock) -> str | None:
    """The package that is to bring the Python: where env.toml says nothing of it, the one that is locked."""
    if not brings_python(spec, locked.platform):
        return None
    return stated_interpreter(spec.python) or locked_interpreter(locked.base)


def _roots(wanted: dict[str, str], closure: DebianClosure, platform: str) -> Iterator[Problem]:
    for text, asker in wanted.items():
        if closure.answer(text):
            continue
        reason = _reason(text, closure)
        if asker == MANIFEST:
            yield unmet(text, reason, None, platform)
        elif asker == PYTHON:
            yield Problem(
                kind="origin", subject="python", platform=platform, message=f"`{text}` is to bring the Python: {reason}"
            )
        else:
            yield Problem(kind="unmet", platform=platform, message=f"`{text}` is part of {asker}: {reason}")


def _requirements(debian: DebianSpec, closure: DebianClosure, compare: Compare, platform: str) -> Iterator[Problem]:
    roots = [relation for text in debian.packages for relation in relations(text)]
    for package in closure.packages.values():
        for text in package.requires:
            if closure.answer(text) is None:
                reason = opposed(_reason(text, closure), _opponent(text, roots, compare))
                yield unmet(text, reason, package.name, platform)


def _opponent(text: str, roots: list[Relation], compare: Compare) -> str | None:
    """The requirement of env.toml, if there is one, that the versions asked for do not meet."""
    for relation in relations(text):
        for root in roots:
            if root.name == relation.name and relation.version and not is_met(root, relation.version, compare):
                return str(root)
    return None


def _reason(text: str, closure: DebianClosure) -> str:
    """What is locked instead: of the names that are asked for, or of what provides them."""
    asked = relations(text)
    for relation in asked:
        package = closure.packages.get(relation.name)
        if package:
            found = f"{package.name} {package.version}" if len(asked) > 1 else package.version
            return f"{found} for `{package.architecture}` is locked" if relation.qualifier else f"{found} is locked"
        for provider, version in closure.providers.get(relation.name, ()):
            return f"`{provider.name}` {provider.version} provides {version or 'no version of it'}"
    return "nothing of that name is locked" if len(asked) == 1 else "nothing of these names is locked"


def _conflicts(closure: DebianClosure, platform: str) -> Iterator[Problem]:
    for package in closure.packages.values():
        for text in package.conflicts:
            for relation in relations(text):
                for other in closure.meeting(relation):
                    # it may provide what it conflicts with: so there is one of that kind alone
                    if other.name != package.name:
                        yield _conflict(package, text, other, platform)


def _conflict(package: DebianPackage, text: str, other: DebianPackage, platform: str) -> Problem:
    return Problem(
        kind="conflict",
        subject=package.name,
        platform=platform,
        message=f"`{package.name}` cannot be beside `{text}`: `{other.name}` {other.version} is locked",
    )
