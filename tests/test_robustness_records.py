"""Records in the cache are taken for what they are: help that can be missing, of another form, or not readable."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from envlock.system.cache import FORM, Cache, typed
from tests.support.tiny_base import write_base
from tests.support.tiny_project import PYTHON, TinyProject, tiny_project

KINDS = {"base-facts", "conda-announced", "conda-info", "images", "layers", "places", "verdicts", "wheel-contents"}
LOCK, BUILD, INSTALL = ("lock", "--upgrade"), ("build", "--output", "image.tar"), ("install",)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as made:
        write_base(made.folder / "base", python=PYTHON.version)
        made.write(base="oci:base")
        yield made


def listed(value: Any) -> Any:
    return list(value) if isinstance(value, dict | list) else [value]


def without_fields(value: Any) -> Any:
    return {}


def of_numbers(value: Any) -> Any:
    """The same fields, each a number."""
    return dict.fromkeys(value, -1) if isinstance(value, dict) else -1


def of_lists(value: Any) -> Any:
    return {name: [[]] for name in value} if isinstance(value, dict) else [[]]


@pytest.mark.parametrize(
    "damage", [listed, without_fields, *(pytest.param(each, marks=pytest.mark.full) for each in (of_numbers, of_lists))]
)
def test_records_of_another_shape_are_as_good_as_none(project: TinyProject, damage: Callable[[Any], Any]) -> None:
    answers = [project.must(*words) for words in (LOCK, BUILD, INSTALL)]
    lock, image = project.lockfile.read_bytes(), (project.folder / "image.tar").read_bytes()
    records = [path for path in Cache(project.cache).records.rglob("*") if path.is_file()]
    assert {path.parent.name for path in records} >= KINDS
    for path in records:
        path.write_text(json.dumps(damage(json.loads(path.read_bytes()))))
    assert [project.must(*words) for words in (LOCK, BUILD, INSTALL)] == answers
    assert project.lockfile.read_bytes() == lock
    assert (project.folder / "image.tar").read_bytes() == image


def test_records_of_another_form_are_not_looked_at(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.keep("kind", "key", "value")
    assert (tmp_path / "records" / str(FORM) / "kind" / "key").read_text() == '"value"'
    cache.records.rename(tmp_path / "records" / str(FORM + 1))
    assert cache.record("kind", "key") is None


def test_a_record_is_what_its_reader_makes_of_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.keep("kind", "key", {"size": 1})
    assert cache.record("kind", "key", lambda kept: typed(kept["size"], int) + 1) == 2
    assert cache.record("kind", "key", lambda kept: typed(kept["size"], str)) is None
    assert cache.record("kind", "key", lambda kept: typed(kept["weight"], int)) is None


@pytest.mark.parametrize("record", ["folder", "below a file", "deep"])
def test_records_that_cannot_be_read_are_none(tmp_path: Path, record: str) -> None:
    cache = Cache(tmp_path)
    path = cache.records / "kind" / "key"
    path.parent.mkdir(parents=True)
    if record == "folder":
        path.mkdir()
    elif record == "below a file":
        path.parent.rmdir()
        path.parent.write_text("")
    else:
        path.write_text("[" * 100_000)
    assert cache.record("kind", "key") is None


def test_check_needs_no_cache(project: TinyProject) -> None:
    project.must("lock")
    nowhere = project.given(ENVLOCK_CACHE_DIR="/dev/null")
    assert nowhere.call("check") == project.call("check")


def test_a_place_of_another_shape_is_not_tried(project: TinyProject) -> None:
    project.must("lock")
    shutil.rmtree(project.cache / "packages", ignore_errors=True)
    for path in (Cache(project.cache).records / "places").iterdir():
        path.write_text('{"url": 1}')
    project.must("install")
