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
CALL = re.compile(r"^[ \t]*([a-z_]+)((?:[ \t]+[\w./:-]+){1,3})[ \t]*$", re.MULTILINE | re.ASCII)
# a path without `.` and `..` in it, or another plain word
SEGMENT = r"(?!\.{1,2}(?:/|$))[\w.:-]+"
PLAIN = re.compile(rf"/?{SEGMENT}(?:/{SEGMENT})*", re.ASCII)


def base_files(root: Root) -> Iterator[SystemFile]:
    if "base-files" not in root.versions:
        return
    if f"{ORIGINS}/debian" in root.files and f"{ORIGINS}/default" not in root.files:
        yield link(f"{ORIGINS}/default", "debian")
    script = root.control("base-files").get("postinst", b"").decode("utf-8", "replace")
    for name, words in CALL.findall(_new_root(script)):
        arguments = words.split()
        if name in CALLS and len(arguments) == CALLS[name][0] and all(map(PLAIN.fullmatch, arguments)):
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


def _below(path: str) -> str:
    return path.removeprefix("/")


def _from_default(root: Root, name: str, path: str) -> Iterator[SystemFile]:
    default = f"{DEFAULTS}/{name}"
    if default in root.files and _below(path) not in root.files:
        yield file(_below(path), root.read(default))


def _directory(root: Root, path: str, mode: str, group: str) -> Iterator[SystemFile]:
    if _below(path) not in root.files:
        yield folder(_below(path), _mode(mode, 0o755), gid=GROUPS.get(group, 0))


def _migrated(_: Root, path: str, target: str) -> Iterator[SystemFile]:
    yield link(_below(path), target)


def _local(root: Root, path: str) -> Iterator[SystemFile]:
    if STAFF in root.files:
        yield folder(_below(path), 0o2775, gid=GROUPS["staff"])
    elif _below(path) not in root.files:
        yield folder(_below(path))


def _owned(root: Root, path: str, owner: str, mode: str) -> Iterator[SystemFile]:
    before = root.read(_below(path)) if _below(path) in root.files else b""
    yield file(_below(path), before, _mode(mode, 0o644), gid=GROUPS.get(owner.partition(":")[2], 0))


def _mode(text: str, otherwise: int) -> int:
    return int(text, 8) if re.fullmatch("[0-7]{3,4}", text) else otherwise


# the script's own functions, with how many arguments they take
CALLS: dict[str, tuple[int, Callable[..., Iterator[SystemFile]]]] = {
    "install_from_default": (2, _from_default),
    "install_directory": (3, _directory),
    "migrate_directory": (2, _migrated),
    "install_local_dir": (1, _local),
    "ensure_file_owner_mode": (3, _owned),
}
