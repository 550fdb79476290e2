"""Does a lock answer its manifest and itself? Every input and every edge is walked, offline.

Two clean branches can merge into a lock that parses and is wrong, so names are not enough: requirement
strings stand in the lock and each is held against the version that is locked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from envlock.model.changed_inputs import changed_inputs
from envlock.model.debian_relations import Compare
from envlock.model.edges import CondaMatcher, broken_edges
from envlock.model.lock import ImageSettings, Inputs, Lock
from envlock.model.origins import wrong_origins
from envlock.model.problem import COPY, IMAGE, Problem, shown_value
from envlock.model.spec import EnvSpec


@dataclass(frozen=True, slots=True)
class Judges:
    """What tells whether a conda package meets a match spec, and which of two Debian versions is the later."""

    conda_matches: CondaMatcher
    debian_compare: Compare


def problems(spec: EnvSpec, lock: Lock, judges: Judges, *, now: datetime | None = None) -> tuple[Problem, ...]:
    """Every reason, in a fixed order; empty when the lock answers.

    `now` is what a span such as `exclude-newer = "7d"` counts back from. Local files are not looked at, nor what is
    copied, or built, from them.
    """
    now = now or datetime.now(UTC)
    walked = [p for name in spec.platforms for p in platform_problems(spec, lock, name, judges, now)]
    said = frozenset(p.subject for p in walked if p.subject)
    return (
        *changed_inputs(Inputs.of(spec), lock.inputs, said=said),
        *_changed_image(ImageSettings.of(spec), lock.image),
        *walked,
        *_foreign_platforms(spec, lock),
    )


def _changed_image(wanted: ImageSettings, locked: ImageSettings) -> Iterator[Problem]:
    yield from _changed_copies(wanted.copy, locked.copy)
    after, before = dict(_settings(wanted)), dict(_settings(locked))
    for key in {**after, **before}:
        new, old = after.get(key), before.get(key)
        if new != old:
            yield Problem(kind=IMAGE, subject=key, message=_changed_setting(key, new, old))


def _settings(image: ImageSettings) -> Iterator[tuple[str, object]]:
    """Every setting by its key; of variables and labels each by itself."""
    for field in fields(ImageSettings):
        value = getattr(image, field.name)
        if field.name in _TABLES:
            yield from ((f"{field.name}.{name}", text) for name, text in value)
        elif field.name == "bytecode":
            yield field.name, "true" if value else None
        elif field.name != COPY:
            yield field.name, value


def _changed_copies(wanted: tuple[str, ...], locked: tuple[str, ...]) -> Iterator[Problem]:
    told = {path: "is to be copied into the image: it was not when this was locked" for path in wanted}
    told |= {path: "is no longer to be copied into the image" for path in locked if path not in told}
    for path in sorted({*wanted} ^ {*locked}):
        yield Problem(kind=IMAGE, subject=COPY, message=f"`{path}` {told[path]}")


def _changed_setting(key: str, new: object, old: object) -> str:
    if new is None:
        return f"`{key}` is no longer set: {shown_value(old)} is locked"
    if old is None:
        return f"`{key}` is {shown_value(new)}: it was not set when this was locked"
    return f"`{key}` is {shown_value(new)}: {shown_value(old)} is locked"


def _foreign_platforms(spec: EnvSpec, lock: Lock) -> Iterator[Problem]:
    for platform in lock.platforms:
        if platform.platform not in spec.platforms:
            yield Problem(
                kind="platform",
                subject=platform.platform,
                message=f"`{platform.platform}` is locked but not asked for",
            )


def platform_problems(spec: EnvSpec, lock: Lock, name: str, judges: Judges, now: datetime) -> Iterator[Problem]:
    """The reasons that one platform gives."""
    locked = lock.platform(name)
    if locked is None:
        yield Problem(kind="platform", subject=name, platform=name, message=f"`{name}` is not locked")
        return
    yield from broken_edges(spec, locked, judges.conda_matches, judges.debian_compare)
    yield from wrong_origins(lock.inputs, locked, now)


_TABLES = ("variables", "labels")
