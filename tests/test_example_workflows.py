"""The workflows of examples/ and of this repository: what they ask of the action, may do, and do when."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from envlock.cli.commands.ci import ci_command
from tests.support.actions.expressions import Scope
from tests.support.actions.templates import filled, holds
from tests.support.processes import PROJECT

EXAMPLES, OWN = PROJECT / "examples" / "workflows", PROJECT / ".github" / "workflows"
WORKFLOWS = {
    path.name if path.parent == EXAMPLES else f"own/{path.name}": path
    for path in (*sorted(EXAMPLES.glob("*.yml")), *sorted(OWN.glob("*.yml")))
    if path.name != "gitlab-ci.yml"
}
OURS = ("acme/envlock@" + "0" * 40, "./")
# what each job may do: nobody has more than the example needs
READ = {"contents": "read"}
COMMENT = {**READ, "pull-requests": "write"}
PACKAGES = {**READ, "packages": "write"}
OIDC = {**READ, "id-token": "write"}
MAY: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "everyday.yml": {"propose": COMMENT, "images": READ},
    "ghcr.yml": {"propose": {**COMMENT, "packages": "read"}, "images": PACKAGES},
    "matrix.yml": {"plan": COMMENT, "build": PACKAGES, "envlock": {}},
    "ecr.yml": {"propose": COMMENT, "images": OIDC},
    "vault.yml": {"images": OIDC},
    "artifactory.yml": {"images": OIDC},
    "release.yml": {"image": PACKAGES, "release": {"contents": "write"}},
    "own/curated.yml": {"build": READ},
    "own/envlock.yml": {"propose": COMMENT, "images": PACKAGES},
    "own/test.yml": {"test": READ},
}
# nothing that a person outside can choose, such as a title or the name of a branch
NAMED = re.compile(r"\b(?:github|vars|secrets|steps|needs|matrix|env|inputs|runner|job)\.[\w.*-]+")
HARMLESS = re.compile(
    r"github\.(?:ref|event_name|actor|token|repository)|(?:vars|secrets)\.[A-Z_]+|matrix\.environment"
    r"|steps\.\w+\.outputs\.[\w-]+|needs\.(?:\w+\.outputs\.[\w-]+|\*\.result)"
)
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+\n")


def read(name: str) -> dict[Any, Any]:
    content = yaml.safe_load(WORKFLOWS[name].read_text())
    assert isinstance(content, dict)
    return content


def steps(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from job["steps"]


def is_ours(step: Mapping[str, Any]) -> bool:
    return step.get("uses") in OURS


def action() -> dict[str, Any]:
    content = yaml.safe_load((PROJECT / "action.yml").read_text())
    assert isinstance(content, dict)
    return content


def test_every_workflow_is_known_here() -> None:
    assert sorted(MAY) == sorted(WORKFLOWS)


@pytest.mark.parametrize("name", MAY)
def test_a_job_has_the_permissions_that_it_needs_and_no_other(name: str) -> None:
    workflow = read(name)
    assert workflow["permissions"] == {}
    assert {job: what["permissions"] for job, what in workflow["jobs"].items()} == MAY[name]
    assert all(0 < job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", MAY)
def test_the_action_is_given_inputs_that_it_has_and_asked_for_outputs_that_it_has(name: str) -> None:
    known = action()
    for job in read(name)["jobs"].values():
        ours = {step.get("id") for step in steps(job) if is_ours(step)}
        for step in filter(is_ours, steps(job)):
            assert step.get("with", {}).keys() <= known["inputs"].keys()
        asked = re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", json.dumps(job.get("outputs", {})))
        assert {output for step, output in asked if step in ours} <= known["outputs"].keys()
        assert {step for step, _ in asked} <= ours


@pytest.mark.parametrize("name", MAY)
def test_nothing_that_others_choose_is_put_into_a_command(name: str) -> None:
    text = WORKFLOWS[name].read_text()
    for expression in re.findall(r"\$\{\{(.*?)\}\}", text):
        assert [each for each in NAMED.findall(expression) if not HARMLESS.fullmatch(each)] == []
    for job in read(name)["jobs"].values():
        for step in steps(job):
            script = step.get("run", "")
            assert "${{" not in script
            if step.get("shell") == "python":
                compile(script, name, "exec")
                continue
            done = subprocess.run(("bash", "-n"), input=script, text=True, capture_output=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", MAY)
def test_other_actions_are_pinned_and_leave_no_token_behind(name: str) -> None:
    text = WORKFLOWS[name].read_text()
    uses = [step["uses"] for job in read(name)["jobs"].values() for step in steps(job) if "uses" in step]
    pinned = [f"{found['action']}@{found['commit']}" for found in PINNED.finditer(text)]
    assert sorted(pinned) == sorted(used for used in uses if used != "./")
    for job in read(name)["jobs"].values():
        for step in steps(job):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
                assert step["with"].get("fetch-depth") == 2 or name in ("own/test.yml", "own/curated.yml")


@pytest.mark.parametrize("name", MAY)
def test_no_older_run_ends_after_a_newer_one(name: str) -> None:
    concurrency = read(name)["concurrency"]
    for ref, event, cancelled in (("refs/heads/main", "push", False), ("refs/tags/env/train/4", "push", False),
                                  ("refs/pull/7/merge", "pull_request", True)):  # fmt: skip
        if event in read(name)[True]:
            found = filled(concurrency, scope(github={"ref": ref, "event_name": event}))
            assert found["group"].endswith(f"-{ref}")
            assert found["cancel-in-progress"] is cancelled


def scope(*, succeeded: bool = True, was_cancelled: bool = False, **contexts: Any) -> Scope:
    """What a job's condition is evaluated in."""
    status = {"success": succeeded, "failure": not succeeded, "cancelled": was_cancelled, "always": True}
    return Scope(contexts=contexts, functions={name: (lambda value=value: value) for name, value in status.items()})


