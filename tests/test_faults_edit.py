"""An edit that is killed, interrupted, or finds the disk full: both files are old, or both are new, or it shows."""

import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pytest

from tests.support.http_server import Request, Response
from tests.support.index_server import WheelFolders, serve_index
from tests.support.strace import Point, points, recorder
from tests.support.tiny_project import TinyProject, tiny_project
from tests.support.tiny_wheels import write_wheel

KILLED = -9
# how many points are tried, without --full
TRIED = 5
Files = tuple[bytes, bytes]


def files(project: TinyProject) -> Files:
    return project.manifest.read_bytes(), project.lockfile.read_bytes()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A locked project, the files as an undisturbed `add` makes them, and the points where it can be disturbed."""

    before: TinyProject
    root: Path
    old: Files
    new: Files
    points: tuple[Point, ...]

    def start(self) -> TinyProject:
        shutil.rmtree(self.root, ignore_errors=True)
        return self.before.elsewhere(self.root)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    root = tmp_path_factory.mktemp("edit")
    with tiny_project(root / "made") as project:
        project.write(pip=("beta",))
        project.must("lock")
        old = files(project)
        undisturbed, log = project.elsewhere(root / "tried"), root / "strace.log"
        undisturbed.through(*recorder(log)).must("add", "--pip", "alpha")
        yield Trial(before=project, root=root / "tried", old=old, new=files(undisturbed), points=points(log))


def tried(trial: Trial, point: Point) -> Files:
    """Killed there; what then holds, and what the same call makes of it."""
    project = trial.start()
    result = project.through(*point.starter()).call("add", "--pip", "alpha")
    assert result.code in (KILLED, 0, 3), (point, result)
    left = files(project)
    between = (trial.new[0], trial.old[1])  # env.toml asks for more than is locked: as after an edit by hand
    assert left in (trial.old, trial.new, between), point
    assert project.call("check").code == (1 if left == between else 0), point
    project.must("add", "--pip", "alpha")
    assert files(project) == trial.new, point
    return left


def test_killed_at_some_points(trial: Trial) -> None:
    shuffled = random.Random("edit").sample(trial.points, len(trial.points))
    reached = [tried(trial, point) for point in shuffled[:TRIED]]
    assert trial.old in reached


def test_killed_right_between_the_two_files(trial: Trial) -> None:
    """The last renames of all are those of env.toml and of env.lock."""
    renames = sorted(point for point in trial.points if point.call.startswith("rename") and not point.everywhere)
    left = [tried(trial, point) for point in renames[-2:]]
    assert (trial.new[0], trial.old[1]) in left


@pytest.mark.full
def test_killed_at_every_point(trial: Trial) -> None:
    reached = [tried(trial, point) for point in trial.points]
    assert {trial.old, trial.new} <= {*reached}


def test_a_full_disk_changes_neither_file(trial: Trial) -> None:
    """Whichever of the two cannot be written."""
    writes = [point for point in trial.points if point.call in ("write", "fsync") and not point.everywhere]
    for point in random.Random("full").sample(writes, min(len(writes), TRIED)):
        project = trial.start()
        result = project.through(*point.starter("error=ENOSPC")).call("add", "--pip", "alpha")
        assert files(project) == (trial.new if result.code == 0 else trial.old), (point, result)
        assert [path.name for path in project.folder.glob(".envlock-part-*")] == []


_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class Waiting(WheelFolders):
    """An index that has a signal sent to who asks it: one, as a second would end the first one's work."""

    asked: tuple[list[subprocess.Popen[bytes]], signal.Signals] = ([], signal.SIGINT)

    def page(self, request: Request) -> Response | None:
        processes, number = self.asked
        with _ONE_AT_A_TIME:
            while processes:
                processes.pop().send_signal(number)
        return super().page(request)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_solves(trial: Trial, tmp_path: Path, number: signal.Signals) -> None:
    write_wheel(tmp_path, "alpha")
    write_wheel(tmp_path, "beta")
    project = trial.start()
    processes: list[subprocess.Popen[bytes]] = []
    with serve_index(Waiting((tmp_path,), asked=(processes, number))) as index:
        text = project.manifest.read_text().replace(project.index.url, index.url)
        project.manifest.write_text(text)
        before = files(project)
        with subprocess.Popen(
            # jobs in the background of a shell ignore Ctrl-C, and so would ours
            ("env", "--default-signal=INT", *project.command, "add", "--pip", "alpha"),
            cwd=project.folder,
            env=project.environment(),
            stderr=subprocess.PIPE,
        ) as process:
            processes.append(process)
            process.communicate(timeout=120)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}[number]
    assert files(project) == before
