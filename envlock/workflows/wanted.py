"""What is asked of another time: which environment, at which revision."""

from dataclasses import dataclass
from pathlib import Path

from envlock.system.cache import Cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which environment, at which revision: `name` None is the only one there is then; `folder` is where it is now,
    or where to look for the repository; `required` makes its absence an error. With a `cache`, `lock-HEX` is
    looked for in the whole history."""

    version: str
    folder: Path
    name: str | None = None
    since: str | None = None
    required: bool = False
    cache: Cache | None = None
