"""GitLab: what it says of an event, and where it is told what came of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from envlock.forges.gitlab_event import gitlab_event
from envlock.forges.gitlab_notes import notes_of
from envlock.forges.nowhere import Nowhere
from envlock.forges.one_comment import TOKEN, marker, said
from envlock.model.ci_event import Event

if TYPE_CHECKING:
    from envlock.system.http import Http


class GitLab(Nowhere):
    """One job there; `variables` are those of its process."""

    name = "gitlab"

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def event(self) -> Event | None:
        return gitlab_event(self._variables)

    def comment(
        self, markdown: str | None, event: Event, http: "Callable[[], Http]", *, choice: Sequence[str] = ()
    ) -> str | None:
        number, known = event.number, self._variables
        if number is None:
            return None
        job = ("gitlab", known.get("CI_JOB_NAME", ""))
        folder = known.get("PWD", "").removeprefix(known.get("CI_PROJECT_DIR", ""))
        mark = marker((*job, folder, *choice))
        return said(lambda token: notes_of(known, token, number, http()), known.get(TOKEN), mark, markdown)
