"""What git's hooks look at beside checks: what is pushed, and whether what is installed is still what is locked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.system.cache import Cache
from envlock.system.files import repository_root
from envlock.workflows.installed import Note, differing
from envlock.workflows.project import Project

_NAMED = ("refs/heads/", "refs/tags/")
_OWN = ("refs/envlock/", "refs/notes/")  # hold no environments
_UNDER_WAY = ("rebase-merge", "rebase-apply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """What is pushed: an object, the branch or tag as people call it, and what it is on the other side, if anything."""

    id: str
    name: str
    old: str | None = None


def pushed(told: str) -> tuple[Tip, ...]:
    """What git tells a hook of a push, but for what is removed, and for what is no state of files; each change once."""
    found = {(tip.id, tip.old): tip for tip in _tips(told)}
    return tuple(found.values())


def no_longer_as_locked(start: Path, cache: Cache, *, rebased: bool = False) -> tuple[Note, ...]:
    """The environments installed for this work tree that are no longer as env.lock says; none while it is rebased, but
    at the end of that, where git has not tidied up yet."""
    root = repository_root(start.resolve())
    return differing(root, cache) if root and (rebased or not _is_rebased(root)) else ()


def advice(notes: tuple[Note, ...], start: Path) -> str:
    """One line that says so, and what to do."""
    names = [Project(Path(note.folder)).name for note in notes]
    listed = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    what = f"what is installed of {listed} is not what env.lock says now"
    if len(notes) > 1:
        return f"{what}: run `envlock install` for each"
    note = notes[0]
    words = [f"--prefix {_seen(Path(note.place), start)}"] if note.place else []
    words += [f"--group {group}" for group in note.groups]
    return f"{what}: run `{' '.join(('envlock install', names[0], *words))}`"


def _tips(told: str) -> Iterator[Tip]:
    for line in told.splitlines():
        words = line.split(" ")
        if len(words) != 4 or not words[1].strip("0") or words[2].startswith(_OWN):
            continue
        name = words[0] if words[0].startswith("refs/") else words[2]
        short = next((name.removeprefix(n) for n in _NAMED if name.startswith(n)), name)
        yield Tip(id=words[1], name=short, old=words[3] if words[3].strip("0") else None)


def _is_rebased(root: Path) -> bool:
    return any((_git_folder(root) / name).exists() for name in _UNDER_WAY)


def _git_folder(root: Path) -> Path:
    """Git's own folder of a work tree; of further ones, and of submodules, a file says where that is."""
    place = root / ".git"
    if not place.is_file():
        return place
    return root / place.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir: ").strip()


def _seen(place: Path, start: Path) -> str:
    return str(place.relative_to(start)) if place.is_relative_to(start) else str(place)
