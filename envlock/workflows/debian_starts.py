"""Programs that somebody asks for and that nothing in an image of Debian's packages starts: better said at build."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from envlock.debian.interpreters import ESSENTIAL, interpreters, missing
from envlock.debian.stage import DebianStage
from envlock.model.files import SystemFile
from envlock.system.cache import Cache, typed

_PROGRAMS = "debian-programs"
_SHOWN = 3


def start_notes(
    stage: DebianStage, asked: Iterable[str], made: Callable[[], Iterable[SystemFile]], cache: Cache
) -> tuple[str, ...]:
    """Of the packages that are asked for by name; `made` gives what belongs to no package."""
    names = [name for name in sorted(asked) if name in stage.packages]
    programs = {program: (name, by) for name in names for program, by in _programs(name, stage, cache)}
    found: dict[tuple[str, str], list[str]] = {}
    for program, by in missing(stage, ((program, by) for program, (_, by) in programs.items()), made):
        found.setdefault((programs[program][0], by), []).append(f"`/{program}`")
    return tuple(_note(name, by, without) for (name, by), without in found.items())


def _programs(name: str, stage: DebianStage, cache: Cache) -> Iterator[tuple[str, str]]:
    """Kept, as the package has to be unpacked for it."""
    key = stage.packages[name].sha256
    known = cache.record(_PROGRAMS, key, _pairs)
    if known is None:
        known = [*interpreters(stage.by_package[name])]
        cache.keep(_PROGRAMS, key, known, lasting=False)
    yield from known


def _pairs(kept: Any) -> list[tuple[str, str]]:
    return [(typed(program, str), typed(by, str)) for program, by in typed(kept, list)]


def _note(name: str, by: str, programs: list[str]) -> str:
    more = f" and {len(programs) - _SHOWN} more" if len(programs) > _SHOWN else ""
    advice = f": ask for `{ESSENTIAL[by]}` as well" if by in ESSENTIAL else ""
    return f"`{name}`: nothing starts {', '.join(programs[:_SHOWN])}{more}, as `{by}` is not in the image{advice}"
