"""`envlock label`: names that move, in real repositories."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.history.around import repository_around
from envlock.history.labels import LabelState, Move, find_label, label_history, move_label, read_label, unite_labels
from envlock.history.repository import Busy, Person, Repository
from tests.support.processes import run_here
from tests.support.team import Clone, alone, team

KIM, SAM = Person(name="Kim", email="kim@acme.test", time=100), Person(name="Sam", email="sam@acme.test", time=200)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The versions `1` and `rc1`, and the label `prod`: not to be changed."""
    kim = alone(tmp_path_factory.mktemp("labelled") / "Kim")
    kim.must("register")
    kim.must("register", "--as", "rc1")
    kim.must("label", "train@1", "prod")
    return kim


@pytest.fixture
def kim(tmp_path: Path) -> Clone:
    """Two versions: `train 1` on the first commit, `train 2` on the second."""
    kim = alone(tmp_path / "Kim")
    kim.git("tag", "--annotate", "--message=1", "env/train/1")
    kim.another_lock("8.4")
    kim.git("tag", "--annotate", "--message=2", "env/train/2")
    return kim


@pytest.fixture
def repository(kim: Clone) -> Repository:
    found = repository_around(kim.project.folder)
    assert found
    return found


def short(kim: Clone, revision: str) -> str:
    return kim.git("rev-parse", "--short=7", f"{revision}^{{commit}}")


def test_a_label_moves_and_remembers(kim: Clone) -> None:
    one, two = short(kim, "HEAD~1"), short(kim, "HEAD")
    assert kim.call("label", "train@1", "prod") == (0, f"prod   train@1 → {one}\n", "")
    assert kim.call("label", "train", "prod") == (0, f"prod   train@2 → {two}\n", f"it was train@1 → {one}\n")
    assert kim.call("label", "train@2", "prod") == (0, f"prod   train@2 → {two}\n", "it is so already\n")
    assert kim.must("show", "train@prod", "--json") == kim.must("show", "train@2", "--json")
    kim.must("label", "train@HEAD~1", "staging")
    rows = [re.split(r" {2,}", row) for row in kim.must("label").splitlines()]
    day = kim.git("log", "-1", "--format=%cd", "--date=short", "refs/envlock/labels/train/prod")
    assert rows == [
        ["LABEL", "VERSION", "COMMIT", "DATE", "BY"],
        ["prod", "train@2", two, day, "Kim"],
        ["staging", "train@1", one, day, "Kim"],
    ]
    assert kim.must("label", "train") == kim.must("label")
    history = json.loads(kim.must("label", "train", "prod", "--history", "--json"))
    assert [(state["version"], state["commit"][:7]) for state in history] == [("2", two), ("1", one)]
    assert history[0] == {
        "environment": "train",
        "label": "prod",
        "version": "2",
        "commit": kim.git("rev-parse", "HEAD"),
        "by": "Kim",
        "email": "kim@acme.test",
        "time": history[0]["time"],
        "united": False,
    }


def test_a_label_that_was_removed_is_none_and_may_come_back(kim: Clone) -> None:
    two = short(kim, "HEAD")
    kim.must("label", "train", "prod")
    assert kim.call("label", "train", "prod", "--remove") == (0, "prod   train: removed\n", f"it was train@2 → {two}\n")
    assert kim.call("label") == (0, "", "no label yet: `envlock label ENV@VERSION LABEL` makes one\n")
    assert kim.call("label", "train", "prod", "--remove").stderr == "error: `train@prod` was removed before\n"
    assert kim.call("show", "train@prod").code == 2
    kim.must("label", "train@1", "prod")
    told = [line.split()[1] for line in kim.must("label", "train", "prod", "--history").splitlines()]
    assert told == ["VERSION", "train@1", "train:", "train@2"]


