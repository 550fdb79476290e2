"""The cache: what is in it is what its hash says, and two who want the same thing do not disturb one another."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from envlock.errors import OutsideError
from envlock.system.cache import Cache

DATA = b"a package"
SHA256 = hashlib.sha256(DATA).hexdigest()
FILE = "a-1.0-py3-none-any.whl"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def fill(target: IO[bytes]) -> None:
    target.write(DATA)


def fill_wrongly(target: IO[bytes]) -> None:
    target.write(b"other")


def files(cache: Cache) -> set[str]:
    return {path.name for path in (cache.root / "packages").rglob("*") if path.is_file()}


def test_a_package_is_kept_and_found(cache: Cache) -> None:
    assert cache.package(SHA256, FILE) is None
    path = cache.add_package(SHA256, FILE, fill)
    assert cache.package(SHA256, FILE) == path
    assert (path.read_bytes(), path.name, path.stat().st_mode & 0o777) == (DATA, FILE, 0o444)
    assert cache.package(SHA256, "b.whl") is None
    assert files(cache) == {FILE}


def test_wrong_bytes_leave_nothing(cache: Cache) -> None:
    with pytest.raises(OutsideError) as failure:
        cache.add_package(SHA256, FILE, fill_wrongly)
    found = hashlib.sha256(b"other").hexdigest()
    assert failure.value.message == f"`{FILE}` is not what the lock names: sha256 {found}, locked {SHA256}"
    assert failure.value.hint
    assert cache.package(SHA256, FILE) is None
    assert files(cache) == set()


def test_wrong_bytes_do_not_replace_right_ones(cache: Cache) -> None:
    path = cache.add_package(SHA256, FILE, fill)
    with pytest.raises(OutsideError):
        cache.add_package(SHA256, FILE, fill_wrongly)
    assert path.read_bytes() == DATA


def test_a_download_that_fails_leaves_nothing(cache: Cache) -> None:
    def breaks_off(target: IO[bytes]) -> None:
        target.write(DATA[:3])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.add_package(SHA256, FILE, breaks_off)
    assert files(cache) == set()


def test_two_threads_that_add_one_package(cache: Cache) -> None:
    together = threading.Barrier(2, timeout=30)

    def fill_together(target: IO[bytes]) -> None:
        together.wait()  # both are at it, so neither has found the other's
        target.write(DATA)
        together.wait()

    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: cache.add_package(SHA256, FILE, fill_together), range(2)))
    assert paths[0] == paths[1]
    assert paths[0].read_bytes() == DATA
    assert files(cache) == {FILE}


@pytest.mark.parametrize("damage", [b"", b"a packag", b"b package", DATA + b"!"])
def test_a_package_that_was_damaged_is_as_good_as_gone(cache: Cache, damage: bytes) -> None:
    path = cache.add_package(SHA256, FILE, fill)
    assert cache.intact(SHA256, FILE)
    path.chmod(0o644)
    path.write_bytes(damage)
    assert not cache.intact(SHA256, FILE)
    assert cache.package(SHA256, FILE) is None
    assert not cache.intact(SHA256, FILE)


@pytest.mark.parametrize("value", [{"b": [1, None], "a": "ü"}, "text", [], {}])
def test_records(cache: Cache, value: object) -> None:
    assert cache.record("kind", "key") is None
    cache.keep("kind", "key", value)
    assert cache.record("kind", "key") == value
    assert cache.record("other", "key") is None
    cache.keep("kind", "key", "new")
    assert cache.record("kind", "key") == "new"


@pytest.mark.parametrize("damage", [b"", b'{"a": ', b"\xff\xfe", b"[" * 3])
def test_a_record_that_was_damaged_is_none(cache: Cache, damage: bytes) -> None:
    cache.keep("kind", "key", "value")
    (path,) = (cache.root / "records").rglob("key")
    path.write_bytes(damage)
    assert cache.record("kind", "key") is None


def in_another_thread(question: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(question).result(timeout=30)


def taken(cache: Cache, name: str) -> bool:
    with cache.try_lock(name) as got:
        return got


def test_a_lock_is_for_one_at_a_time(cache: Cache) -> None:
    with cache.lock("one"):
        assert in_another_thread(lambda: taken(cache, "one")) is False
        assert in_another_thread(lambda: taken(Cache(cache.root), "one")) is False
        assert in_another_thread(lambda: taken(cache, "other")) is True
    assert in_another_thread(lambda: taken(cache, "one")) is True


def test_a_lock_that_was_tried_is_held_and_given_back(cache: Cache) -> None:
    def fail_in_it() -> None:
        with cache.try_lock("one") as got:
            assert got
            assert in_another_thread(lambda: taken(cache, "one")) is False
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_it()
    assert taken(cache, "one")


def test_who_waits_comes_after(cache: Cache) -> None:
    order: list[str] = []
    began = threading.Event()

    def second() -> None:
        began.set()
        with cache.lock("one"):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with cache.lock("one"):
            waiting = pool.submit(second)
            assert began.wait(30)
            order.append("first")
        waiting.result(timeout=30)
    assert order == ["first", "second"]
