"""What a run of `ci` tells programs and editors: outputs for later steps, and remarks at lines of files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.forges.forge import Annotation
from envlock.forges.github import GitHub
from envlock.forges.value_file import variable_lines
from envlock.model.ci_event import Event, Kind
from envlock.model.problem import Problem
from envlock.workflows.check import UNREADABLE
from envlock.workflows.ci_report import CiReport, Outcome, State, Tagged
from envlock.workflows.ci_told import annotations, outputs, outputs_ahead
from tests.support.actions.file_commands import pairs
from tests.support.actions.log import Log
from tests.support.ci_reports import (
    PULL_REQUEST,
    PUSH,
    PUSHED,
    changed,
    report,
    subject,
    told_by_others,
    unchanged,
)
from tests.support.ci_scene import Job, Proposal
from tests.support.ci_variables import on_github, pull_request
from tests.support.comments_api import running_comments_api
from tests.support.locked_project import locked_project
from tests.support.locked_project import stale as made_stale
from tests.support.repository import History

KEY = "3f9a1c22b07d4e18" + "0" * 48
CACHE = ("cache-key", "cache-prefix", "cache-restore", "cache-save")
NAMES = [
    "image", "digest", "tags", "lock-hash", "image-key", "sbom", "pushed", "cache-hit", "changed", "matrix",
    "layers-uploaded", "bytes-uploaded",
]  # fmt: skip


def pushed(name: str = "train", **more: object) -> Outcome:
    tags = (Tagged(name="sha-" + "a" * 40, what="new"), Tagged(name="branch-main", what="moved"))
    return changed(name, in_registry=True, pushed=PUSHED, tags=tags, **more)


# --- outputs


def test_a_pull_request_that_changes_nothing() -> None:
    told = outputs(report(unchanged("train"), unchanged("serve")))
    assert list(told) == NAMES
    empty = {name: "" for name in ("image", "digest", "tags", "lock-hash", "image-key", "sbom")}
    assert told == {
        **empty,
        "pushed": "false",
        "cache-hit": "true",
        "changed": "[]",
        "matrix": '{"include": []}',
        "layers-uploaded": "0",
        "bytes-uploaded": "0",
    }


def test_images_of_a_pull_request_are_nowhere_to_be_had() -> None:
    told = outputs(report(changed("train", sbom=Path("/r/train.json")), unchanged("serve"), changed("edge")))
    digest = f"sha256:{'d' * 64}"
    assert told["image"] == f"registry.acme.test/ml/train@{digest}\nregistry.acme.test/ml/edge@{digest}"
    assert told["digest"] == f"{digest}\n{digest}"
    assert told["tags"] == ""
    assert told["lock-hash"] == told["image-key"] == f"{KEY}\n{KEY}"
    assert told["sbom"] == "/r/train.json"
    assert told["changed"] == '["train", "edge"]'
    assert (told["pushed"], told["cache-hit"]) == ("false", "false")
    assert [row["environment"] for row in json.loads(told["matrix"])["include"]] == ["train", "edge"]


def test_images_that_are_pushed_have_all_of_their_tags() -> None:
    told = outputs(report(pushed(), pushed("edge"), event=PUSH, pushes=True))
    sha = "a" * 40
    assert told["tags"].split("\n") == [
        f"registry.acme.test/ml/{name}:{tag}"
        for name in ("train", "edge")
        for tag in ("lock-3f9a1c22b07d4e18", f"sha-{sha}", "branch-main")
    ]
    assert (told["pushed"], told["cache-hit"]) == ("true", "false")
    assert (told["layers-uploaded"], told["bytes-uploaded"]) == ("4", "5000000")


def test_of_several_of_which_one_fails_the_lines_of_the_others_belong_together() -> None:
    """By environment: the first line of each is that of the first image."""
    outcomes = (replace(FAILED, subject=replace(FAILED.subject, key="0" * 64)), pushed(), pushed("zoo"))
    told = outputs(report(*outcomes, event=PUSH, pushes=True))
    for name in ("image", "digest", "lock-hash", "image-key"):
        assert len(told[name].split("\n")) == 2, name
    assert told["image-key"] == f"{KEY}\n{KEY}"
    assert (told["pushed"], told["cache-hit"]) == ("false", "false")


def test_an_image_for_several_platforms_has_a_lock_hash_for_each() -> None:
    hashes = (("linux-64", "a" * 64), ("linux-aarch64", "b" * 64))
    told = outputs(report(changed("train", lock_hashes=hashes), changed("edge")))
    assert told["lock-hash"].split("\n") == [f"linux-64={'a' * 64} linux-aarch64={'b' * 64}", KEY]


FAILED = Outcome(subject=subject("edge", State.CHANGED), error="no room", exit_code=3)
FOUND = changed("train", in_registry=True, came="registry", layers=())


@pytest.mark.parametrize(
    ("outcomes", "hit"),
    [
        ((FOUND, FOUND), "true"),
        ((FOUND, changed("edge", came="cache")), "true"),
        ((FOUND, changed("edge")), "false"),
        ((FOUND, FAILED), "false"),
        ((FOUND, unchanged("edge")), "true"),
    ],
)
def test_a_hit_is_when_nothing_had_to_be_made(outcomes: tuple[Outcome, ...], hit: str) -> None:
    assert outputs(report(*outcomes))["cache-hit"] == hit


@pytest.mark.parametrize(
    ("outcomes", "there"),
    [
        ((pushed(), FOUND), "true"),
        ((pushed(), FAILED), "false"),
        ((pushed(), changed("edge")), "false"),
        ((replace(unchanged("a"), subject=replace(subject("a", State.SAME), key=None)),), "false"),
    ],
)
def test_pushed_is_when_the_registry_has_all_of_them(outcomes: tuple[Outcome, ...], there: str) -> None:
    assert outputs(report(*outcomes, event=PUSH, pushes=True))["pushed"] == there
    assert outputs(report(*outcomes, event=PUSH))["pushed"] == "false"


FORK = replace(PULL_REQUEST, is_trusted=False)
TARGET = replace(FORK, has_secrets=True)
TAG = Event(kind=Kind.TAG, forge="github", tag="env/train/3")


@pytest.mark.parametrize(
    ("event", "use", "restores", "saves"),
    [
        (PUSH, "true", True, True),
        (PUSH, "read", True, False),
        (PUSH, "false", False, False),
        (replace(PUSH, is_default=False), "true", True, True),
        (replace(PUSH, is_trusted=False), "true", True, False),
        (replace(PUSH, has_secrets=True), "true", True, False),
        (PULL_REQUEST, "true", True, False),
        (FORK, "true", True, False),
        (TARGET, "true", True, False),
        (TAG, "true", True, False),
    ],
)
def test_only_a_branch_saves_what_others_restore(event: Event, use: str, *, restores: bool, saves: bool) -> None:
    told = outputs_ahead(report(changed("train"), event=event, pushes=True), use)
    assert (told["cache-restore"], told["cache-save"]) == (str(restores).lower(), str(saves).lower())


def keyed(*named: tuple[str, str], event: Event = PUSH) -> dict[str, str]:
    outcomes = [Outcome(subject=subject(name, State.CHANGED, key=key)) for name, key in named]
    return outputs_ahead(report(*outcomes, event=event), "true")


def test_the_same_locks_have_the_same_cache_and_others_one_that_is_near() -> None:
    both = keyed(("a", "1"), ("b", "2"))
    assert both["cache-key"] == keyed(("b", "2"), ("a", "1"), event=PULL_REQUEST)["cache-key"]
    newer, other = keyed(("a", "1"), ("b", "3")), keyed(("a", "1"))
    these, any_of = both["cache-prefix"].split("\n")
    assert both["cache-key"].startswith(these)
    assert newer["cache-key"].startswith(these)
    assert not other["cache-key"].startswith(these)
    assert other["cache-key"].startswith(any_of)
    assert len({told["cache-key"] for told in (both, newer, other)}) == 3
    assert "," not in both["cache-key"]  # in no key of a cache on GitHub
    assert len(both["cache-key"]) <= 512


def test_a_cache_is_told_of_only_where_images_are_made_next() -> None:
    """A plan is all that its job does: what it had to keep would be next to nothing, in place of what others keep."""
    plan = report(*(Outcome(subject=subject(n, State.CHANGED, key=k)) for n, k in (("a", "1"), ("b", "2"))), event=PUSH)
    ahead = outputs_ahead(replace(plan, planned=True), "true")
    assert list(ahead) == ["remains", *CACHE]
    told = outputs(replace(plan, planned=True))
    assert list(told) == NAMES
    assert (told["image"], told["image-key"], told["cache-hit"], told["pushed"]) == ("", "1\n2", "false", "false")
    assert outputs_ahead(report(unchanged("a")), "true") == {}


def test_what_others_have_chosen_stays_in_its_value(tmp_path: Path) -> None:
    """Read back as a runner does, and as GitLab does: the same names, and no other."""
    text = "a\nimage=evil\nimage<<EOF\nevil\nEOF\n::set-output name=image::evil"
    told = outputs(told_by_others(text, pushes=True))
    (tmp_path / "output").touch()
    GitHub({"GITHUB_OUTPUT": str(tmp_path / "output")}).write_outputs(told)
    assert list(pairs((tmp_path / "output").read_text())) == list(told.items())
    lines = variable_lines(told).splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        f"ENVLOCK_{name.upper().replace('-', '_')}" for name in told if name != "matrix"
    ]


# --- remarks


def stale(name: str, *problems: Problem, was: bool = False, folder: str | None = None) -> Outcome:
    place = f"envs/{name}" if folder is None else folder
    return Outcome(subject=subject(name, State.CHANGED, problems=problems, was_stale=was, folder=place), exit_code=1)


def said(found: CiReport) -> list[tuple[str, str, str | None, int | None]]:
    return [(each.level, each.message, each.file, each.line) for each in annotations(found)]


UNMET = Problem(kind="unmet", message="`numpy<2` is not met: numpy 2.4.0 is locked", line=9, platform="linux-64")
OTHER = replace(UNMET, platform="linux-aarch64")


def test_a_reason_is_a_remark_at_its_line() -> None:
    (remark,) = annotations(report(stale("train", UNMET, OTHER)))
    assert remark == Annotation(
        level="error",
        title="train: env.lock does not answer",
        message=f"linux-64, linux-aarch64: {UNMET.message}",
        file="envs/train/env.toml",
        line=9,
    )


@pytest.mark.parametrize(
    ("folder", "file", "place"),
    [
        ("", None, "env.toml"),
        ("", "requirements.txt", "requirements.txt"),
        ("envs/train", None, "envs/train/env.toml"),
        ("envs/train", "../base/env.toml", "envs/base/env.toml"),
        ("envs/train", "./sub/../a.txt", "envs/train/a.txt"),
        ("envs/train", "../../top.toml", "top.toml"),
        ("envs/train", "../../../out.toml", "envs/train/env.toml"),
        ("envs/train", "/etc/passwd", "envs/train/env.toml"),
        ("", "..", "env.toml"),
    ],
)
def test_a_file_is_named_from_the_top_of_the_repository(folder: str, file: str | None, place: str) -> None:
    found = report(stale("train", replace(UNMET, file=file), folder=folder))
    assert [each.file for each in annotations(found)] == [place]


def test_the_most_important_comes_first() -> None:
    broken = Outcome(subject=subject("edge", State.CHANGED), error="no room\nleft", hint="make some", exit_code=3)
    noted = changed("lab", notes=("the registry gave no answer",))
    old = stale("old", Problem(kind="missing", message="there is no env.lock yet"), was=True)
    unread = stale("bad", Problem(kind=UNREADABLE, message="no TOML", line=1))
    found = report(old, broken, noted, unread, notes=("nothing to compare with",))
    assert said(found) == [
        ("error", "no room\nleft\nhint: make some", "envs/edge/env.toml", None),
        ("error", "no TOML", "envs/bad/env.toml", 1),
        ("error", "there is no env.lock yet", "envs/old/env.toml", None),
        ("notice", "the registry gave no answer", "envs/lab/env.toml", None),
        ("notice", "nothing to compare with", None, None),
    ]
    assert [each.title for each in annotations(found)] == [
        "edge: no image",
        "bad: cannot be read",
        "old: env.lock does not answer, as before this change",
        "lab",
        "envlock",
    ]


def test_where_all_is_well_nothing_is_remarked() -> None:
    assert annotations(report(unchanged("train"), changed("edge"))) == ()


# --- from the command line


@pytest.fixture
def broken(tmp_path: Path) -> Job:
    """A commit whose lock does not answer, checked out below the workspace of its job."""
    project = locked_project(tmp_path / "tree" / "envs" / "train")
    History(tmp_path / "tree").git("init", "--quiet", "--initial-branch=main")
    made_stale(project)
    History(tmp_path / "tree").commit()
    (tmp_path / "places").mkdir()
    return Job(tree=tmp_path / "tree", places=tmp_path / "places", cache=tmp_path / "cache")


REASON = "linux-64: `flask>=4` is not met: 3.1.3 is locked"


def test_whoever_has_no_server_hears_of_places_as_compilers_name_them(broken: Job) -> None:
    told = broken.places / "told.env"
    result = broken.call("--outputs", told, "--report", broken.places / "report.md")
    assert result.code == 1
    assert result.stderr.splitlines()[-1] == f"envs/train/env.toml:5: error: {REASON}"
    assert "is locked (`linux-64`)\n" in result.stdout
    assert result.stdout == (broken.places / "report.md").read_text()
    assert "\nENVLOCK_CHANGED=[]\n" in told.read_text()
    # a folder of the repository, and a place that cannot be written
    result = broken.call("--outputs", broken.places / "gone" / "told.env", folder=broken.tree / "envs" / "train")
    assert (result.code, result.stderr.splitlines()[0][:6]) == (2, "error:")


def test_github_is_told_in_all_of_its_places(broken: Job) -> None:
    head = History(broken.tree).git("rev-parse", "HEAD")
    asked = Proposal(number=1, branch="topic", head=head, base=head, merge=head)
    job = on_github(broken, "pull_request", head, "refs/pull/1/merge", pull_request(asked))
    with running_comments_api() as api:
        job = job.given(**api.variables, ENVLOCK_CI_TOKEN="token-of-a-job")
        code, printed = job.log()
        assert code == 1
        inside = broken.tree / "envs" / "train"
        again, _ = job.given(PWD=str(inside)).log(folder=inside)
        assert (again, api.wrong) == (1, [])
        assert job.log("--platforms", "linux-64")[0] == 1
    log = Log()
    log.heard(printed.encode(), {})
    (remark,) = log.remarks
    assert (remark.level, remark.file, remark.line, remark.message) == ("error", "envs/train/env.toml", "5", REASON)
    assert [line for line in log.lines if not line.startswith(("::", "##["))] == []
    assert job.outputs()["pushed"] == "false"
    assert "token-of-a-job" not in printed + job.summary
    # another folder or choice is another report: here of the same environment, as there is no other
    first, *others = api.bodies()
    assert first.split("\n", 1)[1].strip() in job.summary
    assert len({text.split("\n")[0] for text in (first, *others)}) == 3


@pytest.mark.parametrize(
    "variables",
    [
        {"ENVLOCK_CI_ARGS": "'x\n::error::forged\n  ##[error]forged'"},
        {"ENVLOCK_CI_ARGS": "'--x##[error]forged'"},
        {"ENVLOCK_CI_PLATFORMS": "##[error]forged"},
    ],
)
def test_what_is_said_of_arguments_is_no_command(tmp_path: Path, variables: dict[str, str]) -> None:
    job = Job(tree=tmp_path, places=tmp_path, cache=tmp_path / "cache", variables=variables)
    code, printed = job.given(GITHUB_ACTIONS="true").log()
    log = Log()
    log.heard(printed.encode(), {})
    assert code == 2
    assert {remark.title for remark in log.remarks} <= {"envlock"}  # none but ours
    assert "forged" in printed


def test_json_in_a_log_is_no_command(broken: Job) -> None:
    """Whatever a folder is called: stdout and stderr reach a runner in no order."""
    folder = broken.tree / "##[add-mask]a"
    (broken.tree / "envs" / "train").rename(folder)
    result = broken.call("--json")
    assert "##[" not in result.stdout
    assert json.loads(result.stdout)["environments"][0]["folder"] == folder.name


def test_a_place_that_github_has_not_made_is_an_error(broken: Job) -> None:
    head = History(broken.tree).git("rev-parse", "HEAD")
    asked = Proposal(number=1, branch="topic", head=head, base=head, merge=head)
    job = on_github(broken, "pull_request", head, "refs/pull/1/merge", pull_request(asked))
    (broken.places / "output").unlink()
    code, printed = job.log()
    assert code == 3
    words = "the file of `GITHUB_OUTPUT` cannot be written: no such file or directory"
    assert f"error: {words}\n" in printed
    assert printed.endswith(f"::error title=envlock::{words}\n")
