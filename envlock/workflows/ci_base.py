"""Which commit an event is held against, and how what was tried can be had elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from envlock.errors import UserInputError
from envlock.forges.nowhere import Nowhere
from envlock.history.checkout import HEAD, ID, Checkout
from envlock.model.ci_event import Event, Kind
from envlock.workflows.ci import CiOptions

_SHORT = 7
# where forges keep the merges that they make for trying them
_MERGES = {"github": "refs/pull/{number}/merge", "gitlab": "refs/merge-requests/{number}/merge"}
_NOT_THERE = "the pull request is not checked out: this is of the branch that it is to be merged into"
_WHOLE = "with all of the history (`fetch-depth: 0`) it would be held against where it left that branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The commit that all is held against, None where there is none; `merged` tells that what is checked out is a
    merge that the forge made for trying it."""

    commit: str | None = None
    merged: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A commit that is here, or why it is not."""

    commit: str | None
    note: str | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.note,) if self.note else ()


def found_base(event: Event, options: CiOptions, checkout: Checkout) -> Base:
    """UserInputError for a `--base` that is no revision."""
    if checkout.head is None:
        return Base()
    if options.base:
        return _left(_given(options.base, event, checkout), event, checkout)
    if event.kind is Kind.BRANCH and (event.is_default or event.branch == event.target is not None):
        return _before(event, checkout)
    merged = _merged_into(event, checkout)
    if merged:
        found = _brought(merged, event, checkout)
        return Base(commit=found.commit, merged=True, notes=(*found.notes, *_nothing(found)))
    base = _left(_tip(event, checkout), event, checkout)
    return replace(base, notes=(*base.notes, _NOT_THERE)) if _is_target(base, event, checkout) else base


def _is_target(base: Base, event: Event, checkout: Checkout) -> bool:
    """A workflow that outsiders can cause is run on the branch that is proposed to, unless it says otherwise."""
    if not event.has_secrets or event.kind is not Kind.PULL_REQUEST or event.head is None:
        return False
    return base.commit == checkout.head or checkout.commit_of(event.head) is None


def _merged_into(event: Event, checkout: Checkout) -> str | None:
    """Of the merge that the forge has made for trying it, the commit that it was merged into. What a merge of the
    author's own comes from is the author's choice."""
    if event.merge is None or event.merge != checkout.head:
        return None
    parents = checkout.parents(event.merge)
    return parents[0] if parents[1:] == (event.head,) else None


def _before(event: Event, checkout: Checkout) -> Base:
    """What the branch was before it was pushed to; else what its newest commit comes from."""
    assert checkout.head
    told = _brought(event.base, event, checkout) if event.base else _Found(None)
    if told.commit:
        return Base(commit=told.commit)
    parents = checkout.parents(checkout.head)
    found = _brought(parents[0], event, checkout) if parents else _Found(None)
    return Base(commit=found.commit, notes=(*told.notes, *found.notes, *(_nothing(found) if parents else ())))


def _tip(event: Event, checkout: Checkout) -> _Found:
    """Where the branch is that all this is to be merged into."""
    told = _brought(event.base, event, checkout) if event.base else _Found(None)
    if told.commit or not event.target:
        return told
    found = _branch(event.target, event, checkout)
    return found if found.notes else replace(found, note=told.note)


def _given(revision: str, event: Event, checkout: Checkout) -> _Found:
    found = _brought(revision, event, checkout) if ID.fullmatch(revision) else _named(revision, event, checkout)
    if found.commit is None:
        raise UserInputError(f"`--base {revision}` is no git revision", hint=found.note)
    return found


def _named(revision: str, event: Event, checkout: Checkout) -> _Found:
    """On a forge, a branch there comes first: what is checked out may be called so by those who propose it."""
    here = checkout.commit_of(revision)
    if here and (event.forge == Nowhere.name or revision.startswith(HEAD)):
        return _Found(here)
    found = _branch(revision, event, checkout)
    return found if found.commit else _Found(here, found.note)


def _branch(name: str, event: Event, checkout: Checkout) -> _Found:
    """A branch as the remote has it: fetched, where it is not here."""
    reference = f"refs/remotes/origin/{name}"
    commit = checkout.commit_of(reference)
    if commit or event.forge == Nowhere.name:
        return _Found(commit)
    why = checkout.fetch(f"+refs/heads/{name}:{reference}")
    return _Found(checkout.commit_of(reference), f"`{name}` is not here, and cannot be fetched: {why}" if why else None)


def _brought(id: str, event: Event, checkout: Checkout) -> _Found:
    """A commit by its id: fetched, where it is not here, and something could be fetched."""
    commit = checkout.commit_of(id)
    if commit or event.forge == Nowhere.name:
        return _Found(commit)
    why = checkout.fetch(id)
    return _Found(checkout.commit_of(id), f"`{id[:_SHORT]}` is not here, and cannot be fetched: {why}" if why else None)


def _left(tip: _Found, event: Event, checkout: Checkout) -> Base:
    """Where what is checked out left a branch; where that is not known, the branch's own commit."""
    assert checkout.head
    if tip.commit is None:
        return Base(notes=(*tip.notes, *_nothing(tip)))
    found = checkout.merge_base(tip.commit, checkout.head)
    if found or tip.commit in (event.left, *checkout.parents(checkout.head)):
        return Base(commit=found or tip.commit, notes=tip.notes)
    called = f"`{event.target}` at {tip.commit[:_SHORT]}" if event.target else f"`{tip.commit[:_SHORT]}`"
    why = f"held against {called} itself: this clone is shallow; {_WHOLE}"
    if not checkout.is_shallow:
        why = f"held against {called} itself: they have no commit in common"
    return Base(commit=tip.commit, notes=(*tip.notes, why))


def _nothing(found: _Found) -> tuple[str, ...]:
    return () if found.commit else ("there is nothing to hold this against: every environment counts as changed",)


def reproducible(event: Event, base: Base, checkout: Checkout, paths: Iterable[str]) -> tuple[str | None, str | None]:
    """The revision that gives these files elsewhere, and a note of how to get it, where a plain clone has it not."""
    if not base.merged or checkout.head is None or event.head is None:
        return checkout.head, None
    wanted = [*paths]
    if not wanted:
        return None, None
    if _brought(event.head, event, checkout).commit:
        both = [[f"{commit}:{path}" for path in wanted] for commit in (event.head, checkout.head)]
        found = checkout.objects([*both[0], *both[1]])
        if all(_ids(found.get(a)) == _ids(found.get(b)) for a, b in zip(*both, strict=True)):
            return event.head, None
    where = _MERGES.get(event.forge, "{head}").format(number=event.number, head=checkout.head)
    return checkout.head, f"`{checkout.head[:_SHORT]}` is a merge for trying: `git fetch origin {where}` brings it"


def _ids(found: object) -> object:
    return getattr(found, "id", None)
