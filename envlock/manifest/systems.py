"""The tables `[platform.NAME]`: the machine that is declared, never detected."""

from dataclasses import replace

from envlock.model.fields import Table
from envlock.model.platform import PLATFORMS, System
from envlock.model.system_values import SYSTEM_KEYS, platform_name, system_value


def read_systems(table: Table, platforms: tuple[str, ...]) -> tuple[tuple[str, System], ...]:
    """The declared systems, by platform; what is not declared has its documented default.

    A table of a platform that is not among `platforms` is a slip, unless it is inherited: who extends an env.toml may
    have fewer platforms.
    """
    own = table.document.name
    for name in table.names(platform_name):
        if name not in platforms and table.document.place(table.at(name)).file == own:
            table.refuse(name, "is not among `platforms`: add it there, or take this out")
    found = ((name, _system(table.table(name), name)) for name in table.names(platform_name))
    return tuple(sorted((name, system) for name, system in found if system != PLATFORMS[name].system))


def _system(table: Table, name: str) -> System:
    platform = PLATFORMS[name]
    given = {key: table.text(key, system_value(key)) for key in SYSTEM_KEYS}
    for key in SYSTEM_KEYS:
        if key in table and key.replace("-", "_") not in platform.keys:
            table.refuse(key, f"`{name}` has none")
    return replace(platform.system, **{key.replace("-", "_"): value for key, value in given.items() if value})
