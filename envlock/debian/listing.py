"""What a .deb brings: its members as they are to stand in a root, every name checked before it is used."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from envlock.debian.accounts import MOST_ID
from envlock.debian.deb_tar import TarMember
from envlock.debian.status import FOLDER
from envlock.errors import OutsideError
from envlock.model.files import WHITEOUT
from envlock.model.paths import name_problem

_DEEPEST = 64  # folders above a file; the system has an end, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a data archive by its path below the root, as the package has it (/usr is not merged yet).

    `kind` is "file", "folder", "link" or "hardlink"; `target` is the text of a symbolic link, or the path of the
    regular file that a hard link is another name of. `offset` is where in the plain archive the bytes of a file are.
    """

    path: str
    kind: str
    mode: int
    uid: int = 0
    gid: int = 0
    user: str = ""
    group: str = ""
    size: int = 0
    target: str = ""
    offset: int = 0


def listing(members: Iterable[TarMember]) -> tuple[Member, ...]:
    """The members but for the root itself; OutsideError, without the file's name, for one that could do harm."""
    found: dict[str, Member] = {}
    for raw in members:
        member = _member(raw)
        if not member.path:
            _require(member.kind == "folder", f"`{_shown(raw.name)}` is the root, and no folder")
            continue
        _refuse_status(member)
        before = found.get(member.path)
        _require(before is None or before.kind == member.kind == "folder", f"`{member.path}` stands in it twice")
        found[member.path] = _resolved(member, found) if member.kind == "hardlink" else member
    _refuse_through_links(found)
    return tuple(found.values())


def _member(raw: TarMember) -> Member:
    path = _path(raw.name)
    _require(max(raw.uid, raw.gid) <= MOST_ID, f"`{path}` belongs to a number that nobody can have")
    return Member(
        path=path,
        kind=raw.kind,
        mode=raw.mode,
        uid=raw.uid,
        gid=raw.gid,
        user=raw.user,
        group=raw.group,
        size=raw.size,
        target={"link": _link_text, "hardlink": _path}.get(raw.kind, bytes.decode)(raw.target),
        offset=raw.offset if raw.kind == "file" else 0,
    )


def _path(name: bytes) -> str:
    """A name as a path below the root: `./usr/bin/` is `usr/bin`, and `./` is empty."""
    text = _utf8(name)
    path = (text[2:] if text.startswith("./") else "" if text == "." else text).removesuffix("/")
    # a backslash is a letter like others here: systemd has one in the names of units
    problem = name_problem(path.replace("\\", "_")) if path else None
    if not problem and any(part.startswith(WHITEOUT) for part in path.split("/")):
        problem = f"has a name that begins with `{WHITEOUT}`, which in a layer hides files of others"
    if not problem and path.count("/") > _DEEPEST:
        problem = f"is more than {_DEEPEST} folders deep"
    _require(not problem, f"`{_shown(name)}` {problem}")
    return path


def _link_text(target: bytes) -> str:
    _require(bool(target), "a symbolic link leads nowhere")
    return _utf8(target)


def _utf8(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise OutsideError(f"`{_shown(name)}` is not UTF-8") from None


def _resolved(member: Member, found: dict[str, Member]) -> Member:
    """A hard link that names the regular file itself, which stands before it."""
    target = found.get(member.target)
    if target and target.kind == "hardlink":
        target = found[target.target]
    if target is None or target.kind != "file":
        raise OutsideError(f"`{member.path}` is another name of `{member.target}`, which is no file before it")
    return replace(member, target=target.path)


def _refuse_through_links(found: dict[str, Member]) -> None:
    ordered = sorted(found)
    for member in found.values():
        below = None if member.kind == "folder" else first_below(member.path, ordered)
        if below:
            kind = "a symbolic link" if member.kind == "link" else "a file"
            raise OutsideError(f"`{below}` runs through `{member.path}`, which is {kind}")


def _refuse_status(member: Member) -> None:
    """Which packages there are is not for a package to say, nor where that stands."""
    path, is_folder = member.path, member.kind == "folder"
    taken = path.startswith(f"{FOLDER}/") or (not is_folder and f"{FOLDER}/".startswith(f"{path}/"))
    _require(not taken, f"`{path}` is in the way of `{FOLDER}`, where packages are listed")


def first_below(path: str, ordered: Sequence[str]) -> str | None:
    """The first of sorted paths that is below `path`."""
    start = f"{path}/"
    at = bisect_left(ordered, start)
    return ordered[at] if at < len(ordered) and ordered[at].startswith(start) else None


def _require(true: bool, otherwise: str) -> None:
    if not true:
        raise OutsideError(otherwise)


def _shown(name: bytes) -> str:
    return repr(name)[2:-1]
