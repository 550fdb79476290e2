"""The tables `[platform.NAME]`: the machine that is declared, never detected."""

import re

from envlock.model.fields import Parse, Table
from envlock.model.platform import PLATFORMS, System

# wheel tags know no glibc before 2.5
_GLIBC = re.compile(r"2\.(?:[5-9]|[1-9]\d{1,2})")
_KERNEL = re.compile(r"\d{1,3}\.\d{1,3}(?:\.\d{1,4})?")
_CUDA = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
_ARCHSPEC = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def read_systems(table: Table) -> tuple[tuple[str, System], ...]:
    """The declared systems, by platform; what is not declared has its documented default."""
    return tuple(sorted((name, _system(table.table(name))) for name in table.names() if _known(table, name)))


def platform_name(text: str) -> str:
    """The name of a platform that this version can make environments for."""
    if text not in PLATFORMS:
        supported = ", ".join(f"`{name}`" for name in sorted(PLATFORMS))
        raise ValueError(f"expected a platform that this version of envlock supports ({supported}), got `{text}`")
    return text


def _known(table: Table, name: str) -> bool:
    try:
        return bool(platform_name(name))
    except ValueError as error:
        table.asked.add(name)
        table.refuse(name, str(error))
        return False


def _system(table: Table) -> System:
    default = System()
    return System(
        glibc=table.text("glibc", _version(_GLIBC, "2.28")) or default.glibc,
        linux=table.text("linux", _version(_KERNEL, "4.18")) or default.linux,
        cuda=table.text("cuda", _version(_CUDA, "12.4")) or default.cuda,
        archspec=table.text("archspec", _version(_ARCHSPEC, "x86_64_v3")) or default.archspec,
    )


def _version(pattern: re.Pattern[str], example: str) -> Parse:
    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"expected a value such as `{example}`, got `{text}`")
        return text

    return parse
