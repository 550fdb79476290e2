"""What GitHub says has happened: by its variables, and by the file that it sent to webhooks.

https://docs.github.com/actions/reference/events-that-trigger-workflows has what each event is run on.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from envlock.forges.payload import Told, told_by, told_in
from envlock.forges.references import BRANCHES, PULLS, TAGS, of_branch, of_tag
from envlock.model.ci_event import Event, Kind

_NAME = "github"
# what is no state of files any more, though its tag may be there
_GONE = ("deleted", "unpublished")
# what only those cause who may write here, of the reference that it is run on
_OF_MEMBERS = ("create", "deployment", "repository_dispatch", "schedule", "workflow_dispatch")


def github_event(variables: Mapping[str, str]) -> Event | None:
    """None where no event is told; UserInputError for what is told and cannot be."""
    around = told_by(variables)
    name = around.text("GITHUB_EVENT_NAME")
    if name is None:
        return None
    payload = told_in("GITHUB_EVENT_PATH", variables)
    # what an outsider may have caused, with a person's rights: an issue, a comment, a star
    read = _READERS.get(name, _of_anybody)
    return read(payload, around)


def _pull_request(payload: Told, around: Told) -> Event:
    pull = payload.table("pull_request")
    head, base = pull.table("head"), pull.table("base")
    theirs, ours = head.table("repo").repository("full_name"), _repository(payload, around)
    return Event(
        kind=Kind.PULL_REQUEST,
        forge=_NAME,
        branch=head.reference("ref") or around.reference("GITHUB_HEAD_REF"),
        target=base.reference("ref") or around.reference("GITHUB_BASE_REF"),
        base=base.id("sha"),
        head=head.id("sha"),
        merge=_merge(around),
        number=pull.number("number") or payload.number("number") or _number(around),
        origin=ours,
        # the fork may be gone: then nobody says whose it was
        is_trusted=theirs is not None and ours is not None and theirs.lower() == ours.lower(),
    )


def _pull_request_target(payload: Told, around: Told) -> Event:
    return replace(_pull_request(payload, around), is_trusted=False, has_secrets=True)


def _merge_group(payload: Told, around: Told) -> Event:
    group = payload.table("merge_group")
    base = group.id("base_sha")
    return Event(
        kind=Kind.PULL_REQUEST,
        forge=_NAME,
        branch=_short(group.reference("head_ref")),
        target=_short(group.reference("base_ref")),
        base=base,
        head=group.id("head_sha") or around.id("GITHUB_SHA"),
        left=base,
        origin=_repository(payload, around),
    )


def _push(payload: Told, around: Told) -> Event:
    event = _of_reference(payload, around)
    if payload.flag("deleted"):
        return _nameless(event)  # what is run on then is the default branch
    # of a new branch it is all zeros
    return replace(event, base=payload.id("before")) if event.is_default else event


def _release(payload: Told, around: Told) -> Event:
    event = _of_reference(payload, around)
    tag = payload.table("release").reference("tag_name")
    if payload.text("action") in _GONE:
        return _nameless(event)
    return of_tag(_nameless(event), tag) if tag else event


def _workflow_run(payload: Told, around: Told) -> Event:
    """Run with all rights on the default branch, but often for what others have proposed."""
    run = payload.table("workflow_run")
    event, whose = _of_reference(payload, around), run.table("head_repository").repository("full_name")
    is_ours = whose is not None and event.origin is not None and whose.lower() == event.origin.lower()
    is_members = run.text("event") in ("push", "release", "merge_group", *_OF_MEMBERS)
    return event if is_ours and is_members else _not_ours(event)


def _of_anybody(payload: Told, around: Told) -> Event:
    return _not_ours(_of_reference(payload, around))


def _of_reference(payload: Told, around: Told) -> Event:
    """By the reference that the workflow is run on."""
    event = Event(kind=Kind.BRANCH, forge=_NAME, head=around.id("GITHUB_SHA"), origin=_repository(payload, around))
    reference = around.reference("GITHUB_REF") or ""
    default = payload.table("repository").reference("default_branch") or payload.reference("master_branch")
    if reference.startswith(BRANCHES):
        return of_branch(event, reference.removeprefix(BRANCHES), default)
    if reference.startswith(TAGS):
        return of_tag(replace(event, target=default), reference.removeprefix(TAGS))
    if reference.startswith(PULLS):
        proposed = replace(event, kind=Kind.PULL_REQUEST, target=default, number=_number(around))
        return replace(proposed, head=None, is_trusted=False)
    return replace(event, target=default)


def _nameless(event: Event) -> Event:
    return replace(event, kind=Kind.BRANCH, branch=None, is_default=False, tag=None)


def _not_ours(event: Event) -> Event:
    return replace(event, is_trusted=False, has_secrets=True)


def _repository(payload: Told, around: Told) -> str | None:
    return around.repository("GITHUB_REPOSITORY") or payload.table("repository").repository("full_name")


def _short(reference: str | None) -> str | None:
    return reference.removeprefix(BRANCHES) if reference else None


def _merge(around: Told) -> str | None:
    """What is run on, where that is a merge of GitHub's own."""
    reference = around.reference("GITHUB_REF") or ""
    return around.id("GITHUB_SHA") if reference.startswith(PULLS) and reference.endswith("/merge") else None


def _number(around: Told) -> int | None:
    """That of `refs/pull/7/merge`."""
    reference = around.reference("GITHUB_REF") or ""
    number = reference.removeprefix(PULLS).partition("/")[0] if reference.startswith(PULLS) else ""
    return int(number) if number.isascii() and number.isdigit() else None


_READERS: Mapping[str, Callable[[Told, Told], Event]] = {
    "pull_request": _pull_request,
    "pull_request_review": _pull_request,
    "pull_request_review_comment": _pull_request,
    "pull_request_target": _pull_request_target,
    "merge_group": _merge_group,
    "push": _push,
    "release": _release,
    "workflow_run": _workflow_run,
    **dict.fromkeys(_OF_MEMBERS, _of_reference),
}
