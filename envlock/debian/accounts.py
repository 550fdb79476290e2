"""Numbers of users and groups that packages name, as base-passwd gives them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envlock.errors import OutsideError

PASSWD = "usr/share/base-passwd/passwd.master"
GROUP = "usr/share/base-passwd/group.master"
MOST_ID = (1 << 32) - 2  # the next one stands for nobody at all


@dataclass(frozen=True, slots=True)
class Accounts:
    """Numbers by name. Where a name has none, the number counts that stands beside it in the archive, as for dpkg."""

    users: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)

    def uid(self, name: str, number: int) -> int:
        return self.users.get(name, number)

    def gid(self, name: str, number: int) -> int:
        return self.groups.get(name, number)


def accounts(texts: Mapping[str, bytes]) -> Accounts:
    """From the master files, by their paths; none where there are none."""
    return Accounts(_numbers(texts.get(PASSWD, b"")), _numbers(texts.get(GROUP, b"")))


def _numbers(text: bytes) -> dict[str, int]:
    """The third field of each line, by the first."""
    try:
        lines = (line.split(":") for line in text.decode().splitlines() if line)
        numbers = {fields[0]: int(fields[2]) for fields in lines}
        if not all(0 <= number <= MOST_ID for number in numbers.values()):
            raise ValueError
        return numbers
    except (ValueError, IndexError):
        raise OutsideError("`base-passwd` brings a list of users or groups that is none") from None
