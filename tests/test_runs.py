"""`envlock runs`: what was recorded, listed, shown, and removed by whole months."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.model.run import Recorded, Run, message_of, reproduced, run_of
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.recorded_project import MONTHS, WHO, git, recorded

START = datetime(2026, 1, 31, 23, 59, 59, 250_000, tzinfo=UTC)
RUN = Run(
    command=("python", "train.py", "--note", "it's"),
    start=START,
    end=START + timedelta(seconds=75),
    exit_code=0,
    name="train",
    lock_hash="07" * 32,
    platform="linux-64",
    commit="88ad0118c1" * 4,
    dirty=False,
)


def record(project: Project, runs: Sequence[Run]) -> list[str]:
    """Runs, written as `git fast-import` takes them, upon those of their month; their commits."""
    for one in runs:
        reference = f"{MONTHS}{one.month}"
        empty = git(project, "hash-object", "-t", "tree", "-w", "/dev/null")
        old = git(project, "for-each-ref", "--format=%(objectname)", reference)
        moments = {"GIT_AUTHOR_DATE": f"{one.start:%s} +0000", "GIT_COMMITTER_DATE": f"{one.end:%s} +0000"}
        words = ("commit-tree", empty, *(("-p", old) if old else ()), "-m", message_of(one))
        git(project, "update-ref", reference, git(project, *words, **moments))
    return git(project, "rev-list", f"--glob={MONTHS}*").split()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository alone: nothing is run in it."""
    run(("git", "init", "--quiet", tmp_path / "project"))
    made = Project(folder=tmp_path / "project", cache=tmp_path / "cache", variables={**WHO, "TZ": "UTC"})
    git(made, "commit", "--quiet", "--allow-empty", "--message", "the first")
    return made


def several() -> list[Run]:
    """Of three months, the oldest first."""
    values = values_of(RUN)
    months = (datetime(2025, 12, 3, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 7, tzinfo=UTC))
    return [
        Run(
            **{
                **values,
                "start": day + timedelta(hours=n),
                "end": day + timedelta(hours=n, seconds=5),
                "exit_code": n,
                "name": ("train", "serve")[n],
            }
        )
        for day in months
        for n in range(2)
    ]


def values_of(one: Run) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Run.__dataclass_fields__}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"signal": "SIGTERM", "exit_code": 143, "cut": True},
        {
            "host": "gpu-3",
            "user": "K\u00fcm <k@acme.test>",
            "folder": "sub dir",
            "python": "3.11.7",
            "groups": ("dev",),
        },
        {"version": "3", "of": "ab" * 20, "origin": "https://acme.test/x.git", "image": f"sha256:{'ab' * 32}"},
        {"dirty": True, "patch": "cd" * 32, "untracked": 3, "commit": "ef" * 32},
        {"command": ("a\nb", "", "\udcff", "\u2028")},
    ],
)
def test_a_record_reads_back_as_it_was(changes: dict[str, Any]) -> None:
    one = Run(**{**values_of(RUN), **changes})
    text = message_of(one)
    assert text.isascii() or "\u2026" in text.splitlines()[0]
    assert text.count("\n") == 3
    assert run_of(text) == one


def test_a_record_of_a_later_version_is_read() -> None:
    later = json.loads(message_of(RUN).splitlines()[2]) | {"format": 2, "mood": {"good": True}}
    assert run_of(f"train: something else\n\n{json.dumps(later)}\n") == RUN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"command": None}, "`command` is missing in it"),
        ({"command": []}, "`command` of it makes no sense: []"),
        ({"command": "ls"}, '`command` of it makes no sense: "ls"'),
        ({"command": ["ls", 1]}, '`command` of it makes no sense: ["ls", 1]'),
        ({"start": "yesterday"}, '`start` of it makes no sense: "yesterday"'),
        ({"end": "2026-01-01T00:00:00+01:00"}, '`end` of it makes no sense: "2026-01-01T00:00:00+01:00"'),
        ({"exit_code": True}, "`exit_code` of it makes no sense: true"),
        ({"exit_code": -1}, "`exit_code` of it makes no sense: -1"),
        ({"exit_code": 1 << 80}, f"`exit_code` of it makes no sense: {1 << 80}"),
        ({"commit": "HEAD"}, '`commit` of it makes no sense: "HEAD"'),
        ({"lock_hash": "07"}, '`lock_hash` of it makes no sense: "07"'),
        ({"dirty": 0}, "`dirty` of it makes no sense: 0"),
        ({"image": "latest"}, '`image` of it makes no sense: "latest"'),
        ({"name": None}, "`name` is missing in it"),
    ],
)
def test_a_record_that_makes_no_sense(change: dict[str, object], message: str) -> None:
    told = json.loads(message_of(RUN).splitlines()[2]) | change
    with pytest.raises(OutsideError, match=f"^{re.escape(message)}"):
        run_of(f"x\n\n{json.dumps(told)}\n")


