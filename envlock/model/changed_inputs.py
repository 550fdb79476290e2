"""What was asked for when it was locked, against what is asked for now: one reason a change, in its own words."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import TypeVar

from envlock.model.cutoff import cutoff
from envlock.model.debian_relations import relations
from envlock.model.lock import Inputs
from envlock.model.match_specs import conda_name
from envlock.model.needs import need
from envlock.model.platform import System
from envlock.model.problem import Problem, shown_value
from envlock.model.same_meaning import conda_meaning, pip_meaning
from envlock.model.spec import DebianSpec, EditableProject, Index, Wants

# what the walk over all requirements has complained of already: names and requirements
Said = frozenset[str]
Changes = Iterator[Problem]
T = TypeVar("T")
Named = tuple[tuple[str, T], ...]


def changed_inputs(wanted: Inputs, locked: Inputs, *, said: Said) -> Changes:
    """Every difference, but for what is unmet, or locked for nothing: the walk has `said` that better."""
    yield from _kind_of_base(wanted, locked)
    for field in fields(Inputs):
        new, old = getattr(wanted, field.name), getattr(locked, field.name)
        if new != old and field.name != "platforms":  # these have a walk of their own
            change = _CHANGES.get(field.name, partial(_scalar, field.name.replace("_", "-")))
            yield from change(new, old, said)


def _scalar(key: str, new: object, old: object, _said: Said, platform: str | None = None) -> Changes:
    yield Problem(
        kind="input",
        subject=key,
        platform=platform,
        message=f"`{key}` is now {shown_value(new)}: the lock was made for {shown_value(old)}",
    )


def _kind_of_base(wanted: Inputs, locked: Inputs) -> Changes:
    """An image, Debian's packages, or a Dockerfile, one in the place of another."""
    now, was = (_kind(inputs) for inputs in (wanted, locked))
    if now != was:
        message = f"the base is now {_named_base(wanted)}: the lock was made for {_named_base(locked)}"
        yield Problem(kind="input", subject=now, message=message)


def _kind(inputs: Inputs) -> str:
    return "debian" if inputs.debian else "dockerfile" if inputs.dockerfile else "base"


def _named_base(inputs: Inputs) -> str:
    return f"Debian {inputs.debian.suite}" if inputs.debian else shown_value(inputs.dockerfile or inputs.base)


def _same_kind(key: str, new: str | None, old: str | None, said: Said) -> Changes:
    if new and old:
        yield from _scalar(key, new, old, said)


def _debian(new: DebianSpec | None, old: DebianSpec | None, said: Said) -> Changes:
    if new is None or old is None:
        return
    for key in ("suite", "docs"):
        now, was = (json.dumps(getattr(debian, key)).strip('"') for debian in (new, old))
        if now != was:
            message = f"`{key}` is now `{now}`: the lock was made for `{was}`"
            yield Problem(kind="input", subject=f"debian.{key}", message=message)
    parts = [f"component `{part}` was taken out" for part in old.components if part not in new.components]
    parts += [f"component `{part}` was added" for part in new.components if part not in old.components]
    yield from (Problem(kind="input", subject="debian.components", message=text) for text in parts)
    yield from _requirements(new.packages, old.packages, said, kind="debian", place=" in `image.debian`")


def _exclude_newer(new: str | None, old: str | None, said: Said) -> Changes:
    at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")  # any moment: `1w` is `7d`
    if cutoff(new, at) != cutoff(old, at) or not (new and old):
        yield from _scalar("exclude-newer", new, old, said)


def _requirements(
    new: Iterable[str],
    old: Iterable[str],
    said: Said,
    *,
    kind: str,
    place: str = "",
) -> Changes:
    """By name, so that a changed range is one change; `place` is a group or another part of env.toml."""
    name_of, meaning = _KINDS[kind]
    before, after = _by_name(old, name_of), _by_name(new, name_of)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, []), after.get(name, [])
        if set(map(meaning, was)) != set(map(meaning, now)) and not said & {name, *now}:
            yield _changed("; ".join(now), "; ".join(was), place)


def _changed(now: str, was: str, place: str) -> Problem:
    if not now:
        return Problem(kind="removed", subject=was, message=f"`{was}` is no longer asked for{place}")
    if not was:
        return Problem(kind="added", subject=now, message=f"`{now}` was not asked for{place} when this was locked")
    return Problem(kind="changed", subject=now, message=f"`{now}` was `{was}`{place} when this was locked")


