"""GitHub: what it says of an event, and where it is told what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envlock.forges import workflow_commands
from envlock.forges.forge import Annotation
from envlock.forges.github_comments import comments_of
from envlock.forges.github_event import github_event
from envlock.forges.nowhere import Nowhere
from envlock.forges.one_comment import TOKEN, marker, said
from envlock.forges.value_file import append_to, value_lines
from envlock.model.ci_event import Event

if TYPE_CHECKING:
    from envlock.system.http import Http

# bytes: more than that of one step is not shown at all
_SUMMARY = 1 << 20


class GitHub(Nowhere):
    """One job there; `variables` are those of its process."""

    name = "github"
    has_summary = True

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._token = workflow_commands.new_token()

    def event(self) -> Event | None:
        return github_event(self._variables)

    def hushed(self) -> Iterator[str]:
        yield workflow_commands.stop_commands(self._token)

    def heard(self) -> Iterator[str]:
        yield workflow_commands.resume_commands(self._token)

    def annotated(self, annotations: Sequence[Annotation]) -> Iterator[str]:
        return workflow_commands.annotation_commands(annotations)

    def write_outputs(self, values: Mapping[str, str]) -> None:
        append_to(self._variables.get("GITHUB_OUTPUT"), value_lines(values), variable="GITHUB_OUTPUT")

    def write_summary(self, markdown: str) -> None:
        variable = "GITHUB_STEP_SUMMARY"
        append_to(self._variables.get(variable), markdown, variable=variable, limit=_SUMMARY)

    def comment(
        self, markdown: str | None, event: Event, http: "Callable[[], Http]", *, choice: Sequence[str] = ()
    ) -> str | None:
        number, known = event.number, self._variables
        if number is None:
            return None
        job = (known.get("GITHUB_WORKFLOW_REF", "").partition("@")[0], known.get("GITHUB_JOB", ""))
        folder = known.get("PWD", "").removeprefix(known.get("GITHUB_WORKSPACE", ""))
        mark = marker((*job, folder, *choice))
        return said(lambda token: comments_of(known, token, number, http()), known.get(TOKEN), mark, markdown)