@pytest.mark.parametrize("text", ["", "\n", "merge", "x\n\n[]\n", "x\n\n{\n", "x\n\n1\n", "x\n\n" + "[" * 100_000])
def test_what_is_no_record(text: str) -> None:
    with pytest.raises(OutsideError, match="no record of a run"):
        run_of(text)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "envlock run -e train@88ad011 -- python train.py --note 'it'\\''s'"),
        ({"folder": "."}, "envlock run -e train@88ad011 -- python train.py --note 'it'\\''s'"),
        ({"folder": "a b"}, "cd 'a b' && envlock run -e train@88ad011 -- python train.py --note 'it'\\''s'"),
        ({"command": ("ls",), "groups": ("dev", "gpu")}, "envlock run -e train@88ad011 --group dev --group gpu -- ls"),
        ({"command": ("ls",), "image": "sha256:x"}, "envlock run -e train@88ad011 --in docker -- ls"),
        ({"command": ("ls",), "of": "ab" * 20, "version": "3"}, "envlock run -e train@abababa -- ls"),
        (
            {"command": ("ls",), "of": "ab" * 20, "version": "3", "origin": "https://acme.test/x"},
            "envlock run -e 'https://acme.test/x#train@abababa' -- ls",
        ),
    ],
)
def test_how_to_do_it_again(changes: dict[str, Any], line: str) -> None:
    assert reproduced(Run(**{**values_of(RUN), **changes})) == line


def test_the_table(project: Project) -> None:
    (commit,) = record(project, [RUN])
    id = Recorded(commit=commit, run=RUN).id
    assert id == f"2026-01-31-{commit[:8]}"
    result = project.call("runs")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "ID                   WHEN                    TOOK  EXIT  ENVIRONMENT    COMMAND",
        f"{id}  2026-01-31 23:59  1 min 15 s     0  train@88ad011  python train.py --note 'it'\\''s'",
    ]


def test_a_name_that_moves_is_told_with_what_it_was(project: Project) -> None:
    (commit,) = record(project, [Run(**{**values_of(RUN), "version": "prod", "of": "ab" * 20})])
    assert "\nenvironment  train@prod, which was train@abababa\n" in project.must("runs", "show", commit[:8])


def test_which_are_listed(project: Project) -> None:
    runs = several()
    record(project, runs)
    starts = [f"{one.start:%Y-%m-%dT%H}" for one in reversed(runs)]

    def listed(*words: str) -> list[str]:
        return [one["start"][:13] for one in json.loads(project.must("runs", "--json", *words))]

    assert listed() == starts
    assert listed("--limit", "3") == starts[:3]
    assert listed("--env", "serve") == starts[::2]
    assert listed("--failed") == starts[::2]
    assert listed("--env", "train", "--failed") == []
    assert listed("--since", "2026-01") == starts[:4]
    assert listed("--since", "2026-02-07") == starts[:2]
    assert listed("--since", "2026-02-08") == []
    assert project.call("runs", "--env", "none").stderr == "no such run is recorded\n"
    result = project.call("runs", "--since", "last week")
    assert (result.code, result.stderr) == (2, "error: `last week` is no date: say `2026-11-22`, or `2026-11`\n")


