"""The notes of GitLab's REST interface, and who asks for them."""

from __future__ import annotations

import re
from typing import Any

from tests.support.comments_kept import (
    PROJECT,
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

LONGEST = 1_000_000  # characters
_NOTES = rf"/api/v4/projects/{PROJECT}/merge_requests/(\d+)/notes"


def gitlab(api: CommentsApi, asked: Asked) -> Answer:
    require("Authorization" not in asked.headers, "a token of GitHub's")
    who = api.tokens.get(asked.headers.get("PRIVATE-TOKEN", ""))
    if who is None:
        return Answer(status=401, value={"message": "401 Unauthorized"})
    return routed(_GITLAB, api, asked, who) or Answer(status=404, value={"message": "404 Not found"})


def _gitlab_list(api: CommentsApi, asked: Asked, who: Who, number: int) -> Answer:
    if number not in api.numbers:
        return Answer(status=404, value={"message": "404 Not found"})
    require(asked.query.get("sort") == "asc", "notes come from the newest to the oldest unless told otherwise")
    return page(api, asked, number, asked.path, _gitlab_shape)


def _gitlab_add(api: CommentsApi, asked: Asked, who: Who, number: int) -> Answer:
    if number not in api.numbers:
        return Answer(status=404, value={"message": "404 Not found"})
    return _gitlab_refusal(asked, who) or Answer(
        status=201, value=_gitlab_shape(api, api.put(_acted(api, body(asked)), login=who.login, number=number))
    )


def _gitlab_change(api: CommentsApi, asked: Asked, who: Who, number: int, id: int) -> Answer:
    kept = one(api, id)
    if kept is None or kept.number != number:
        return Answer(status=404, value={"message": "404 Not found"})
    if refusal := _gitlab_refusal(asked, who):
        return refusal
    kept.body = _acted(api, body(asked))
    return Answer(value=_gitlab_shape(api, kept))


def _gitlab_remove(api: CommentsApi, asked: Asked, who: Who, number: int, id: int) -> Answer:
    kept = one(api, id)
    if kept is None or kept.number != number:
        return Answer(status=404, value={"message": "404 Not found"})
    api.kept.remove(kept)
    return Answer(status=204)


def _gitlab_user(api: CommentsApi, asked: Asked, who: Who) -> Answer:
    return Answer(value={"id": 5, "username": who.login, "state": "active", "bot": True})


def _gitlab_refusal(asked: Asked, who: Who) -> Answer | None:
    if not who.writes:
        words = "The request requires higher privileges than provided by the access token."
        return Answer(status=403, value={"error": "insufficient_scope", "error_description": words, "scope": "api"})
    if len(body(asked)) > LONGEST:
        return Answer(status=400, value={"message": {"note": [f"is too long (maximum is {LONGEST} characters)"]}})
    return None


def _gitlab_shape(api: CommentsApi, kept: Kept) -> dict[str, Any]:
    author = {"id": 5, "username": kept.login, "name": "A", "state": "active"}
    return {
        "id": kept.id,
        "type": None,
        "body": kept.body,
        "author": author,
        "system": False,
        "noteable_iid": kept.number,
        "noteable_type": "MergeRequest",
        "created_at": "2026-01-01T00:00:00.000Z",
        "internal": False,
    }


def _acted(api: CommentsApi, text: str) -> str:
    """GitLab does what lines of a note say, outside of code, and takes them out."""
    kept, is_code = [], False
    for line in text.split("\n"):
        is_code ^= line.lstrip().startswith("```")
        if not is_code and re.match(r"/[a-z_]", line):
            api.done.append(line)
        else:
            kept.append(line)
    return "\n".join(kept).strip()


_GITLAB: Routes = (
    ("GET", _NOTES, _gitlab_list),
    ("POST", _NOTES, _gitlab_add),
    ("PUT", rf"{_NOTES}/(\d+)", _gitlab_change),
    ("DELETE", rf"{_NOTES}/(\d+)", _gitlab_remove),
    ("GET", "/api/v4/user", _gitlab_user),
)
