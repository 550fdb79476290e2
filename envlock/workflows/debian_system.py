"""What is known of the files that system functions make without making them: how many, and which users."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from envlock import debian
from envlock.errors import UserInputError
from envlock.model.files import SystemFile
from envlock.system.cache import Cache, typed

SYSTEM_FILES = "debian-system"
_PASSWD = "etc/passwd"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`size` in bytes; `users` are the names in /etc/passwd, in its order."""

    count: int
    size: int
    users: tuple[str, ...]

    def require_user(self, user: str) -> None:
        """UserInputError where the user of an image is named and not there; numbers need not be."""
        if not user[:1].isdecimal() and user not in self.users:
            raise UserInputError(
                f"the user `{user}` of `[image] user` is not in the image; there are {', '.join(sorted(self.users))}",
                hint='name one of these, or a number, which needs no entry: `user = "1000"`',
            )


@cache
def functions_id() -> str:
    """Of the code that makes them: other code may make something else of the same packages."""
    modules = sorted(Path(debian.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(module.read_bytes() for module in modules)).hexdigest()


def known_system(key: str, make: Callable[[], Iterable[SystemFile]], kept: Cache) -> System:
    """What is kept under `key`, a digest of all that decides the files; of the files themselves where nothing is."""
    known = kept.record(SYSTEM_FILES, key, _read)
    if known is None:
        known = _of({file.path: file for file in make()})
        kept.keep(SYSTEM_FILES, key, asdict(known))
    return known


def _of(files: dict[str, SystemFile]) -> System:
    return System(
        count=len(files),
        size=sum(file.size for file in files.values()),
        users=_names(files.get(_PASSWD)),
    )


def _names(file: SystemFile | None) -> tuple[str, ...]:
    """The first field of each line."""
    text = b"".join(file.content.chunks()).decode() if file and file.content else ""
    return tuple(line.partition(":")[0] for line in text.splitlines() if line)


def _read(record: Any) -> System:
    return System(
        count=typed(record["count"], int),
        size=typed(record["size"], int),
        users=tuple(typed(name, str) for name in typed(record["users"], list)),
    )
