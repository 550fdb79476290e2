"""The tables `[platform.NAME]`: the machine that is declared, never detected."""

from dataclasses import fields

from envlock.model.fields import Table
from envlock.model.platform import System
from envlock.model.system_values import platform_name, system_value


def read_systems(table: Table) -> tuple[tuple[str, System], ...]:
    """The declared systems, by platform; what is not declared has its documented default."""
    return tuple(sorted((name, _system(table.table(name))) for name in table.names(platform_name)))


def _system(table: Table) -> System:
    default = System()
    keys = [field.name for field in fields(System)]
    return System(**{key: table.text(key, system_value(key)) or getattr(default, key) for key in keys})
