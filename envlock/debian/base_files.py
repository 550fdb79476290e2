"""What the script of `base-files` does to a new root, read off the script: each version of it has its own folders."""

import re
from collections.abc import Callable, Iterator

from envlock.debian.overlay import file, folder, is_folder, link
from envlock.debian.root import Root
from envlock.model.files import SystemFile

DEFAULTS = "usr/share/base-files"
ORIGINS = "etc/dpkg/origins"
# the same in every Debian
GROUPS = {"root": 0, "mail": 8, "utmp": 43, "staff": 50}
# where it exists, /usr/local belongs to the group `staff`; new roots have none since bookworm
STAFF = "etc/staff-group-for-usr-local"
CALL = re.compile(r"^[ \t]*([a-z_]+)((?:[ \t]+[\w./:-]+)+)[ \t]*$", re.MULTILINE)


def base_files(root: Root) -> Iterator[SystemFile]:
    if "base-files" not in root.versions:
        return
    if f"{ORIGINS}/debian" in root.files and f"{ORIGINS}/default" not in root.files:
        yield link(f"{ORIGINS}/default", "debian")
    script = root.control("base-files").get("postinst", b"").decode("utf-8", "replace")
    for name, words in CALL.findall(_new_root(script)):
        arguments = words.split()
        if name in CALLS and len(arguments) == CALLS[name][0]:
            yield from CALLS[name][1](root, *arguments)
    if is_folder(root, "usr/local") or "/usr/local/man" in script:
        yield link("usr/local/man", "share/man")
    if "var/spool/mail" not in root.files:
        yield link("var/spool/mail", "../mail")
    if is_folder(root, "usr/share/info"):
        yield from _from_default(root, "info.dir", "/usr/share/info/dir")


def _new_root(script: str) -> str:
    """The part that runs when there was no version before."""
    _, _, after = script.partition('if [ "$1" = "configure" ] && [ "$2" = "" ]; then\n')
    return after.partition("\nfi\n")[0]


def _from_default(root: Root, name: str, path: str) -> Iterator[SystemFile]:
    default = f"{DEFAULTS}/{name}"
    if default in root.files and path[1:] not in root.files:
        yield file(path[1:], root.read(default))


def _directory(root: Root, path: str, mode: str, group: str) -> Iterator[SystemFile]:
    if path not in root.files:
        yield folder(path, int(mode, 8), gid=GROUPS[group])


def _migrated(_: Root, path: str, target: str) -> Iterator[SystemFile]:
    yield link(path[1:], target)


def _local(root: Root, path: str) -> Iterator[SystemFile]:
    if STAFF in root.files:
        yield folder(path[1:], 0o2775, gid=GROUPS["staff"])
    elif path[1:] not in root.files:
        yield folder(path[1:])


def _owned(root: Root, path: str, owner: str, mode: str) -> Iterator[SystemFile]:
    before = root.read(path[1:]) if path[1:] in root.files else b""
    yield file(path[1:], before, int(mode, 8), gid=GROUPS[owner.partition(":")[2]])


# the script's own functions, with how many arguments they take
CALLS: dict[str, tuple[int, Callable[..., Iterator[SystemFile]]]] = {
    "install_from_default": (2, _from_default),
    "install_directory": (3, _directory),
    "migrate_directory": (2, _migrated),
    "install_local_dir": (1, _local),
    "ensure_file_owner_mode": (3, _owned),
}
