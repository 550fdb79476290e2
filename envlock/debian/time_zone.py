"""The time zone of a new root, UTC, as `tzdata` sets it where nobody answers its questions."""

from collections.abc import Iterator

from envlock.debian.overlay import file, link
from envlock.debian.root import Root
from envlock.model.files import SystemFile

ZONE = "Etc/UTC"
NAMED = "etc/timezone"
# since trixie the file with the name is only kept, not made
ONLY_KEPT = b'if test -f "$DPKG_ROOT/etc/timezone"'


def time_zone(root: Root) -> Iterator[SystemFile]:
    if "tzdata" not in root.versions:
        return
    if "etc/localtime" not in root.files:
        yield link("etc/localtime", f"/usr/share/zoneinfo/{ZONE}")
    if NAMED in root.files or ONLY_KEPT not in root.control("tzdata").get("postinst", b""):
        yield file(NAMED, f"{ZONE}\n".encode())
