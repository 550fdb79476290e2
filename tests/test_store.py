"""Prefixes in the store and in folders of one's own: made once, whole or not at all."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envlock.environments.prefix import write_prefix
from envlock.environments.store import MARKER, Build, install_to, is_complete, prefix_in_store
from envlock.errors import OutsideError, UserInputError
from envlock.model.files import Inline, PrefixFile
from envlock.system.cache import Cache
from tests.support.processes import PROJECT, with_variables

KEY = "a" * 64
OTHER = "b" * 64

# A process that makes KEY in the cache of its first argument. It says `half` when half of it is there and goes on
# when it is told to; `built` is appended to the log of its second argument for each build.
CHILD = f"""
import sys
from pathlib import Path
from envlock.environments.store import prefix_in_store
from envlock.system.cache import Cache

def build(folder, final):
    with open(sys.argv[2], "a") as log:
        log.write("built\\n")
    (folder / "first").write_text("1")
    print("half", flush=True)
    sys.stdin.readline()
    (folder / "second").write_text("2")

sys.stdin.readline()
print(prefix_in_store(Cache(Path(sys.argv[1])), "{KEY}", build), flush=True)
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


class Builds:
    """A build that counts how often it was called."""

    def __init__(self, text: str = "content", python: str | None = None) -> None:
        self.count = 0
        self.finals: list[Path] = []
        self._text = text
        self._python = python

    def __call__(self, folder: Path, final: Path) -> None:
        self.count += 1
        self.finals.append(final)
        files = [PrefixFile(path="lib/file", content=Inline(self._text.encode()))]
        if self._python:
            files.append(PrefixFile(path="bin/python", link=self._python))
        write_prefix(folder, files)