def test_one_is_found_by_what_tells_it_from_others(project: Project, tmp_path: Path) -> None:
    commits = record(project, several())
    newest = recorded(project)[0]
    for given in (newest["id"], newest["record"], newest["record"][:12], f"{newest['id']}{newest['record'][8:14]}"):
        assert json.loads(project.must("runs", "show", given, "--json")) == newest
    first, other = newest["id"][:10], "2026-02-06"
    wrong = newest["id"].replace(first, other)
    for given, message in (
        ("ffffffff", "no run `ffffffff`"),
        (wrong, f"no run `{wrong}`"),
        ("latest", "`latest` is no id of a run"),
        ("ab", "`ab` is no id of a run"),
    ):
        result = project.call("runs", "show", given)
        assert result.code == 2
        assert message in result.stderr
    assert len(commits) == 6
    nowhere = Project(folder=tmp_path, cache=project.cache).call("runs")
    assert nowhere.code == 2
    assert "is in no git repository" in nowhere.stderr


def test_states_that_were_united_are_no_runs(project: Project) -> None:
    """What another clone has recorded is seen once it was fetched, and what unites both is passed over."""
    one, other = several()[2:4]
    record(project, [one])
    git(project, "update-ref", "refs/envlock/remotes/origin/runs/2026-01", f"{MONTHS}2026-01")
    git(project, "update-ref", "-d", f"{MONTHS}2026-01")
    record(project, [other])
    assert [each["name"] for each in recorded(project)] == ["serve", "train"]
    tips = git(project, "for-each-ref", "--format=%(objectname)", "refs/envlock").split()
    empty = git(project, "hash-object", "-t", "tree", "/dev/null")
    united = git(project, "commit-tree", empty, "-p", tips[0], "-p", tips[1], "-m", "runs: one again")
    git(project, "update-ref", f"{MONTHS}2026-01", united)
    assert [each["name"] for each in recorded(project)] == ["serve", "train"]
    assert project.call("runs", "show", united[:8]).code == 2


def test_whole_months_are_removed(project: Project) -> None:
    record(project, several())
    dry = project.call("runs", "prune", "--before", "2026-02", "--dry-run")
    assert (dry.code, dry.stdout, dry.stderr) == (
        0,
        "2025-12  2 runs here, 2 of them on no remote\n2026-01  2 runs here, 2 of them on no remote\n",
        "would be removed\n",
    )
    assert len(recorded(project)) == 6
    done = project.call("runs", "prune", "--before", "2026-02")
    assert (done.code, done.stdout, done.stderr) == (0, dry.stdout, "removed\n")
    assert [one["start"][:7] for one in recorded(project)] == ["2026-02"] * 2
    assert project.call("runs", "prune", "--before", "2026-01").stderr == "there is nothing to remove\n"
    assert project.call("runs", "prune", "--before", "2026").code == 2
    early = project.call("runs", "prune", "--before", "9999-01")
    assert early.code == 2
    assert "`9999-01` is not there yet" in early.stderr


def test_what_is_removed_for_all_does_not_come_back_and_nothing_unpushed_is_lost(
    project: Project, tmp_path: Path
) -> None:
    run(("git", "init", "--quiet", "--bare", tmp_path / "origin"))
    git(project, "remote", "add", "origin", str(tmp_path / "origin"))
    git(project, "push", "--quiet", "origin", "HEAD")
    runs = several()
    record(project, runs[:4])
    project.must("sync")
    run(("git", "clone", "--quiet", tmp_path / "origin", tmp_path / "other"))
    other = Project(folder=tmp_path / "other", cache=project.cache, variables=project.variables)
    other.must("sync")
    record(other, [runs[1]])
    done = project.call("runs", "prune", "--before", "2026-01", "--remote", "origin")
    assert (done.code, done.stdout) == (0, "2025-12  2 runs here and at origin\n"), done
    there = "refs/envlock/runs/2026-01"
    for clone in (other, project, other):
        clone.must("sync")
        assert git(clone, "ls-remote", "origin", f"{MONTHS}*").split()[1::2] == [there]
    assert [one["start"][:7] for one in recorded(project)] == ["2026-01"] * 2
    assert [one["start"][:7] for one in recorded(other)] == ["2026-01"] * 2 + ["2025-12"] * 3
    other.must("runs", "prune", "--before", "2026-02")
    other.must("sync")
    assert recorded(other) == []
    assert len(recorded(project)) == 2