@pytest.mark.parametrize("name", ["everyday.yml", "ghcr.yml", "ecr.yml", "own/envlock.yml"])
def test_pull_requests_and_pushes_have_their_own_jobs(name: str) -> None:
    workflow = read(name)
    assert set(workflow[True]) == {"pull_request", "merge_group", "push"}
    assert workflow[True]["push"] == {"branches": ["main"], "tags": ["env/*/*"]}
    for event, expected in (("pull_request", "propose"), ("merge_group", "propose"), ("push", "images")):
        where = scope(github={"event_name": event})
        assert [job for job, what in workflow["jobs"].items() if holds(what["if"], where)] == [expected]


ROW = {"environment": "train", "folder": "examples/train"}


@pytest.mark.parametrize(
    ("matrix", "succeeded", "was_cancelled", "builds"),
    [
        (json.dumps({"include": [ROW]}), True, False, True),
        (json.dumps({"include": [ROW]}), False, False, True),  # another environment is stale
        (json.dumps({"include": []}), True, False, False),
        (json.dumps({"include": [ROW]}), True, True, False),
        ("", False, False, False),  # nothing could be checked out
    ],
)
def test_the_matrix_is_built_where_there_is_something_to_build(
    matrix: str, succeeded: bool, was_cancelled: bool, builds: bool
) -> None:
    jobs = read("matrix.yml")["jobs"]
    needs = {"plan": {"outputs": {"matrix": matrix}}}
    assert holds(jobs["build"]["if"], scope(succeeded=succeeded, was_cancelled=was_cancelled, needs=needs)) is builds
    if builds:
        assert filled(jobs["build"]["strategy"], scope(needs=needs)) == {
            "fail-fast": False,
            "matrix": {"include": [ROW]},
        }
        (step,) = filter(is_ours, steps(jobs["build"]))
        assert filled(step["with"]["environments"], scope(matrix=ROW)) == "train"


def test_only_the_job_that_plans_comments() -> None:
    (planning, building) = (next(filter(is_ours, steps(read("matrix.yml")["jobs"][job]))) for job in ("plan", "build"))
    assert planning["with"] == {"args": "--matrix"}
    assert building["with"]["comment"] == "false"


@pytest.mark.parametrize(
    ("results", "code"),
    [("success success", 0), ("success skipped", 0), ("failure success", 1), ("success cancelled", 1), ("", 0)],
)
def test_the_last_job_of_the_matrix_says_how_it_went(results: str, code: int) -> None:
    job = read("matrix.yml")["jobs"]["envlock"]
    (step,) = steps(job)
    context = scope(needs={name: {"result": result} for name, result in zip("ab", results.split(), strict=False)})
    assert filled(step["env"], context) == {"RESULTS": results}
    assert holds(job["if"], scope(succeeded=False))
    done = subprocess.run(("bash", "-e", "-c", step["run"]), env={"RESULTS": results}, check=False)
    assert done.returncode == code


def test_a_release_has_the_digest_in_its_notes(tmp_path: Path) -> None:
    """`gh` is stood in for by what writes down how it was called."""
    gh = tmp_path / "gh"
    gh.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{shlex.quote(str(tmp_path))}/said\ncat >>{shlex.quote(str(tmp_path))}/said\n'
    )
    gh.chmod(0o755)
    jobs = read("release.yml")["jobs"]
    (step,) = steps(jobs["release"])
    image = f"ghcr.io/acme/envs/train@sha256:{'5b' * 32}"
    made = {"image": image, "tags": "ghcr.io/acme/envs/train:lock-1\nghcr.io/acme/envs/train:v4", "lock-hash": "3f9a"}
    given = scope(needs={"image": {"outputs": made}}, github={"token": "t", "repository": "acme/envs"})
    subprocess.run(
        ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_REF_NAME": "env/train/4", **filled(step["env"], given)},
        check=True,
    )
    called, _, notes = (tmp_path / "said").read_text().partition("Image: ")
    assert called.split() == shlex.split("release create env/train/4 --verify-tag --title env/train/4 --notes-file -")
    assert notes == f"`{image}`\n\nTags:\n```\n{made['tags']}\n```\n\nLock:\n```\n3f9a\n```\n"
    assert set(jobs["image"]["outputs"]) == {"image", "tags", "lock-hash"}


@pytest.mark.parametrize("name", ["gitlab-ci.yml", "Jenkinsfile"])
def test_other_servers_set_variables_that_the_command_reads(name: str) -> None:
    known = {str(each.envvar) for each in ci_command.params if each.envvar} | {
        "ENVLOCK_CI_PASSWORD",
        "ENVLOCK_CI_TOKEN",
    }
    text = (EXAMPLES / name).read_text()
    used = set(re.findall(r"ENVLOCK_CI_[A-Z_]+", text))
    assert used
    assert used <= known
    assert re.search(r"envlock\"? ci\b", text)


def test_the_action_of_this_repository_is_used_on_every_example() -> None:
    names = sorted(path.parent.name for path in (PROJECT / "examples").glob("*/env.toml"))
    for job in read("own/envlock.yml")["jobs"].values():
        (step,) = filter(is_ours, steps(job))
        assert step["with"]["environments"].split() == names
