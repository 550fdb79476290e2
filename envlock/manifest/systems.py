"""The tables `[platform.NAME]`: the machine that is declared, never detected."""

from dataclasses import replace

from envlock.model.fields import Table
from envlock.model.platform import PLATFORMS, System
from envlock.model.system_values import SYSTEM_KEYS, platform_name, system_value


def read_systems(table: Table) -> tuple[tuple[str, System], ...]:
    """The declared systems, by platform; what is not declared has its documented default."""
    return tuple(sorted((name, _system(table.table(name), name)) for name in table.names(platform_name)))


def _system(table: Table, name: str) -> System:
    platform = PLATFORMS[name]
    given = {key: table.text(key, system_value(key)) for key in SYSTEM_KEYS}
    for key in SYSTEM_KEYS:
        if key in table and key.replace("-", "_") not in platform.keys:
            table.refuse(key, f"`{name}` has none")
    return replace(platform.system, **{key.replace("-", "_"): value for key, value in given.items() if value})
