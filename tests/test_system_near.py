"""Pieces of files, read together with what stands behind them."""

import os
from pathlib import Path

import pytest

from envlock.system.near import NearReader

PIECES = [(0, 5), (5, 100), (90, 40), (10, 3), (3000, 900), (4090, 50), (4095, 1), (4096, 10), (9999, 1), (0, 4096)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(os.urandom(4096))
    other.write_bytes(os.urandom(4096))
    return one, other


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("window", [0, 64, 1000, 1 << 20])
def test_pieces_are_those_of_the_file(files: tuple[Path, Path], window: int) -> None:
    with NearReader(window) as reader:
        for offset, size in PIECES:
            for path in files:
                assert reader.read(path, offset, size) == path.read_bytes()[offset : offset + size]
            assert reader.read(path, offset, size) == path.read_bytes()[offset : offset + size]


def test_what_stands_near_is_read_once(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    read: list[int] = []
    real_open, real_pread = os.open, os.pread

    def open_(path: Path, flags: int) -> int:
        opened.append(path)
        return real_open(path, flags)

    def pread(file: int, size: int, offset: int) -> bytes:
        read.append(offset)
        return real_pread(file, size, offset)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "pread", pread)
    with NearReader(1024) as reader:
        for offset in range(0, 1024, 64):
            reader.read(files[0], offset, 64)
    assert (len(opened), len(read)) == (1, 1)


def test_a_file_is_let_go_of_and_opened_anew(files: tuple[Path, Path]) -> None:
    before = _open_files()
    reader = NearReader(64)
    reader.read(files[0], 0, 10)
    reader.read(files[1], 0, 10)
    assert _open_files() == before + 1
    reader.close()
    reader.close()
    assert _open_files() == before
    files[1].write_bytes(b"another")
    assert reader.read(files[1], 0, 10) == b"another"
    reader.close()
