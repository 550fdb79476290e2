"""What is kept of wheels: good for the same files as the wheel itself, and never believed when it was damaged."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envlock.environments.wheel import WheelTarget, placed
from envlock.environments.wheel_reading import as_record, from_record, read_wheel
from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.system.cache import Cache
from envlock.workflows.known_wheels import WHEELS, known_wheel, look_into
from tests.support import wheels
from tests.support.tiny_wheels import write_wheel

TARGET = WheelTarget(prefix="/opt/env", python="3.11")


def package(path: Path) -> PipPackage:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return PipPackage(name="alpha", version="1.0", file=path.name, sha256=sha256, index="test")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    data = {"alpha-1.0.data/scripts/tool": "#!python\n", "alpha-1.0.data/data/etc/a": "a", "alpha.py": "a = 1\n"}
    return write_wheel(tmp_path / "wheels", "alpha", files=data, entry_points={"alpha": "alpha:main"})


@pytest.mark.parametrize("name", ["flask", "numpy", "lightgbm"])
def test_a_record_leads_to_the_same_files(name: str) -> None:
    path = wheels.path(name)
    again = from_record(path, json.loads(json.dumps(as_record(read_wheel(path)))))
    for target in (TARGET, WheelTarget(prefix="/home/an env", python="3.12")):
        assert placed(again, target) == placed(read_wheel(path), target)


def test_a_wheel_is_looked_into_once(wheel: Path, tmp_path: Path) -> None:
    cache, one = Cache(tmp_path / "cache"), package(wheel)
    look_into(one, wheel, cache)
    known = known_wheel(one, wheel, cache)
    wheel.write_bytes(b"no wheel any more")
    assert known_wheel(one, wheel, cache) == known


def _other_place(record: list[str]) -> list[str]:
    return [record[0], record[1].replace("alpha.py", "other.py")]


def _other_place_agreed(record: list[str]) -> list[str]:
    text = json.dumps({"members": "none"})
    return [hashlib.sha256(text.encode()).hexdigest(), text]


def _nothing(record: list[str]) -> list[str]:
    return record[:1]


@pytest.mark.parametrize("damage", [_other_place, _other_place_agreed, _nothing])
def test_a_damaged_record_is_read_anew(wheel: Path, tmp_path: Path, damage: Callable[[list[str]], list[str]]) -> None:
    cache, one = Cache(tmp_path / "cache"), package(wheel)
    known = known_wheel(one, wheel, cache)
    (kept,) = (cache.records / WHEELS).iterdir()
    record: Any = json.loads(kept.read_bytes())
    assert damage(record) != record
    kept.write_text(json.dumps(damage(record)))
    assert known_wheel(one, wheel, cache) == known
    assert json.loads(kept.read_bytes()) == record


def test_what_is_wrong_is_said_when_a_wheel_is_used_and_not_when_it_arrives(tmp_path: Path) -> None:
    path = write_wheel(tmp_path / "wheels", "alpha", bad={"../x": "x"})
    cache = Cache(tmp_path / "cache")
    look_into(package(path), path, cache)
    with pytest.raises(OutsideError, match="is refused"):
        known_wheel(package(path), path, cache)
