"""Two who make one folder an environment, each with a cache of their own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envlock.environments.store import MARKER, install_to, is_complete
from envlock.system.cache import Cache
from tests.support.processes import PROJECT, with_variables

KEY, OTHER = "a" * 64, "b" * 64

# makes the folder of its first argument the environment of KEY, with the cache of its second; says when it is half
# done, and goes on when it is told to
CHILD = f"""
import sys
from pathlib import Path
from envlock.environments.store import install_to
from envlock.system.cache import Cache

def build(folder, final):
    (folder / "first").write_text("{KEY}")
    print("half", flush=True)
    sys.stdin.readline()
    (folder / "second").write_text("{KEY}")

print(install_to(Cache(Path(sys.argv[2])), Path(sys.argv[1]), "{KEY}", build), flush=True)
"""


@contextmanager
def half_done(target: Path, cache: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        (sys.executable, "-c", CHILD, target, cache),
        env=with_variables({"PYTHONPATH": str(PROJECT)}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def build(folder: Path, _final: Path) -> None:
    (folder / "only").write_text(OTHER)


def test_two_with_caches_of_their_own_do_not_touch_each_others_work(tmp_path: Path) -> None:
    target = tmp_path / "place" / "env"
    with half_done(target, tmp_path / "one") as process:
        assert install_to(Cache(tmp_path / "two"), target, OTHER, build) is True
        assert is_complete(target, OTHER)
        said, _ = process.communicate("go\n")
    assert (said, is_complete(target, KEY), names(target)) == ("True\n", True, [MARKER, "first", "second"])
    assert names(target.parent) == ["env"]


def test_what_a_killed_one_left_is_swept_by_the_other(tmp_path: Path) -> None:
    target = tmp_path / "place" / "env"
    with half_done(target, tmp_path / "one") as process:
        process.kill()
        process.wait()
    assert len(names(target.parent)) == 1
    assert install_to(Cache(tmp_path / "two"), target, OTHER, build) is True
    assert (names(target), names(target.parent)) == ([MARKER, "only"], ["env"])


def test_what_was_put_there_meanwhile_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "place" / "env"
    with half_done(target, tmp_path / "one") as process:
        target.mkdir()
        (target / "precious").write_text("")
        process.communicate("go\n")
        assert process.returncode != 0
    assert (names(target), names(target.parent)) == (["precious"], ["env"])