def test_what_is_not_registered_is_named_by_its_commit(kim: Clone) -> None:
    commit = kim.another_lock("8.5")
    assert kim.call("label", "train@HEAD", "dev") == (
        0,
        f"dev   train@{commit[:12]} → {commit[:7]}\n",
        "this commit is not registered: `envlock register` gives it a number\n",
    )
    (kim.project.folder.parent / "other").write_text("")
    kim.history.commit("more")
    kim.git("rm", "--quiet", "-r", "train")
    kim.git("commit", "--quiet", "--message=gone")
    top = replace(kim.project, folder=kim.project.folder.parent)
    assert top.call("label", "train@HEAD", "dev").code == 2
    assert top.must("label", "train@2", "prod").startswith("prod   train@2 ")  # it is in the history all the same


def test_without_a_version_there_must_be_one(tmp_path: Path) -> None:
    kim = alone(tmp_path / "Kim")
    assert kim.call("label", "train", "prod").stderr == (
        "error: `train` has no registered version\nhint: `envlock register train`, or name a commit: `train@HEAD`\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train@1", "7"), "no label can be called `7`: numbers are given by `envlock register` itself"),
        (("train@1", "Latest"), "no label can be called `Latest`: it stands for the highest number"),
        (("train@1", "a/b"), "no label can be called `a/b`: letters, digits and"),
        (("train@1", "rc1"), "`train@rc1` is a registered version, which never moves"),
        (("train@1", "PROD"), "no label can be called `PROD`: there is `prod`, which some file systems"),
        (("train@9", "dev"), "`9` is no version of `train` and no git revision"),
        (("tarin@1", "dev"), "no environment `tarin`, and no folder of that name with env.toml"),
        (("train@1",), "no label for `train@1` is given"),
        (("train", "prd", "--history"), "`train` has no label `prd`"),
        (("train", "prd", "--remove"), "`train` has no label `prd`"),
        (("train", "--history"), "`--history` and `--remove` are of one label: `envlock label ENV LABEL --history`"),
        (("train@prod", "--remove"), "`--history` and `--remove` are of one label: `envlock label ENV LABEL --remove`"),
        (("train", "prod", "--history", "--remove"), "`--history` and `--remove` are of one label"),
    ],
)
def test_what_cannot_be(labelled: Clone, words: tuple[str, ...], said: str) -> None:
    before = labelled.git("for-each-ref")
    result = labelled.call("label", *words)
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {said}")
    assert labelled.git("for-each-ref") == before


def test_many_move_one_label_at_once(kim: Clone, repository: Repository) -> None:
    """And each of their moves is in its history."""
    versions = ["1", "2"] * 4
    started = [kim.start("label", f"train@{version}", "prod") for version in versions]
    ended = [(*process.communicate(), process.returncode) for process in started]
    assert [code for _, _, code in ended] == [0] * len(versions), ended
    moved = sum("it is so already" not in said for _, said, _ in ended)
    state = find_label(repository, "train", "prod")
    assert state
    history = [*label_history(repository, state)]
    assert len(history) == moved
    assert all(new.before == (old.id,) for new, old in pairwise(history))


def test_a_label_that_another_process_holds(kim: Clone, repository: Repository) -> None:
    kim.must("label", "train@1", "prod")
    lock = repository.folder / "refs" / "envlock" / "labels" / "train" / "prod.lock"
    lock.touch()
    result = kim.call("label", "train@2", "prod")
    assert result.code == 3
    assert "refs/envlock/labels/train/prod" in result.stderr.splitlines()[0]
    assert "remove `refs/envlock/labels/train/prod.lock` and `packed-refs.lock` in that folder" in result.stderr
    with pytest.raises(Busy):
        move_label(repository, Move(environment="train", label="prod"), KIM)
    lock.unlink()
    assert kim.must("label", "train@2", "prod").startswith("prod   train@2 ")


def test_a_reference_that_is_no_label(kim: Clone, repository: Repository) -> None:
    kim.git("update-ref", "refs/envlock/labels/train/prod", "HEAD")
    head = kim.git("rev-parse", "HEAD")
    with pytest.raises(OutsideError, match=f"`{head[:12]}` is no state of a label"):
        read_label(repository, head)
    assert kim.call("label").code == 3
    assert kim.call("label", "train@1", "prod").code == 3


