"""Does a lock answer its manifest and itself? Every input and every edge is walked, offline.

Two clean branches can merge into a lock that parses and is wrong, so names are not enough: requirement
strings stand in the lock and each is held against the version that is locked.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.edges import CondaMatcher, broken_edges
from envlock.model.lock import ImageSettings, Inputs, Lock
from envlock.model.match_specs import conda_name
from envlock.model.origins import wrong_origins
from envlock.model.platform import System
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec


def problems(spec: EnvSpec, lock: Lock, conda_matches: CondaMatcher) -> tuple[Problem, ...]:
    """Every reason, in a fixed order; empty when the lock answers."""
    walked = [p for name in spec.platforms for p in _platform(spec, lock, name, conda_matches)]
    return (
        *_changed_inputs(Inputs.of(spec), lock.inputs, said={p.subject for p in walked if p.subject}),
        *_changed_image(ImageSettings.of(spec), lock.image),
        *walked,
        *_foreign_platforms(spec, lock),
    )


def _changed_inputs(wanted: Inputs, locked: Inputs, *, said: set[str]) -> Iterator[Problem]:
    """What was asked for when it was locked, against what is asked for now; not what the walk has `said` already."""
    for field in fields(Inputs):
        new, old = getattr(wanted, field.name), getattr(locked, field.name)
        if new == old or field.name == "platforms":
            continue
        if field.name in _NAMES:
            yield from _dependency_change(new, old, _NAMES[field.name], said)
        else:
            yield from _CHANGES.get(field.name, _scalar_change)(field.name, new, old)


def _scalar_change(key: str, new: object, old: object) -> Iterator[Problem]:
    key = key.replace("_", "-")  # as env.toml has it
    yield Problem(
        kind="input",
        subject=key,
        message=f"`{key}` is now {_shown(new)}: the lock was made for {_shown(old)}",
    )


def _dependency_change(
    new: Iterable[str], old: Iterable[str], name_of: Callable[[str], str], said: set[str]
) -> Iterator[Problem]:
    """By name, so that a changed range is one change; what is unmet, or locked for nothing, the walk says better."""
    before, after = _by_name(old, name_of), _by_name(new, name_of)
    for name in sorted(before.keys() | after.keys()):
        asked = after.get(name, ())
        was, now = "; ".join(before.get(name, ())), "; ".join(asked)
        if was == now or said & {name, *asked}:
            continue
        if not now:
            yield Problem(kind="removed", subject=was, message=f"`{was}` is no longer asked for")
        elif not was:
            yield Problem(kind="added", subject=now, message=f"`{now}` was not asked for when this was locked")
        else:
            yield Problem(kind="changed", subject=now, message=f"`{now}` was `{was}` when this was locked")


def _by_name(requirements: Iterable[str], name_of: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in sorted(requirements):
        found.setdefault(name_of(text), []).append(text)
    return found


def _order_change(key: str, new: Iterable[str], old: Iterable[str]) -> Iterator[Problem]:
    yield Problem(
        kind="order", subject=key, message=f"`{key}` are now {_listed(new)}: the lock was made for {_listed(old)}"
    )


def _listed(items: Iterable[str]) -> str:
    return ", ".join(f"`{item}`" for item in items) or "none"


def _system_change(_key: str, new: object, old: object) -> Iterator[Problem]:
    before, after = dict(_systems(old)), dict(_systems(new))
    for platform in sorted(before.keys() & after.keys()):
        for name in after[platform].differences(before[platform]):
            was, now = getattr(before[platform], name), getattr(after[platform], name)
            yield Problem(
                kind="input",
                subject=name,
                platform=platform,
                message=f"`{name}` is now {_shown(now)}: the lock was made for {_shown(was)}",
            )


def _index_change(key: str, _new: object, _old: object) -> Iterator[Problem]:
    yield Problem(kind="input", subject=key, message="the package indexes changed")


_CHANGES: dict[str, Callable[..., Iterator[Problem]]] = {
    "channels": _order_change,
    "systems": _system_change,
    "indexes": _index_change,
}


def _systems(value: object) -> Iterator[tuple[str, System]]:
    assert isinstance(value, tuple)
    yield from value


def _changed_image(wanted: ImageSettings, locked: ImageSettings) -> Iterator[Problem]:
    after, before = dict(_settings(wanted)), dict(_settings(locked))
    for key in {**after, **before}:
        new, old = after.get(key), before.get(key)
        if new != old:
            yield Problem(kind="image", subject=key, message=_changed_setting(key, new, old))


def _settings(image: ImageSettings) -> Iterator[tuple[str, object]]:
    """Every setting by its key; of variables and labels each by itself."""
    for field in fields(ImageSettings):
        value = getattr(image, field.name)
        if field.name in _TABLES:
            yield from ((f"{field.name}.{name}", text) for name, text in value)
        else:
            yield field.name, value


def _changed_setting(key: str, new: object, old: object) -> str:
    if new is None:
        return f"`{key}` is no longer set: {_shown(old)} is locked"
    if old is None:
        return f"`{key}` is {_shown(new)}: it was not set when this was locked"
    return f"`{key}` is {_shown(new)}: {_shown(old)} is locked"


def _foreign_platforms(spec: EnvSpec, lock: Lock) -> Iterator[Problem]:
    for platform in lock.platforms:
        if platform.platform not in spec.platforms:
            yield Problem(
                kind="platform",
                subject=platform.platform,
                message=f"`{platform.platform}` is locked but not asked for",
            )


def _platform(spec: EnvSpec, lock: Lock, name: str, conda_matches: CondaMatcher) -> Iterator[Problem]:
    locked = lock.platform(name)
    if locked is None:
        yield Problem(kind="platform", subject=name, platform=name, message=f"`{name}` is not locked")
        return
    yield from broken_edges(spec, locked, conda_matches)
    yield from wrong_origins(lock.inputs, locked)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    return "not set" if value is None else f"`{value}`"


_TABLES = ("variables", "labels")
_NAMES: dict[str, Callable[[str], str]] = {
    "conda": conda_name,
    "pip": lambda text: str(canonicalize_name(Requirement(text).name)),
}
