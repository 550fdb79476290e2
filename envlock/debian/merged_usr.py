"""Merged /usr: what packages bring below `/bin`, `/lib` and the like stands in /usr, and links in the root lead there.

Paths move, and with them what hard links name; the texts of symbolic links stay as they are, as on any Debian.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from envlock.debian.listing import Member
from envlock.errors import OutsideError
from envlock.model.files import SystemFile

ALWAYS = ("bin", "sbin", "lib")
# libraries of other widths: only where some package has any
WHERE_USED = ("lib32", "lib64", "libo32", "libx32")
_MOVED = frozenset((*ALWAYS, *WHERE_USED))


def merged(members: Iterable[Member]) -> tuple[Member, ...]:
    """The members of one package where /usr is merged; OutsideError where two of them would have the same path."""
    found: dict[str, Member] = {}
    for member in members:
        if member.path in _MOVED and member.kind != "folder":
            _require_link_to_usr(member)
            continue  # base-files brings the links themselves since trixie
        if _leads_to_itself(member):
            continue
        target = moved(member.target) if member.kind == "hardlink" else member.target
        path = moved(member.path)
        # nearly all are in /usr already
        place = member if (path, target) == (member.path, member.target) else replace(member, path=path, target=target)
        before = found.get(path)
        if before is None or place.kind != "folder" or before.kind != "folder":
            found[path] = _only(before, place)
    return tuple(found.values())


def root_links(paths: Iterable[str]) -> tuple[SystemFile, ...]:
    """The links in the root, for one that has these paths; and the folders they lead to, where it has none."""
    there = {"/".join(path.split("/", 2)[:2]) for path in paths}
    names = [*ALWAYS, *(name for name in WHERE_USED if f"usr/{name}" in there)]
    links = (SystemFile(path=name, mode=0o777, link=f"usr/{name}") for name in names)
    missing = (f"usr/{name}" for name in names if f"usr/{name}" not in there)
    return (*links, *(SystemFile(path=path, mode=0o755, is_folder=True) for path in missing))


def moved(path: str) -> str:
    """Where a path below the root stands when /usr is merged."""
    return f"usr/{path}" if path.partition("/")[0] in _MOVED else path


def _require_link_to_usr(member: Member) -> None:
    if member.kind != "link" or member.target.removeprefix("/") != f"usr/{member.path}":
        raise OutsideError(f"its `{member.path}` is neither a folder nor a link to `usr/{member.path}`")


def _leads_to_itself(member: Member) -> bool:
    """A link from /bin to /usr/bin, for those who have not merged them: for others it would hide what it is for."""
    if member.kind != "link":
        return False
    target = posixpath.normpath(posixpath.join("/", posixpath.dirname(member.path), member.target))
    return moved(target.lstrip("/")) == moved(member.path)


def _only(before: Member | None, member: Member) -> Member:
    if before is not None and (before.kind, before.target) != ("link", member.target):
        raise OutsideError(f"it brings `{member.path}` twice, in /usr and beside it")
    return member
