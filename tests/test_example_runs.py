"""The workflows of examples/, run: which jobs there are, and what a registry has in the end.

The action is the real one, but for its installation, which has tests of its own; actions of others are replaced by what
they are documented to do.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from envlock.model.reference import parse_reference
from tests.support.actions.jobs import JobResult, run_workflow
from tests.support.actions.machine import SYSTEM_PATH, Host, Trigger
from tests.support.ci_scene import Proposal, Scene, World, new_scene
from tests.support.ci_variables import gitlab_branch, on_gitlab, on_jenkins, pull_request, push
from tests.support.processes import PROJECT
from tests.support.projects import ENVLOCK
from tests.support.pushing import client

EXAMPLES = PROJECT / "examples" / "workflows"
INSTALLED = """#!/usr/bin/env bash
set -euo pipefail
{place}
printf 'installed=true\\nenvlock={envlock}\\n' >>"$GITHUB_OUTPUT"
"""
VAULT = """
name: vault
description: What vault-action is documented to do with `exportEnv` false
inputs:
  url: {description: x}
  method: {description: x}
  role: {description: x}
  exportEnv: {description: x}
  secrets: {description: x}
outputs:
  username: {description: x, value: "${{ steps.read.outputs.username }}"}
  password: {description: x, value: "${{ steps.read.outputs.password }}"}
runs:
  using: composite
  steps:
    - id: read
      shell: bash
      run: |
        echo "::add-mask::from-vault"
        printf 'username=robot\\npassword=from-vault\\n' >>"$GITHUB_OUTPUT"
"""


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """By the names that the examples have for them."""
    ours, vault = tmp_path_factory.mktemp("action"), tmp_path_factory.mktemp("vault")
    shutil.copytree(PROJECT / ".github" / "action", ours / ".github" / "action")
    shutil.copy(PROJECT / "action.yml", ours)
    scripts = ours / ".github" / "action"
    (scripts / "place").write_text(INSTALLED.format(place=PROJECT / ".github" / "action" / "place", envlock=ENVLOCK))
    (scripts / "keep").write_text("#!/bin/sh\n")
    (vault / "action.yml").write_text(VAULT)
    return {"acme/envlock": ours, "hashicorp/vault-action": vault}


@pytest.fixture
def scene(ci_world: World, tmp_path: Path) -> Scene:
    """`serve` and `train`, which do not say where their images go."""
    return new_scene(ci_world, tmp_path / "scene", "serve", "train")


@pytest.fixture
def host(scene: Scene, actions: Mapping[str, Path], tmp_path: Path) -> Host:
    registry = scene.world.registry.host
    programs = tmp_path / "programs"
    programs.mkdir()
    return Host(
        root=tmp_path / "host",
        remote=scene.far.as_uri(),
        repository=f"acme/{tmp_path.name.lower()}".replace("_", "-").rstrip("-"),
        actions=actions,
        secrets={"REGISTRY_USERNAME": "kim", "REGISTRY_PASSWORD": "a-password"},
        variables={
            "REGISTRY": registry,
            "ECR_REGISTRY": registry,
            "ECR_PASSWORD": "p",
            "AWS_ROLE": "r",
            "AWS_REGION": "x",
        },
        network={"no_proxy": "127.0.0.1,localhost"},
        path=f"{programs}:{Path(shutil.which('python3') or '').parent}:{SYSTEM_PATH}",
    )


def ran(host: Host, name: str, trigger: Trigger) -> dict[str, list[JobResult]]:
    """The example, with the registry that answers here."""
    return run_workflow(host, trigger, (EXAMPLES / name).read_text().replace("ghcr.io", host.variables["REGISTRY"]))


def told(results: Mapping[str, list[JobResult]]) -> dict[str, str]:
    """How each job ended; those of a matrix together."""
    return {name: " ".join(each.result for each in found) for name, found in results.items()}


def pushed(scene: Scene, host: Host) -> Trigger:
    commit = scene.author.git("rev-parse", "HEAD")
    return Trigger(
        name="push", sha=commit, ref="refs/heads/main", payload=ours(push("refs/heads/main", after=commit), host)
    )


def proposed(asked: Proposal, host: Host) -> Trigger:
    ref = f"refs/pull/{asked.number}/merge"
    return Trigger(name="pull_request", sha=asked.merge, ref=ref, payload=ours(pull_request(asked), host))


def ours(payload: Any, host: Host) -> dict[str, Any]:
    """The event of this host's repository."""
    text = json.dumps(payload).replace("acme/models", host.repository)
    return dict(json.loads(text))


def digest(host: Host, name: str, tag: str) -> str | None:
    """What a tag of an environment's repository names."""
    reference = parse_reference(f"{host.variables['REGISTRY']}/{host.repository}/{name}:{tag}")
    return client().tagged(reference)


