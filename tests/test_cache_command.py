"""`envlock cache`: what is kept is listed, what nobody used goes as a whole, and what is at work stays."""

import json
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from envlock.system.cache import Cache
from envlock.system.cache_use import at_work_in, held, used
from tests.support.projects import Project
from tests.support.strace import points, recorder
from tests.support.tiny_project import TinyProject, tiny_project, tree

DAY = 24 * 60 * 60
LONG_AGO = time.time() - 40 * DAY
KILLS = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyProject]:
    """An environment that is locked, installed and built; tests work with copies of it."""
    with tiny_project(tmp_path_factory.mktemp("cache"), over_http=False) as project:
        project.must("lock")
        project.must("install")
        project.must("build")
        yield project


@pytest.fixture
def project(made: TinyProject, tmp_path: Path) -> Project:
    copy = made.elsewhere(tmp_path)
    shutil.rmtree(copy.cache / "prefixes")  # scripts in it name the place where it was made
    copy.must("install")
    return copy


def totals(project: Project) -> dict[str, tuple[int, int]]:
    """Count and bytes by kind."""
    found = json.loads(project.must("cache", "info", "--json"))
    return {each["kind"]: (each["count"], each["size"]) for each in found}


def grown_old(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)


def clean(project: Project, *options: str) -> dict[str, int]:
    """How many entries of each kind went."""
    return {each["kind"]: each["count"] for each in json.loads(project.must("cache", "clean", "--json", *options))}


def test_all_that_is_kept_is_listed(project: Project) -> None:
    found = totals(project)
    (prefix,) = (project.cache / "prefixes").iterdir()
    packages = [path for path in (project.cache / "packages").rglob("*") if path.is_file()]
    blobs = [*(project.cache / "image" / "blobs" / "sha256").iterdir()]
    assert found["packages"] == (4, sum(path.stat().st_size for path in packages))
    assert found["layers"] == (len(blobs), sum(path.stat().st_size for path in blobs))
    assert found["prefixes"] == (1, sum(p.lstat().st_size for p in prefix.rglob("*") if p.is_symlink() or p.is_file()))
    assert found["sources"] == (0, 0)
    listed = project.call("cache", "info")
    assert listed.stdout.splitlines()[0].split() == ["KIND", "ENTRIES", "SIZE", "LAST", "USED", "WHAT", "IT", "IS"]
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == list(found)
    assert listed.stderr.endswith(f" in {project.cache}\n")


def test_an_empty_cache(project: Project, tmp_path: Path) -> None:
    elsewhere = project.given(ENVLOCK_CACHE_DIR=str(tmp_path / "none"))
    assert set(totals(elsewhere).values()) == {(0, 0)}
    assert clean(elsewhere, "--yes") == {}
    assert not (tmp_path / "none").exists()


def test_what_is_used_stays_and_the_rest_goes(project: Project) -> None:
    """By a build that finds all of its image there, and a command in what is installed."""
    digest = project.must("build")
    other = "0" * 64
    for folder in ("packages/" + other, "prefixes/" + other, "sources/" + other, "solvers/uv", "records/0/wheels"):
        (project.cache / folder).mkdir(parents=True, exist_ok=True)
        (project.cache / folder / "old").write_bytes(b"12345")
    for file in ("image/blobs/sha256/" + other, "records/1/wheels/" + other):
        (project.cache / file).parent.mkdir(parents=True, exist_ok=True)
        (project.cache / file).write_bytes(b"12345")
    grown_old(project.cache)
    project.must("run", "true")
    project.must("build")
    before = tree(project.cache / "image")
    gone = clean(project, "--older-than", "30d")
    assert gone["packages"] == 5  # those of the environment, too: neither looked at them
    assert gone["prefixes"] == 1
    assert gone["layers"] == 1
    assert set(before) - set(tree(project.cache / "image")) == {f"blobs/sha256/{other}"}
    assert not (project.cache / "records" / "0").exists()
    assert project.call("--offline", "run", "true").code == 0
    (built,) = json.loads(project.must("--offline", "build", "--json"))
    assert built["cached"] == "cache"
    assert project.must("build") == digest
    assert clean(project, "--older-than", "30d") == {}


def test_a_package_is_used_where_an_environment_is_made_of_it(project: Project) -> None:
    grown_old(project.cache)
    shutil.rmtree(project.cache / "prefixes")
    project.must("install")
    assert "packages" not in clean(project, "--older-than", "30d", "--kind", "packages", "--kind", "unpacked")
    assert totals(project)["packages"][0] == 4


@pytest.mark.parametrize("kind", ["layers", "records", "packages"])
def test_what_is_missing_is_made_again(project: Project, kind: str) -> None:
    digest = project.must("build")
    assert clean(project, "--kind", kind)[kind] > 0
    assert totals(project)[kind] == (0, 0)
    assert project.must("build") == digest
    assert project.call("run", "tool").stdout == "it works\n"


def test_everything_but_what_is_at_work_goes(project: Project) -> None:
    digest = project.must("build")
    assert project.call("cache", "clean").code == 2
    said = project.call("cache", "clean", "--yes").stderr
    assert "  packages  4 entries, " in said
    assert said.splitlines()[-1].startswith("removed ")
    # the lock by which who cleans is alone
    assert {path.name for path in project.cache.rglob("*") if path.is_file()} == {"in-use", "oci-layout"}
    assert project.must("build") == digest


