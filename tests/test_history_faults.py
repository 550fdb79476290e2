"""Commits and references, written while the disk fills up or the process is killed: the old or the new, never less."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import PROJECT, Command
from tests.support.repository_forms import with_history
from tests.support.services import require_root
from tests.support.strace import Point, points, recorder
from tests.test_faults_disk import small_disk

RUNS = "refs/envlock/runs/2026-11"
WRITE = """
import sys
from pathlib import Path
from envlock.errors import OutsideError
from tests.support.opened import KIM, opened
repository = opened(Path(sys.argv[1]), sys.argv[2])
old = repository.reference(sys.argv[3])
try:
    for number in range(int(sys.argv[4])):
        new = repository.write(f"{number} {old}" + "." * 4000, [old], author=KIM, committer=KIM)
        assert repository.move(sys.argv[3], old=old, new=new, why="tried")
        old = new
    print("done")
except OutsideError as error:
    print(error.message)
"""


def write(folder: Path, by: str, starter: Command = (), *, times: int = 1) -> str:
    """What is said of so many new states of a reference."""
    words = (*starter, sys.executable, "-c", WRITE, folder, by, RUNS, str(times))
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, cwd=PROJECT).stdout


@pytest.mark.parametrize("by", ["Library", "Program"])
def test_killed_anywhere_it_is_the_old_or_the_new(tmp_path: Path, by: str) -> None:
    history = with_history(tmp_path / "repository")
    git, log = history.git, tmp_path / "log"
    git("update-ref", RUNS, "HEAD")
    assert write(history.folder, by, recorder(log)) == "done\n"
    place = str(history.folder / ".git")
    lines = [line for line in log.read_text().splitlines() if place in line or "execve" in line]
    assert lines
    log.write_text("\n".join(lines))
    calls = {point.call for point in points(log)} - {"openat"}
    assert {"write", "fsync", "rename"} <= calls
    for point in (Point(call, number, everywhere=True) for call in sorted(calls) for number in (1, 2, 3)):
        old = git("rev-parse", RUNS)
        write(history.folder, by, point.starter())
        assert git("fsck", "--no-dangling") == "", point
        assert git("rev-list", "--count", f"{old}..{RUNS}") in ("0", "1"), point
        # what git itself leaves, too, and what is said to be removed
        Path(history.folder, ".git", f"{RUNS}.lock").unlink(missing_ok=True)
    assert write(history.folder, by) == "done\n"


@pytest.mark.parametrize("by", ["Library", "Program"])
def test_objects_are_on_the_disk_before_what_leads_to_them(tmp_path: Path, by: str) -> None:
    history, log = with_history(tmp_path / "repository"), tmp_path / "log"
    history.git("update-ref", RUNS, "HEAD")
    assert write(history.folder, by, recorder(log)) == "done\n"
    synced = [line for line in log.read_text().splitlines() if " fsync(" in line]
    order = ["object" if "/objects/" in line else "reference" for line in synced if "/.git/" in line]
    assert order[0] == "object"
    assert "object" not in order[order.index("reference") :]


@pytest.mark.parametrize("by", ["Library", "Program"])
def test_on_a_full_disk_all_is_as_it_was(tmp_path: Path, by: str) -> None:
    require_root("a mount of its own")
    source, disk = with_history(tmp_path / "source"), tmp_path / "disk"
    source.git("gc", "--quiet")
    disk.mkdir()
    check = tmp_path / "check.sh"
    check.write_text(
        f'cp -r "{source.folder}" "{disk}/copy" && cd "{disk}/copy" && git update-ref {RUNS} HEAD && "$@"\n'
        'git fsck --no-dangling 2>&1 | grep -v notice; find .git -name "*.lock"\n'
        f"git rev-parse --verify -q {RUNS} | wc -c\n"
    )
    said = write(disk / "copy", by, (*small_disk(disk, 400), "sh", check), times=400).splitlines()
    assert len(said) == 2, said
    assert re.search(r"cannot be written|failed in", said[0])
    # git names the file alone where it is that of a reference
    assert re.search(r"(?i)no space left on device|couldn't write '.*\.lock'", said[0])
    assert said[1] == "41"