@contextmanager
def child(cache: Cache, log: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        (sys.executable, "-c", CHILD, cache.root, log),
        env=with_variables({"PYTHONPATH": str(PROJECT)}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def heard(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_prefix_is_built_once_and_found_again(cache: Cache) -> None:
    build = Builds()
    first = prefix_in_store(cache, KEY, build)
    second = prefix_in_store(cache, KEY, build)
    assert (first, second, build.count) == (cache.prefixes / KEY, cache.prefixes / KEY, 1)
    assert build.finals == [first]
    assert (first / "lib/file").read_text() == "content"
    assert (first.stat().st_mode & 0o777, names(cache.prefixes)) == (0o755, [KEY])


def test_keys_stand_apart(cache: Cache) -> None:
    prefixes = [prefix_in_store(cache, key, Builds(text)) for key, text in ((KEY, "1"), (OTHER, "2"))]
    assert [(prefix / "lib/file").read_text() for prefix in prefixes] == ["1", "2"]


def spoil_marker(prefix: Path) -> None:
    (prefix / MARKER).unlink()


def cut_marker(prefix: Path) -> None:
    (prefix / MARKER).write_text((prefix / MARKER).read_text()[:10])


def mark_for_another(prefix: Path) -> None:
    marker = json.loads((prefix / MARKER).read_text())
    (prefix / MARKER).write_text(json.dumps({**marker, "key": OTHER}))


def lose_python(prefix: Path) -> None:
    (prefix / "bin/python").unlink()
    (prefix / "bin/python").symlink_to("gone")


@pytest.mark.parametrize("spoil", [spoil_marker, cut_marker, mark_for_another, lose_python])
def test_a_prefix_that_is_not_whole_is_never_used(cache: Cache, spoil: Callable[[Path], None]) -> None:
    build = Builds(python=sys.executable)
    prefix = prefix_in_store(cache, KEY, build)
    (prefix / "left-over").write_text("")
    spoil(prefix)
    assert not is_complete(prefix, KEY)
    assert prefix_in_store(cache, KEY, build) == prefix
    assert (build.count, is_complete(prefix, KEY), names(prefix)) == (2, True, ["bin", MARKER, "lib"])
    assert names(cache.prefixes) == [KEY]


def test_a_prefix_that_was_moved_is_made_anew(tmp_path: Path) -> None:
    prefix_in_store(Cache(tmp_path / "old"), KEY, Builds())
    (tmp_path / "old").rename(tmp_path / "new")
    build = Builds()
    prefix_in_store(Cache(tmp_path / "new"), KEY, build)
    assert build.count == 1


def test_a_build_that_fails_leaves_nothing(cache: Cache) -> None:
    def build(folder: Path, final: Path) -> None:
        (folder / "half").write_text("")
        raise OutsideError("no network")

    with pytest.raises(OutsideError, match="no network"):
        prefix_in_store(cache, KEY, build)
    assert names(cache.prefixes) == []


def test_an_environment_without_its_python_is_an_error(cache: Cache) -> None:
    with pytest.raises(OutsideError, match="the Python of the environment is gone: /nowhere/python"):
        prefix_in_store(cache, KEY, Builds(python="/nowhere/python"))
    assert names(cache.prefixes) == []


def test_processes_that_want_the_same_prefix_build_it_once(cache: Cache, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with child(cache, log) as one, child(cache, log) as two, child(cache, log) as three:
        children = (one, two, three)
        for process in children:
            process.stdin.write("go\n" * 2)  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        said = [process.communicate()[0].split() for process in children]
    prefix = str(cache.prefixes / KEY)
    assert sorted(said) == sorted([["half", prefix], [prefix], [prefix]])
    assert log.read_text() == "built\n"


def test_after_kill_9_the_next_one_builds_it(cache: Cache, tmp_path: Path) -> None:
    with child(cache, tmp_path / "log") as process:
        tell(process)
        assert heard(process) == "half"
        process.kill()
        process.wait()
    assert len(names(cache.prefixes)) == 1
    assert not (cache.prefixes / KEY).exists()
    build = Builds()
    prefix = prefix_in_store(cache, KEY, build)
    assert (build.count, names(prefix), names(cache.prefixes)) == (1, [MARKER, "lib"], [KEY])


def test_leftovers_are_swept_and_work_that_goes_on_is_not(cache: Cache, tmp_path: Path) -> None:
    with child(cache, tmp_path / "log") as process:
        tell(process)
        assert heard(process) == "half"
        prefix_in_store(cache, OTHER, Builds())
        tell(process)
        assert heard(process) == str(cache.prefixes / KEY)
    assert names(cache.prefixes / KEY) == [MARKER, "first", "second"]

    third = "c" * 64
    (cache.prefixes / f".part-{third}" / ".part-xyz" / "lib").mkdir(parents=True)
    prefix_in_store(cache, "d" * 64, Builds())
    assert names(cache.prefixes) == [KEY, OTHER, "d" * 64]


def test_a_folder_of_ones_own_is_filled(cache: Cache, tmp_path: Path) -> None:
    for name in ("absent", "deep/absent", "empty"):
        target = tmp_path / name
        if name == "empty":
            target.mkdir()
        build = Builds()
        assert install_to(cache, target, KEY, build) is True
        assert install_to(cache, target, KEY, build) is False
        assert (build.finals, names(target)) == ([target], [MARKER, "lib"])
    assert names(tmp_path) == ["absent", "cache", "deep", "empty"]


def test_what_envlock_made_there_is_replaced(cache: Cache, tmp_path: Path) -> None:
    target = tmp_path / "env"
    install_to(cache, target, KEY, Builds("old"))
    (target / "added").write_text("by hand")
    assert install_to(cache, target, OTHER, Builds("new")) is True
    assert ((target / "lib/file").read_text(), names(target)) == ("new", [MARKER, "lib"])
    assert names(tmp_path) == ["cache", "env"]


def test_what_somebody_else_made_is_left_alone(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/precious").write_text("")
    (tmp_path / "file").write_text("")
    hint = "name a folder that is empty or not there yet"
    for name, message in (("folder", "is not empty and was not made by envlock"), ("file", "is a file")):
        build = Builds()
        with pytest.raises(UserInputError) as refusal:
            install_to(cache, tmp_path / name, KEY, build)
        assert (refusal.value.message, refusal.value.hint) == (f"`{tmp_path / name}` {message}", hint)
        assert build.count == 0
    assert names(tmp_path / "folder") == ["precious"]


def test_a_failed_replacement_keeps_what_was_there(cache: Cache, tmp_path: Path) -> None:
    target = tmp_path / "env"
    install_to(cache, target, KEY, Builds("old"))

    def fail(folder: Path, final: Path) -> None:
        raise OutsideError("no network")

    failing: Build = fail
    with pytest.raises(OutsideError, match="no network"):
        install_to(cache, target, OTHER, failing)
    assert is_complete(target, KEY)
    assert names(tmp_path) == ["cache", "env"]
