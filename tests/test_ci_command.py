"""`envlock ci` as it is met: on a laptop, at GitHub, GitLab and Jenkins, of everything that makes it run."""

import json
import re
from pathlib import Path

import pytest

from tests.support.ci_scene import ZEROS, Job, Scene, World, new_scene
from tests.support.ci_variables import (
    by_hand,
    gitlab_branch,
    gitlab_tag,
    jenkins_change,
    merge_group,
    merge_request,
    on_github,
    on_gitlab,
    on_jenkins,
    pull_request,
    push,
    queue_ref,
)
from tests.support.pushing import Log

MAIN, REQUEST = "refs/heads/main", "refs/pull/1/merge"


@pytest.fixture
def scene(ci_world: World, tmp_path: Path) -> Scene:
    """`serve` and `train`, each with a repository of its own."""
    return new_scene(ci_world, tmp_path / re.sub(r"\W", "", tmp_path.name.lower()), "serve", "train", image=True)


def words(job: Job, text: str) -> str:
    """A text without what differs from run to run."""
    text = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", text)
    text = re.sub(r"[0-9a-f]{64}", "HASH", text)
    text = re.sub(r"`[0-9a-f]{12}`", "`COMMIT`", text)
    text = re.sub(r"127\.0\.0\.1:\d+/\w+/", "REPO/", text)
    text = re.sub(r"lock-[0-9a-f]{16}", "lock-KEY", text)
    return re.sub(r"::[0-9a-f]{48}::|::stop-commands::\w+", "::TOKEN::", text)


def head_of(markdown: str) -> str:
    return markdown.partition("\n")[0]


def at_main(scene: Scene, commit: str, *, before: str | None = None, name: str = "job") -> Job:
    """The job of a push to the default branch at GitHub."""
    event = push(MAIN, after=commit, before=before or ZEROS)
    return on_github(scene.job(commit, MAIN, name=name), "push", commit, MAIN, event)


def newer(scene: Scene, name: str = "train") -> None:
    scene.write(name, "2.0", image=scene.world.repository(f"{scene.root.name}/{name}"))


def here(scene: Scene) -> Job:
    """A whole clone on a laptop."""
    return scene.job(scene.author.git("rev-parse", "HEAD"), MAIN, depth=0)


def test_a_laptop_with_one_changed(scene: Scene) -> None:
    newer(scene)
    job = here(scene)
    place = job.tree / "train"
    for file in ("env.toml", "env.lock"):
        (place / file).write_bytes((scene.author.folder / "train" / file).read_bytes())
    result = job.call()
    assert (result.code, head_of(result.stdout)) == (0, "### envlock: 1 image changes, 1 unchanged")
    assert words(job, result.stdout).split("\n")[2] == "the work tree for `main`, held against `COMMIT`"
    assert "git envlock build" not in result.stdout
    assert "| upgraded | `alpha` | `1.0` | `2.0` |" in result.stdout
    assert words(job, result.stderr).splitlines() == [
        "asking for REPO/train:lock-KEY",
        "looking which layers the registry has",
        "making 2 of 2 layers",
    ]
    planned = job.call("--plan")
    assert (planned.code, planned.stderr) == (0, "")
    assert "nothing was made, only compared" in planned.stdout
    rows = json.loads(job.call("--matrix").stdout)
    assert rows == {"include": [{"environment": "train", "folder": "train"}]}
    shape = json.loads(job.call("--json").stdout)
    assert [each["state"] for each in shape["environments"]] == ["same", "changed"]
    report = job.places / "report.md"
    assert job.call("--plan", "--environments", "serve", "--report", report).code == 0
    assert head_of(report.read_text()) == "### envlock: nothing changes"
    away = job.call("--offline")
    assert (away.code, head_of(away.stdout)) == (0, "### envlock: 1 image changes, 1 unchanged")


