"""Recording that cannot be, many at once, and killed: the command comes first, and no run that was recorded is lost."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import Command, run
from tests.support.projects import Project
from tests.support.recorded_project import MONTHS, copy_of, git, installed_once, recorded
from tests.support.services import require_root
from tests.support.strace import Point, points, recorder
from tests.test_faults_disk import read_only, small_disk

WARNING = "warning: the run is not recorded: "
AT_ONCE = 20


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return installed_once(tmp_path_factory)


@pytest.fixture
def project(installed: Project, tmp_path: Path) -> Project:
    return copy_of(installed, tmp_path / "project")


def month(project: Project) -> str:
    """The reference that runs of this moment are in."""
    (found,) = git(project, "for-each-ref", "--format=%(refname)", MONTHS).split()
    return found


def warned(project: Project, starter: Command = ()) -> str:
    """What is said of a run that is not recorded: the command itself goes well."""
    result = project.through(*starter).call("run", "sh", "-c", "echo out; echo err >&2; exit 5")
    assert (result.code, result.stdout) == (5, "out\n")
    said = result.stderr.splitlines()
    assert len(said) == 2
    assert "err" in said
    (warning,) = (line.removeprefix(WARNING) for line in said if line.startswith(WARNING))
    return warning


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_twenty_at_once_lose_nothing(form: str, installed: Project, tmp_path: Path) -> None:
    project = copy_of(installed, tmp_path / "project")
    if form == "sha256":
        run(("rm", "-rf", project.folder / ".git"))
        run(("git", "init", "--quiet", "--object-format=sha256", project.folder))
        git(project, "add", ".")
        git(project, "commit", "--quiet", "--message", "the first")
    running = [
        subprocess.Popen(
            (*project.command, "run", "sh", "-c", f"exit {number}"),
            cwd=project.folder,
            env=project.environment(),
            stderr=subprocess.PIPE,
        )
        for number in range(AT_ONCE)
    ]
    said = [each.communicate()[1].decode() for each in running]
    assert [each.returncode for each in running] == [*range(AT_ONCE)], said
    assert sorted(one["exit_code"] for one in recorded(project)) == [*range(AT_ONCE)]
    told = {match[1] for match in map(re.compile(r"recorded run (\S+) ").match, said) if match}
    assert told == {one["id"] for one in recorded(project)}
    assert git(project, "fsck", "--strict", "--no-dangling") == ""


def test_a_reference_that_another_process_holds(project: Project) -> None:
    project.must("run", "true")
    lock = project.folder / ".git" / f"{month(project)}.lock"
    lock.touch()
    assert "lock" in warned(project)
    lock.unlink()
    project.must("run", "true")
    assert len(recorded(project)) == 2


def test_a_reference_in_the_way(project: Project) -> None:
    git(project, "update-ref", MONTHS.rstrip("/"), "HEAD")
    assert "refs/envlock/runs" in warned(project)
    git(project, "update-ref", "-d", MONTHS.rstrip("/"))
    project.must("run", "true")
    assert len(recorded(project)) == 1


def test_a_damaged_object(project: Project) -> None:
    project.must("run", "true")
    tip = git(project, "rev-parse", month(project))
    loose = project.folder / ".git" / "objects" / tip[:2] / tip[2:]
    whole = loose.read_bytes()
    loose.chmod(0o644)
    loose.write_bytes(b"damaged")
    warned(project)
    result = project.call("runs")
    assert result.code == 3
    assert "cannot be read" in result.stderr
    loose.write_bytes(whole)
    project.must("run", "true")
    assert len(recorded(project)) == 2


def test_what_is_no_record_among_the_runs(project: Project) -> None:
    project.must("run", "true")
    empty = git(project, "hash-object", "-t", "tree", "/dev/null")
    strange = git(project, "commit-tree", empty, "-p", month(project), "-m", "by hand")
    git(project, "update-ref", month(project), strange)
    assert project.call("run", "false").code == 1
    result = project.call("runs", "--json")
    assert (result.code, result.stdout.count('"id"')) == (0, 2)
    assert result.stderr == f"warning: {strange[:12]} among the runs cannot be read: it holds no record of a run\n"
    assert "cannot be read" in project.call("runs", "show", strange[:9]).stderr


def test_a_repository_that_cannot_be_written(project: Project) -> None:
    require_root("a mount of its own")
    warned(project, read_only(project.folder / ".git"))
    assert recorded(project) == []


def test_a_full_disk(project: Project) -> None:
    """All that git has is on a disk of its own, which something else fills."""
    place = project.folder / ".git"
    kept = project.folder.parent / "kept"
    place.rename(kept)
    place.mkdir()
    mount = small_disk(place, 1024)
    fill = 'cp -a "$1"/. "$2"; cat /dev/zero > "$2/filling" 2>&-; shift 2; exec "$@"'
    warned(project, (*mount, "sh", "-c", fill, "sh", kept, place))


def test_without_git(project: Project, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("sh", "env"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}" if name == "sh" else "/usr/bin/env")
    assert "git" in warned(project.given(PATH=str(tmp_path / "bin")))


def test_nobody_listens_any_more(project: Project) -> None:
    """Whoever read what we say has gone: the run is recorded all the same, and its code is given."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            (*project.command, "run", "sh", "-c", "exit 7"),
            cwd=project.folder,
            env=project.environment(),
            stderr=nobody,
            check=False,
        )
    assert done.returncode == 7
    assert len(recorded(project)) == 1


def test_killed_anywhere_while_it_records(project: Project, tmp_path: Path) -> None:
    """What was recorded before is there, the new one is whole or not there, and the next is recorded."""
    project.must("run", "true")
    log = tmp_path / "log"
    project.through(*recorder(log)).must("run", "true")
    tried = [point for point in points(log) if point.everywhere]
    before = len(recorded(project))
    for point in tried[:: max(len(tried) // 8, 1)]:
        after = before_and_after(project, point)
        assert before <= after <= before + 1, point
        before = after
    for lock in (project.folder / ".git" / "refs").rglob("*.lock"):
        lock.unlink()  # which git asks a person to do
    project.must("run", "true")
    assert len(recorded(project)) == before + 1
    assert git(project, "fsck", "--strict", "--no-dangling") == ""


def before_and_after(project: Project, point: Point) -> int:
    project.through(*point.starter()).call("run", "true")
    return len(recorded(project))
