"""What Jenkins says has happened: by the variables of multibranch projects, and those of its git plugin."""

import re
from collections.abc import Mapping
from dataclasses import replace

from envlock.forges.payload import Told, told_by
from envlock.forges.references import of_branch, of_tag
from envlock.model.ci_event import Event, Kind

_NAME = "jenkins"
_ORIGIN = "origin/"
# of https://forge.test/team/project.git, git@forge.test:team/project
_PATH = re.compile(r"(?:[a-z+]+://[^/]+/|(?:[\w.-]+@)?[\w.-]+:)(?P<path>[\w.-]+(?:/[\w.-]+)+)/?", re.ASCII)


def jenkins_event(variables: Mapping[str, str]) -> Event | None:
    """None where it says neither a branch nor a change; UserInputError for what is told and cannot be."""
    told = told_by(variables)
    event = Event(kind=Kind.BRANCH, forge=_NAME, head=told.id("GIT_COMMIT"), origin=_repository(told))
    if told.text("CHANGE_ID"):
        return _change(event, told)
    tag = told.reference("TAG_NAME")
    if tag:
        return of_tag(event, tag)
    branch = told.reference("BRANCH_NAME") or _short(told.reference("GIT_BRANCH"))
    if branch is None:
        return None
    if told.text("BRANCH_IS_PRIMARY") != "true":
        return of_branch(event, branch, None)
    return replace(of_branch(event, branch, branch), base=told.id("GIT_PREVIOUS_COMMIT"))


def _change(event: Event, told: Told) -> Event:
    """What is checked out may be a merge that Jenkins itself has made."""
    id = told.text("CHANGE_ID") or ""
    return replace(
        event,
        kind=Kind.PULL_REQUEST,
        branch=told.reference("CHANGE_BRANCH"),
        target=told.reference("CHANGE_TARGET"),
        number=told.number("CHANGE_ID") if id.isascii() and id.isdigit() else None,  # Gerrit's are no numbers
        is_trusted=told.text("CHANGE_FORK") is None,
    )


def _short(branch: str | None) -> str | None:
    return branch.removeprefix(_ORIGIN) if branch else None


def _repository(told: Told) -> str | None:
    found = _PATH.fullmatch(told.text("GIT_URL") or "")
    return found["path"].removesuffix(".git") if found else None
