"""What is known of the files that system functions make without making them: how many, and who is among the users."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from envlock.errors import UserInputError
from envlock.model.files import SystemFile
from envlock.system.cache import Cache, typed

SYSTEM_FILES = "debian-system"
# of what the functions make of the same packages: to be raised when that becomes another
SYSTEM_FORM = 1
_PASSWD, _GROUP = "etc/passwd", "etc/group"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`size` in bytes; users and groups by name, in the order of their lists."""

    count: int
    size: int
    users: tuple[str, ...]
    groups: tuple[str, ...]

    def require_user(self, user: str) -> None:
        """UserInputError where a user of an image ("nobody", "www-data:staff", "1000") is not there.

        Numbers need not be.
        """
        name, _, group = user.partition(":")
        for kind, wanted, there in (("user", name, self.users), ("group", group, self.groups)):
            if wanted and not wanted.isdecimal() and wanted not in there:
                listed = ", ".join(sorted(there))
                raise UserInputError(
                    f"the {kind} `{wanted}` of `[image] user` is not in the image; there are {listed}",
                    hint='name one of these, or a number, which needs no entry: `user = "1000"`',
                )


def known_system(key: str, make: Callable[[], Iterable[SystemFile]], cache: Cache) -> System:
    """What is kept under `key`, a digest of all that decides the files; of the files themselves where nothing is."""
    known = cache.record(SYSTEM_FILES, key, _kept)
    if known is None:
        known = _of({file.path: file for file in make()})
        cache.keep(SYSTEM_FILES, key, asdict(known))
    return known


def _of(files: dict[str, SystemFile]) -> System:
    return System(
        count=len(files),
        size=sum(file.size for file in files.values()),
        users=_names(files.get(_PASSWD)),
        groups=_names(files.get(_GROUP)),
    )


def _names(file: SystemFile | None) -> tuple[str, ...]:
    """The first field of each line."""
    text = b"".join(file.content.chunks()).decode() if file and file.content else ""
    return tuple(line.partition(":")[0] for line in text.splitlines() if line)


def _kept(kept: Any) -> System:
    return System(
        count=typed(kept["count"], int),
        size=typed(kept["size"], int),
        users=tuple(typed(name, str) for name in typed(kept["users"], list)),
        groups=tuple(typed(name, str) for name in typed(kept["groups"], list)),
    )
