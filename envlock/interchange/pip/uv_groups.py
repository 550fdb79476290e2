"""The extras and dependency groups of a uv.lock's projects as groups of env.toml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from envlock.errors import UserInputError
from envlock.interchange.pip.pythons import Selection
from envlock.interchange.pip.uv_lock import UvLock
from envlock.interchange.source import Source
from envlock.model.imported import Remark
from envlock.model.spec import MAIN
from envlock.system.text_file import display

_GROUP = "group:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """`parts` are what a group of env.toml is of its projects: extras by name, dependency groups as `group:NAME`; the
    main one is "". `selection` is what markers of conflicts are told of all of them."""

    parts: Mapping[str, tuple[str, ...]]
    selection: Selection
    remarks: tuple[Remark, ...]


def groups_of(lock: UvLock, source: Source) -> Groups:
    """Those that are asked for, else all; of those that exclude one another none unasked."""
    known = {part for number in lock.roots for part in lock.packages[number].needs} | {*lock.needs} - {""}
    known |= {part for number in lock.roots for part in lock.packages[number].group_wants}
    known.discard("")
    names = {_name(part) for part in known}
    for name in map(canonicalize_name, source.groups):
        if name not in names:
            listed = ", ".join(f"`{each}`" for each in sorted(names)) or "none"
            raise UserInputError(f"`{display(source.path)}` has no group or extra `{name}`: it has {listed}")
    meant = {part for part in known if not source.groups or _name(part) in {*map(canonicalize_name, source.groups)}}
    apart = {part for part in meant if _excluded(part, meant, lock)}
    if apart and source.groups:
        listed = " and ".join(f"`{_name(part)}`" for part in sorted(apart))
        raise UserInputError(f"{listed} exclude one another in `{display(source.path)}`", hint="import one of them")
    meant -= apart
    parts: dict[str, list[str]] = {MAIN: [""]}
    for part in sorted(meant):
        parts.setdefault(f"{MAIN}-extra" if _name(part) == MAIN else _name(part), []).append(part)
    return Groups(
        parts={name: tuple(found) for name, found in parts.items()},
        selection=_selection(lock, meant),
        remarks=tuple(_remarks(parts, apart, source)),
    )


def _name(part: str) -> str:
    return canonicalize_name(part.removeprefix(_GROUP))


def _excluded(part: str, meant: set[str], lock: UvLock) -> bool:
    """Is there another that it cannot be installed with?"""
    names = {lock.packages[number].name for number in lock.roots}
    for conflict in lock.conflicts:
        own = {other for name, other in conflict if name in names}
        if part in own and any(other != part and other in {*meant, ""} for other in own):
            return True
    return False


def _selection(lock: UvLock, meant: set[str]) -> Selection:
    """As uv writes them in markers: `extra-4-acme-gpu`, `group-4-acme-dev`."""
    names = [lock.packages[number].name for number in lock.roots]
    said = [f"project-{len(name)}-{name}" for name in names]
    for part in meant:
        kind = "group" if part.startswith(_GROUP) else "extra"
        said += [f"{kind}-{len(name)}-{name}-{_name(part)}" for name in names]
    return Selection(extras=frozenset(canonicalize_name(each) for each in said))


def _remarks(parts: Mapping[str, list[str]], apart: set[str], source: Source) -> Iterator[Remark]:
    file = display(source.path)
    for part in sorted(apart):
        why = "it excludes others, and env.lock has all groups at once: `--group` imports one of them"
        yield Remark(file=file, what=f"{'group' if part.startswith(_GROUP) else 'extra'} {_name(part)}", why=why)
    for name, several in parts.items():
        if len(several) > 1:
            yield Remark(file=file, what=f"extra and group {name}", why=f"both are the group `{name}` here")
