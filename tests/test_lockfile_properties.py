"""What holds for every lock, and what reading any text at all may lead to."""

import random
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.model.lock import Lock
from tests.support.lock_strategies import locks
from tests.support.locks import DEBIAN_LOCK

T = TypeVar("T")
TEXT = lock_text(DEBIAN_LOCK)


@pytest.fixture(scope="module")
def lockfile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("env") / "env.lock"


@given(lock=locks, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=100)
def test_write_read_write(lockfile: Path, lock: Lock, seed: int) -> None:
    text = lock_text(lock)
    lockfile.write_text(text, newline="")
    assert read_lock(lockfile) == lock
    assert lock_text(_shuffled(lock, random.Random(seed))) == text


def _shuffled(lock: Lock, chance: random.Random) -> Lock:
    """The same lock, its packages and their lists in another order."""

    def mixed(items: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(chance.sample(items, len(items)))

    conda = [
        [replace(p, requires=mixed(p.requires), provides=mixed(p.provides)) for p in q.conda] for q in lock.platforms
    ]
    debian = [
        [replace(p, requires=mixed(p.requires), provides=mixed(p.provides)) for p in q.debian] for q in lock.platforms
    ]
    asked = lock.inputs.debian
    return replace(
        lock,
        inputs=replace(
            lock.inputs,
            conda=mixed(lock.inputs.conda),
            pip=mixed(lock.inputs.pip),
            debian=asked and replace(asked, packages=mixed(asked.packages), components=mixed(asked.components)),
        ),
        platforms=tuple(
            replace(
                p,
                base=replace(p.base, dates=mixed(p.base.dates)),
                debian=mixed(tuple(d)),
                conda=mixed(tuple(c)),
                pip=mixed(p.pip),
            )
            for p, c, d in zip(lock.platforms, conda, debian, strict=True)
        ),
    )


@given(lock=locks, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_the_order_of_tables_is_of_no_account(lockfile: Path, lock: Lock, seed: int) -> None:
    other = _reordered(tomllib.loads(lock_text(lock)), random.Random(seed))
    lockfile.write_text(tomlkit.dumps(other), newline="")
    assert read_lock(lockfile) == lock


def _reordered(value: Any, chance: random.Random) -> Any:
    """Tables and arrays of tables in another order."""
    if isinstance(value, dict):
        return {key: _reordered(value[key], chance) for key in chance.sample(list(value), len(value))}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        keep = "sha256" not in value[0]  # indexes have an order, packages have none
        return [_reordered(item, chance) for item in (value if keep else chance.sample(value, len(value)))]
    return value


KEYS = [
    "lock-version", "inputs", "image", "platform", "linux-64", "conda", "pip", "base", "indexes", "name", "sha256",
    "debian", "suite", "dates", "file", "architecture", "requires", "provides", "packages", "components",
]  # fmt: skip
WORDS = [
    "linux-64",
    "a-1-0.conda",
    "a>=1",
    "bookworm",
    "aa",
    "1",
    "amd64",
    "pool/aa_1_amd64.deb",
    "2026-01-31T12:00:00Z",
]
values = st.recursive(
    st.text(max_size=6) | st.integers(-1, 2) | st.booleans() | st.sampled_from(WORDS),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), v, max_size=5),
    max_leaves=15,
)


def read(lockfile: Path) -> None:
    with suppress(UserInputError):
        read_lock(lockfile)


@given(document=st.dictionaries(st.sampled_from(KEYS), values, max_size=6))
@settings(deadline=None, max_examples=150)
def test_any_document(lockfile: Path, document: dict[str, Any]) -> None:
    lockfile.write_text(tomlkit.dumps({"lock-version": 1, **document}), newline="")
    read(lockfile)


@given(at=st.integers(0, len(TEXT)), cut=st.integers(0, 40), put=st.text(max_size=5))
@settings(deadline=None, max_examples=200)
def test_any_edit(lockfile: Path, at: int, cut: int, put: str) -> None:
    lockfile.write_text(TEXT[:at] + put + TEXT[at + cut :], newline="")
    read(lockfile)
