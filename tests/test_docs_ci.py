"""docs/ci.md: what it says of the action, of tags and of clones is so, and its commands run."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from envlock.model.branch_slug import branch_tag
from tests.support.ci_scene import Job, Scene, World, new_scene
from tests.support.ci_variables import on_github, pull_request
from tests.support.processes import PROJECT, run

PAGE = (PROJECT / "docs" / "ci.md").read_text()
# what the tables call a default that is no value
NO_VALUE = {"", "all", "all locked ones", "`[image] repository`", "as `envlock build`", "what is checked out"}


@pytest.fixture
def scene(ci_world: World, tmp_path: Path) -> Scene:
    return new_scene(ci_world, tmp_path / "scene", "serve", "train")


def section(title: str) -> str:
    _, found, rest = PAGE.partition(f"\n## {title}\n")
    assert found
    return rest.partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The first table below a title, without its head; what is named together in one row has one each."""
    table = [line for line in section(title).splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table]
    return [[name, *others] for first, *others in cells for name in re.findall(r"`([^`]+)`", first)]


def action() -> dict[str, Any]:
    content = yaml.safe_load((PROJECT / "action.yml").read_text())
    assert isinstance(content, dict)
    return content


def test_the_inputs_are_those_of_the_action() -> None:
    said = {name: default for name, default, _ in rows("Inputs")}
    inputs = action()["inputs"]
    assert list(said) != []
    assert said.keys() == inputs.keys()
    for name, default in said.items():
        assert inputs[name]["default"] == ("" if default in NO_VALUE else default.strip("`")), name


def test_the_outputs_are_those_of_the_action() -> None:
    assert {name for name, _ in rows("Outputs")} == action()["outputs"].keys()


def test_the_links_lead_somewhere_and_no_example_is_left_out() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE)
    assert [link for link in links if not (PROJECT / "docs" / link).exists()] == []
    examples = {path.name for path in (PROJECT / "examples" / "workflows").iterdir()}
    assert examples <= {Path(link).name for link in links}
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_the_tags_of_branches_are_as_they_are_told() -> None:
    told = section("Tags")
    for branch in ("latest", "lock-3f9a1c22b07d4e18", "feature/Torch"):
        assert f"`{branch}`" in told
        assert f"`{branch_tag(branch)}`" in told


@pytest.mark.parametrize("page", ["docs/ci.md", "README.md"])
def test_the_short_form_is_a_workflow(page: str) -> None:
    text = next(
        block for block in re.findall(r"```yaml\n(.*?)```", (PROJECT / page).read_text(), re.S) if "uses:" in block
    )
    content = yaml.safe_load(text)
    used = content["jobs"]["envlock"]["steps"] if "jobs" in content else content["steps"]
    assert [step["uses"].partition("@")[0] for step in used] == ["actions/checkout", "acme/envlock"]
    assert used[0]["with"] == {"fetch-depth": 2, "persist-credentials": False}
    assert used[1]["with"].keys() <= action()["inputs"].keys()


def test_the_commands_of_a_laptop_run(scene: Scene) -> None:
    tree = scene.root / "laptop"
    run(("git", "clone", "--quiet", scene.far, tree))
    job = Job(tree=tree, places=scene.root, cache=scene.root / "cache")
    commands = re.findall(r"^\$ envlock ci(.*?)(?:#.*)?$", section("On a laptop"), re.M)
    assert len(commands) == 5
    for words in commands:
        assert job.call(*shlex.split(words)).code == 0, words
    assert (job.tree / "report.md").read_text().startswith("### envlock: ")


def test_bills_of_materials_are_kept_at_home_and_nowhere_else(scene: Scene) -> None:
    before = scene.author.git("rev-parse", "HEAD")
    scene.write("train", "2.0")
    places, temporary = scene.root / "home", scene.root / "temporary"
    temporary.mkdir()
    job = scene.job(scene.push(), "refs/heads/main", depth=0).given(TMPDIR=str(temporary))
    for words, kept in (((), None), (("--home", places), str(places / "sbom" / "train.cdx.json"))):
        told = json.loads(job.call("--json", "--base", before, *words).stdout)
        (image,) = [each["image"] for each in told["environments"] if each["image"]]
        assert image["sbom"] == kept
    assert [*temporary.iterdir()] == []


def test_the_matrix_is_as_it_is_shown(scene: Scene) -> None:
    scene.branch()
    scene.write("train", "2.0")
    asked = scene.propose()
    job = scene.job(asked.merge, "refs/pull/1/merge", depth=0)
    shown = section("Many environments: the matrix").partition("$ envlock ci --matrix\n")[2].partition("```")[0]
    assert job.call("--matrix", "--base", asked.base).stdout == shown
    assert json.loads(shown)["include"]


def test_each_row_of_the_matrix_means_one_environment(scene: Scene) -> None:
    before = scene.author.git("rev-parse", "HEAD")
    scene.write("train", "2.0", folder="other/train")  # a name that another one has
    scene.write("serve", "2.0")
    job = scene.job(scene.push(), "refs/heads/main", depth=0)
    rows = json.loads(job.call("--matrix", "--base", before).stdout)["include"]
    assert [row["folder"] for row in rows] == ["other/train", "serve"]
    for row in rows:
        told = job.call("--plan", "--json", "--base", before, "--environments", row["environment"])
        assert [each["folder"] for each in json.loads(told.stdout)["environments"]] == [row["folder"]]


def test_a_checkout_of_depth_two_needs_nothing_more_for_a_pull_request(scene: Scene) -> None:
    scene.branch()
    scene.write("train", "2.0")
    asked = scene.propose()
    job = scene.job(asked.merge, "refs/pull/1/merge", depth=2)
    scene.far.rename(scene.root / "unreachable")
    job = on_github(job, "pull_request", asked.merge, "refs/pull/1/merge", pull_request(asked))
    code, log = job.log("--plan")
    assert code == 0, log
    assert json.loads(job.outputs()["changed"]) == ["train"]
    assert "cannot be fetched" not in log + job.summary
