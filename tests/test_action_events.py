"""What the action does for the rarer events, and where something of a run fails: what is pushed, kept and told."""

# ruff: noqa: F401, F811 - names of fixtures

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.actions.at_forge import PASSWORD, AtForge, tags
from tests.support.actions.jobs import JobResult
from tests.support.actions.machine import Trigger
from tests.support.registry import Registry
from tests.test_action import (
    EVERYDAY,
    USE,
    AtForges,
    action,
    forge,
    fresh,
    guarded,
    locked,
    outputs,
    repository,
    shared,
    traces,
)

# what a job of `pull_request_target` must not do, and some do: it checks out what strangers wrote
TARGET = USE.replace("push, pull_request,", "pull_request_target,").replace(
    "fetch-depth: 2}", "ref: '${{ github.event.pull_request.head.sha }}'}"
)


def changes(at: AtForge, name: str, version: str = "2.0") -> None:
    at.scene.write(name, version, image=at.scene.world.repository(repository(at, name)))


def is_pushed(registry: Registry, name: str) -> bool:
    return (registry.root / "docker/registry/v2/repositories" / name).exists()


def told(result: JobResult, *names: str) -> list[str]:
    return [outputs(result).get(name, "") for name in names]


def test_what_outsiders_cause_gets_neither_login_nor_docker_nor_a_cache(
    forge: AtForges,
    guarded: Registry,
) -> None:
    at = forge("train")
    at.scene.branch("stranger")
    changes(at, "serve")
    asked, before = at.targeted(at.scene.propose("stranger", is_fork=True)), len(guarded.log.read_bytes())
    result = at.run(TARGET + "          push: 'true'\n", asked)["it"]
    assert result.result == "success", result.log
    assert told(result, "changed", "pushed", "cache-hit") == ['["serve"]', "false", "false"]
    said = guarded.log.read_bytes()[before:]
    assert b"/v2/" in said  # it was asked for the image
    assert b"auth.user.name" not in said
    assert not is_pushed(guarded, repository(at, "serve"))
    assert not (at.host.root / "caches").exists()
    assert traces(result) == []

    result = at.run(TARGET + "          engine: docker\n", asked)["it"]
    assert result.result == "failure"
    assert "docker" in next(remark.message for remark in result.remarks if remark.title)


def test_one_that_cannot_be_pushed_hinders_no_other(forge: AtForges, guarded: Registry) -> None:
    at = forge("serve", "train")
    nowhere = f'repository = "127.0.0.1:9/{repository(at, "serve")}"\n'
    at.scene.write("serve", image=nowhere)
    result = at.run(EVERYDAY, at.pushed())["images"]
    assert result.result == "failure"
    assert "exit code 3" in result.log
    assert "branch-main" in tags(guarded, repository(at, "train"))
    assert told(result, "pushed", "cache-hit") == ["false", "false"]
    (image,) = outputs(result)["image"].splitlines()
    assert image.startswith(f"{guarded.host}/{repository(at, 'train')}@sha256:")
    assert [(remark.file, remark.title) for remark in result.remarks if remark.title] == [
        ("serve/env.toml", "serve: no image")
    ]
    assert traces(result) == []


def test_a_killed_run_leaves_no_login(forge: AtForges) -> None:
    at, left = forge("train"), list[Path]()

    def kill() -> None:
        left.extend(at.host.root.rglob("login-*/config.json"))
        os.kill(process_of(at), signal.SIGKILL)

    result = held(at, kill)
    assert len(left) == 1
    assert result.result == "failure"
    assert "exit code 137" in result.log
    assert traces(result) == []


def held(at: AtForge, then: Callable[[], None]) -> JobResult:
    """A push, whose registry never answers: what is done once it is asked."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def answer() -> None:
            connection, _ = silent.accept()
            connection.recv(1)
            then()
            ended.wait()
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        more = "          repository: ${{ vars.REGISTRY }}/{name}\n"
        host = at.given(variables={"REGISTRY": f"127.0.0.1:{silent.getsockname()[1]}"})
        result = host.run(USE + more, at.pushed())["it"]
        ended.set()
        thread.join()
    return result


def process_of(at: AtForge) -> int:
    """That of `envlock ci`."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and is_ours(path, at)]
    assert len(found) == 1
    return found[0]


def is_ours(process: Path, at: AtForge) -> bool:
    try:
        words, variables = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
    except OSError:
        return False  # it has ended
    return words.endswith(b"/envlock\0ci\0") and os.fsencode(at.host.root) in variables


@pytest.mark.parametrize(
    ("more", "trigger"),
    [
        pytest.param("          push: 'false'\n", lambda at: at.pushed(), id="asked for"),
        pytest.param("", lambda at: at.tagged("release/1"), id="a tag of no version"),
    ],
)
def test_nothing_is_pushed(
    more: str,
    trigger: Callable[[AtForge], Trigger],
    forge: AtForges,
    guarded: Registry,
) -> None:
    at = forge("train")
    changes(at, "serve")
    result = at.run(USE + more, trigger(at))["it"]
    assert result.result == "success", result.log
    assert told(result, "pushed", "tags") == ["false", ""]
    assert not is_pushed(guarded, repository(at, "serve"))
    assert PASSWORD not in result.log


def test_a_scheduled_run_pushes_what_main_lacks(forge: AtForges, guarded: Registry) -> None:
    at = forge("train")
    scheduled = USE.replace("[push, pull_request, workflow_dispatch]", "{schedule: [{cron: '0 4 * * 1'}]}")
    result = at.run(scheduled, at.scheduled())["it"]
    assert result.result == "success", result.log
    assert told(result, "pushed", "changed") == ["true", "[]"]
    assert "branch-main" in tags(guarded, repository(at, "train"))
    assert at.api.written == []


def test_a_push_tells_what_it_changes_and_pull_requests_restore_what_main_has_saved(
    forge: AtForges,
    guarded: Registry,
) -> None:
    at = forge("serve", "train")
    first = at.pushed()
    saved = at.run(EVERYDAY, first)["images"]
    assert "Cache saved with key: envlock-" in saved.log
    changes(at, "train")
    second = at.run(EVERYDAY, at.pushed(before=first.sha))["images"]
    assert second.result == "success", second.log
    assert told(second, "changed", "pushed", "cache-hit") == ['["train"]', "true", "false"]
    assert caches(at).keys() == {"refs/heads/main"}

    at.scene.branch("topic")
    changes(at, "serve")
    kept = caches(at)
    result = at.run(EVERYDAY, at.proposed(at.scene.propose()))["propose"]
    assert result.result == "success", result.log
    assert told(result, "changed", "pushed") == ['["serve"]', "false"]
    assert "Cache restored from key: envlock-" in result.log
    assert caches(at) == kept
    assert guarded.host in saved.summary


def caches(at: AtForge) -> Mapping[str, list[str]]:
    """Keys of what is kept from run to run, by the reference that saved it."""
    refs = ("refs/heads/main", "refs/pull/1/merge", "refs/heads/topic")
    return {ref: keys for ref in refs if (keys := at.host.caches.keys(ref))}
