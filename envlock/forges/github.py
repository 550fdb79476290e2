"""GitHub: what it says of an event, and where it is told what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envlock.forges import workflow_commands
from envlock.forges.forge import Annotation
from envlock.forges.nowhere import Nowhere
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
