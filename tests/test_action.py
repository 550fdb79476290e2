"""action.yml, run as a runner runs it: real repositories, a real registry with a login, and a stand-in for comments."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.actions.at_forge import PASSWORD, AtForge, at_forge, copied_action, guarded_registry, tags
from tests.support.actions.jobs import JobResult
from tests.support.actions.machine import Cancellation
from tests.support.ci_scene import World, new_scene, world
from tests.support.comments_api import running_comments_api
from tests.support.processes import PROJECT
from tests.support.registry import Registry

AtForges = Callable[..., AtForge]

EVERYDAY = (PROJECT / "examples/workflows/everyday.yml").read_text()
# the same registry for all that is tried
MATRIX = (
    (PROJECT / "examples/workflows/matrix.yml")
    .read_text()
    .replace("ghcr.io", "${{ vars.REGISTRY }}")
    .replace("${{ github.actor }}", "${{ secrets.REGISTRY_USERNAME }}")
    .replace("${{ secrets.GITHUB_TOKEN }}", "${{ secrets.REGISTRY_PASSWORD }}")
)
USE = """\
on: [push, pull_request, workflow_dispatch]
jobs:
  it:
    runs-on: ubuntu-24.04
    permissions: {contents: read, pull-requests: write}
    steps:
      - {uses: actions/checkout@v5, with: {fetch-depth: 2}}
      - id: envlock
        uses: acme/envlock@v1
        with:
          username: ${{ secrets.REGISTRY_USERNAME }}
          password: ${{ secrets.REGISTRY_PASSWORD }}
          registry: ${{ vars.REGISTRY }}
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with guarded_registry(tmp_path_factory.mktemp("guarded")) as registry:
        yield registry


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory, guarded: Registry) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), guarded) as made:
        yield made


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the run that all of its processes have."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if own.name.startswith("popen-") else own) / "action"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def action(shared: Path) -> Path:
    return copied_action(shared / "checkout")


@pytest.fixture
def fresh(locked: World, action: Path, tmp_path: Path) -> Iterator[AtForges]:
    """A function that starts a repository whose `main` has these environments; no runner has installed anything."""
    with running_comments_api() as api:

        def start(*names: str) -> AtForge:
            # the name is part of that of images
            return at_forge(locked, new_scene(locked, tmp_path / tmp_path.name, *names, image=True), action, api)

        yield start
        assert api.wrong == []


@pytest.fixture
def forge(fresh: AtForges, shared: Path) -> AtForges:
    """The same where an earlier step of each job has installed what the action installs: for once, it did."""

    def start(*names: str) -> AtForge:
        started = fresh(*names)
        with FileLock(shared / "installed.lock"):
            if not (shared / "installed").exists():
                install(started, shared)
        left = [Path(line) for line in (shared / "installed").read_text().splitlines()]
        return started.given(left={f"envlock/{path.name}": path for path in left})

    return start


def install(started: AtForge, shared: Path) -> None:
    elsewhere = "          repository: ${{ vars.REGISTRY }}/installed/{name}\n"  # where no test looks
    done = started.given(root=shared / "first").run(USE + elsewhere, started.pushed())["it"]
    assert done.result == "success", done.log
    assert done.folders
    place = done.folders.temp / "envlock"
    (home,), (wheels,) = place.glob("*/installed"), place.glob("wheels-*")
    (shared / "installed").write_text(f"{home.parent}\n{wheels}\n")


def outputs(result: JobResult) -> dict[str, str]:
    """Of the action, which is the step after the checkout."""
    return dict(list(result.steps.values())[1].outputs)


def traces(result: JobResult, secret: str = PASSWORD) -> list[str]:
    """Files of the job that hold a secret, and logins that were left."""
    assert result.folders
    found = []
    for place in (result.folders.temp, result.folders.home, result.folders.workspace):
        for path in (path for path in place.rglob("*") if path.is_file()):
            if secret.encode() in path.read_bytes():
                found.append(str(path))
    return found + [str(path) for path in result.folders.temp.rglob("login-*")]


