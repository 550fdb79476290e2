"""What differs between two locks in a few words: what env.toml asks for first, then what that brought."""

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from envlock.model.changes import BaseChange, Change, changes
from envlock.model.lock import Base, Lock
from envlock.model.short_change import ShortChange
from envlock.model.spec import Wants

_NAME = re.compile(r"(?:[^\s:]+::)?([A-Za-z0-9][A-Za-z0-9._-]*)")
_HEX = 12


def short_changes(*, before: Lock, after: Lock) -> tuple[ShortChange, ...]:
    """All that differs; nothing where only what was asked for does."""
    found, direct = changes(before=before, after=after), _asked(before) | _asked(after)
    packages = sorted(found.packages, key=lambda change: canonicalize_name(change.name) not in direct)
    return tuple(
        dict.fromkeys(
            (
                *(ShortChange(f"platform {p.platform}", "", f"{len(p.packages)}") for p in found.added),
                *(ShortChange(f"platform {p.platform}", f"{len(p.packages)}", "") for p in found.removed),
                *map(_package, packages),
                *map(_base, found.base),
                *(ShortChange("python", one or "", other or "") for _, one, other in found.python),
                *(ShortChange(key, one or "", other or "") for key, one, other in found.image),
            )
        )
    )


def _package(change: Change) -> ShortChange:
    was, now = (facts.version if facts else "" for facts in (change.before, change.after))
    return ShortChange(change.name, was, now)


def _base(change: BaseChange) -> ShortChange:
    before, after = _named(change.before), _named(change.after)
    if before == after:
        before, after = _digest(change.before) or before, _digest(change.after) or after
    return ShortChange("base", before, after)


def _named(base: Base | None) -> str:
    return (base.suite or base.reference or base.context or "") if base else ""


def _digest(base: Base | None) -> str:
    found = (base.digest or base.context or "") if base else ""
    return found.removeprefix("sha256:")[:_HEX]


def _asked(lock: Lock) -> set[str]:
    """The names in requirements."""
    inputs = lock.inputs
    wants = (wants for _, wants in (*inputs.platform_wants, *inputs.groups))
    texts = (*inputs.conda, *inputs.pip, *(text for each in wants for text in _texts(each)))
    return {canonicalize_name(found[1]) for text in texts if (found := _NAME.match(text))}


def _texts(wants: Wants) -> Iterator[str]:
    yield from (*wants.conda, *wants.pip)
