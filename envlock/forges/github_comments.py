"""Comments at a pull request on GitHub, by its REST interface."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envlock.errors import EnvlockError, UserInputError
from envlock.forges.forge_api import ForgeApi, api_address
from envlock.forges.one_comment import Comment
from envlock.system.secrets import Secret

if TYPE_CHECKING:
    from envlock.system.http import Http

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*/(?!\.\.?$)[A-Za-z0-9._-]+")
# whose token a job has by itself
_BOT = "github-actions[bot]"
_VERSION = "2022-11-28"
_PERMISSION = "it takes `permissions: pull-requests: write`, which a pull request from a fork never has"
_HINTS = {401: "is the token still good?", 403: _PERMISSION, 404: _PERMISSION}


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubComments:
    """`people` is where GraphQL is spoken, which alone tells an app its own name."""

    api: ForgeApi
    repository: str
    number: int
    people: str | None = None

    def all(self) -> Iterator[Comment]:
        for found in self.api.pages(f"repos/{self.repository}/issues/{self.number}/comments?per_page=100"):
            id, body, user = found.get("id"), found.get("body"), found.get("user")
            if type(id) is int and isinstance(body, str):
                yield Comment(id=id, author=_name(user), text=body)

    def own_name(self) -> str:
        return self._viewer() or self._user() or _BOT

    def fitted(self, text: str) -> str:
        return text

    def add(self, text: str) -> int:
        return self.api.added(f"repos/{self.repository}/issues/{self.number}/comments", {"body": text})

    def change(self, id: int, text: str) -> None:
        self.api.ask("PATCH", self._one(id), {"body": text})

    def remove(self, id: int) -> None:
        self.api.ask("DELETE", self._one(id))

    def _viewer(self) -> str | None:
        with suppress(EnvlockError, KeyError, TypeError):
            if self.people:
                query = {"query": "query { viewer { login } }"}
                return _name(self.api.ask("POST", self.people, query).value["data"]["viewer"])
        return None

    def _user(self) -> str | None:
        with suppress(EnvlockError, KeyError, TypeError):
            return _name(self.api.ask("GET", "user").value)
        return None

    def _one(self, id: int) -> str:
        return f"repos/{self.repository}/issues/comments/{id}"


def _name(user: Any) -> str | None:
    login = user.get("login") if isinstance(user, dict) else None
    return login if isinstance(login, str) and login else None


def comments_of(variables: Mapping[str, str], token: str, number: int, http: "Http") -> GitHubComments:
    """UserInputError where the variables of a job are none that GitHub sets."""
    repository = variables.get("GITHUB_REPOSITORY", "")
    if not _NAME.fullmatch(repository):
        raise UserInputError("`GITHUB_REPOSITORY` is no `OWNER/NAME`")
    headers: dict[str, Secret | str] = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": _VERSION,
        "Authorization": Secret(f"Bearer {token}"),
    }
    base = api_address(variables.get("GITHUB_API_URL"), "GITHUB_API_URL")
    api = ForgeApi(base=base, headers=headers, http=http, hints=_HINTS)
    people = variables.get("GITHUB_GRAPHQL_URL") or None
    return GitHubComments(api=api, repository=repository, number=number, people=people)