def repository(at: AtForge, name: str) -> str:
    return f"{at.scene.root.name}/{name}"


@pytest.mark.full
def test_a_later_run_installs_from_the_wheels_of_an_earlier_one(forge: AtForges, shared: Path) -> None:
    at = forge("train").given(left={}, root=shared / "first")
    # from here on, no index is there
    nowhere = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1", "PIP_RETRIES": "0"}
    result = at.given(network={**at.host.network, **nowhere}).run(USE, at.pushed())["it"]
    assert result.result == "success", result.log
    assert "Cache restored from key: envlock-wheels-" in result.log
    assert outputs(result)["pushed"] == "true"


def test_push_to_main_and_again(forge: AtForges, guarded: Registry) -> None:
    at = forge("serve", "train")
    first = at.run(EVERYDAY, at.pushed())
    assert first["propose"].result == "skipped"
    result = first["images"]
    assert result.result == "success", result.log
    told, name = outputs(result), repository(at, "train")
    commit = at.scene.author.git("rev-parse", "HEAD")
    lock = told["image-key"].splitlines()[1][:16]
    assert tags(guarded, name) == {f"lock-{lock}", "branch-main", f"sha-{commit}"}
    assert [told[each] for each in ("pushed", "cache-hit", "changed")] == ["true", "false", "[]"]
    assert told["image"].splitlines()[1] == f"{guarded.host}/{name}@{told['digest'].splitlines()[1]}"
    assert int(told["bytes-uploaded"]) > 0
    assert [Path(each).name for each in told["sbom"].splitlines()] == ["serve.cdx.json", "train.cdx.json"]
    assert "### envlock: 2 images pushed" in result.summary
    assert traces(result) == []
    assert PASSWORD not in result.log
    assert any(key.startswith("envlock-1-") for key in at.host.caches.keys("refs/heads/main"))

    again = at.run(EVERYDAY, at.pushed(before=commit))["images"]
    assert again.result == "success", again.log
    told = outputs(again)
    assert [told[each] for each in ("pushed", "cache-hit", "changed")] == ["true", "true", "[]"]
    assert [told["layers-uploaded"], told["bytes-uploaded"]] == ["0", "0"]
    newer = at.scene.author.git("rev-parse", "HEAD")
    assert tags(guarded, name) == {f"lock-{lock}", "branch-main", f"sha-{commit}", f"sha-{newer}"}


def test_a_pull_request_has_one_comment(forge: AtForges, guarded: Registry) -> None:
    at = forge("serve", "train")
    at.scene.branch("topic")
    at.scene.write("train", "2.0", image=at.scene.world.repository(repository(at, "train")))
    result = at.run(EVERYDAY, at.proposed(at.scene.propose()))["propose"]
    assert result.result == "success", result.log
    assert outputs(result)["changed"] == '["train"]'
    assert outputs(result)["pushed"] == "false"
    (comment,) = at.api.bodies()
    assert re.search(r"\| `alpha` \| `1.0` \| `2.0` \|", comment)
    assert "`alpha`" in result.summary
    assert at.host.caches.keys("refs/pull/1/merge") == []
    # nothing of it was pushed
    assert not (guarded.root / "docker/registry/v2/repositories" / repository(at, "train")).exists()

    at.scene.write("serve", "2.0", image=at.scene.world.repository(repository(at, "serve")))
    result = at.run(EVERYDAY, at.proposed(at.scene.propose()))["propose"]
    assert result.result == "success", result.log
    (newer,) = at.api.bodies()
    assert json.loads(outputs(result)["changed"]) == ["serve", "train"]
    assert newer != comment


def test_a_pull_request_that_changes_no_environment_says_nothing(forge: AtForges) -> None:
    at = forge("train")
    at.scene.branch("topic")
    (at.scene.author.folder / "README.md").write_text("more")
    result = at.run(EVERYDAY, at.proposed(at.scene.propose()))["propose"]
    assert result.result == "success", result.log
    assert outputs(result)["changed"] == "[]"
    assert at.api.written == []
    assert "images" not in result.log
    assert "Cache" not in result.log


