"""The variables that servers set for a job, and the event files that GitHub writes, for what happens in a scene."""

import json
from typing import Any

from tests.support.ci_scene import ZEROS, Job, Proposal

OWNER, NAME = "acme", "models"
REPOSITORY = f"{OWNER}/{NAME}"
FORK = "stranger/models"
SERVER = "https://git.acme.test"


def on_github(job: Job, kind: str, commit: str, ref: str, payload: Any, **more: str) -> Job:
    """The job as its runner starts it. `payload` is what the event file holds; bytes are written as they are."""
    return job.given(**_runner(job), **_what(job, kind, commit, ref, payload), **more)


def _runner(job: Job) -> dict[str, str]:
    for name in ("output", "env", "path", "summary"):
        (job.places / name).touch()
    (job.places / "temp").mkdir(exist_ok=True)
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(job.places / "output"),
        "GITHUB_ENV": str(job.places / "env"),
        "GITHUB_PATH": str(job.places / "path"),
        "GITHUB_STEP_SUMMARY": str(job.places / "summary"),
        "GITHUB_WORKSPACE": str(job.tree),
        "RUNNER_TEMP": str(job.places / "temp"),
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "GITHUB_SERVER_URL": SERVER,
        "GITHUB_API_URL": "http://127.0.0.1:9",  # nobody answers there
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_REPOSITORY_OWNER": OWNER,
        "GITHUB_WORKFLOW": "envlock",
        "GITHUB_JOB": "images",
        "GITHUB_ACTION": "envlock",
        "GITHUB_RUN_ID": "1",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_ACTOR": "kim",
    }


def _what(job: Job, kind: str, commit: str, ref: str, payload: Any) -> dict[str, str]:
    event = job.places / "event.json"
    event.write_bytes(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    of_request = payload.get("pull_request") if isinstance(payload, dict) else None
    proposed = of_request if isinstance(of_request, dict) else {"head": {"ref": ""}, "base": {"ref": ""}}
    return {
        "GITHUB_EVENT_NAME": kind,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_SHA": commit,
        "GITHUB_REF": ref,
        "GITHUB_REF_NAME": ref.partition("/")[2].partition("/")[2],
        "GITHUB_REF_TYPE": "tag" if ref.startswith("refs/tags/") else "branch",
        "GITHUB_HEAD_REF": proposed["head"]["ref"],
        "GITHUB_BASE_REF": proposed["base"]["ref"],
        "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/envlock.yml@{ref}",
    }


def pull_request(asked: Proposal, *, action: str = "synchronize") -> dict[str, Any]:
    """The event file of a pull request."""
    ours, theirs = _repository(), _repository(FORK) if asked.is_fork else _repository()
    request = {
        "id": 1700000000 + asked.number,
        "number": asked.number,
        "state": "open",
        "locked": False,
        "draft": False,
        "title": asked.title,
        "body": asked.body,
        "user": _user("stranger" if asked.is_fork else "kim"),
        "head": {
            "label": f"{theirs['owner']['login']}:{asked.branch}",
            "ref": asked.branch,
            "sha": asked.head,
            "repo": theirs,
            "user": theirs["owner"],
        },
        "base": {"label": f"{OWNER}:main", "ref": "main", "sha": asked.base, "repo": ours, "user": ours["owner"]},
        "merge_commit_sha": asked.merge,
        "merged": False,
        "mergeable": None,
        "labels": [],
        "author_association": "NONE" if asked.is_fork else "MEMBER",
    }
    return {"action": action, "number": asked.number, "pull_request": request, **_around()}


def push(ref: str, *, before: str = ZEROS, after: str, deleted: bool = False) -> dict[str, Any]:
    """The event file of a push to a branch or of a tag."""
    who = {"name": "Kim", "email": "kim@acme.test", "username": "kim"}
    commit = {"id": after, "tree_id": after, "distinct": True, "message": "work", "author": who, "committer": who}
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == ZEROS,
        "deleted": deleted,
        "forced": False,
        "base_ref": None,
        "compare": f"{SERVER}/{REPOSITORY}/compare/{before[:12]}...{after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": "kim", "email": "kim@acme.test"},
        **_around(),
    }


