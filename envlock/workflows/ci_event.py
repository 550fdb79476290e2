"""What `ci` is to act on: what the forge says has happened, and on a laptop what git says there is."""

from dataclasses import replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.forges.forge import Forge
from envlock.forges.nowhere import Nowhere
from envlock.history.checkout import Checkout, checkout_around
from envlock.model.ci_event import Event, Kind
from envlock.workflows.ci import ALWAYS, CiOptions
from envlock.workflows.context import Context

_FAR, _NEAR = "refs/remotes/origin/", "refs/heads/"
_NAMES = ("main", "master")
_SHORT = 7


def event_at(forge: Forge, options: CiOptions, start: Path, context: Context) -> Event:
    """UserInputError for what the forge says and cannot be understood."""
    checkout = checkout_around(start.resolve())
    told = forge.event()
    event = _as_checked_out(told, checkout, context) if told else _of_git(forge.name, options, checkout)
    return _of_version(event) if options.version else event


def _of_git(forge: str, options: CiOptions, checkout: Checkout | None) -> Event:
    """As of a pull request to the default branch; with `--push true`, as of the branch that is checked out."""
    if checkout is None:
        if options.base:
            raise UserInputError(f"`--base {options.base}` is a git revision, and this is in no git repository")
        return Event(kind=Kind.PULL_REQUEST, forge=forge)
    target, base = _default_branch(checkout)
    proposed = Event(
        kind=Kind.PULL_REQUEST, forge=forge, branch=checkout.branch, target=target, base=base, head=checkout.head
    )
    if options.push != ALWAYS:
        return proposed
    is_default = target is not None and proposed.branch == target
    return replace(proposed, kind=Kind.BRANCH, is_default=is_default, base=None if is_default else base)


def _default_branch(checkout: Checkout) -> tuple[str | None, str | None]:
    """Its name and its commit: as the remote says, else by the usual names."""
    named = checkout.symbolic(f"{_FAR}HEAD")
    usual = [start + name for start in (_FAR, _NEAR) for name in _NAMES]
    for reference in [named, *usual] if named else usual:
        commit = checkout.commit_of(reference)
        if commit:
            return reference.removeprefix(_FAR).removeprefix(_NEAR), commit
    return None, None


def _as_checked_out(event: Event, checkout: Checkout | None, context: Context) -> Event:
    """The event of a branch, unless something else is checked out: that is never taken for the branch."""
    if event.kind is not Kind.BRANCH or checkout is None:
        return event
    if event.target is None and not event.is_default:  # the forge does not say what it would be merged into
        event = replace(event, target=_default_branch(checkout)[0])
    if event.branch is None or event.head is None or checkout.head in (None, event.head):
        return event
    # by whatever name it was fetched: a fork's branch may be called as ours
    found, told = checkout.head[:_SHORT], event.head[:_SHORT]
    context.warn(f"`{found}` is checked out, and not `{told}` of `{event.branch}`: not taken for that branch")
    return replace(event, branch=None, is_default=False)


def _of_version(event: Event) -> Event:
    """The version that is asked for, instead of what is checked out; of a pull request, nothing is pushed even so."""
    if event.kind is Kind.PULL_REQUEST and event.forge != Nowhere.name:
        return event
    return replace(event, kind=Kind.TAG, branch=None, is_default=False, tag=None)
