"""kill -9 anywhere in `build --push`: the tag is absent or right, and the next call sends only what is missing."""

import json
import os
import random
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from envlock.model.reference import parse_reference
from envlock.oci.layout import Layout
from envlock.registry.client import RegistryClient
from envlock.registry.credentials import Credentials
from envlock.system.http import Http
from tests.support.forked import Forker, forker
from tests.support.projects import Project
from tests.support.registry import Registry, running_registry
from tests.support.registry_proxy import RegistryProxy, running_proxy
from tests.support.tiny_project import tiny_project

KILLED = -9
BY_DEFAULT, IN_FULL = 10, 50
PUSH = ("build", "--push", "--json")
LOADED = (
    *("envlock.cli.commands.build", "envlock.workflows.build", "envlock.workflows.push_image"),
    *("envlock.workflows.attachments", "envlock.workflows.source_revision", "envlock.workflows.local_sources"),
    *("envlock.registry.transfer", "envlock.manifest.reader", "envlock.workflows.walk", "envlock.workflows.placed"),
    *(
        "envlock.interchange.exports.cyclonedx",
        "envlock.interchange.exports.spdx",
        "envlock.interchange.exports.provenance",
    ),
)


@dataclass(frozen=True)
class Trial:
    """A project whose image nobody has pushed, and what a push without any fault passes and makes."""

    before: Project
    root: Path
    proxy: RegistryProxy
    registry: Registry
    forker: Forker
    points: int = 0
    digest: str = ""
    tag: str = ""

    def start(self, name: str) -> Project:
        """The same again, always at the same place, with a repository that is empty."""
        shutil.rmtree(self.root, ignore_errors=True)
        project = self.before.elsewhere(self.root)
        project.change("team/tiny", f"team/{name}")
        self.proxy.reset()
        return project

    def pushed(self, project: Project) -> dict[str, Any]:
        """What a call without a fault says."""
        result = self.forker.start(project, PUSH).end()
        assert result.code == 0, result
        (said,) = json.loads(result.stdout)
        assert isinstance(said, dict)
        return said

    def stored(self, name: str) -> set[str]:
        """The blobs of a repository, as they lie on the registry's disk."""
        links = self.registry.root.glob(f"docker/registry/v2/repositories/team/{name}/_layers/sha256/*")
        return {link.name for link in links}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    root = tmp_path_factory.mktemp("kill")
    with (
        running_registry(tmp_path_factory.mktemp("registry")) as registry,
        running_proxy(registry.host) as proxy,
        tiny_project(root / "tiny") as project,
        forker(project, root, LOADED) as starts,
    ):
        project.must("lock")
        project.must("build")
        project.change("[image]\n", f"[image]\nrepository = '{proxy.host}/team/tiny'\n")
        trial = Trial(project, root / "tried", proxy, registry, starts)
        said = trial.pushed(trial.start("undisturbed"))
        (tag,) = said["tags"]
        yield replace(trial, points=proxy.points, digest=said["digest"], tag=tag)


def killed(trial: Trial, project: Project, point: int) -> int:
    """A call that is killed when the proxy passes that point; its code."""
    pids: Queue[int] = Queue()

    def kill(passed: int) -> None:
        if passed == point:
            os.kill(pids.get(timeout=30), signal.SIGKILL)

    trial.proxy.watch = kill
    started = trial.forker.start(project, PUSH)
    pids.put(started.pid)
    code = started.end().code
    trial.proxy.settle()
    return code


def tried(trial: Trial, point: int, target: Path) -> bool:
    """One call that is killed, what must hold after it, and one that is not; whether the point was reached at all."""
    name = f"p{point}"
    project = trial.start(name)
    code = killed(trial, project, point)
    assert code in (0, KILLED), point
    client = RegistryClient(Http(), Credentials({}))
    tag = parse_reference(f"{trial.registry.host}/team/{name}:{trial.tag}")
    found = client.find(tag)
    assert found is None or found.descriptor.digest == trial.digest, point
    there = trial.stored(name)
    trial.proxy.reset()
    said = trial.pushed(project)
    assert said["digest"] == trial.digest, point
    if found is None:
        assert said["pushed"]["uploaded_bytes"] == trial.proxy.received
    sent = {seen.path.rpartition("sha256%3A")[2] for seen in trial.proxy.seen if "digest=" in seen.path}
    assert not sent & there, point
    assert client.pull(tag.at(trial.digest), Layout(target)).digest == trial.digest
    found = client.find(tag)
    assert found is not None
    assert found.descriptor.digest == trial.digest
    return code == KILLED


def test_killed_at_some_points(trial: Trial, tmp_path: Path) -> None:
    points = random.Random("push").sample(range(1, trial.points + 1), BY_DEFAULT)
    reached = [tried(trial, point, tmp_path / "pulled") for point in points]
    assert sum(reached) > BY_DEFAULT // 2


@pytest.mark.full
def test_killed_at_many_points(trial: Trial, tmp_path: Path) -> None:
    points = random.Random("all of it").sample(range(1, trial.points + 1), IN_FULL)
    reached = [tried(trial, point, tmp_path / "pulled") for point in points]
    assert sum(reached) > IN_FULL // 2
