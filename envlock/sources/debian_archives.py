"""Addresses of Debian's archives, as plain values."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

# the archives by the names that they have in a snapshot archive
IN_SNAPSHOT = {"main": "debian", "security": "debian-security"}

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# of a time a snapshot archive has what it saw before: a day later, it has seen what was new then
_SEEN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianArchives:
    """Addresses without slash at their end; `dates` are those of the releases that packages were chosen from."""

    main: str
    security: str
    snapshot: str | None = None
    dates: tuple[tuple[str, str], ...] = ()

    def of(self, archive: str) -> str:
        """The address of "main" or "security"."""
        return self.security if archive == "security" else self.main


def snapshot_path(archive: str, time: str) -> str:
    """Where a snapshot archive has an archive as it was: `archive/debian/20260131T120000Z`."""
    return f"archive/{IN_SNAPSHOT[archive]}/{time.replace('-', '').replace(':', '')}"


def seen_by(date: str) -> Iterator[str]:
    """The times at which a snapshot archive has what was there at a date; both are UTC, as text."""
    yield date
    with suppress(OverflowError):  # of the last day there is
        yield (datetime.strptime(date, _TIME) + _SEEN).strftime(_TIME)
