"""What three states of an environment merge to: the one rule that the merges of env.toml and of env.lock both follow.

Neither of them sees what the other makes. So locks carry all of what was asked, and whatever env.toml merges to asks
for what is merged here, or one of the two merges is a conflict.

Requirements, platforms, editable projects and copied paths merge as sets (what the common ancestor has, with what was
added, without what was taken out), each name as one value; tables key by key; channels and indexes, whose order counts,
as one value unless one side only added to their end. Everything else is a value, and stands as the side has it that
changed it. What follows from other keys (the base image, where none is written) follows from what these merge to.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TypeVar

from envlock.model.lock import ImageSettings, Inputs
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import DebianSpec, EditableProject, Index, Wants, default_base
from envlock.model.three_way_rules import Combined, Key, Rules, Sides, item, members

T = TypeVar("T")
Named = tuple[tuple[str, T], ...]

# where both sides added the file, they changed one that asks for nothing
_NOTHING = Inputs(
    python=None,
    platforms=(),
    systems=(),
    channels=(),
    channel_priority="strict",
    conda=(),
    pip=(),
    indexes=(),
    base=None,
    interpreter=None,
)
_BASE = ("image", "base")


def merged_inputs(base: Inputs | None, ours: Inputs, theirs: Inputs) -> Combined[Inputs]:
    """What both sides ask for; without `base`, both added it."""
    rules, sides = Rules(), Sides(base or _NOTHING, ours, theirs)
    platforms = members(sides.each(lambda side: side.platforms))
    if not platforms:
        platforms = rules.conflict(("platforms",), sides.each(lambda side: side.platforms))
    merged = replace(
        ours,
        python=rules.value(("python",), sides.each(lambda side: side.python)),
        platforms=platforms,
        systems=_systems(rules, sides, platforms),
        conda=rules.requirements(("conda", "dependencies"), sides.each(lambda side: side.conda), "conda"),
        pip=rules.requirements(("pip", "dependencies"), sides.each(lambda side: side.pip), "pip"),
        indexes=_indexes(rules, sides.each(lambda side: side.indexes)),
        editable=_editable(rules, sides.each(lambda side: side.editable)),
        platform_wants=_platform_wants(rules, sides, platforms),
        groups=_groups(rules, sides.each(lambda side: dict(side.groups))),
        exclude_newer=rules.value(("lock", "exclude-newer"), sides.each(lambda side: side.exclude_newer)),
        constraints=rules.requirements(("pip", "constraints"), sides.each(lambda side: side.constraints), "pip"),
    )
    merged = _with_base(rules, sides, _with_channels(rules, sides, merged))
    return Combined(merged, tuple(rules.conflicts))


def merged_image(base: ImageSettings | None, ours: ImageSettings, theirs: ImageSettings) -> Combined[ImageSettings]:
    """What both sides tell the image; without `base`, both added it."""
    rules, sides = Rules(), Sides(base or ImageSettings(), ours, theirs)
    copy = sides.each(lambda side: side.copy)
    merged = ImageSettings(
        variables=_items(rules.table(("variables",), sides.each(lambda side: dict(side.variables)))),
        user=rules.value(("image", "user"), sides.each(lambda side: side.user)),
        workdir=rules.value(("image", "workdir"), sides.each(lambda side: side.workdir)),
        entrypoint=rules.value(("image", "entrypoint"), sides.each(lambda side: side.entrypoint)),
        cmd=rules.value(("image", "cmd"), sides.each(lambda side: side.cmd)),
        labels=_items(rules.table(("image", "labels"), sides.each(lambda side: dict(side.labels)))),
        copy=members(copy),
        bytecode=rules.value(("image", "bytecode"), sides.each(lambda side: side.bytecode)),
    )
    if merged.copy and not merged.workdir:
        rules.conflict(("image", "workdir"), sides.each(lambda side: side.workdir))
    return Combined(merged, tuple(rules.conflicts))


def merged_copied(
    base: Named[str], ours: Named[str], theirs: Named[str], paths: tuple[str, ...]
) -> Combined[Named[str]]:
    """What is in the merged `paths` that go into the image, as the lock has it: one of them that both sides changed is
    a conflict, as nothing tells what its files merge to."""
    rules, sides = Rules(), Sides(base, ours, theirs).each(dict)
    merged = rules.table(("image", "copy"), sides.each(lambda side: {p: side[p] for p in paths if p in side}))
    return Combined(_items(merged), tuple(rules.conflicts))


def has_conda(inputs: Inputs) -> bool:
    """Does anything ask for a conda package?"""
    wants = (wants for _, wants in (*inputs.platform_wants, *inputs.groups))
    return bool(inputs.conda or any(one.conda for one in wants))


def _items(table: Mapping[str, T]) -> Named[T]:
    return tuple(sorted(table.items(), key=lambda item: item[0]))


def _systems(rules: Rules, sides: Sides[Inputs], platforms: tuple[str, ...]) -> Named[System]:
    """Of the platforms that are left; one that was not asked for has the declared system that is the default."""
    return tuple((name, _system(rules, name, sides)) for name in platforms)


def _system(rules: Rules, name: str, sides: Sides[Inputs]) -> System:
    system = sides.each(lambda side: dict(side.systems).get(name, PLATFORMS[name].system)).each(_declared)
    keys = (f.name for f in fields(System))
    return System(**{key: rules.value(("platform", name, key.replace("_", "-")), item(system, key)) for key in keys})


def _declared(system: System) -> dict[str, str | None]:
    return {f.name: getattr(system, f.name) for f in fields(System)}


def _wants(rules: Rules, path: Key, asked: Sides[Wants | None]) -> Wants:
    sides = asked.each(lambda wants: wants or Wants())
    return Wants(
        conda=rules.requirements((*path, "conda", "dependencies"), sides.each(lambda side: side.conda), "conda"),
        pip=rules.requirements((*path, "pip", "dependencies"), sides.each(lambda side: side.pip), "pip"),
    )


def _platform_wants(rules: Rules, sides: Sides[Inputs], platforms: tuple[str, ...]) -> Named[Wants]:
    by_name = sides.each(lambda side: dict(side.platform_wants))
    found = ((name, _wants(rules, ("platform", name), item(by_name, name))) for name in platforms)
    return tuple((name, wants) for name, wants in found if wants)


def _groups(rules: Rules, sides: Sides[dict[str, Wants]]) -> Named[Wants]:
    return _items(_entries(rules, ("groups",), sides, _wants))


def _entries(
    rules: Rules,
    path: Key,
    sides: Sides[dict[str, T]],
    merge: Callable[[Rules, Key, Sides[T | None]], T],
) -> dict[str, T]:
    """A table whose values have parts of their own; one that a side took out and the other changed is a conflict."""
    found = {}
    for name in sorted({*sides.base, *sides.ours, *sides.theirs}):
        entry = _entry(rules, (*path, name), item(sides, name), merge)
        if entry is not None:
            found[name] = entry
    return found


def _entry(
    rules: Rules, path: Key, sides: Sides[T | None], merge: Callable[[Rules, Key, Sides[T | None]], T]
) -> T | None:
    both = sides.ours is not None and sides.theirs is not None
    return merge(rules, path, sides) if both else rules.value(path, sides)


def _with_channels(rules: Rules, sides: Sides[Inputs], merged: Inputs) -> Inputs:
    """Where nothing is asked of conda, channels are of no account: such a side has not changed them."""
    if not has_conda(merged):
        return replace(merged, channels=(), channel_priority="strict")
    known = sides.each(lambda side: side if has_conda(side) else sides.base)
    return replace(
        merged,
        channels=rules.order(("conda", "channels"), known.each(lambda side: side.channels)),
        channel_priority=rules.value(("conda", "channel-priority"), known.each(lambda side: side.channel_priority)),
    )


def _with_base(rules: Rules, sides: Sides[Inputs], merged: Inputs) -> Inputs:
    """A base that is the default of its side follows from the rest; and there is one kind of base, or a conflict."""
    merged = replace(
        merged,
        base=rules.value(_BASE, sides.each(_written_base)),
        dockerfile=rules.value(("image", "dockerfile"), sides.each(lambda side: side.dockerfile)),
        interpreter=rules.value(("image", "interpreter"), sides.each(lambda side: side.interpreter)),
        debian=_entry(rules, ("image", "debian"), sides.each(lambda side: side.debian), _debian),
    )
    kinds = [kind for kind in (merged.base, merged.dockerfile, merged.debian) if kind]
    if len(kinds) > 1 or (merged.interpreter and (merged.debian or has_conda(merged))):
        rules.conflict(_BASE, sides.each(lambda side: side.base or side.dockerfile or side.debian))
        ours = sides.ours
        return replace(
            merged, base=ours.base, dockerfile=ours.dockerfile, debian=ours.debian, interpreter=ours.interpreter
        )
    return merged if kinds else replace(merged, base=_default_base(merged))


def _written_base(inputs: Inputs) -> str | None:
    return None if inputs.base == _default_base(inputs) else inputs.base


def _default_base(inputs: Inputs) -> str:
    return default_base(inputs.python, conda=has_conda(inputs))


def _debian(rules: Rules, path: Key, sides: Sides[DebianSpec | None]) -> DebianSpec:
    known = sides.each(lambda debian: debian or DebianSpec(suite="", components=()))
    return DebianSpec(
        suite=rules.value((*path, "suite"), known.each(lambda debian: debian.suite)),
        packages=rules.requirements((*path, "packages"), known.each(lambda debian: debian.packages), "debian"),
        components=members(known.each(lambda debian: debian.components)),
        docs=rules.value((*path, "docs"), known.each(lambda debian: debian.docs)),
    )


def _indexes(rules: Rules, sides: Sides[tuple[Index, ...]]) -> tuple[Index, ...]:
    """Their order by name, then each by itself."""
    key = ("pip", "indexes")
    names = rules.order(key, sides.each(lambda side: tuple(index.name for index in side)))
    found = _entries(rules, key, sides.each(lambda side: {index.name: index for index in side}), _index)
    return tuple(found[name] for name in names if name in found)


def _index(rules: Rules, path: Key, sides: Sides[Index | None]) -> Index:
    known = sides.each(lambda index: index or Index(name=path[-1]))
    return Index(
        name=path[-1],
        url=rules.value((*path, "url"), known.each(lambda index: index.url)),
        default=rules.value((*path, "default"), known.each(lambda index: index.default)),
        packages=members(known.each(lambda index: index.packages)),
    )


def _editable(rules: Rules, sides: Sides[tuple[EditableProject, ...]]) -> tuple[EditableProject, ...]:
    by_path = sides.each(lambda side: {project.path: project for project in side})
    return tuple(_entries(rules, ("pip", "editable"), by_path, _project).values())


def _project(rules: Rules, path: Key, sides: Sides[EditableProject | None]) -> EditableProject:
    known = sides.each(lambda project: project or EditableProject(path=path[-1], name=""))
    needs = known.each(lambda project: project.dependencies)
    return EditableProject(
        path=path[-1],
        name=rules.value(path, known.each(lambda project: project.name)),
        extras=rules.value(path, known.each(lambda project: project.extras)),
        dependencies=rules.requirements((*path, "dependencies"), needs, "pip"),
    )
