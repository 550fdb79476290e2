"""Users and groups as `base-passwd` brings them, with the shadow files that `passwd` makes of them."""

from collections.abc import Iterator

from envlock.debian.overlay import file
from envlock.debian.root import Root
from envlock.model.files import SystemFile

MASTERS = {"passwd": "usr/share/base-passwd/passwd.master", "group": "usr/share/base-passwd/group.master"}
# no password, and no day of its last change: that would be a day of the clock, and day 0 asks for a new one
NEVER_CHANGED = b":*::0:99999:7:::"
NO_MEMBERS = b":*::"
SHADOW = 42  # the group, the same in every Debian
SUBORDINATE = ("subuid", "subgid")
# whose scripts make the files of subordinate ids: the second until bookworm, the first since
MAKERS = ("base-passwd", "login")


def passwd_and_group(root: Root) -> Iterator[SystemFile]:
    if "base-passwd" not in root.versions:
        return
    entries = {name: root.read(path).splitlines() for name, path in MASTERS.items() if path in root.files}
    shadowed = "passwd" in root.versions
    for name, lines in entries.items():
        if f"etc/{name}" not in root.files:
            yield file(f"etc/{name}", _lines(_shadowed(line) if shadowed else line for line in lines))
    if shadowed:
        yield _shadow("shadow", entries.get("passwd", []), NEVER_CHANGED)
        yield _shadow("gshadow", entries.get("group", []), NO_MEMBERS)
    scripts = b"".join(root.control(name).get("postinst", b"") for name in MAKERS if name in root.versions)
    for name in SUBORDINATE:
        if f"/etc/{name}".encode() in scripts and f"etc/{name}" not in root.files:
            yield file(f"etc/{name}", b"")


def _shadowed(line: bytes) -> bytes:
    name, _, rest = line.partition(b":*:")
    return name + b":x:" + rest if rest and b":" not in name else line


def _shadow(name: str, entries: list[bytes], rest: bytes) -> SystemFile:
    return file(f"etc/{name}", _lines(line.partition(b":")[0] + rest for line in entries), 0o640, gid=SHADOW)


def _lines(lines: Iterator[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