def test_a_stale_lock_is_told_at_its_line(forge: AtForges) -> None:
    at = forge("train")
    at.scene.branch("topic")
    manifest = at.scene.author.folder / "train" / "env.toml"
    text = manifest.read_text().replace("alpha==1.0", "alpha==2.0")
    manifest.write_text(text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "alpha==2.0" in each)
    result = at.run(EVERYDAY, at.proposed(at.scene.propose()))["propose"]
    assert result.result == "failure"
    told = [remark for remark in result.remarks if remark.file]
    assert [(remark.level, remark.file, remark.line) for remark in told] == [("error", "train/env.toml", str(line))]
    assert "alpha" in told[0].message
    assert len(at.api.bodies()) == 1


def test_a_fork_gets_the_summary_alone(forge: AtForges) -> None:
    at = forge("train")
    at.scene.branch("stranger")
    at.scene.write("train", "2.0")
    result = at.run(EVERYDAY, at.proposed(at.scene.propose("stranger", is_fork=True)))["propose"]
    assert result.result == "success", result.log
    assert "`alpha`" in result.summary
    assert at.api.bodies() == []
    assert not (at.host.root / "caches").exists()


def test_names_of_a_fork_are_text_alone(forge: AtForges) -> None:
    at = forge("train")
    branch = "$(touch${IFS}ran)`touch${IFS}ran`;touch${IFS}ran"
    at.scene.branch(branch)
    names = (
        "##[set-output name=digest;]forged",
        "##[error]forged",
        "::error::forged",
        "$(touch ran)",
        "a\nb::notice::forged",
    )
    for name in names:
        place = at.scene.write("train", "2.0", folder=name)
        (place / "env.lock").write_text(f"::error::forged\n##[warning]forged {name}\n")
    asked = replace(
        at.scene.propose(branch, is_fork=True), title="::error::forged\n##[error]forged", body="$(touch ran)"
    )
    result = at.run(EVERYDAY, at.proposed(asked))["propose"]
    assert result.result == "failure"
    assert result.folders
    assert [path for path in result.folders.root.rglob("ran") if path.is_file()] == []
    assert not any(value.strip() == "forged" for value in outputs(result).values())
    # what is said of each of them is ours
    assert [remark for remark in result.remarks if remark.message.strip() == "forged"] == []
    assert {remark.level for remark in result.remarks} == {"error"}
    assert [remark.message for remark in result.remarks if not remark.title] == ["Process completed with exit code 2."]


def test_no_error_is_heard_as_a_command(forge: AtForges) -> None:
    """What is printed is one stream, within which no command is followed, whichever way a line came."""
    at = forge("train")
    more = "          environments: ${{ inputs.environments }}\n"
    result = at.run(USE + more, at.by_hand("main", {"environments": "x##[notice]forged"}))["it"]
    assert result.result == "failure"
    assert "`x##[notice]forged` is no environment of what is checked out" in result.log
    assert [remark.level for remark in result.remarks] == ["error", "error"]  # ours, and that the step failed


def test_a_version_tag_is_a_tag_of_its_image(forge: AtForges, guarded: Registry) -> None:
    at = forge("serve", "train")
    at.run(EVERYDAY, at.pushed())
    result = at.run(EVERYDAY, at.tagged("env/train/3"))["images"]
    assert result.result == "success", result.log
    told, name = outputs(result), repository(at, "train")
    assert "v3" in tags(guarded, name)
    assert "v3" not in tags(guarded, repository(at, "serve"))
    assert told["image"] == f"{guarded.host}/{name}@{told['digest']}"
    assert f"{guarded.host}/{name}:v3" in told["tags"].splitlines()
    assert re.fullmatch("sha256:[0-9a-f]{64}", told["digest"])
    assert told["bytes-uploaded"] == "0"