# `everyday.yml`, and the whole of `matrix.yml`, are run by tests/test_action.py
@pytest.mark.parametrize("name", ["ghcr.yml", "ecr.yml", pytest.param("vault.yml", marks=pytest.mark.full)])
def test_a_push_to_main_has_the_images_in_the_registry(name: str, scene: Scene, host: Host) -> None:
    results = ran(host, name, pushed(scene, host))
    assert {job: how for job, how in told(results).items() if how != "skipped"} == {"images": "success"}, results
    for environment in ("serve", "train"):
        assert digest(host, environment, "branch-main")
    folders = results["images"][0].folders
    assert folders
    kept = [path for path in folders.root.rglob("*") if path.is_file() and path.name in ("config.json", "config")]
    assert [path for path in kept if b"auth" in path.read_bytes() and b'"auths": {}' not in path.read_bytes()] == []


def test_a_pull_request_is_reported_on_and_pushes_nothing(scene: Scene, host: Host) -> None:
    scene.branch()
    scene.write("train", "2.0")
    results = ran(host, "ghcr.yml", proposed(scene.propose(), host))
    assert told(results) == {"propose": "success", "images": "skipped"}, results
    assert "`train`" in results["propose"][0].summary
    assert digest(host, "train", "branch-topic") is None


def test_the_matrix_is_left_out_where_nothing_changes(scene: Scene, host: Host) -> None:
    scene.branch()
    (scene.author.folder / "README").write_text("of no interest\n")
    results = ran(host, "matrix.yml", proposed(scene.propose(), host))
    assert told(results) == {"plan": "success", "build": "skipped", "envlock": "success"}, results


def test_a_stale_environment_keeps_the_matrix_from_no_other(scene: Scene, host: Host) -> None:
    scene.branch()
    stale = scene.write("serve", "2.0")
    (stale / "env.lock").write_text(scene.world.locks["1.0"])
    scene.write("train", "2.0")
    results = ran(host, "matrix.yml", proposed(scene.propose(), host))
    assert told(results) == {"plan": "failure", "build": "success", "envlock": "failure"}, results
    assert [row.matrix["environment"] for row in results["build"]] == ["train"]


def test_a_version_tag_becomes_a_release_that_names_the_image(scene: Scene, host: Host) -> None:
    """`gh` is stood in for by what writes down what it is given."""
    programs, said = Path(host.path.partition(os.pathsep)[0]), host.root.parent / "said"
    (programs / "gh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >"{said}"\ncat >>"{said}"\n')
    (programs / "gh").chmod(0o755)
    tag = "refs/tags/env/train/4"
    commit = scene.tag("env/train/4")
    trigger = Trigger(name="push", sha=commit, ref=tag, payload=ours(push(tag, after=commit), host))
    results = ran(host, "release.yml", trigger)
    assert told(results) == {"image": "success", "release": "success"}, results
    called, *notes = said.read_text().splitlines()
    assert called == "release create env/train/4 --verify-tag --title env/train/4 --notes-file -"
    image = f"{host.variables['REGISTRY']}/{host.repository}/train"
    assert notes[0] == f"Image: `{image}@{digest(host, 'train', 'v4')}`"
    assert f"{image}:v4" in notes
    assert digest(host, "serve", "v4") is None


def test_gitlab_pushes_to_the_registry_of_the_project(scene: Scene, host: Host) -> None:
    commit, registry = scene.author.git("rev-parse", "HEAD"), host.variables["REGISTRY"]
    given = {
        "CI_REGISTRY": registry,
        "CI_REGISTRY_IMAGE": f"{registry}/{host.repository}",
        "CI_REGISTRY_USER": "kim",
        "CI_REGISTRY_PASSWORD": "a-password",
    }
    content = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
    assert content[".envlock"]["script"] == ["envlock ci"]
    written = content["images"]["variables"]
    values = {name: re.sub(r"\$(\w+)", lambda found: given[found[1]], value) for name, value in written.items()}
    job = on_gitlab(scene.job(commit, "refs/heads/main"), commit, **gitlab_branch("main")).given(**values)
    done = job.call()
    assert (done.code, "a-password" in done.stdout + done.stderr) == (0, False), done
    assert digest(host, "train", "branch-main")


def test_jenkins_pushes_what_the_primary_branch_has(scene: Scene, host: Host) -> None:
    commit, registry = scene.author.git("rev-parse", "HEAD"), host.variables["REGISTRY"]
    text = (EXAMPLES / "Jenkinsfile").read_text()
    written = dict(re.findall(r"^ +(ENVLOCK_CI_\w+) = '([^']*)'", text, re.M))
    values = {
        name: value.replace("registry.acme.test", registry).replace("envs", host.repository)
        for name, value in written.items()
    }
    assert values.keys() == {"ENVLOCK_CI_REGISTRY", "ENVLOCK_CI_REPOSITORY"}
    job = on_jenkins(scene.job(commit, "refs/heads/main"), commit, BRANCH_NAME="main", BRANCH_IS_PRIMARY="true")
    done = job.given(**values, ENVLOCK_CI_USERNAME="kim", ENVLOCK_CI_PASSWORD="a-password").call(
        "--report", "envlock.md"
    )
    assert (done.code, "a-password" in done.stdout + done.stderr) == (0, False), done
    assert digest(host, "train", "branch-main")
    assert (job.tree / "envlock.md").exists()