def merge_group(asked: Proposal) -> dict[str, Any]:
    """The event file of a merge queue that tries a pull request."""
    return {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": asked.merge,
            "head_ref": queue_ref(asked),
            "base_ref": "refs/heads/main",
            "base_sha": asked.base,
            "head_commit": {"id": asked.merge, "tree_id": asked.merge, "message": "Merge"},
        },
        **_around(),
    }


def queue_ref(asked: Proposal) -> str:
    return f"refs/heads/gh-readonly-queue/main/pr-{asked.number}-{asked.base}"


def by_hand(ref: str, inputs: dict[str, str] | None = None) -> dict[str, Any]:
    """The event file of a workflow that somebody has started."""
    return {"inputs": inputs, "ref": ref, "workflow": ".github/workflows/envlock.yml", **_around()}


def on_gitlab(job: Job, commit: str, **more: str) -> Job:
    """What every job there is told; `more` is what tells pipelines apart."""
    return job.given(
        CI="true",
        GITLAB_CI="true",
        CI_SERVER_URL="https://gitlab.acme.test",
        CI_API_V4_URL="http://127.0.0.1:9/api/v4",  # nobody answers there
        CI_PROJECT_ID="7",
        CI_PROJECT_PATH=REPOSITORY,
        CI_PROJECT_NAMESPACE=OWNER,
        CI_PROJECT_DIR=str(job.tree),
        CI_DEFAULT_BRANCH="main",
        CI_COMMIT_SHA=commit,
        CI_JOB_ID="1",
        CI_JOB_NAME="envlock",
        CI_PIPELINE_ID="1",
        **more,
    )


def merge_request(asked: Proposal) -> dict[str, str]:
    """The variables of a merge request's own pipeline, which runs on its branch's commit."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_COMMIT_REF_NAME": asked.branch,
        "CI_COMMIT_BEFORE_SHA": ZEROS,
        "CI_MERGE_REQUEST_IID": str(asked.number),
        "CI_MERGE_REQUEST_ID": "1007",
        "CI_MERGE_REQUEST_TITLE": asked.title,
        "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
        "CI_MERGE_REQUEST_PROJECT_PATH": REPOSITORY,
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": FORK if asked.is_fork else REPOSITORY,
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8" if asked.is_fork else "7",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": asked.branch,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": asked.base,
    }


def gitlab_branch(branch: str, *, before: str = ZEROS) -> dict[str, str]:
    return {
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_BRANCH": branch,
        "CI_COMMIT_REF_NAME": branch,
        "CI_COMMIT_BEFORE_SHA": before,
    }


def gitlab_tag(tag: str) -> dict[str, str]:
    return {
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_REF_NAME": tag,
        "CI_COMMIT_BEFORE_SHA": ZEROS,
    }


def on_jenkins(job: Job, commit: str, **more: str) -> Job:
    """What a multibranch pipeline sets; `more` is what tells its jobs apart."""
    return job.given(
        JENKINS_URL="https://jenkins.acme.test/",
        BUILD_ID="1",
        BUILD_NUMBER="1",
        JOB_NAME="models/x",
        WORKSPACE=str(job.tree),
        GIT_COMMIT=commit,
        **more,
    )


def jenkins_change(asked: Proposal) -> dict[str, str]:
    change = {
        "BRANCH_NAME": f"PR-{asked.number}",
        "CHANGE_ID": str(asked.number),
        "CHANGE_BRANCH": asked.branch,
        "CHANGE_TARGET": "main",
        "CHANGE_TITLE": asked.title,
        "CHANGE_URL": f"{SERVER}/{REPOSITORY}/pull/{asked.number}",
    }
    return {**change, "CHANGE_FORK": "stranger"} if asked.is_fork else change


def _around() -> dict[str, Any]:
    return {"repository": _repository(), "sender": _user("kim"), "organization": {"login": OWNER, "id": 3}}


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": sum(login.encode()), "type": "User"}


def _repository(name: str = REPOSITORY) -> dict[str, Any]:
    owner = name.partition("/")[0]
    return {
        "id": sum(name.encode()),
        "name": name.partition("/")[2],
        "full_name": name,
        "private": False,
        "owner": _user(owner),
        "fork": name != REPOSITORY,
        "default_branch": "main",
        "html_url": f"{SERVER}/{name}",
        "clone_url": f"{SERVER}/{name}.git",
    }
