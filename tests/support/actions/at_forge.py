"""The action at a forge: a repository with its pull requests, a registry that wants a login, and comments."""

import json
import shutil
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests.support import ci_variables
from tests.support.actions.jobs import JobResult, run_workflow
from tests.support.actions.machine import Cancellation, Host, Trigger
from tests.support.ci_scene import ZEROS, Proposal, Scene, World
from tests.support.comments_kept import CommentsApi, Who
from tests.support.processes import PROJECT
from tests.support.registry import Registry, running_registry
from tests.support.tiny_project import NO_PROXY

ACTION = "acme/envlock"
USER, PASSWORD = "kim", "open-sesame"
# as `htpasswd -nbB` makes it of the two
_HTPASSWD = "kim:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n"
_OF_THE_ACTION = ("action.yml", "pyproject.toml", "README.md", "LICENSE", "envlock", "hooks", ".github/action")
_WRITES, _READS = "token-of-a-job", "token-that-reads"


@contextmanager
def guarded_registry(folder: Path) -> Iterator[Registry]:
    """It lets nobody in but `USER`."""
    (folder / "htpasswd").write_text(_HTPASSWD)
    with running_registry(folder, {"htpasswd": {"realm": "ours", "path": str(folder / "htpasswd")}}) as registry:
        yield registry


def asked(registry: Registry, path: str) -> Any:
    """What the registry answers to somebody who is logged in."""
    login = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(f"{registry.url}/v2/{path}", headers={"Authorization": f"Basic {login}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def tags(registry: Registry, repository: str) -> set[str]:
    """Without those by which attachments are found."""
    found = asked(registry, f"{repository}/tags/list")["tags"]
    return {tag for tag in found if not tag.startswith("sha256-")}


def copied_action(folder: Path) -> Path:
    """What a runner has of the repository of the action; others may be at work in ours."""
    with FileLock(f"{folder}.lock"):
        for name in () if folder.exists() else _OF_THE_ACTION:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            ignored = shutil.ignore_patterns("__pycache__")
            source = PROJECT / name
            shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy(source, folder)
    return folder


@dataclass(frozen=True, kw_only=True)
class AtForge:
    """A scene, and the jobs that workflows have run on it."""

    scene: Scene
    host: Host
    api: CommentsApi

    def run(self, text: str, trigger: Trigger, cancellation: Cancellation | None = None) -> dict[str, JobResult]:
        """The jobs by name, those of a matrix with their environment."""
        results = run_workflow(self.host, trigger, text, cancellation)
        rows = [(name, row) for name, found in results.items() for row in found]
        return {f"{name} {row.matrix['environment']}" if row.matrix else name: row for name, row in rows}

    def given(self, **changes: Any) -> "AtForge":
        return replace(self, host=replace(self.host, **changes))

    def pushed(self, branch: str = "main", *, before: str = ZEROS) -> Trigger:
        commit, ref = self.scene.push(branch), f"refs/heads/{branch}"
        payload = ci_variables.push(ref, before=before, after=commit)
        return Trigger(name="push", sha=commit, ref=ref, payload=payload)

    def tagged(self, name: str) -> Trigger:
        commit, ref = self.scene.tag(name), f"refs/tags/{name}"
        return Trigger(name="push", sha=commit, ref=ref, payload=ci_variables.push(ref, after=commit))

    def proposed(self, asked: Proposal) -> Trigger:
        return Trigger(
            name="pull_request",
            sha=asked.merge,
            ref=f"refs/pull/{asked.number}/merge",
            payload=ci_variables.pull_request(asked),
            actor="stranger" if asked.is_fork else "kim",
            is_fork=asked.is_fork,
        )

    def targeted(self, asked: Proposal) -> Trigger:
        """The same as `pull_request_target`: run on what it is to go into, with all that `main` has, for anybody."""
        ref, base = "refs/heads/main", asked.base
        return replace(self.proposed(asked), name="pull_request_target", sha=base, ref=ref, is_fork=False)

    def scheduled(self) -> Trigger:
        payload = {**ci_variables.by_hand("refs/heads/main"), "schedule": "0 4 * * 1"}
        return Trigger(name="schedule", sha=self.scene.push(), ref="refs/heads/main", payload=payload)

    def queued(self, asked: Proposal) -> Trigger:
        payload = ci_variables.merge_group(asked)
        return Trigger(name="merge_group", sha=asked.merge, ref=ci_variables.queue_ref(asked), payload=payload)

    def by_hand(self, branch: str, inputs: dict[str, str]) -> Trigger:
        commit, ref = self.scene.push(branch), f"refs/heads/{branch}"
        return Trigger(name="workflow_dispatch", sha=commit, ref=ref, payload=ci_variables.by_hand(ref, inputs))


def at_forge(world: World, scene: Scene, action: Path, api: CommentsApi) -> AtForge:
    """Its jobs know the registry of the world, and its login."""

    def token(rights: Mapping[str, str]) -> str:
        return _WRITES if rights.get("pull-requests") == "write" else _READS

    api.tokens[_READS] = Who(writes=False)
    host = Host(
        root=scene.root / "host",
        remote=scene.far.as_uri(),
        actions={ACTION: action},
        api_url=api.url,
        secrets={"REGISTRY_USERNAME": USER, "REGISTRY_PASSWORD": PASSWORD},
        variables={"REGISTRY": world.registry.host},
        network=NO_PROXY,
        token=token,
    )
    return AtForge(scene=scene, host=host, api=api)
