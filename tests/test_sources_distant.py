"""Wheels that stay where they are: what they say of themselves is read out of them piece by piece."""

import io
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.model.lock import PipPackage
from envlock.sources.distant import PIECE, DistantFile
from tests.conftest import IndexServers
from tests.support.http_server import Response
from tests.support.index_server import IndexServer
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import sha256
from tests.support.tiny_wheels import write_wheel

NOISE = random.Random(7).randbytes(20 * PIECE)


def distant(data: bytes) -> tuple[DistantFile, list[tuple[int, int]]]:
    """The bytes as a file somewhere else, and what is asked of it."""
    asked: list[tuple[int, int]] = []

    def get(first: int, end: int) -> bytes:
        assert 0 <= first < end <= len(data)
        asked.append((first, end))
        return data[first:end]

    return DistantFile(len(data), get), asked


@given(st.lists(st.tuples(st.integers(0, len(NOISE)), st.integers(0, 3 * PIECE)), max_size=8))
def test_it_reads_as_any_file_does(reads: list[tuple[int, int]]) -> None:
    file, _ = distant(NOISE)
    near, far = io.BytesIO(NOISE), io.BufferedReader(file, PIECE)
    for place, count in reads:
        near.seek(place)
        far.seek(place)
        assert far.read(count) == near.read(count)
        assert far.tell() == near.tell()


def test_one_piece_tells_what_a_wheel_says_of_itself(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "large", files={"noise.bin": NOISE}, requires=["beta"])
    file, asked = distant(wheel.read_bytes())
    with zipfile.ZipFile(io.BufferedReader(file, PIECE)) as opened:
        assert b"Requires-Dist: beta" in opened.read("large-1.0.dist-info/METADATA")
    assert len(asked) == 1


def test_more_than_a_glance_is_an_error() -> None:
    file = DistantFile(1 << 40, lambda first, end: bytes(end - first))

    def read_on() -> None:
        for place in range(1 << 10):
            file.seek(place << 30)
            file.read(PIECE)

    with pytest.raises(EOFError):
        read_on()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return new_project(tmp_path / "small", "", cache=tmp_path / "cache")


def in_cache(project: Project, package: PipPackage) -> bool:
    return (project.cache / "packages" / package.sha256).exists()


@pytest.fixture
def large(project: Project, tmp_path: Path, index_server: IndexServers) -> tuple[IndexServer, Path]:
    """An index with a large wheel and no METADATA beside it."""
    wheel = write_wheel(tmp_path / "wheels", "large", files={"noise.bin": NOISE}, requires=["beta"])
    write_wheel(tmp_path / "wheels", "beta")
    index = index_server(tmp_path / "wheels", beside=False)
    project.manifest.write_text(manifest_text(pip=["large"], index=index.url))
    return index, wheel


def test_a_large_wheel_without_metadata_beside_it_is_not_fetched_to_lock(
    project: Project, large: tuple[IndexServer, Path]
) -> None:
    project.must("lock")
    locked = next(p for p in project.locked().pip if p.name == "large")
    assert (locked.requires, locked.sha256) == (("beta",), sha256(large[1]))
    assert not in_cache(project, locked)


def test_where_only_the_whole_is_given_the_whole_is_fetched(project: Project, large: tuple[IndexServer, Path]) -> None:
    index, wheel = large
    project.must("lock")
    before = project.lockfile.read_bytes()
    project.lockfile.unlink()
    shutil.rmtree(project.cache / "records")
    # 203: a status for which the test server gives no pieces
    index.server.overrides[f"/files/{wheel.name}"] = Response(content=wheel.read_bytes(), status=203)
    project.must("lock")
    assert project.lockfile.read_bytes() == before
