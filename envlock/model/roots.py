"""What an environment must ask for so that all that is pinned belongs to it: the packages that no other asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.closure import Closure, groups_by_node
from envlock.model.imported import Pinned, PinnedPip
from envlock.model.lock import Node, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.reach import first, ways_of
from envlock.model.requirements import applies
from envlock.model.spec import MAIN, CondaSpec, EnvSpec, PipSpec, Wants, python_minor

# how a package is asked for: its node, and where it says one its source and extras
_Asked = tuple[Node, str]


def everything(spec: EnvSpec, pinned: Sequence[Pinned]) -> EnvSpec:
    """A spec that asks for each pinned package by its name, with the extras that are wished for, and nothing else."""
    wants = {
        each.platform: Wants(
            conda=tuple(sorted({p.name for p in each.conda})),
            pip=tuple(sorted({_limited(p) for p in _with_extras(each, spec)})),
        )
        for each in pinned
    }
    return replace(
        spec,
        conda=replace(spec.conda, dependencies=()),
        pip=replace(spec.pip, dependencies=()),
        platform_wants=tuple(sorted(wants.items())),
        groups=(),
    )


def _with_extras(pinned: Pinned, spec: EnvSpec) -> Iterator[PinnedPip]:
    """The distributions with the extras that a spec asks for: what these bring is led to by them."""
    extras: dict[str, set[str]] = {}
    for text in spec.all_wants(pinned.platform).pip:
        wanted = Requirement(text)
        extras.setdefault(canonicalize_name(wanted.name), set()).update(map(canonicalize_name, wanted.extras))
    for each in pinned.pip:
        yield replace(each, extras=tuple(sorted({*each.extras, *extras.get(each.name, ())})))


def requirement(pinned: PinnedPip) -> str:
    """How env.toml asks for a distribution: by name, with its extras, and with its source where it has one."""
    extras = f"[{','.join(sorted(pinned.extras))}]" if pinned.extras else ""
    return f"{pinned.name}{extras} @ {pinned.source}" if pinned.source else f"{pinned.name}{extras}"


def _limited(pinned: PinnedPip) -> str:
    """The same, for the Pythons that a pin is for alone."""
    return requirement(pinned) + (f" ; {pinned.marker}" if pinned.marker else "")


def completed(spec: EnvSpec, platforms: Sequence[PlatformLock], pinned: Sequence[Pinned]) -> EnvSpec:
    """A spec that asks, beside what it asks for already, for all that is pinned and that nothing leads to."""
    found = {each.platform: each for each in platforms}
    pinned = [_meant(each, found[each.platform]) for each in pinned]
    texts = {(each.platform, "pip", p.name): requirement(p) for each in pinned for p in each.pip}
    groups = {
        (each.platform, kind, p.name): p.groups
        for each in pinned
        for kind, found in (("conda", each.conda), ("pip", each.pip))
        for p in found
    }
    spec = _with_python(spec, platforms)
    names = sorted({name for of in groups.values() for name in of} - {MAIN})
    for group in (MAIN, *names):
        spec = _with_group(spec, platforms, group, texts, groups)
    return spec


def _meant(pinned: Pinned, locked: PlatformLock) -> Pinned:
    """Without what is for other Pythons than the one that is locked."""
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    meant = (p for p in pinned.pip if applies(Marker(p.marker) if p.marker else None, environment))
    return replace(pinned, pip=tuple(meant))


def _with_python(spec: EnvSpec, platforms: Sequence[PlatformLock]) -> EnvSpec:
    """With the minor version of the Python that conda packages bring, where that is one and nothing else is said."""
    minors = {python_minor(p.version) for locked in platforms for p in locked.conda if p.name == "python"}
    asks = any(spec.all_wants(locked.platform) for locked in platforms)
    return replace(spec, python=min(minors)) if len(minors) == 1 and not (asks or spec.python) else spec


def _with_group(
    spec: EnvSpec,
    platforms: Sequence[PlatformLock],
    group: str,
    texts: Mapping[tuple[str, str, str], str],
    groups: Mapping[tuple[str, str, str], tuple[str, ...]],
) -> EnvSpec:
    asked: dict[str, set[_Asked]] = {}
    for locked in platforms:
        own = {p.node for p in locked.prefix_packages if group in groups.get((locked.platform, *p.node), (MAIN,))}
        sourced = {node for node in own if " @ " in texts.get((locked.platform, *node), "")}
        found = {*_conda_roots(spec, locked, own), *_pip_roots(spec, locked, own, sourced)}
        asked[locked.platform] = {(node, texts.get((locked.platform, *node), node[1])) for node in found}
    everywhere = set.intersection(*asked.values()) if asked else set()
    spec = _asking(spec, group, everywhere)
    for platform, found_here in asked.items():
        spec = _on_platform(spec, platform, found_here - everywhere)
    return spec


def _conda_roots(spec: EnvSpec, locked: PlatformLock, own: set[Node]) -> Iterator[Node]:
    """Of these conda packages those that no other asks for. What only a wheel needs has to be asked for as well: conda
    packages are chosen before, and by what asks for conda packages alone."""
    alone = replace(locked, pip=())
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    reached = Closure(alone.conda, (), environment).reached(Wants(conda=spec.all_wants(locked.platform).conda))
    yield from first({node for node in own - reached if node[0] == "conda"}, ways_of(alone))


def _pip_roots(spec: EnvSpec, locked: PlatformLock, own: set[Node], sourced: set[Node]) -> Iterator[Node]:
    """The same of distributions, and each that has a source of its own, which has to stand in env.toml."""
    reached = groups_by_node(spec, locked)
    yield from first({node for node in own - reached.keys() if node[0] == "pip"}, ways_of(locked))
    named = {canonicalize_name(Requirement(text).name) for text in spec.all_wants(locked.platform).pip}
    yield from (node for node in sourced if node[1] not in named)


def _asking(spec: EnvSpec, group: str, asked: set[_Asked]) -> EnvSpec:
    wants = _wants(asked, spec)
    if not wants:
        return spec
    if group != MAIN:
        groups = dict(spec.groups)
        return replace(spec, groups=tuple(sorted({**groups, group: groups.get(group, Wants()) + wants}.items())))
    main = Wants(conda=spec.conda.dependencies, pip=spec.pip.dependencies) + wants
    conda: CondaSpec = replace(spec.conda, dependencies=main.conda)
    pip: PipSpec = replace(spec.pip, dependencies=main.pip)
    return replace(spec, conda=conda, pip=pip)


def _on_platform(spec: EnvSpec, platform: str, asked: set[_Asked]) -> EnvSpec:
    wants = _wants(asked, spec)
    if not wants:
        return spec
    found = dict(spec.platform_wants)
    return replace(
        spec, platform_wants=tuple(sorted({**found, platform: found.get(platform, Wants()) + wants}.items()))
    )


def _wants(asked: set[_Asked], spec: EnvSpec) -> Wants:
    conda = {text for (kind, _), text in asked if kind == "conda"}
    # the key says it, as long as anything else asks for conda packages
    others = conda - {"python"} or spec.has_conda
    conda = conda - {"python"} if spec.python and others else conda
    return Wants(conda=tuple(sorted(conda)), pip=tuple(sorted(text for (kind, _), text in asked if kind == "pip")))