def _by_name(requirements: Iterable[str], name_of: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in sorted(requirements):
        found.setdefault(name_of(text), []).append(text)
    return found


def _order(what: str, key: str, new: Sequence[str], old: Sequence[str]) -> Changes:
    """What was added, what was taken out, and the first of what changed places."""
    kept, before = [item for item in new if item in old], [item for item in old if item in new]
    said = [f"{what} `{item}` was taken out" for item in old if item not in new]
    said += [f"{what} `{item}` was added{_beside(item, new)}" for item in new if item not in old]
    said += [f"{what} `{a}` was put before `{b}`" for a, b in list(zip(kept, before, strict=True)) if a != b][:1]
    yield from (Problem(kind="order", subject=key, message=text) for text in said)


def _beside(item: str, items: Sequence[str]) -> str:
    after = items[items.index(item) + 1 :]
    return f" before `{after[0]}`" if after else ""


def _channels(new: tuple[str, ...], old: tuple[str, ...], _said: Said) -> Changes:
    # where nothing is asked of conda any more, or was, channels are of no account, and what is asked is said elsewhere
    if new and old:
        yield from _order("channel", "channels", new, old)


def _indexes(new: tuple[Index, ...], old: tuple[Index, ...], _said: Said) -> Changes:
    yield from _order("package index", "indexes", [i.name for i in new], [i.name for i in old])
    before = {index.name: index for index in old}
    for index in new:
        for text in _index_changes(index, before.get(index.name, index)):
            yield Problem(kind="input", subject="indexes", message=f"package index `{index.name}` {text}")


def _index_changes(now: Index, was: Index) -> Iterator[str]:
    if now.url != was.url:
        yield f"is now at {shown_value(now.url)}: the lock was made for {shown_value(was.url)}"
    if now.default != was.default:
        yield "is now the default one" if now.default else "is no longer the default one"
    if now.packages != was.packages:
        yield f"is now for {_packages(now)}: the lock was made for {_packages(was)}"


def _packages(index: Index) -> str:
    return ", ".join(f"`{pattern}`" for pattern in index.packages) + " alone" if index.packages else "all packages"


def _systems(new: Named[System], old: Named[System], said: Said) -> Changes:
    before, after = dict(old), dict(new)
    for platform in sorted(before.keys() & after.keys()):
        for name in after[platform].differences(before[platform]):
            now, was = getattr(after[platform], name), getattr(before[platform], name)
            yield from _scalar(name.replace("_", "-"), now, was, said, platform)


def _wants(place: str, new: Wants, old: Wants, said: Said) -> Changes:
    yield from _requirements(new.conda, old.conda, said, kind="conda", place=place)
    yield from _requirements(new.pip, old.pip, said, kind="pip", place=place)


def _platform_wants(new: Named[Wants], old: Named[Wants], said: Said) -> Changes:
    before, after = dict(old), dict(new)
    for name in sorted(before.keys() | after.keys()):
        yield from _wants(f" on `{name}`", after.get(name, Wants()), before.get(name, Wants()), said)


def _groups(new: Named[Wants], old: Named[Wants], said: Said) -> Changes:
    before, after = dict(old), dict(new)
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Problem(kind="input", subject=f"groups.{name}", message=f"group `{name}` is new")
        elif name not in after:
            yield Problem(kind="input", subject="groups", message=f"group `{name}` is gone")
        else:
            yield from _wants(f" in group `{name}`", after[name], before[name], said)


def _editable(new: tuple[EditableProject, ...], old: tuple[EditableProject, ...], said: Said) -> Changes:
    before, after = {p.path: p for p in old}, {p.path: p for p in new}
    yield from _order("editable project", "editable", sorted(after), sorted(before))
    for path in sorted(before.keys() & after.keys()):
        now, was = _shape(after[path]), _shape(before[path])
        if now != was:
            message = f"editable project `{path}` is now `{now}`: the lock was made for `{was}`"
            yield Problem(kind="input", subject="editable", message=message)
        needs = (after[path].dependencies, before[path].dependencies)
        yield from _requirements(*needs, said, kind="pip", place=f" by `{path}`")


def _shape(project: EditableProject) -> str:
    return f"{project.name}[{','.join(project.extras)}]" if project.extras else project.name


def _constraints(new: tuple[str, ...], old: tuple[str, ...], said: Said) -> Changes:
    before, after = _by_name(old, _KINDS["pip"][0]), _by_name(new, _KINDS["pip"][0])
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, []), after.get(name, [])
        if set(map(pip_meaning, was)) != set(map(pip_meaning, now)) and not said & {*now}:
            yield Problem(kind="input", subject="constraints", message=_changed_limit("; ".join(now), "; ".join(was)))


def _changed_limit(now: str, was: str) -> str:
    if not now:
        return f"constraint `{was}` was taken out"
    return f"constraint `{now}` was `{was}` when this was locked" if was else f"constraint `{now}` was added"


_KINDS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "conda": (conda_name, conda_meaning),
    "pip": (lambda text: need(text).name, pip_meaning),
    "debian": (lambda text: relations(text)[0].name, str),
}
# by field; what is not here is one value
_CHANGES: dict[str, Callable[..., Changes]] = {
    "systems": _systems,
    "channels": _channels,
    "conda": partial(_requirements, kind="conda"),
    "pip": partial(_requirements, kind="pip"),
    "indexes": _indexes,
    "constraints": _constraints,
    **{key: partial(_same_kind, key) for key in ("base", "dockerfile")},
    "debian": _debian,
    "editable": _editable,
    "platform_wants": _platform_wants,
    "groups": _groups,
    "exclude_newer": _exclude_newer,
}
