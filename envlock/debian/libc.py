"""Where the C library looks for names and for libraries, as `libc-bin` sets it up."""

from collections.abc import Iterator

from envlock.debian.overlay import file
from envlock.debian.root import Root
from envlock.model.files import SystemFile

SWITCH = "etc/nsswitch.conf"
DEFAULT_SWITCH = "usr/share/libc-bin/nsswitch.conf"
LOADER = "etc/ld.so.conf"
# a file of `libc-bin`, which a base may leave out; what other packages put below ld.so.conf.d counts on it
INCLUDE = b"include /etc/ld.so.conf.d/*.conf\n\n"


def libc_settings(root: Root) -> Iterator[SystemFile]:
    if DEFAULT_SWITCH in root.files and SWITCH not in root.files:
        yield file(SWITCH, root.read(DEFAULT_SWITCH))
    if "libc6" in root.versions and LOADER not in root.files:
        yield file(LOADER, INCLUDE)
