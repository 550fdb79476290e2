"""The comments of GitHub's REST interface, and who asks for them."""

from __future__ import annotations

import re
from typing import Any

from tests.support.comments_kept import (
    REPOSITORY,
    Answer,
    Asked,
    CommentsApi,
    Kept,
    Routes,
    Who,
    body,
    one,
    page,
    require,
    routed,
)

VERSION = "2022-11-28"
LONGEST = 65_536  # characters
_ID = 1296269  # by which links between pages name the repository
_REPO = rf"/(?:repos/{re.escape(REPOSITORY)}|repositories/{_ID})"


def github(api: CommentsApi, asked: Asked) -> Answer:
    require(asked.headers.get("Accept") == "application/vnd.github+json", "another Accept than is recommended")
    require(asked.headers.get("X-GitHub-Api-Version") == VERSION, "no known X-GitHub-Api-Version")
    require(bool(asked.headers.get("User-Agent")), "no User-Agent")
    require("PRIVATE-TOKEN" not in asked.headers, "a token of GitLab's")
    kind, _, token = asked.headers.get("Authorization", "").partition(" ")
    require(kind == "Bearer", "no bearer token")
    who = api.tokens.get(token)
    if who is None:
        return _said(401, "Bad credentials")
    return routed(_GITHUB, api, asked, who) or _said(404, "Not Found")


def _said(status: int, message: str, **more: Any) -> Answer:
    value = {"message": message, "documentation_url": "https://docs.test/rest", "status": str(status), **more}
    return Answer(status=status, value=value)


def _github_list(api: CommentsApi, asked: Asked, who: Who, number: int) -> Answer:
    if number not in api.numbers:
        return _said(404, "Not Found")
    path = f"/repositories/{_ID}/issues/{number}/comments"
    return page(api, asked, number, path, _github_shape)


def _github_add(api: CommentsApi, asked: Asked, who: Who, number: int) -> Answer:
    if number not in api.numbers:
        return _said(404, "Not Found")
    return _github_refusal(asked, who) or Answer(
        status=201, value=_github_shape(api, api.put(body(asked), login=who.login, number=number))
    )


def _github_change(api: CommentsApi, asked: Asked, who: Who, id: int) -> Answer:
    kept = one(api, id)
    if kept is None:
        return _said(404, "Not Found")
    if refusal := _github_refusal(asked, who):
        return refusal
    kept.body = body(asked)
    return Answer(value=_github_shape(api, kept))


def _github_remove(api: CommentsApi, asked: Asked, who: Who, id: int) -> Answer:
    kept = one(api, id)
    if kept is None:
        return _said(404, "Not Found")
    if not who.writes:
        return _said(403, "Resource not accessible by integration")
    api.kept.remove(kept)
    return Answer(status=204)


def _github_user(api: CommentsApi, asked: Asked, who: Who) -> Answer:
    if who.is_app:
        return _said(403, "Resource not accessible by integration")
    return Answer(value={"login": who.login, "id": 5, "type": "User"})


def _github_graphql(api: CommentsApi, asked: Asked, who: Who) -> Answer:
    if not api.speaks_graphql:
        return _said(404, "Not Found")
    require(asked.headers.get("Content-Type") == "application/json", "no JSON")
    require(bool(re.fullmatch(r"query\s*\{ viewer \{ login \} \}", asked.value["query"])), "another query")
    return Answer(value={"data": {"viewer": {"login": who.login}}})


def _github_refusal(asked: Asked, who: Who) -> Answer | None:
    text = body(asked)
    if not who.writes:
        return _said(403, "Resource not accessible by integration")
    if not text.strip():
        return _said(422, "Validation Failed", errors=[{"resource": "IssueComment", "code": "missing_field"}])
    if len(text) > LONGEST:
        why = {
            "resource": "IssueComment",
            "code": "unprocessable",
            "message": f"Body is too long (maximum is {LONGEST})",
        }
        return _said(422, "Validation Failed", errors=[why])
    return None


def _github_shape(api: CommentsApi, kept: Kept) -> dict[str, Any]:
    kind = "Bot" if kept.login and kept.login.endswith("[bot]") else "User"
    user = {"login": kept.login, "id": 41, "type": kind, "site_admin": False} if kept.login else None
    where = f"{api.url}/repos/{REPOSITORY}/issues"
    return {
        "id": kept.id,
        "node_id": "IC_kwDO",
        "url": f"{where}/comments/{kept.id}",
        "issue_url": f"{where}/{kept.number}",
        "user": user,
        "body": kept.body,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "author_association": "NONE",
        "performed_via_github_app": None,
    }


_GITHUB: Routes = (
    ("GET", rf"{_REPO}/issues/(\d+)/comments", _github_list),
    ("POST", rf"{_REPO}/issues/(\d+)/comments", _github_add),
    ("PATCH", rf"{_REPO}/issues/comments/(\d+)", _github_change),
    ("DELETE", rf"{_REPO}/issues/comments/(\d+)", _github_remove),
    ("GET", "/user", _github_user),
    ("POST", "/graphql", _github_graphql),
)
