"""What GitLab says has happened, by its variables (https://docs.gitlab.com/ci/variables/predefined_variables/)."""

from collections.abc import Mapping
from dataclasses import replace

from envlock.forges.payload import Told, told_by
from envlock.forges.references import of_branch, of_tag
from envlock.model.ci_event import Event, Kind

_NAME = "gitlab"
_MERGE, _EXTERNAL = "CI_MERGE_REQUEST_", "CI_EXTERNAL_PULL_REQUEST_"


def gitlab_event(variables: Mapping[str, str]) -> Event | None:
    """None where nothing is told; UserInputError for what is told and cannot be."""
    told = told_by(variables)
    # by what it is about, not by its source: pipelines start others
    if told.number(f"{_MERGE}IID"):
        return _merge_request(told)
    if told.number(f"{_EXTERNAL}IID"):
        return _external(told)
    event = Event(
        kind=Kind.BRANCH, forge=_NAME, head=told.id("CI_COMMIT_SHA"), origin=told.repository("CI_PROJECT_PATH")
    )
    tag, branch = told.reference("CI_COMMIT_TAG"), told.reference("CI_COMMIT_BRANCH")
    default = told.reference("CI_DEFAULT_BRANCH")
    if tag:
        return of_tag(replace(event, target=default), tag)
    if branch is None:
        return replace(event, target=default) if event.head else None
    event = of_branch(event, branch, default)
    # zeros where it was not a push
    return replace(event, base=told.id("CI_COMMIT_BEFORE_SHA")) if event.is_default else event


def _merge_request(told: Told) -> Event:
    """Of the branch alone ("detached"), or of a merge that was made for trying it."""
    left, target = told.id(f"{_MERGE}DIFF_BASE_SHA"), told.id(f"{_MERGE}TARGET_BRANCH_SHA")
    theirs, ours = told.number(f"{_MERGE}SOURCE_PROJECT_ID"), told.number(f"{_MERGE}PROJECT_ID")
    here = told.number("CI_PROJECT_ID")
    source, run_on = told.id(f"{_MERGE}SOURCE_BRANCH_SHA"), told.id("CI_COMMIT_SHA")
    return Event(
        kind=Kind.PULL_REQUEST,
        forge=_NAME,
        branch=told.reference(f"{_MERGE}SOURCE_BRANCH_NAME"),
        target=told.reference(f"{_MERGE}TARGET_BRANCH_NAME"),
        base=target or left,
        head=source or run_on,
        merge=run_on if source else None,
        left=None if target else left,
        number=told.number(f"{_MERGE}IID"),
        origin=told.repository(f"{_MERGE}PROJECT_PATH") or told.repository("CI_PROJECT_PATH"),
        is_trusted=theirs is not None and theirs == (ours or here) == here,
        # what comes from a fork may be run by the project that it is for: with the variables of that
        has_secrets=theirs is not None and theirs != here,
    )


def _external(told: Told) -> Event:
    """A pull request at GitHub, whose repository GitLab mirrors."""
    theirs, ours = (told.repository(f"{_EXTERNAL}{side}_REPOSITORY") for side in ("SOURCE", "TARGET"))
    return Event(
        kind=Kind.PULL_REQUEST,
        forge=_NAME,
        branch=told.reference(f"{_EXTERNAL}SOURCE_BRANCH_NAME"),
        target=told.reference(f"{_EXTERNAL}TARGET_BRANCH_NAME"),
        base=told.id(f"{_EXTERNAL}TARGET_BRANCH_SHA"),
        head=told.id(f"{_EXTERNAL}SOURCE_BRANCH_SHA") or told.id("CI_COMMIT_SHA"),
        number=told.number(f"{_EXTERNAL}IID"),
        origin=told.repository("CI_PROJECT_PATH"),
        is_trusted=theirs is not None and theirs == ours,
    )
