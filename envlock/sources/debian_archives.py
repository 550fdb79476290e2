"""Addresses of Debian's archives, as plain values."""

from dataclasses import dataclass

# the archives by the names that they have in a snapshot archive
IN_SNAPSHOT = {"main": "debian", "security": "debian-security"}


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
