"""Several parts of one environment, each read on its own, as one."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from envlock.interchange.conda.environment_united import both_requirements, both_specs, conda_identity, pip_identity
from envlock.model.spec import EnvSpec, PipSpec, Wants


def united(specs: Iterable[EnvSpec]) -> EnvSpec:
    """What all of them ask for; of what there is one of, that of the first which has it. Channels and indexes are in
    the order in which they come."""
    whole: EnvSpec | None = None
    for spec in specs:
        whole = _both(whole, spec) if whole else spec
    return whole or EnvSpec(name="")


def _both(a: EnvSpec, b: EnvSpec) -> EnvSpec:
    asked = [spec for spec in (a, b) if spec.conda.dependencies or spec.platform_wants or spec.python]
    channels = tuple(dict.fromkeys(channel for spec in asked or (a,) for channel in spec.conda.channels))
    dependencies = _merged(a.conda.dependencies, b.conda.dependencies, conda_identity, both_specs)
    return replace(
        a,
        name=a.name or b.name,
        python=a.python or b.python,
        conda=replace(a.conda, channels=channels, dependencies=dependencies),
        pip=_pip(a.pip, b.pip),
        platform_wants=_wants(a.platform_wants, b.platform_wants),
        groups=_wants(a.groups, b.groups),
        variables=tuple(sorted({**dict(b.variables), **dict(a.variables)}.items())),
    )


def _merged(
    a: tuple[str, ...],
    b: tuple[str, ...],
    identity: Callable[[str], tuple[str, str]],
    both: Callable[[str, str], str],
) -> tuple[str, ...]:
    """What asks for the same twice asks for both at once; ValueError where that cannot be."""
    found = {identity(text): text for text in a}
    for text in b:
        key = identity(text)
        found[key] = both(found[key], text) if key in found and found[key] != text else text
    return tuple(sorted(found.values()))


def _pip(a: PipSpec, b: PipSpec) -> PipSpec:
    known = {index.name for index in a.indexes}
    return replace(
        a,
        dependencies=_merged(a.dependencies, b.dependencies, pip_identity, both_requirements),
        constraints=tuple(sorted({*a.constraints, *b.constraints})),
        editable=tuple(sorted({*a.editable, *b.editable}, key=lambda each: each.path)),
        indexes=(*a.indexes, *(index for index in b.indexes if index.name not in known)),
    )


def _wants(a: tuple[tuple[str, Wants], ...], b: tuple[tuple[str, Wants], ...]) -> tuple[tuple[str, Wants], ...]:
    found = dict(a)
    for name, wants in b:
        found[name] = found.get(name, Wants()) + wants
    return tuple(sorted(found.items()))
