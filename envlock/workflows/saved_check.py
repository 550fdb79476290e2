"""Whether a saved folder is as it was saved: packages must be what the lock names; the definition may be edited."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import Lock
from envlock.sources.saved_places import saved_paths
from envlock.system.saved_folder import PACKAGES
from envlock.workflows.project import LOCKFILE
from envlock.workflows.saved_listing import Entry, Listing, entry_of, present

_SHOWN = 20
_HINT = "get the folder anew from where it was saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found: the files of the definition that are not as they were saved, gone and new."""

    edited: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]


def look_at(root: Path, listing: Listing, lock: Lock | None) -> Looked:
    """Every file of a saved folder compared with its listing and its lock.

    OutsideError that names each package and link that is not what it should be, with both sha256.
    """
    found = {path: entry_of(place) for path, place in present(root)}
    same_lock = _same_lock(listing, found)
    wanted = _locked(lock) if lock else {}
    wrong = [
        *_links(found, listing),
        *_others(found),
        *_packages(found, listing, wanted, same_lock=same_lock),
    ]
    if wrong:
        more = [f"  and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise OutsideError("\n".join(["the folder is not as it was saved", *wrong[:_SHOWN], *more]), hint=_HINT)
    known = {path: entry for path, entry in listing.files.items() if not _is_package(path)}
    here = {path: entry for path, entry in found.items() if not _is_package(path)}
    return Looked(
        edited=tuple(sorted(p for p in known.keys() & here.keys() if not _is_same(known[p], here[p]))),
        removed=tuple(sorted(known.keys() - here.keys())),
        added=tuple(sorted(here.keys() - known.keys())),
    )


def _is_package(path: str) -> bool:
    return path.startswith(f"{PACKAGES}/")


def _is_same(one: Entry, other: Entry | None) -> bool:
    """Whether the executable bit came through depends on what carried the folder."""
    return other is not None and (one.sha256, one.link) == (other.sha256, other.link)


def _same_lock(listing: Listing, found: Mapping[str, Entry | None]) -> bool:
    path = LOCKFILE if listing.environment == "." else f"{listing.environment}/{LOCKFILE}"
    return path in listing.files and _is_same(listing.files[path], found.get(path))


def _locked(lock: Lock) -> dict[str, frozenset[str]]:
    """The sha256 that the lock has for the file at a path; more than one where files share a name."""
    wanted: dict[str, set[str]] = {}
    for package in (package for locked in lock.platforms for package in locked.packages):
        for path in saved_paths(package):
            wanted.setdefault(path, set()).add(package.sha256)
    return {path: frozenset(sha256s) for path, sha256s in wanted.items()}


def _links(found: Mapping[str, Entry | None], listing: Listing) -> Iterator[str]:
    for path, entry in sorted(found.items()):
        listed = listing.files.get(path)
        if entry and entry.link is not None and (listed is None or listed.link != entry.link):
            yield f"  `{path}` is a symbolic link to `{entry.link}`, which was not saved"


def _others(found: Mapping[str, Entry | None]) -> Iterator[str]:
    yield from (f"  `{path}` is neither a file nor a link" for path, entry in sorted(found.items()) if entry is None)


def _packages(
    found: Mapping[str, Entry | None], listing: Listing, wanted: Mapping[str, frozenset[str]], *, same_lock: bool
) -> Iterator[str]:
    """What is wrong of packages: against the lock, which alone is believed, and of all else against the listing."""
    for path in sorted(path for path in {*found, *listing.files} if _is_package(path)):
        entry, listed = found.get(path), listing.files.get(path)
        believed = wanted.get(path) if same_lock or listed is None else None
        if path not in found:
            yield f"  `{path}` is missing: sha256 {listed.sha256 if listed else ''}"
        elif entry is not None and entry.link is None:
            yield from _file(path, entry, listed, believed)


def _file(path: str, entry: Entry, listed: Entry | None, locked: frozenset[str] | None) -> Iterator[str]:
    if locked is not None:
        if entry.sha256 not in locked:
            yield _differs(path, entry.sha256, "locked", " or ".join(sorted(locked)))
    elif listed is None:
        yield f"  `{path}` was not saved: sha256 {entry.sha256}"
    elif entry.sha256 != listed.sha256:
        yield _differs(path, entry.sha256, "saved", listed.sha256)


def _differs(path: str, found: str, word: str, expected: str) -> str:
    return f"  `{path}` has sha256 {found}, {word} {expected}"