def test_a_laptop_with_a_stale_an_unreadable_and_a_removed_one(scene: Scene) -> None:
    job = here(scene)
    (job.tree / "serve/env.toml").write_text(scene.world.manifest("serve", "2.0"))
    result = job.call()
    assert (result.code, head_of(result.stdout)) == (1, "### envlock: 1 environment is stale, 1 unchanged")
    assert result.stderr == "serve/env.toml:5: error: linux-64: `alpha==2.0` is not met: 1.0 is locked\n"
    (job.tree / "serve/env.toml").write_text("name = 3\n")
    result = job.call()
    assert (result.code, head_of(result.stdout)) == (2, "### envlock: 1 environment cannot be read, 1 unchanged")
    for file in ("env.toml", "env.lock"):
        (job.tree / "serve" / file).unlink()
    (job.tree / "train").rename(job.tree / "moved")
    result = job.call()
    assert result.code == 0
    shape = json.loads(job.call("--json").stdout)
    states = {each["environment"]: (each["folder"], each["state"]) for each in shape["environments"]}
    assert states == {"serve": ("serve", "removed"), "train": ("moved", "same-image")}


def test_outside_of_git(scene: Scene, tmp_path: Path) -> None:
    job = here(scene)
    (job.tree / ".git").rename(tmp_path / "elsewhere")
    here_only = job.tree / "train"
    result = job.call("--plan", folder=here_only)
    assert (result.code, result.stderr) == (0, "")
    assert len(json.loads(job.call("--matrix", folder=here_only).stdout)["include"]) == 1
    result = job.call("--base", "main", folder=here_only)
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: `--base main` is a git revision, and this is in no git repository")


def test_a_pull_request_is_built_and_goes_nowhere(scene: Scene) -> None:
    scene.branch()
    newer(scene)
    asked = scene.propose()
    job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
    log = Log(scene.world.registry)
    code, said = job.log()
    assert code == 0
    assert [entry for entry in log.entries() if entry.method not in ("GET", "HEAD")] == []
    assert words(job, said).splitlines() == [
        "::TOKEN::",
        "asking for REPO/train:lock-KEY",
        "looking which layers the registry has",
        "making 2 of 2 layers",
        "no comment is written: there is no `ENVLOCK_CI_TOKEN`",
        "::TOKEN::",
    ]
    outputs = job.outputs()
    assert (outputs["changed"], outputs["pushed"], outputs["tags"]) == ('["train"]', "false", "")
    assert head_of(job.summary) == "### envlock: 1 image changes, 1 unchanged"
    assert f"git envlock build train@{asked.head}" in job.summary
    queue = on_github(
        scene.job(asked.merge, queue_ref(asked), name="queue"), "merge_group", asked.merge, queue_ref(asked),
        merge_group(asked),
    )  # fmt: skip
    assert queue.call().code == 0
    assert (queue.outputs()["digest"], queue.outputs()["pushed"]) == (outputs["digest"], "false")


def test_a_pull_request_that_changes_nothing_makes_nothing(scene: Scene) -> None:
    scene.branch()
    (scene.author.folder / "README").write_text("words\n")
    asked = scene.propose(is_fork=True)
    job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
    log = Log(scene.world.registry)
    assert job.call().code == 0
    assert log.entries() == []
    assert (job.outputs()["changed"], job.outputs()["matrix"]) == ("[]", '{"include": []}')
    assert head_of(job.summary) == "### envlock: nothing changes in 2 environments"


