"""What forges say of events: rows of what they send, as they document it, and of what they cannot have sent."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import UserInputError
from envlock.forges.table import forge_of
from envlock.model.ci_event import Event, Kind

A, B, C, ZEROS = "a" * 40, "b" * 40, "c" * 40, "0" * 40
LONG = "d" * 64
REPOSITORY = {"full_name": "Acme/ml", "default_branch": "main"}
AROUND = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "Acme/ml", "GITHUB_SHA": C}
PR = {"kind": Kind.PULL_REQUEST, "forge": "github", "origin": "Acme/ml"}
BRANCH = {"kind": Kind.BRANCH, "forge": "github", "origin": "Acme/ml", "head": C}
TAG = {**BRANCH, "kind": Kind.TAG}
MAIN = {**BRANCH, "branch": "main", "is_default": True}
OTHERS = {"is_trusted": False, "has_secrets": True}


def pull(repo: Any = REPOSITORY, **more: Any) -> dict[str, Any]:
    head = {"ref": "topic", "sha": A, "repo": repo}
    found = {"number": 7, "head": head, "base": {"ref": "main", "sha": B, "repo": REPOSITORY}}
    return {"action": "synchronize", "number": 7, "pull_request": found, "repository": REPOSITORY, **more}


def push(**more: Any) -> dict[str, Any]:
    told = {"ref": "refs/heads/main", "before": A, "after": C, "created": False, "deleted": False, "forced": False}
    return {**told, "base_ref": None, "repository": REPOSITORY, **more}


def run_of(event: str, whose: str | None) -> dict[str, Any]:
    head = {"full_name": whose} if whose else None
    return {"workflow_run": {"event": event, "head_repository": head}, "repository": REPOSITORY}


ASKING = {**PR, "branch": "topic", "target": "main", "base": B, "head": A, "number": 7}
PROPOSED = {**ASKING, "merge": C}
FORK = {"full_name": "mallory/ml", "fork": True}
GROUP = {
    "head_sha": A,
    "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-b",
    "base_sha": B,
    "base_ref": "refs/heads/main",
}
QUEUED = {**PR, "branch": "gh-readonly-queue/main/pr-7-b", "target": "main", "base": B, "left": B, "head": A}
ANY = {"repository": REPOSITORY}
NAMELESS = {**BRANCH, "target": "main"}
# the event, the reference it is run on, what it sends, and what is understood
GITHUB: Mapping[str, tuple[str, str, Any, Mapping[str, Any]]] = {
    "pull request": ("pull_request", "refs/pull/7/merge", pull(), PROPOSED),
    "closed": ("pull_request", "refs/pull/7/merge", pull(action="closed"), PROPOSED),
    "fork": ("pull_request", "refs/pull/7/merge", pull(FORK), {**PROPOSED, "is_trusted": False}),
    "a fork that is gone": ("pull_request", "refs/pull/7/merge", pull(None), {**PROPOSED, "is_trusted": False}),
    "other case": ("pull_request", "refs/pull/7/merge", pull({"full_name": "acme/ML"}), PROPOSED),
    "review": ("pull_request_review", "refs/pull/7/merge", pull(), PROPOSED),
    "nothing sent": (
        "pull_request",
        "refs/pull/7/merge",
        {},
        {**PR, "branch": "theirs", "target": "ours", "number": 7, "merge": C, "is_trusted": False},
    ),
    "merged": ("pull_request", "refs/heads/main", pull(action="closed"), ASKING),
    "target": ("pull_request_target", "refs/heads/main", pull(FORK), {**ASKING, **OTHERS}),
    "target of our own": ("pull_request_target", "refs/heads/main", pull(), {**ASKING, **OTHERS}),
    "merge queue": ("merge_group", GROUP["head_ref"], {"merge_group": GROUP, **ANY}, QUEUED),
    "push": ("push", "refs/heads/main", push(), {**MAIN, "base": A}),
    "forced": ("push", "refs/heads/main", push(forced=True), {**MAIN, "base": A}),
    "new default branch": ("push", "refs/heads/main", push(before=ZEROS, created=True), MAIN),
    "new branch": ("push", "refs/heads/a/b", push(before=ZEROS, created=True), {**NAMELESS, "branch": "a/b"}),
    "branch": ("push", "refs/heads/topic", push(), {**NAMELESS, "branch": "topic"}),
    "hostile branch": ("push", "refs/heads/$(x)`y`'\"", push(), {**NAMELESS, "branch": "$(x)`y`'\""}),
    "branch called as a tag": ("push", "refs/heads/env/train/3", push(), {**NAMELESS, "branch": "env/train/3"}),
    "branch deleted": ("push", "refs/heads/topic", push(after=ZEROS, deleted=True), NAMELESS),
    "default deleted": ("push", "refs/heads/main", push(after=ZEROS, deleted=True), {**BRANCH}),
    "version": ("push", "refs/tags/env/train/3", push(), {**TAG, "tag": "env/train/3", "target": "main"}),
    "named version": ("push", "refs/tags/env/a.b/1.2.0", push(), {**TAG, "tag": "env/a.b/1.2.0", "target": "main"}),
    "other tag": ("push", "refs/tags/v3", push(), NAMELESS),
    "tag of no name": ("push", "refs/tags/env/Train/3", push(), NAMELESS),
    "tag of no version": ("push", "refs/tags/env/train/latest", push(), NAMELESS),
    "tag of a hash": ("push", "refs/tags/env/train/lock-3f9a1c22b07d4e18", push(), NAMELESS),
    "deeper tag": ("push", "refs/tags/env/train/3/4", push(), NAMELESS),
    "tag deleted": ("push", "refs/tags/env/train/3", push(deleted=True), NAMELESS),
    "create": ("create", "refs/heads/topic", {"ref_type": "branch", **ANY}, {**NAMELESS, "branch": "topic"}),
    "create a tag": ("create", "refs/tags/env/train/3", ANY, {**TAG, "tag": "env/train/3", "target": "main"}),
    "release": (
        "release",
        "refs/tags/env/train/3",
        {"action": "published", "release": {"tag_name": "env/train/3"}, **ANY},
        {**TAG, "tag": "env/train/3", "target": "main"},
    ),
    "release of another": ("release", "refs/tags/v1", {"release": {"tag_name": "v1"}, **ANY}, NAMELESS),
    "release removed": (
        "release",
        "refs/tags/env/train/3",
        {"action": "deleted", "release": {"tag_name": "env/train/3"}, **ANY},
        NAMELESS,
    ),
    "by hand": ("workflow_dispatch", "refs/heads/main", {"inputs": {"x": 1}, **ANY}, MAIN),
    "by hand on a branch": ("workflow_dispatch", "refs/heads/x", ANY, {**NAMELESS, "branch": "x"}),
    "by hand on a tag": (
        "workflow_dispatch",
        "refs/tags/env/train/3",
        ANY,
        {**TAG, "tag": "env/train/3", "target": "main"},
    ),
    "schedule": ("schedule", "refs/heads/main", {"schedule": "0 0 * * *", **ANY}, MAIN),
    "from outside": ("repository_dispatch", "refs/heads/main", {"client_payload": {"a": []}, **ANY}, MAIN),
    "after a push": ("workflow_run", "refs/heads/main", run_of("push", "acme/ml"), MAIN),
    "after a proposal": ("workflow_run", "refs/heads/main", run_of("pull_request", "Acme/ml"), {**MAIN, **OTHERS}),
    "after a comment": ("workflow_run", "refs/heads/main", run_of("issue_comment", "Acme/ml"), {**MAIN, **OTHERS}),
    "after a fork": ("workflow_run", "refs/heads/main", run_of("push", "mallory/ml"), {**MAIN, **OTHERS}),
    "after nobody": ("workflow_run", "refs/heads/main", run_of("push", None), {**MAIN, **OTHERS}),
    "comment": ("issue_comment", "refs/heads/main", {"comment": {"body": "/x"}, **ANY}, {**MAIN, **OTHERS}),
    "unknown": ("of_tomorrow", "refs/heads/main", ANY, {**MAIN, **OTHERS}),
    "no reference": ("schedule", "", ANY, NAMELESS),
    "sha-256": ("push", "refs/heads/main", push(before=LONG), {**MAIN, "base": LONG}),
}


def of_github(tmp_path: Path, name: str, reference: str, sent: Any, **more: str) -> Event | None:
    file = tmp_path / "event.json"
    file.write_bytes(sent if isinstance(sent, bytes) else json.dumps(sent).encode())
    refs = {"GITHUB_HEAD_REF": "theirs", "GITHUB_BASE_REF": "ours"} if name == "pull_request" else {}
    told = {"GITHUB_EVENT_NAME": name, "GITHUB_REF": reference, "GITHUB_EVENT_PATH": str(file)}
    return forge_of({**AROUND, **told, **refs, **more}).event()


@pytest.mark.parametrize("row", GITHUB)
def test_what_github_says_is_understood(tmp_path: Path, row: str) -> None:
    name, reference, sent, expected = GITHUB[row]
    assert of_github(tmp_path, name, reference, sent) == Event(**expected)


def in_pull(*path: str, value: Any) -> dict[str, Any]:
    found = json.loads(json.dumps(pull()))
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert isinstance(found, dict)
    return found


FILE = "GITHUB_EVENT_PATH: "
REFUSED: Mapping[str, tuple[Any, str]] = {
    "no JSON": (b"{", "`GITHUB_EVENT_PATH` names a file that is no JSON: "),
    "no UTF-8": (b'{"a": "\xff"}', "`GITHUB_EVENT_PATH` names a file that is no JSON: "),
    "no table": ([], "`GITHUB_EVENT_PATH` names a file that holds no table"),
    "a bomb": (b"[" * 100_000, "`GITHUB_EVENT_PATH` names a file that is no JSON: "),
    "list": (in_pull("pull_request", value=[1]), f"`{FILE}pull_request` is `[1]`, and not a table"),
    "text": (in_pull("pull_request", "head", value="x"), f"`{FILE}pull_request.head` is `x`, and not a table"),
    "short id": (
        in_pull("pull_request", "head", "sha", value="abc"),
        f"`{FILE}pull_request.head.sha` is `abc`, and not the id of a commit",
    ),
    "upper case": (
        in_pull("pull_request", "base", "sha", value="A" * 40),
        f"`{FILE}pull_request.base.sha` is `{'A' * 40}`, and not the id of a commit",
    ),
    "an option": (
        in_pull("pull_request", "base", "sha", value="--upload-pack=x"),
        f"`{FILE}pull_request.base.sha` is `--upload-pack=x`, and not the id of a commit",
    ),
    "line end after an id": (
        in_pull("pull_request", "base", "sha", value=f"{A}\n"),
        f"`{FILE}pull_request.base.sha` is `{A}\\u000a`, and not the id of a commit",
    ),
    "id as number": (
        in_pull("pull_request", "base", "sha", value=1),
        f"`{FILE}pull_request.base.sha` is `1`, and not a text",
    ),
    "line in a branch": (
        in_pull("pull_request", "head", "ref", value="a\nb"),
        f"`{FILE}pull_request.head.ref` is `a\\u000ab`, and not a name that git would take",
    ),
    "steering a terminal": (
        in_pull("pull_request", "head", "ref", value="\x1b[31m"),
        f"`{FILE}pull_request.head.ref` is `\\u001b[31m`, and not a name that git would take",
    ),
    "refspec": (
        in_pull("pull_request", "base", "ref", value="main:refs/heads/x"),
        f"`{FILE}pull_request.base.ref` is `main:refs/heads/x`, and not a name that git would take",
    ),
    "upwards": (
        in_pull("pull_request", "base", "ref", value="../../x"),
        f"`{FILE}pull_request.base.ref` is `../../x`, and not a name that git would take",
    ),
    "half a pair": (
        rb'{"pull_request": {"head": {"ref": "\ud800"}}}',
        f"`{FILE}pull_request.head.ref` is `\\ud800`, and not a name that git would take",
    ),
    "long": (
        in_pull("pull_request", "head", "ref", value="a" * 5000),
        f"`{FILE}pull_request.head.ref` is `{'a' * 60}…`, and not a text",
    ),
    "no number": (
        in_pull("pull_request", "number", value="7; rm"),
        f"`{FILE}pull_request.number` is `7; rm`, and not a number",
    ),
    "flag as number": (
        in_pull("pull_request", "number", value=True),
        f"`{FILE}pull_request.number` is `true`, and not a number",
    ),
    "negative": (in_pull("pull_request", "number", value=-7), f"`{FILE}pull_request.number` is `-7`, and not a number"),
    "huge": (
        in_pull("pull_request", "number", value=10**15),
        f"`{FILE}pull_request.number` is `{10**15}`, and not a number",
    ),
    "repository": (
        in_pull("pull_request", "head", "repo", value={"full_name": "a/b c"}),
        f"`{FILE}pull_request.head.repo.full_name` is `a/b c`, and not the name of a repository",
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_github_cannot_have_sent_is_refused(tmp_path: Path, row: str) -> None:
    sent, message = REFUSED[row]
    with pytest.raises(UserInputError) as refused:
        of_github(tmp_path, "pull_request", "refs/pull/7/merge", sent)
    assert refused.value.message.startswith(message)
    assert message.startswith("`GITHUB_EVENT_PATH` names") or refused.value.message == message


VARIABLES = {
    "GITHUB_REF": ("refs/heads/a b", "a name that git would take"),
    "GITHUB_SHA": ("main", "the id of a commit"),
    "GITHUB_REPOSITORY": ("acme", "the name of a repository"),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_variables_are_looked_at_as_well(tmp_path: Path, variable: str) -> None:
    value, expected = VARIABLES[variable]
    with pytest.raises(UserInputError) as refused:
        of_github(tmp_path, "push", "refs/heads/main", push(), **{variable: value})
    assert refused.value.message == f"`{variable}` is `{value}`, and not {expected}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    variables = {**AROUND, "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "none")}
    with pytest.raises(UserInputError, match="`GITHUB_EVENT_PATH` names a file that cannot be read"):
        forge_of(variables).event()


def test_a_file_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 36)
    variables = {**AROUND, "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(file)}
    with pytest.raises(UserInputError, match="`GITHUB_EVENT_PATH` names a file of more than 32 MiB"):
        forge_of(variables).event()


@pytest.mark.parametrize("row", [*GITHUB])
def test_no_table_of_what_is_sent_can_be_something_else(tmp_path: Path, row: str) -> None:
    """Whatever is put for one value: an event or a refusal, and nothing else."""
    name, reference, sent, _ = GITHUB[row]
    for path in paths_of(sent):
        for value in (None, 1.5, "\0", ["a"], {"a": 1}, True):
            with suppress(UserInputError):
                assert isinstance(of_github(tmp_path, name, reference, with_value(sent, path, value)), Event)


def paths_of(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = [found for key in value for found in paths_of(value[key], (*path, key))] if isinstance(value, dict) else []
    return [*([path] if path else []), *inner]


def with_value(sent: Any, path: tuple[str, ...], value: Any) -> Any:
    first, *rest = path
    return {**sent, first: with_value(sent[first], tuple(rest), value) if rest else value}


GITLAB_AROUND = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/team/ml", "CI_PROJECT_ID": "5", "CI_COMMIT_SHA": C}
GITLAB_AROUND |= {"CI_DEFAULT_BRANCH": "main"}
LAB = {"forge": "gitlab", "origin": "acme/team/ml"}
MERGE = {
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_ID": "5",
    "CI_MERGE_REQUEST_PROJECT_PATH": "acme/team/ml",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": B,
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
    "CI_COMMIT_BEFORE_SHA": ZEROS,
    "CI_PIPELINE_SOURCE": "merge_request_event",
}
ASKED = {**LAB, "kind": Kind.PULL_REQUEST, "branch": "topic", "target": "main", "number": 7, "head": C}
LAB_BRANCH = {**LAB, "kind": Kind.BRANCH, "head": C}
GITLAB: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any] | None]] = {
    "merge request": (MERGE, {**ASKED, "base": B, "left": B}),
    "merged result": (
        {**MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": A, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": B},
        {**ASKED, "base": B, "head": A, "merge": C},
    ),
    "child of one": ({**MERGE, "CI_PIPELINE_SOURCE": "parent_pipeline"}, {**ASKED, "base": B, "left": B}),
    "fork, by us": (
        {**MERGE, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9"},
        {**ASKED, "base": B, "left": B, **OTHERS},
    ),
    "fork, by itself": (
        {**MERGE, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9", "CI_PROJECT_ID": "9"},
        {**ASKED, "base": B, "left": B, "is_trusted": False},
    ),
    "no project": (
        {**MERGE, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": ""},
        {**ASKED, "base": B, "left": B, "is_trusted": False},
    ),
    "external": (
        {
            "CI_EXTERNAL_PULL_REQUEST_IID": "7",
            "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": "topic",
            "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA": A,
            "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA": B,
            "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY": "acme/ml",
            "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY": "acme/ml",
        },
        {**ASKED, "base": B, "head": A},
    ),
    "push": (
        {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": A},
        {**LAB_BRANCH, "branch": "main", "is_default": True, "base": A},
    ),
    "by hand": (
        {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": ZEROS, "CI_PIPELINE_SOURCE": "web"},
        {**LAB_BRANCH, "branch": "main", "is_default": True},
    ),
    "branch": (
        {"CI_COMMIT_BRANCH": "topic", "CI_COMMIT_BEFORE_SHA": A},
        {**LAB_BRANCH, "branch": "topic", "target": "main"},
    ),
    "version": (
        {"CI_COMMIT_TAG": "env/train/3"},
        {**LAB_BRANCH, "kind": Kind.TAG, "tag": "env/train/3", "target": "main"},
    ),
    "other tag": ({"CI_COMMIT_TAG": "v3"}, {**LAB_BRANCH, "target": "main"}),
    "neither": ({}, {**LAB_BRANCH, "target": "main"}),
    "nothing": ({"CI_COMMIT_SHA": ""}, None),
}


@pytest.mark.parametrize("row", GITLAB)
def test_what_gitlab_says_is_understood(row: str) -> None:
    variables, expected = GITLAB[row]
    assert forge_of({**GITLAB_AROUND, **variables}).event() == (Event(**expected) if expected else None)


JENKINS_AROUND = {"JENKINS_URL": "https://ci.test/", "GIT_COMMIT": C, "GIT_URL": "https://forge.test/acme/ml.git"}
HUDSON = {"kind": Kind.BRANCH, "forge": "jenkins", "origin": "acme/ml", "head": C}
CHANGE = {"CHANGE_ID": "7", "CHANGE_TARGET": "main", "CHANGE_BRANCH": "topic", "BRANCH_NAME": "PR-7"}
CHANGED = {**HUDSON, "kind": Kind.PULL_REQUEST, "branch": "topic", "target": "main", "number": 7}
JENKINS: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any] | None]] = {
    "change": (CHANGE, CHANGED),
    "fork": ({**CHANGE, "CHANGE_FORK": "mallory"}, {**CHANGED, "is_trusted": False}),
    "Gerrit": ({**CHANGE, "CHANGE_ID": "I8473b95934b5732ac55d26311a706c9c2bde9940"}, {**CHANGED, "number": None}),
    "main": (
        {"BRANCH_NAME": "main", "BRANCH_IS_PRIMARY": "true", "GIT_PREVIOUS_COMMIT": A},
        {**HUDSON, "branch": "main", "is_default": True, "base": A},
    ),
    "branch": ({"BRANCH_NAME": "a/b"}, {**HUDSON, "branch": "a/b"}),
    "plain job": ({"GIT_BRANCH": "origin/main"}, {**HUDSON, "branch": "main"}),
    "version": (
        {"TAG_NAME": "env/train/3", "BRANCH_NAME": "env/train/3"},
        {**HUDSON, "kind": Kind.TAG, "tag": "env/train/3"},
    ),
    "other tag": ({"TAG_NAME": "v3", "BRANCH_NAME": "v3"}, HUDSON),
    "by ssh": (
        {"BRANCH_NAME": "x", "GIT_URL": "git@forge.test:a/b/c.git"},
        {**HUDSON, "branch": "x", "origin": "a/b/c"},
    ),
    "a path": ({"BRANCH_NAME": "x", "GIT_URL": "/srv/git/ml"}, {**HUDSON, "branch": "x", "origin": None}),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("row", JENKINS)
def test_what_jenkins_says_is_understood(row: str) -> None:
    variables, expected = JENKINS[row]
    assert forge_of({**JENKINS_AROUND, **variables}).event() == (Event(**expected) if expected else None)


def test_where_no_event_is_told_git_is_asked() -> None:
    assert forge_of({"GITHUB_ACTIONS": "true"}).event() is None
    assert forge_of({}).event() is None