def test_what_others_keep_there_stays(project: Project, tmp_path: Path) -> None:
    """In a folder that somebody uses for other things too, and behind a link."""
    other = (
        "packages/web/a",
        "prefixes/usr/a",
        "sources/lib/a",
        "solvers/z3/a",
        "records/2024/a",
        "image/blobs/sha256/a",
    )
    for name in (*other, "conda-packages/mine/a", "locks/yarn.lock", "stages/a", ".part-of-something"):
        (project.cache / name).parent.mkdir(parents=True, exist_ok=True)
        (project.cache / name).write_text("theirs")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("theirs")
    (project.cache / "packages" / ("0" * 64)).symlink_to(elsewhere)
    project.must("cache", "clean", "--yes")
    left = [path for path in (*project.cache.rglob("*"), *elsewhere.rglob("*")) if path.is_file()]
    assert {path.read_text() for path in left if path.name not in ("in-use", "oci-layout")} == {"theirs"}
    assert len(left) == len(other) + 4 + 1 + 2


def test_a_person_is_asked(project: Project) -> None:
    for answer, kept in ((b"n\n", True), (b"y\n", False)):
        ours, theirs = pty.openpty()
        os.write(ours, answer)
        done = subprocess.run(
            (*project.command, "cache", "clean"),
            cwd=project.folder,
            env=project.environment(),
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )
        os.close(ours)
        os.close(theirs)
        assert f"remove everything that is kept in {project.cache}? [y/N]: " in done.stderr
        assert done.returncode == (130 if kept else 0)
        assert (totals(project)["packages"][0] > 0) is kept


@pytest.mark.parametrize("words", ["--older-than 3x", "--older-than 0d", "--kind layer"])
def test_what_cannot_be_is_refused(project: Project, words: str) -> None:
    before = totals(project)
    assert project.call("cache", "clean", *words.split()).code == 2
    assert totals(project) == before


def started(project: Project, *words: str) -> "subprocess.Popen[str]":
    """A call that goes on while we go on."""
    return subprocess.Popen(
        (*project.command, *words),
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(stream: IO[str] | None) -> str:
    assert stream
    return stream.readline()


@pytest.mark.parametrize("orphaned", [False, True], ids=["", "of which envlock was killed"])
def test_a_prefix_in_which_something_runs_stays(project: Project, orphaned: bool) -> None:
    waits = "echo $$; read line; tool"
    with started(project, "run", "sh", "-c", waits) as running:
        child = int(line_of(running.stdout))
        try:
            if orphaned:
                running.kill()
                running.wait()
            result = project.call("cache", "clean", "--yes")
            assert "  1 entry in use, and kept\n" in result.stderr
            found = totals(project)
            assert found["prefixes"][0] == 1
            assert found["packages"] == (0, 0)  # of a cache, a command holds its prefix alone
            assert running.stdin
            running.stdin.write("go\n")
            running.stdin.flush()
            assert line_of(running.stdout) == "it works\n"
        finally:
            if running.poll() is None:
                running.wait(60)
            else:
                _wait_for_orphan(child)
    assert clean(project, "--kind", "prefixes") == {"prefixes": 1}


def _wait_for_orphan(child: int) -> None:
    """Until a process is gone that is not ours to wait for."""
    try:
        descriptor = os.pidfd_open(child)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], 60)
    finally:
        os.close(descriptor)


def test_a_file_that_is_held_is_seen_where_no_process_is(project: Project) -> None:
    """As on another machine that shares the cache, or a system without /proc."""
    (prefix,) = (project.cache / "prefixes").iterdir()
    assert at_work_in(prefix.parent) == set()
    with held(prefix / "envlock-complete.json"):
        assert clean(project, "--kind", "prefixes") == {}
    assert clean(project, "--kind", "prefixes") == {"prefixes": 1}


def test_who_cleans_waits_for_who_works(project: Project) -> None:
    users = Cache(project.cache).users
    with users.among():
        cleaning = started(project, "cache", "clean", "--yes")
        assert line_of(cleaning.stderr) == "waiting for other commands that use the cache\n"
        assert totals(project)["packages"][0] == 4  # others go on
    with cleaning:
        assert cleaning.wait(60) == 0
    assert totals(project)["packages"] == (0, 0)


def test_two_who_clean_at_once(project: Project) -> None:
    calls = [started(project, "cache", "clean", "--yes", "--json") for _ in range(2)]
    found = []
    for call in calls:
        with call:
            said, _ = call.communicate(timeout=120)
            assert call.returncode == 0
            found.append({each["kind"]: each["count"] for each in json.loads(said)})
    assert sum(each.get("packages", 0) for each in found) == 4


def test_a_kill_in_between_harms_nothing(project: Project, tmp_path: Path) -> None:
    digest = project.must("build")
    recorded = project.elsewhere(tmp_path / "recorded")
    recorded.through(*recorder(tmp_path / "log")).must("cache", "clean", "--yes")
    possible = [point for point in points(tmp_path / "log") if point.call.startswith("rename")]
    assert len(possible) > KILLS
    for number, point in enumerate(random.Random(5).sample(possible, KILLS)):
        killed = project.elsewhere(tmp_path / str(number))
        assert killed.through(*point.starter()).call("cache", "clean", "--yes").code == -signal.SIGKILL
        assert killed.must("build") == digest
        assert killed.call("run", "tool").stdout == "it works\n"
        killed.must("cache", "clean", "--yes")
        assert {path.name for path in killed.cache.rglob("*") if path.is_file()} <= {"in-use", "oci-layout"}


def test_the_time_of_use_is_noted_once_a_day(tmp_path: Path) -> None:
    file, now = tmp_path / "file", time.time()
    file.write_text("")
    for age, noted in ((DAY / 2, False), (2 * DAY, True)):
        os.utime(file, (now - age, now - age))
        used(file)
        assert (abs(file.stat().st_mtime - now) < 60) is noted
    used(tmp_path / "nowhere")


def test_a_cache_that_cannot_be_written_is_used_all_the_same(project: Project) -> None:
    (project.cache / "file").write_text("")
    with Cache(project.cache / "file").users.among():
        pass