def test_pushes_to_the_default_branch_and_a_version(scene: Scene) -> None:
    first = scene.author.git("rev-parse", "HEAD")
    job = at_main(scene, first)
    assert job.call().code == 0
    outputs = job.outputs()
    assert (outputs["pushed"], outputs["layers-uploaded"], outputs["cache-hit"]) == ("true", "2", "false")
    assert head_of(job.summary) == "### envlock: 2 images pushed"
    log = Log(scene.world.registry)
    again = at_main(scene, first, name="again")
    assert again.call().code == 0
    assert {entry.method for entry in log.entries()} <= {"GET", "HEAD"}
    assert (again.outputs()["bytes-uploaded"], again.outputs()["cache-hit"]) == ("0", "true")
    assert head_of(again.summary) == "### envlock: 2 images were there already"
    newer(scene)
    second = scene.push()
    after = at_main(scene, second, before=first, name="after")
    assert after.call().code == 0
    assert (after.outputs()["changed"], after.outputs()["layers-uploaded"]) == ('["train"]', "1")
    assert after.outputs()["tags"].count(f":sha-{second}") == 2
    scene.tag("env/train/1")
    ref = "refs/tags/env/train/1"
    version = on_github(scene.job(second, ref, name="version"), "push", second, ref, push(ref, after=second))
    assert version.call().code == 0
    assert version.outputs()["digest"] == after.outputs()["digest"].splitlines()[1]
    assert [tag.rpartition(":")[2] for tag in version.outputs()["tags"].split()].count("v1") == 1
    assert version.outputs()["bytes-uploaded"] == "0"


def test_another_branch_is_pushed_where_that_is_asked_for(scene: Scene) -> None:
    scene.branch("topic")
    newer(scene)
    commit, ref = scene.push("topic"), "refs/heads/topic"
    job = on_github(scene.job(commit, ref), "push", commit, ref, push(ref, after=commit))
    assert job.call().code == 0
    assert (job.outputs()["changed"], job.outputs()["pushed"]) == ('["train"]', "false")
    told = on_github(scene.job(commit, ref, name="told"), "push", commit, ref, push(ref, after=commit))
    assert told.call("--push", "true").code == 0
    assert told.outputs()["pushed"] == "true"
    assert ":branch-topic" in told.outputs()["tags"]
    scene.tag("release-1")
    ref = "refs/tags/release-1"
    other = on_github(scene.job(commit, ref, name="other"), "push", commit, ref, push(ref, after=commit))
    assert other.call().code == 0
    assert other.outputs()["pushed"] == "false"


def test_gitlab_and_jenkins_do_the_same(scene: Scene) -> None:
    first = scene.author.git("rev-parse", "HEAD")
    scene.branch()
    newer(scene)
    asked = scene.propose()
    topic = "refs/heads/topic"
    for number, job in enumerate(
        (
            on_gitlab(scene.job(asked.head, topic, name="mr"), asked.head, **merge_request(asked)),
            on_jenkins(scene.job(asked.head, topic, name="pr"), asked.head, **jenkins_change(asked)),
        )
    ):
        result = job.call()
        assert (result.code, head_of(result.stdout)) == (0, "### envlock: 1 image changes, 1 unchanged"), number
    gitlab = on_gitlab(scene.job(first, MAIN, name="gitlab"), first, **gitlab_branch("main"))
    result = gitlab.call()
    assert (result.code, head_of(result.stdout)) == (0, "### envlock: 2 images pushed")
    jenkins = on_jenkins(scene.job(first, MAIN, name="jenkins"), first, BRANCH_NAME="main", BRANCH_IS_PRIMARY="true")
    result = jenkins.call()
    assert (result.code, head_of(result.stdout)) == (0, "### envlock: 2 images were there already")
    scene.author.git("checkout", "--quiet", "--detach", first)
    scene.tag("env/serve/3")
    tag = on_gitlab(scene.job(first, "refs/tags/env/serve/3", name="tag"), first, **gitlab_tag("env/serve/3"))
    result = tag.call()
    assert (result.code, "`v3` new" in result.stdout) == (0, True), result


def test_one_that_fails_hinders_no_other(scene: Scene) -> None:
    scene.branch()
    newer(scene)
    newer(scene, "serve")
    lock = scene.author.folder / "serve" / "env.lock"
    lock.write_text(re.sub(r'sha256 = "\w{8}', 'sha256 = "00000000', lock.read_text()))
    asked = scene.propose()
    job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
    result = job.call()
    assert result.code == 3, result
    assert len(job.outputs()["digest"].split()) == 1
    assert "#### `train`: image changes" in job.summary


