"""The measuring itself, on small things: that figures are of what they say, and the form of the result."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.measure import MeasuredCommandError, Sample, Step, measure
from tests.bench.memory import descendants, resident
from tests.bench.scenario import Limit, judged, spread
from tests.bench.synthetic import write_wheels
from tests.bench.table import table
from tests.support.cache import cache_folder
from tests.support.processes import PROJECT, run_here

HELD = 64 << 20
SECOND = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"


def python(code: str, folder: Path) -> Step:
    return Step(command=(sys.executable, "-c", code), folder=folder)


def test_memory_is_that_of_the_largest_process(tmp_path: Path) -> None:
    child = f"held = b'x' * {HELD}"
    code = f"import subprocess, sys; {child}; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    assert HELD < measure([python(code, tmp_path)]).largest < 2 * HELD


def test_memory_of_all_processes_is_that_of_a_process_and_of_those_it_started() -> None:
    child = f"held = b'x' * {HELD}; print(flush=True); input()"
    code = f"import subprocess, sys; held = b'x' * {HELD}; subprocess.run([sys.executable, '-c', {child!r}])"
    command = (sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # both hold their memory now
        assert len(list(descendants(process.pid))) == 2
        assert 2 * HELD < sum(map(resident, descendants(process.pid))) < 3 * HELD
        process.communicate(b"\n")


def test_watching_memory_sees_at_least_a_process_that_runs_long_enough(tmp_path: Path) -> None:
    tree = measure([python(SECOND, tmp_path)], watch=True).tree
    assert tree is not None
    assert tree > 1 << 20


def test_times_of_steps_and_of_their_children_are_added_up(tmp_path: Path) -> None:
    within = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SECOND!r}], check=True)"
    sample = measure([python(SECOND, tmp_path), python(within, tmp_path)])
    assert sample.user + sample.system >= 0.4
    assert sample.wall >= 0.4
    assert sample.tree is None


def test_a_command_that_fails_is_an_error_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(MeasuredCommandError, match=r"exit 3 of .*\nno way"):
        measure([python("import sys; sys.stderr.write('no way'); sys.exit(3)", tmp_path)])


def test_a_limit_is_judged_round_by_round() -> None:
    def taken(*walls: float) -> list[Sample]:
        return [Sample(wall=wall, user=0, system=0, largest=300 << 20) for wall in walls]

    samples = {"ours": taken(1, 4, 9), "theirs": taken(2, 4, 6)}
    assert judged(Limit(subject="ours", peer="theirs", at_most=1.0), samples)["met"]
    assert judged(Limit(subject="ours", peer="theirs", at_most=0.9), samples)["found"] == 1.0
    assert not judged(Limit(subject="ours", at_most=3.9), samples)["met"]
    assert judged(Limit(subject="ours", of="largest", at_most=300), samples)["met"]
    assert spread([3, 1, 2]) == {"median": 2, "min": 1, "max": 3}


def test_what_is_counted_is_judged_by_its_most() -> None:
    samples = {"push": [Sample(wall=1, user=0, system=0, largest=0, counts={"requests": n}) for n in (1, 4, 2)]}
    found = judged(Limit(subject="push", of="requests", at_most=3), samples)
    assert (found["found"], found["met"]) == (4, False)
    subject = {"wall": spread([1]), "counted": {"requests": spread([1, 4, 2])}}
    text = table({"scenarios": {"push-known": {"subjects": {"push": subject}, "limits": [found]}}})
    assert "| push-known | `push` | 1.0 | 1.0 – 1.0 |  |  |  | 4 requests |" in text
    assert "| push-known | `push` at most 3 requests | 4 requests | **missed** |" in text


def test_synthetic_wheels_are_wheels_of_the_size_asked_for(tmp_path: Path) -> None:
    assert write_wheels(tmp_path / "wheels", count=2, mebibytes=2) == ("large0", "large1")
    run_here(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path / "to",
             "--find-links", tmp_path / "wheels", "large0", "large1")  # fmt: skip
    assert sum(file.stat().st_size for file in (tmp_path / "to").glob("large*/*.*")) == 4 << 20


def test_the_command_prints_figures_limits_and_the_machine(tmp_path: Path) -> None:
    printed = run_here(
        *(sys.executable, "-m", "tests.bench", "--small", "--rounds", "1", "--only", "check", "lock"),
        PYTHONPATH=str(PROJECT),
        ENVLOCK_TEST_CACHE=str(cache_folder()),
    )
    result = json.loads(printed)
    assert result["machine"]["cores"] >= 1
    assert "flask" in result["environments"]["reference"]["packages"]
    assert list(result["scenarios"]) == ["check", "lock"]
    check = result["scenarios"]["check"]
    assert check["rounds"] == 1
    for figures in check["subjects"].values():
        assert 0 < figures["wall"]["min"] <= figures["wall"]["median"] <= figures["wall"]["max"]
        assert figures["largest_process_mib"]["max"] > 1
    assert [ratio["subject"] for ratio in check["ratios"]] == ["check", "check without a kept verdict"]
    assert [limit["at_most"] for limit in check["limits"]] == [2.5, 2.5]
    assert all(limit["met"] == (limit["found"] <= limit["at_most"]) for limit in check["limits"])
    assert "| lock | `lock` at most 0.300 s |" in table(result)
