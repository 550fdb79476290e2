"""Notes at a merge request on GitLab, by its REST interface."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envlock.errors import OutsideError, UserInputError
from envlock.forges.forge_api import ForgeApi, api_address
from envlock.forges.one_comment import Comment
from envlock.system.secrets import Secret

if TYPE_CHECKING:
    from envlock.system.http import Http

_SCOPE = "it takes a project access token with the scope `api`: that of a job may not write notes"
_HINTS = {401: "is the token still good?", 403: _SCOPE, 404: _SCOPE}
# `/close` at the beginning of a line is done, by whose token it is
_ACTION = re.compile(r"^(\s*)/", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitLabNotes:
    """Those of the merge request `number` of a project, which is called by its own number."""

    api: ForgeApi
    project: str
    number: int

    def all(self) -> Iterator[Comment]:
        for found in self.api.pages(f"{self._notes}?sort=asc&order_by=created_at&per_page=100"):
            id, body, author = found.get("id"), found.get("body"), found.get("author")
            name = author.get("username") if isinstance(author, dict) else None
            if type(id) is int and isinstance(body, str) and not found.get("system"):
                yield Comment(id=id, author=name if isinstance(name, str) else None, text=body)

    def own_name(self) -> str:
        who = self.api.ask("GET", "user").value
        if not isinstance(who, dict) or not isinstance(who.get("username"), str):
            raise OutsideError("GitLab does not tell whose token it is")
        return str(who["username"])

    def fitted(self, text: str) -> str:
        return without_actions(text)

    def add(self, text: str) -> int:
        return self.api.added(self._notes, {"body": text})

    def change(self, id: int, text: str) -> None:
        self.api.ask("PUT", f"{self._notes}/{id}", {"body": text})

    def remove(self, id: int) -> None:
        self.api.ask("DELETE", f"{self._notes}/{id}")

    @property
    def _notes(self) -> str:
        return f"projects/{self.project}/merge_requests/{self.number}/notes"


def without_actions(text: str) -> str:
    """Markdown that shows the same, and has GitLab do nothing."""
    return _ACTION.sub(r"\1\\/", text)


def notes_of(variables: Mapping[str, str], token: str, number: int, http: "Http") -> GitLabNotes:
    """UserInputError where the variables of a job are none that GitLab sets."""
    # a merge request of a fork is one of the project that it is for
    variable = "CI_MERGE_REQUEST_PROJECT_ID" if variables.get("CI_MERGE_REQUEST_PROJECT_ID") else "CI_PROJECT_ID"
    project = variables.get(variable, "")
    if not (project.isascii() and project.isdigit()):
        raise UserInputError(f"`{variable}` is no number")
    base = api_address(variables.get("CI_API_V4_URL"), "CI_API_V4_URL")
    api = ForgeApi(base=base, headers={"PRIVATE-TOKEN": Secret(token)}, http=http, hints=_HINTS)
    return GitLabNotes(api=api, project=project, number=number)