def test_a_disk_that_refuses_one_hinders_no_other(scene: Scene, tmp_path: Path) -> None:
    scene.branch()
    newer(scene)
    newer(scene, "serve")
    asked = scene.propose()
    job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
    home = tmp_path / "home"
    (home / "sbom" / "serve.cdx.json").mkdir(parents=True)
    result = job.call("--home", str(home))
    assert result.code == 3, result
    assert len(job.outputs()["digest"].split()) == 1
    assert "#### `train`: image changes" in job.summary
    assert f"is a directory: `{home / 'sbom' / 'serve.cdx.json'}`" in words(job, job.summary)


def test_without_a_registry_a_pull_request_is_built_and_a_push_fails(scene: Scene) -> None:
    nowhere = 'repository = "127.0.0.1:9/gone/train"\n'
    scene.write("train", image=nowhere)
    before = scene.push()
    scene.branch()
    scene.write("train", "2.0", image=nowhere)
    asked = scene.propose()
    job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
    assert job.call().code == 0
    assert job.outputs()["digest"]
    pushed = at_main(scene, before, name="push").call("--environments", "train")
    assert pushed.code == 3, pushed


@pytest.mark.parametrize(("number", "rows"), [(200, 200), pytest.param(300, 256, marks=pytest.mark.full)])
def test_rows_of_a_job_matrix(ci_world: World, tmp_path: Path, number: int, rows: int) -> None:
    scene = new_scene(ci_world, tmp_path / "many", *(f"e{n}" for n in range(number)))
    include = json.loads(scene.job(scene.author.git("rev-parse", "HEAD"), MAIN).call("--matrix").stdout)["include"]
    assert include == []
    for n in range(number):
        scene.write(f"e{n}", "2.0")
    commit = scene.push()
    job = at_main(scene, commit, name="changed")
    include = json.loads(job.call("--matrix").stdout)["include"]
    assert len(include) == rows
    assert sorted(name for row in include for name in row["environment"].split()) == sorted(
        f"e{n}" for n in range(number)
    )


def test_by_hand_the_image_of_a_version_is_had_again(scene: Scene) -> None:
    """Its tag is fetched, where the checkout of the newest commit alone has none."""
    first = scene.tag("env/train/1")
    newer(scene)
    second = scene.push()
    job = on_github(scene.job(second, MAIN), "workflow_dispatch", second, MAIN, by_hand(MAIN, {"version": "1"}))
    assert job.call("--version", "1", "--environments", "train").code == 0
    outputs = job.outputs()
    assert (outputs["pushed"], outputs["changed"]) == ("true", "[]")
    tags = [tag.rpartition(":")[2] for tag in outputs["tags"].split()]
    assert tags[1:] == ["v1", f"sha-{first}"]
    of_lock = at_main(scene, first, name="of-lock")
    assert of_lock.call("--environments", "train").code == 0
    assert (of_lock.outputs()["digest"], of_lock.outputs()["cache-hit"]) == (outputs["digest"], "true")


def test_what_a_shallow_checkout_lacks_is_fetched_or_said(scene: Scene) -> None:
    scene.branch()
    (scene.author.folder / "README").write_text("words\n")
    scene.author.commit()
    newer(scene)
    asked = scene.propose()
    event = pull_request(asked)
    # of the author's branch alone, as some workflows have it
    head = on_github(scene.job(asked.head, "refs/pull/1/head"), "pull_request", asked.head, REQUEST, event)
    assert head.call("--plan").code == 0
    assert head.outputs()["changed"] == '["train"]'
    assert "this clone is shallow" in head.summary
    alone = on_github(scene.job(asked.merge, REQUEST, name="alone"), "pull_request", asked.merge, REQUEST, event)
    scene.far.rename(scene.far.with_name("gone"))
    assert alone.call("--plan").code == 0
    assert alone.outputs()["changed"] == '["serve", "train"]'
    assert "every environment counts as changed" in alone.summary
