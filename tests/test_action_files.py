"""action.yml and workflows: valid, pinned, with no text of others in a shell; what zizmor says of them."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from envlock.cli.commands.ci import ci_command
from tests.support.processes import PROJECT

ACTION = PROJECT / "action.yml"
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
EXAMPLES = sorted((PROJECT / "examples" / "workflows").glob("*.yml"))
GITLAB = [path for path in EXAMPLES if "gitlab" in path.name]
FLOWS = [*WORKFLOWS, *(path for path in EXAMPLES if path not in GITLAB)]
SCRIPTS = [path for path in sorted((PROJECT / ".github" / "action").iterdir()) if path.is_file()]
INPUTS = "environments push registry username password repository platforms engine cache comment summary version"
OUTPUTS = "image digest tags lock-hash image-key pushed cache-hit changed matrix layers-uploaded bytes-uploaded sbom"
# what is no option: where a step works, what stands on its command line, and the token that is its own
AROUND = {"working-directory", "args"}
SECRET = {"password"}
BEGINS = '        exec "$ENVLOCK" ci --begin 2>&1'
# of zizmor, what is asked of the action beyond what is asked of workflows, where others decide
STRICT = ("--persona", "auditor")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text())
    assert isinstance(content, dict)
    return content


def steps(path: Path) -> Iterator[dict[str, Any]]:
    content = read(path)
    for job in content.get("jobs", {"": content.get("runs")}).values():
        yield from job.get("steps", ())


def step(name: str) -> dict[str, Any]:
    return next(each for each in steps(ACTION) if each.get("id") == name)


def finds(*command: str | Path) -> str:
    """What a program objects to; "" where it objects to nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return "" if done.returncode == 0 else f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def invalid(kind: str, *paths: Path) -> str:
    return finds("check-jsonschema", "--builtin-schema", f"vendor.{kind}", *paths)


def unsafe(*paths: Path, persona: tuple[str, ...] = ()) -> str:
    return finds("zizmor", "--offline", "--no-progress", *persona, *paths)


@pytest.mark.parametrize(
    ("kind", "paths"),
    [("github-actions", [ACTION]), ("github-workflows", FLOWS), ("gitlab-ci", GITLAB)],
)
def test_the_files_are_valid(kind: str, paths: list[Path]) -> None:
    """First of all: zizmor passes over a file that it cannot read."""
    assert paths
    assert invalid(kind, *paths) == ""


def test_zizmor_finds_nothing() -> None:
    assert unsafe(ACTION, persona=STRICT) == ""
    assert unsafe(*FLOWS) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (BEGINS, '        "$ENVLOCK" ci ${{ inputs.args }}', "template-injection"),
        (re.compile(r"actions/cache/save@\S+"), "actions/cache/save@v5", "unpinned-uses"),
        (BEGINS, '        echo "X=$(git log -1 --format=%s)" >>"$GITHUB_ENV"', "github-env"),
    ],
)
def test_zizmor_finds_what_is_put_there(tmp_path: Path, old: str | re.Pattern[str], new: str, said: str) -> None:
    text = ACTION.read_text()
    seeded = old.sub(new, text) if isinstance(old, re.Pattern) else text.replace(old, new)
    (tmp_path / "action.yml").write_text(seeded)
    assert seeded != text
    assert said in unsafe(tmp_path / "action.yml", persona=STRICT)


@pytest.mark.parametrize(
    ("old", "new"),
    [("using: composite", "using: compose"), ("      shell: bash\n", "      shall: bash\n"), ("runs:", "run:")],
)
def test_an_invalid_action_is_found(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "action.yml").write_text(ACTION.read_text().replace(old, new))
    assert invalid("github-actions", tmp_path / "action.yml").startswith("exit 1\n")


@pytest.mark.parametrize("path", [ACTION, *FLOWS], ids=lambda path: path.name)
def test_others_actions_are_pinned_and_no_expression_is_in_a_shell(path: Path) -> None:
    for line in re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text(), re.M):
        assert line.startswith("./") or PINNED.fullmatch(line), line
    runs = [each["run"] for each in steps(path) if "run" in each]
    assert [run for run in runs if "${{" in run] == []


def test_one_action_has_one_version() -> None:
    used: dict[str, set[str]] = {}
    for path in (ACTION, *FLOWS):
        for name, version in re.findall(r"uses: ([\w.-]+/[\w.-]+)\S*@(.+)$", path.read_text(), re.M):
            used.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in used.items() if len(versions) > 1} == {}


def test_the_steps_of_the_action_stop_where_something_fails() -> None:
    own = [each for each in steps(ACTION) if "run" in each]
    assert len(own) >= 6
    assert {each["shell"] for each in own} == {"bash"}
    assert all(each["run"].startswith("set -euo pipefail\n") for each in own)


def test_inputs_and_outputs_are_told() -> None:
    content = read(ACTION)
    assert content["inputs"].keys() == {*INPUTS.split(), *AROUND}
    assert content["outputs"].keys() == {*OUTPUTS.split()}
    for each in (*content["inputs"].values(), *content["outputs"].values()):
        assert each["description"].endswith(".")
    assert all("default" in each for each in content["inputs"].values())
    for name, output in content["outputs"].items():  # of the step that makes images, else of the one that needs none
        assert output["value"] == f"${{{{ steps.images.outputs.{name} || steps.begin.outputs.{name} }}}}"


def test_inputs_reach_envlock_as_variables() -> None:
    inputs = read(ACTION)["inputs"].keys()
    read_by_options = {str(each.envvar) for each in ci_command.params}
    for name, lacks in (("begin", {"username", "password"}), ("images", set())):
        given = step(name)["env"]
        for each in (inputs - {"working-directory"}) - lacks:
            variable = f"ENVLOCK_CI_{each.upper().replace('-', '_')}"
            assert given[variable] == f"${{{{ inputs.{each} }}}}"
            assert variable in read_by_options or each in AROUND | SECRET
        assert step(name)["working-directory"] == "${{ inputs.working-directory }}"
    assert not {"ENVLOCK_CI_USERNAME", "ENVLOCK_CI_PASSWORD"} & step("begin")["env"].keys()


def test_a_login_is_removed_whatever_happens() -> None:
    *_, last = steps(ACTION)
    assert last["if"].startswith("${{ always() &&")
    assert "login-*" in last["run"]


def test_caches_are_saved_only_where_envlock_says_so() -> None:
    """Where an environment has failed, too: what is fetched for the others need not be fetched again."""
    saves = [each for each in steps(ACTION) if "cache/save" in each.get("uses", "")]
    asked = ("steps.keep.outputs.wheels == 'true'", "steps.keep.outputs.layers-key != ''")
    assert [each["if"] for each in saves] == [f"${{{{ !cancelled() && {each} }}}}" for each in asked]
    assert step("keep")["if"].startswith("${{ !cancelled() && steps.begin.outputs.cache-save == 'true' && ")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_sound(path: Path) -> None:
    assert finds("bash", "-n", path) == ""
    if path.name != "sources":
        assert path.stat().st_mode & 0o111
        assert "\nset -euo pipefail\n" in path.read_text()
