"""What the stand-in for comments of forges keeps, and what both of its interfaces share."""

from __future__ import annotations

import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

REPOSITORY, PROJECT = "acme/models", "7"
BOT = "github-actions[bot]"


@dataclass(frozen=True, kw_only=True)
class Who:
    """Whose token it is. That of a job on GitHub is of an app: it cannot ask for its user."""

    login: str = BOT
    writes: bool = True
    is_app: bool = True


@dataclass(kw_only=True)
class Kept:
    """A comment, or a note."""

    id: int
    number: int
    login: str | None
    body: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    value: Any = None

    @property
    def summary(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None  # instead of JSON
    breaks_off: bool = False  # nothing at all is answered


@dataclass
class CommentsApi:
    """`instead` are answers to be given to the next requests, one each; None lets one through. `meanwhile` is what
    others do just before such a request, once."""

    port: int = 0
    tokens: dict[str, Who] = field(default_factory=lambda: {"token-of-a-job": Who()})
    numbers: set[int] = field(default_factory=lambda: {1})
    kept: list[Kept] = field(default_factory=list)
    instead: list[Answer | None] = field(default_factory=list)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)  # quick actions that a note had GitLab do
    speaks_graphql: bool = True
    ids: Iterator[int] = field(default_factory=lambda: count(1000))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """GITHUB_API_URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def gitlab_url(self) -> str:
        """CI_API_V4_URL."""
        return f"{self.url}/api/v4"

    @property
    def variables(self) -> dict[str, str]:
        """What a job is told of it."""
        graphql = {"GITHUB_GRAPHQL_URL": f"{self.url}/graphql"} if self.speaks_graphql else {}
        return {"GITHUB_API_URL": self.url, "CI_API_V4_URL": self.gitlab_url, **graphql}

    def put(self, body: str, *, login: str | None = BOT, number: int = 1) -> Kept:
        """One that is there already."""
        kept = Kept(id=next(self.ids), number=number, login=login, body=body)
        self.kept.append(kept)
        return kept

    def bodies(self, number: int = 1) -> list[str]:
        return [kept.body for kept in self.kept if kept.number == number]

    @property
    def written(self) -> list[str]:
        """What was asked for that changes something."""
        return [asked.summary for asked in self.asked if asked.method != "GET" and asked.path != "/graphql"]


class Wrong(Exception):
    """A request that no forge need understand."""


Route = Callable[..., Answer]
Routes = tuple[tuple[str, str, Route], ...]


def routed(routes: Routes, api: CommentsApi, asked: Asked, who: Who) -> Answer | None:
    for method, pattern, route in routes:
        match = re.fullmatch(pattern, asked.path)
        if match and method == asked.method:
            return route(api, asked, who, *(int(group) for group in match.groups()))
    return None


def require(good: bool, what: str) -> None:
    if not good:
        raise Wrong(what)


def one(api: CommentsApi, id: int) -> Kept | None:
    return next((kept for kept in api.kept if kept.id == id), None)


def body(asked: Asked) -> str:
    require(asked.headers.get("Content-Type") == "application/json", "no JSON")
    require(isinstance(asked.value, dict) and set(asked.value) == {"body"}, "another field than `body`")
    require(isinstance(asked.value["body"], str), "`body` is no text")
    text: str = asked.value["body"]
    return text


def page(
    api: CommentsApi, asked: Asked, number: int, path: str, shape: Callable[[CommentsApi, Kept], dict[str, Any]]
) -> Answer:
    """At most a hundred from the oldest on, and where the rest is."""
    require(set(asked.query) <= {"per_page", "page", "sort", "order_by"}, "an unknown parameter")
    size, page = int(asked.query.get("per_page", "30")), int(asked.query.get("page", "1"))
    require(1 <= size <= 100, "per_page is from 1 to 100")
    found = [kept for kept in api.kept if kept.number == number]
    last = max(1, -(-len(found) // size))

    def link(to: int, relation: str) -> str:
        query = urllib.parse.urlencode({**asked.query, "page": to})
        return f'<{api.url}{path}?{query}>; rel="{relation}"'

    links = [link(page - 1, "prev")] if page > 1 else []
    links += [link(page + 1, "next"), link(last, "last")] if page < last else []
    headers = {"Link": ", ".join(links)} if links else {}
    return Answer(value=[shape(api, kept) for kept in found[(page - 1) * size : page * size]], headers=headers)