def test_labels_of_a_remote_are_seen_and_moved_on(tmp_path: Path) -> None:
    kim, sam = team(tmp_path, "Sam")
    kim.must("register", "--push")
    assert kim.call("label", "train", "prod").stderr == "`envlock sync` shares it with the team\n"
    kim.git("push", "--quiet", "origin", "refs/envlock/labels/train/prod")
    sam.git("fetch", "--quiet", "--tags", "origin", "+refs/envlock/labels/*:refs/envlock/remotes/origin/labels/*")
    assert sam.must("label") == kim.must("label")
    sam.another_lock("8.4")
    assert sam.call("label", "train@HEAD", "prod").stderr.startswith("it was train@1 ")
    sam.git("push", "--quiet", "origin", "refs/envlock/labels/train/prod")  # upon what Kim did, not beside it
    assert len(json.loads(sam.must("label", "train", "prod", "--history", "--json"))) == 2


def prod(repository: Repository, by: Person, commit: str | None, version: str) -> LabelState:
    move = Move(environment="train", label="prod", version=version if commit else None, commit=commit)
    return move_label(repository, move, by)


@pytest.mark.parametrize("removed", [False, True])
def test_two_states_that_diverged_are_united_alike_by_all(kim: Clone, repository: Repository, removed: bool) -> None:
    one, two = kim.git("rev-parse", "HEAD~1"), kim.git("rev-parse", "HEAD")
    reference = "refs/envlock/labels/train/prod"
    base = prod(repository, KIM, one, "1")
    kims = prod(repository, KIM, two, "2")
    kim.git("update-ref", reference, base.id)
    sams = prod(repository, SAM, None if removed else one, "1")
    united = unite_labels(repository, kims.id, sams.id)
    assert united == unite_labels(repository, sams.id, kims.id)
    state = read_label(repository, united)
    assert (state.version, state.commit, state.united) == (sams.version, sams.commit, True)
    assert state.before == tuple(sorted((kims.id, sams.id)))
    assert state.by == Person(name="envlock", email="envlock@localhost", time=SAM.time)
    assert {each.id for each in label_history(repository, state)} == {united, kims.id, sams.id, base.id}
    for old in (kims.id, sams.id, base.id, united):
        assert unite_labels(repository, old, united) == unite_labels(repository, united, old) == united
    kim.git("update-ref", reference, united)
    assert run_here("git", "-C", repository.folder, "fsck", "--strict") == ""


def test_clocks_that_go_back_change_no_order(kim: Clone, repository: Repository) -> None:
    head = kim.git("rev-parse", "HEAD")
    prod(repository, SAM, head, "2")
    later = prod(repository, KIM, head, "3")
    assert later.by.time == SAM.time
    assert [state.version for state in label_history(repository, later)] == ["3", "2"]


def test_a_label_is_not_moved_behind_a_version_of_its_name(kim: Clone) -> None:
    kim.must("label", "train@1", "prod")
    kim.git("tag", "--annotate", "--message", "by hand", "env/train/prod")
    for version in ("1", "2"):
        result = kim.call("label", f"train@{version}", "prod")
        assert result.code == 2
        assert "`train@prod` is a registered version, which never moves" in result.stderr
    assert kim.must("label", "train", "prod", "--remove").startswith("prod ")


@pytest.mark.parametrize("time", ["1700000000 +9999", "99999999999999 +0000"])
def test_a_label_of_a_time_that_no_calendar_has(kim: Clone, time: str) -> None:
    kim.must("label", "train@1", "prod")
    made = kim.git("cat-file", "commit", "refs/envlock/labels/train/prod")
    lines = [f"{line.rpartition('> ')[0]}> {time}" if "> " in line else line for line in made.splitlines()]
    file = kim.project.folder / "made"
    file.write_text("\n".join(lines) + "\n")
    id = kim.git("hash-object", "-w", "--literally", "-t", "commit", file)
    kim.git("update-ref", "refs/envlock/labels/train/prod", id)
    assert "train@1" in kim.must("label", "train")
    assert json.loads(kim.must("label", "train", "--json"))[0]["version"] == "1"
