"""A dependency that was added by its name alone gets a bound: from what was locked on."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from envlock.manifest.dependency_edits import Edit, change, stands
from envlock.manifest.dependency_text import CONDA, DEBIAN, bounded, is_bare
from envlock.model.lock import Lock, PlatformLock
from envlock.model.version_bounds import conda_bound, pip_bound


def with_bounds(text: str, edits: tuple[Edit, ...], lock: Lock) -> tuple[str, tuple[Edit, ...]]:
    """The manifest's text in which new names have bounds, and the edits as they are then."""
    done: list[Edit] = []
    for edit in edits:
        bound = _bound(edit, lock)
        if bound and edit.after and stands(text, edit):
            text, edit = change(text, edit, bounded(edit.place.kind, edit.after, bound))  # noqa: PLW2901
        done.append(edit)
    return text, tuple(done)


def _bound(edit: Edit, lock: Lock) -> str | None:
    place = edit.place
    # a suite of Debian's keeps to one version of a package, but for fixes
    if edit.before is not None or edit.after is None or place.editable or place.kind == DEBIAN:
        return None
    if not is_bare(place.kind, edit.after):
        return None
    locked = (p for p in lock.platforms if place.platform in (None, p.platform))
    versions = [version for p in locked for version in _versions(edit, p)]
    return conda_bound(edit.name, versions) if place.kind == CONDA else pip_bound(versions)


def _versions(edit: Edit, locked: PlatformLock) -> Iterator[str]:
    if edit.place.kind == CONDA:
        yield from (p.version for p in locked.conda if p.name == edit.name)
        return
    yield from (p.version for p in locked.pip if p.name == canonicalize_name(edit.name))
    provided = (text.partition("==") for p in locked.conda for text in p.provides)
    yield from (version for name, _, version in provided if name == edit.name)
