"""sync: what clones have recorded and labelled apart becomes one, and nothing of it is lost."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.history import sync
from envlock.history.around import repository_around
from envlock.history.git_program import Git
from envlock.history.labels import Move, find_label, label_history, move_label
from envlock.history.remote import Remote
from envlock.history.repository import Person, Repository
from envlock.history.runs import append, runs
from envlock.history.sync import Met, share
from envlock.model.run import Recorded, Run
from envlock.workflows.prune_runs import prune
from tests.support.projects import Project, Result
from tests.support.repository import History
from tests.support.strace import Point, points, recorder

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
LABELS = ("prod", "beta")


def month_of(line: str) -> str:
    return line.partition("/runs/")[2][:7]


def silent(_line: str) -> None:
    """Nobody is told."""


@dataclass
class Clone:
    """One person's clone, and how many runs it has recorded."""

    folder: Path
    name: str
    count: int = field(default=0)

    @property
    def repository(self) -> Repository:
        found = repository_around(self.folder)
        assert found
        return found

    @property
    def history(self) -> History:
        return History(self.folder)

    def person(self, moment: int) -> Person:
        return Person(name=self.name, email=f"{self.name}@acme.test", time=int(START.timestamp()) + moment)

    def record(self, moment: int, *, months: int = 0) -> str:
        """Records a run that nobody else has; its first word."""
        self.count += 1
        word = f"{self.name}-{self.count}"
        start = START + timedelta(seconds=moment, days=31 * months)
        run = Run(
            command=(word,),
            start=start,
            end=start + timedelta(seconds=1),
            exit_code=0,
            name="train",
            lock_hash="a" * 64,
            platform="linux-64",
            commit="b" * 40,
            dirty=False,
        )
        append(self.repository, run, self.person(moment))
        return word

    def label(self, label: str, version: str | None, moment: int) -> None:
        commit = self.repository.commit_of("HEAD") if version else None
        move = Move(environment="train", label=label, version=version, commit=commit)
        move_label(self.repository, move, self.person(moment))

    def share(self) -> tuple[Met, ...]:
        return share(self.repository, Remote(Git(self.folder), "origin"), silent)

    def recorded(self, since: str = "") -> list[str]:
        return sorted(one.run.command[0] for one in runs(self.repository, since=since) if isinstance(one, Recorded))

    def references(self, since: str = "") -> str:
        shared = ("refs/envlock/labels", "refs/envlock/pruned", "refs/envlock/runs")
        lines = self.history.git("for-each-ref", "--format=%(refname) %(objectname)", *shared).splitlines()
        return "\n".join(line for line in lines if "/runs/" not in line or month_of(line) >= since)

    def call(self, *words: str) -> Result:
        return Project(folder=self.folder, cache=self.folder.parent / "cache").call(*words)


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Clone, ...]:
    first = History(tmp_path / "ann")
    first.folder.mkdir()
    first.git("init", "--quiet", "--initial-branch=main")
    first.commit()
    first.git("init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "team.git")
    first.git("remote", "add", "origin", tmp_path / "team.git")
    first.git("push", "--quiet", "--set-upstream", "origin", "main")
    for name in ("bob", "eve"):
        first.git("clone", "--quiet", tmp_path / "team.git", tmp_path / name)
    for name in ("ann", "bob", "eve"):
        with (tmp_path / name / ".git" / "config").open("a") as settings:
            settings.write(f"[user]\n\tname = {name}\n\temail = {name}@acme.test\n")
    return tuple(Clone(tmp_path / name, name) for name in ("ann", "bob", "eve"))


def of_team(clone: Clone) -> str:
    return clone.history.git("ls-remote", "origin", "refs/envlock/*").replace("\t", " ")


def test_what_two_have_recorded_apart_becomes_one(clones: tuple[Clone, ...]) -> None:
    ann, bob, _ = clones
    words = sorted([ann.record(1), bob.record(2), bob.record(3), ann.record(4, months=1)])
    for clone in (ann, bob, ann):
        clone.share()
    assert ann.recorded() == bob.recorded() == words
    assert ann.references() == bob.references()
    ids = {line.split()[1] for line in ann.references().splitlines()}
    assert ids == {line.split()[0] for line in of_team(ann).splitlines()}


def test_both_who_unite_at_once_make_the_same_of_it(clones: tuple[Clone, ...], tmp_path: Path) -> None:
    ann, bob, _ = clones
    for clone, moment in ((ann, 1), (bob, 2)):
        clone.record(moment)
        clone.label("prod", clone.name, moment)
        clone.history.git("init", "--quiet", "--bare", tmp_path / f"of-{clone.name}.git")
    for clone, other in ((ann, "ann"), (bob, "bob"), (ann, "bob"), (bob, "ann")):
        clone.history.git("remote", "set-url", "origin", tmp_path / f"of-{other}.git")
        clone.share()
    assert ann.references() == bob.references()
    assert len(ann.recorded()) == 2
    (state,) = (find_label(clone.repository, "train", "prod") for clone in (ann,))
    assert state
    assert state.version == "bob"
    assert {one.version for one in label_history(ann.repository, state)} == {"ann", "bob"}


class Play:
    """Rounds of moves of three people, one after the other, and what has to be there in the end."""

    def __init__(self, clones: tuple[Clone, ...]) -> None:
        self.random = random.Random()
        self.clones = clones
        self.moment = self.months = 0
        self.recorded: dict[str, str] = {}  # with the month of each
        self.kept = ""

    def play(self, seed: int, moves: int) -> None:
        """A round is of two months, which no other round records runs in."""
        self.random.seed(seed)
        self.moment, self.months = 100 * seed, 2 * seed - 400  # of the past: others cannot be pruned
        steps = [self.record, self.record, self.record, self.label, self.remove, self.share, self.together, self.prune]
        for _ in range(moves):
            self.moment += 1
            self.random.choice(steps)()

    def month(self, months: int) -> str:
        return f"{START + timedelta(days=31 * months, seconds=self.moment):%Y-%m}"

    def record(self) -> None:
        clone, months = self.random.choice(self.clones), self.months + self.random.choice([0, 0, 1])
        self.recorded[clone.record(self.moment, months=months)] = self.month(months)

    def prune(self) -> None:
        """For all: what others have not sent yet, or record later, goes nowhere."""
        self.kept = self.month(self.months + 1)
        prune(self.random.choice(self.clones).folder, self.kept, remote="origin", dry_run=False)

    def label(self) -> None:
        clone = self.random.choice(self.clones)
        clone.label(self.random.choice(LABELS), str(self.moment), self.moment)

    def remove(self) -> None:
        self.random.choice(self.clones).label(self.random.choice(LABELS), None, self.moment)

    def share(self) -> None:
        self.random.choice(self.clones).share()

    def together(self) -> None:
        """Two at once, while the third records."""
        one, other, third = self.random.sample(self.clones, 3)
        with ThreadPoolExecutor(3) as pool:
            at_work: list[Callable[[], object]] = [
                one.share,
                other.share,
                lambda: third.record(self.moment, months=self.months),
            ]
            *_, word = [each.result() for each in [pool.submit(work) for work in at_work]]
        self.recorded[str(word)] = self.month(self.months)


def test_three_clones_end_with_the_same_and_with_all_of_it(
    clones: tuple[Clone, ...], pytestconfig: pytest.Config
) -> None:
    """Rounds of random moves; after each, all who share twice have the same, and every move and every run ever made of
    the months that are kept; nothing else is in the remote."""
    played = Play(clones)
    for seed in range(200 if pytestconfig.getoption("--full") else 8):
        played.play(seed, moves=9)
        for clone in (*clones, *clones[:2]):
            clone.share()
        states = {clone.references(played.kept) for clone in clones}
        assert len(states) == 1, (seed, states)
        # each line has the name first, but those of ls-remote
        there = {" ".join(line.split()[::-1]) for line in of_team(clones[0]).splitlines()}
        assert there == set(states.pop().splitlines()), seed
        kept = sorted(word for word, month in played.recorded.items() if month >= played.kept)
        for clone in clones:
            assert clone.recorded(played.kept) == kept, seed
    assert played.kept
    for clone in clones:
        assert clone.history.git("fsck", "--no-dangling") == ""
        clone.history.git("fetch", "--prune", "--all")
        clone.history.git("fetch", "--tags")
        assert clone.recorded(played.kept) == kept


def moves_of(clone: Clone, label: str) -> list[str | None]:
    """Every move of a label that anybody made, the newest first."""
    state = find_label(clone.repository, "train", label)
    assert state
    return [one.version for one in label_history(clone.repository, state) if not one.united]


def test_the_later_move_of_a_label_counts_and_the_other_is_not_forgotten(clones: tuple[Clone, ...]) -> None:
    ann, bob, eve = clones
    ann.label("prod", "3", 1)
    for clone in (ann, bob):
        clone.share()
    bob.label("prod", "5", 9)
    ann.label("prod", "4", 7)
    for clone in (bob, ann, bob, eve):
        clone.share()
    for clone in clones:
        assert moves_of(clone, "prod") == ["5", "4", "3"]
    ann.label("prod", None, 11)
    for clone in (ann, eve):
        clone.share()
    assert moves_of(eve, "prod") == [None, "5", "4", "3"]
    result = eve.call("sync")
    assert (result.code, result.stderr.splitlines()[-1]) == (0, "nothing new, here or in `origin`")


def test_it_says_what_came_and_what_went(clones: tuple[Clone, ...]) -> None:
    ann, bob, _ = clones
    ann.record(1)
    ann.record(2)
    ann.label("prod", "3", 3)
    assert ann.call("sync").stderr.splitlines()[-1] == "pushed 2 runs, `prod` of train → 3"
    bob.record(4)
    result = bob.call("sync")
    assert (result.code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-2:] == ["fetched 2 runs, `prod` of train → 3", "pushed 1 run"]
    bob.label("prod", "4", 5)
    told = json.loads(bob.call("sync", "--json").stdout)
    moved = {"environment": "train", "label": "prod", "before": "3", "after": "4", "sent": True}
    assert told == {"remote": "origin", "fetched_runs": 0, "pushed_runs": 0, "labels": [moved], "failed": {}}
    assert ann.call("sync").stderr.splitlines()[-1] == "fetched 1 run, `prod` of train, 3 → 4"
    bob.label("prod", None, 6)
    assert bob.call("sync").stderr.splitlines()[-1] == "pushed `prod` of train, removed"


def test_one_number_that_was_given_to_two_commits_is_told_with_them(clones: tuple[Clone, ...]) -> None:
    ann, bob, _ = clones
    ann.label("prod", "3", 1)
    first = ann.repository.commit_of("HEAD")
    ann.share()
    second = bob.history.commit("another")
    bob.label("prod", "3", 2)
    said = bob.call("sync").stderr.splitlines()[-1]
    assert first
    assert said == f"pushed `prod` of train, 3 ({first[:7]}) → 3 ({second[:7]})"


def test_a_server_that_refuses_one_takes_the_others(clones: tuple[Clone, ...]) -> None:
    ann, _, _ = clones
    hook = ann.folder.parent / "team.git" / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in */labels/*) echo "labels are frozen" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    ann.record(1)
    ann.label("prod", "3", 2)
    result = ann.call("sync")
    assert result.code == 3
    assert "error: `labels/train/prod` is not shared with `origin`: `origin` refuses it: hook declined" in result.stderr
    assert "labels are frozen" in result.stderr
    assert "pushed 1 run" in result.stderr
    assert [line.split()[1] for line in of_team(ann).splitlines()] == ["refs/envlock/runs/2026-11"]
    hook.unlink()
    assert ann.call("sync").stderr.splitlines()[-1] == "pushed `prod` of train → 3"


def test_what_is_no_label_there_is_not_taken_for_one(clones: tuple[Clone, ...]) -> None:
    ann, bob, _ = clones
    ann.history.git("push", "--quiet", "origin", "HEAD:refs/envlock/labels/train/prod")
    ann.label("beta", "1", 1)
    ann.history.git("push", "--quiet", "origin", "refs/envlock/labels/train/beta:refs/envlock/labels/train/gold")
    # a branch, a name that would steer a terminal, and a message without end
    (ann.folder / "file").touch()
    ann.history.commit()
    ann.label("\u009b31m", "1", 2)
    odd, head = "refs/envlock/labels/train/\u009b31m", ann.history.git("rev-parse", "HEAD")
    told = f"huge: x\n\nEnvironment: train\nLabel: huge\nVersion: {'1' * 100_000}\nCommit: {head}"
    empty = ann.history.git("hash-object", "-w", "-t", "tree", "/dev/null")
    huge = ann.history.git("commit-tree", "-p", head, "-m", told, empty)
    specs = ("HEAD:refs/envlock/runs/2026-10", f"{odd}:{odd}", f"{huge}:refs/envlock/labels/train/huge")
    ann.history.git("push", "--quiet", "origin", *specs)
    bob.record(2)
    result = bob.call("sync")
    assert result.code == 3
    assert "`runs/2026-10` is not shared with `origin`: `" in result.stderr
    assert "has files, and is no run" in result.stderr
    assert "error: `labels/train/\\u009b31m` is not shared with `origin`: no label can be called so: " in result.stderr
    assert "`labels/train/huge` is not shared" in result.stderr
    listed = bob.call("list").stdout + bob.call("label", "train").stdout
    assert "\u009b" not in listed
    assert len(listed) < 10_000
    assert "error: `labels/train/prod` is not shared with `origin`: `" in result.stderr
    assert "is no state of a label" in result.stderr
    assert "what is there is a state of the label `beta` of `train`" in result.stderr
    assert bob.references().split()[::2] == ["refs/envlock/runs/2026-11"]
    assert len(of_team(bob).splitlines()) == 6  # the run went there all the same


def test_what_a_server_has_lost_it_gets_again(clones: tuple[Clone, ...]) -> None:
    ann, _, _ = clones
    ann.record(1)
    ann.share()
    was = of_team(ann)
    ann.history.git("push", "--quiet", "origin", ":refs/envlock/runs/2026-11")
    assert of_team(ann) == ""
    ann.share()
    assert of_team(ann) == was


def test_without_a_remote_or_a_network_it_says_what_to_do(clones: tuple[Clone, ...], tmp_path: Path) -> None:
    ann, bob, eve = clones
    ann.history.git("remote", "remove", "origin")
    result = ann.call("sync")
    assert (result.code, result.stderr) == (
        2,
        "error: there is no remote to share with\nhint: `git remote add origin URL` adds one\n",
    )
    result = bob.call("sync", "origni")
    assert result.code == 2
    assert "error: there is no remote `origni`\nhint: did you mean `origin`?" in result.stderr
    assert bob.call("--offline", "sync").code == 3
    (tmp_path / "team.git").rename(tmp_path / "gone.git")
    eve.record(1)
    result = eve.call("sync")
    assert result.code == 3
    assert "error: `origin` cannot be fetched from: " in result.stderr
    outside = Project(folder=tmp_path, cache=tmp_path / "cache").call("sync")
    assert outside.code == 2
    assert "is in no git repository" in outside.stderr


def test_a_mirror_keeps_what_it_has_not_sent_yet(clones: tuple[Clone, ...], tmp_path: Path) -> None:
    """`git clone --mirror` has git write what it fetches over what is here; sync does not."""
    ann, bob, _ = clones
    ann.label("prod", "1", 1)
    ann.share()
    ann.history.git("clone", "--quiet", "--mirror", tmp_path / "team.git", tmp_path / "mirror.git")
    mirror = Clone(tmp_path / "mirror.git", "mirror")
    mirror.label("prod", "2", 2)
    mirror.label("beta", "2", 3)
    mirror.record(4)
    before = of_team(ann)
    mirror.share()
    bob.share()
    assert moves_of(bob, "prod") == ["2", "1"]
    assert bob.references() == mirror.references() != before
    assert bob.recorded() == ["mirror-1"]


def test_killed_anywhere_nothing_is_lost(clones: tuple[Clone, ...], pytestconfig: pytest.Config) -> None:
    """Sync itself, or a git at work for it here or there; the next one makes it whole."""
    ann, bob, _ = clones
    log, project = ann.folder.parent / "log", Project(folder=ann.folder, cache=ann.folder.parent / "cache")
    words = [ann.record(1), bob.record(2)]
    bob.share()
    assert project.through(*recorder(log)).call("sync").code == 0
    ours = [line for line in log.read_text().splitlines() if "/.git/" in line or "team.git" in line]
    log.write_text("\n".join(ours))
    calls = sorted({point.call for point in points(log)} - {"openat"})
    assert {"write", "rename"} <= {*calls}
    for call in calls:
        for number in range(1, 9 if pytestconfig.getoption("--full") else 3):
            words += [ann.record(len(words)), bob.record(len(words))]
            bob.share()
            project.through(*Point(call, number, everywhere=True).starter()).call("sync")
            for lock in ann.folder.parent.glob("*/**/*.lock"):
                lock.unlink()  # git leaves it, too, and says what to do
            for clone in (ann, bob):
                clone.share()
            assert ann.recorded() == bob.recorded() == sorted(words), (call, number)
    assert ann.history.git("fsck", "--no-dangling") == ""


def test_many_at_once_all_come_through(clones: tuple[Clone, ...]) -> None:
    for moment, clone in enumerate(clones):
        clone.record(moment)
        clone.label("prod", str(moment), moment)
    with ThreadPoolExecutor(3) as pool:
        results = [*pool.map(lambda clone: clone.call("sync"), clones)]
    assert [result.code for result in results] == [0, 0, 0], results
    for clone in clones:
        clone.share()
    assert len({clone.references() for clone in clones}) == 1
    assert len(clones[0].recorded()) == 3


def test_an_address_is_no_remote_to_share_with(clones: tuple[Clone, ...], tmp_path: Path) -> None:
    result = clones[0].call("sync", str(tmp_path / "team.git"))
    assert result.code == 2
    assert "there is no remote" in result.stderr


def test_others_who_never_stop_are_given_up_on(clones: tuple[Clone, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes nothing because somebody was quicker, each time it is asked."""
    ann, _, _ = clones
    hook = ann.folder.parent / "team.git" / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    # the reference is locked, as by another git that is at work there
    hook.write_text('#!/bin/sh\nmkdir -p "${1%/*}" && : > "$1.lock"\n')
    hook.chmod(0o755)
    ann.record(1)
    monkeypatch.setattr(sync, "_MOST_TRIES", 3)
    with pytest.raises(OutsideError, match="others push to `origin` all the time"):
        ann.share()
    assert len(ann.recorded()) == 1
