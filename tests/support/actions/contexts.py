"""The contexts of a job, and the default variables that are made of them."""

import json
import os
from collections.abc import Mapping
from typing import Any

from tests.support.actions.machine import NETWORK, Host, Trigger
from tests.support.actions.running import Folders, RunningJob

# of the `github` context, what each process sees; the token is not among it
_SHOWN = frozenset(
    (
        *("action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url", "base_ref"),
        *("env", "event_name", "event_path", "graphql_url", "head_ref", "job", "output", "path", "ref", "ref_name"),
        *("ref_protected", "ref_type", "repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("retention_days", "run_attempt", "run_id", "run_number", "server_url", "sha", "state", "step_summary"),
        *("triggering_actor", "workflow", "workflow_ref", "workflow_sha", "workspace"),
    )
)


def github_context(host: Host, trigger: Trigger, folders: Folders, job: str, workflow: str) -> dict[str, Any]:
    """With the event file written."""
    event = folders.temp / "_github_workflow" / "event.json"
    event.parent.mkdir(parents=True, exist_ok=True)
    event.write_text(json.dumps(trigger.payload))
    proposed = trigger.payload.get("pull_request") or {}
    kind, _, name = trigger.ref.removeprefix("refs/").partition("/")
    return {
        "event": trigger.payload,
        "event_name": trigger.name,
        "event_path": str(event),
        "sha": trigger.sha,
        "ref": trigger.ref,
        "ref_name": name,
        "ref_type": "tag" if kind == "tags" else "branch",
        "ref_protected": False,
        "head_ref": (proposed.get("head") or {}).get("ref", ""),
        "base_ref": (proposed.get("base") or {}).get("ref", ""),
        "actor": trigger.actor,
        "actor_id": "7",
        "triggering_actor": trigger.actor,
        "job": job,
        "workflow": workflow,
        "workflow_ref": f"{host.repository}/.github/workflows/{workflow}.yml@{trigger.ref}",
        "workflow_sha": trigger.sha,
        "workspace": str(folders.workspace),
        **_of_host(host),
    }


def _of_host(host: Host) -> dict[str, Any]:
    return {
        "api_url": host.api_url,
        "server_url": host.server_url,
        "graphql_url": f"{host.api_url}/graphql",
        "repository": host.repository,
        "repository_id": "1",
        "repository_owner": host.repository.partition("/")[0],
        "repository_owner_id": "3",
        "repositoryUrl": f"git://{host.server_url.partition('//')[2]}/{host.repository}.git",
        "retention_days": "90",
        "run_id": "1",
        "run_number": "1",
        "run_attempt": "1",
        "secret_source": "Actions",
    }


def runner_context(folders: Folders) -> dict[str, str]:
    return {
        "os": "Linux",
        "arch": "X64",
        "name": "runner-1",
        "environment": "github-hosted",
        "temp": str(folders.temp),
        "tool_cache": str(folders.tools),
        "workspace": str(folders.workspace.parent),
        "debug": "",
    }


def variables(job: RunningJob, github: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """All that a step's process sees: nothing of the process that plays the runner, but how the network is reached."""
    runner = job.contexts["runner"]
    network = {name: value for name, value in os.environ.items() if name in NETWORK or name.lower() in NETWORK}
    return {
        **network,
        **job.host.network,
        "HOME": str(job.folders.home),
        "USER": "runner",
        "LANG": "C.UTF-8",
        "PATH": ":".join((*job.path, environment.get("PATH", job.host.path))),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        **{name: value for name, value in environment.items() if name != "PATH"},
        **{f"RUNNER_{name.upper()}": value for name, value in runner.items() if value},
        **{f"GITHUB_{name.upper()}": _shown(value) for name, value in github.items() if name in _SHOWN},
    }


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