def test_by_hand_on_a_branch_below_a_folder(forge: AtForges, guarded: Registry) -> None:
    at = forge()
    at.scene.branch("topic/x")
    at.scene.write("train", folder="models/train")
    more = "          working-directory: models\n          push: ${{ inputs.push }}\n"
    more += f"          repository: {repository(at, 'by-hand')}/{{name}}\n"
    result = at.run(USE + more, at.by_hand("topic/x", {"push": "true"}))["it"]
    assert result.result == "success", result.log
    found = tags(guarded, repository(at, "by-hand/train"))
    assert {each.partition("-")[0] for each in found} == {"lock", "branch", "sha"}
    assert any(each.startswith("branch-topic-x--") for each in found)


def test_a_merge_queue_builds_and_pushes_nothing(forge: AtForges, guarded: Registry) -> None:
    at = forge("train")
    at.scene.branch("topic")
    at.scene.write("train", "2.0", image=at.scene.world.repository(repository(at, "train")))
    result = at.run(EVERYDAY, at.queued(at.scene.propose()))["propose"]
    assert result.result == "success", result.log
    assert outputs(result)["changed"] == '["train"]'
    assert re.fullmatch("sha256:[0-9a-f]{64}", outputs(result)["digest"])
    assert at.api.written == []
    assert not (guarded.root / "docker/registry/v2/repositories" / repository(at, "train")).exists()


def test_a_matrix_builds_each_environment_on_a_runner(forge: AtForges, guarded: Registry) -> None:
    at = forge("serve", "train")
    results = at.run(MATRIX, at.pushed())
    assert {name: each.result for name, each in results.items()} == {
        **{"plan": "success", "build serve": "success", "build train": "success", "envlock": "success"}
    }
    for name in ("serve", "train"):
        assert "branch-main" in tags(guarded, repository(at, name))
        assert outputs(results[f"build {name}"])["pushed"] == "true"
    # what only plans neither waits for a cache nor saves one
    assert "Cache" not in results["plan"].log


def test_a_refused_login_fails_and_leaves_only_what_was_made(forge: AtForges) -> None:
    known = forge("train")
    at = known.given(secrets={"REGISTRY_USERNAME": "kim", "REGISTRY_PASSWORD": "not-this-one"})
    result = at.run(EVERYDAY, at.pushed())["images"]
    assert result.result == "failure"
    assert [remark.level for remark in result.remarks if remark.title] == ["error"]
    assert outputs(result)["pushed"] == "false"
    assert outputs(result)["changed"] == "[]"
    assert traces(result, "not-this-one") == []
    (part,) = at.host.caches.keys("refs/heads/main")
    result = known.run(EVERYDAY, known.pushed())["images"]
    assert f"Cache restored from key: {part}" in result.log
    assert at.host.caches.keys("refs/heads/main") == [part.removesuffix("-part"), part]


def test_a_cancelled_run_leaves_no_login(forge: AtForges) -> None:
    cancellation = Cancellation()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = forge("train").given(variables={"REGISTRY": f"127.0.0.1:{silent.getsockname()[1]}"})

        def cancel() -> None:
            connection, _ = silent.accept()
            connection.recv(1)  # it is asked for the image, and never answers
            cancellation.ask()
            ended.wait()
            connection.close()

        ended = threading.Event()
        thread = threading.Thread(target=cancel)
        thread.start()
        more = "          repository: ${{ vars.REGISTRY }}/{name}\n"
        result = at.run(USE + more, at.pushed(), cancellation)["it"]
        ended.set()
        thread.join()
    assert result.result == "cancelled"
    assert traces(result) == []


def test_what_is_wrong_with_an_input_is_an_error_of_the_run(forge: AtForges) -> None:
    at = forge("train")
    result = at.run(USE + "          push: sometimes\n", at.pushed())["it"]
    assert result.result == "failure"
    (told,) = [remark for remark in result.remarks if remark.title]
    assert (told.level, "`sometimes` is not one of" in told.message) == ("error", True)
    assert "exit code 2" in result.log
