"""What a terminal shows of work in progress: a line a platform, and nothing when it is done."""

import os
import pty
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.cli.progress import Announced, Transfer, rows
from tests.conftest import IndexServers
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_wheels import write_wheel


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("linux-64: wheels", {"linux-64": "wheels"}),
        ("linux-64, osx-64: conda packages", {"linux-64": "conda packages", "osx-64": "conda packages"}),
        ("making 3 of 5 layers", {"": "making 3 of 5 layers"}),
        ("note: this", {"": "note: this"}),
    ],
)
def test_a_text_is_about_platforms_or_about_all(text: str, found: dict[str, str]) -> None:
    assert rows(text) == found


@pytest.mark.parametrize(
    ("transfer", "text"),
    [
        (Transfer(done=0, of=80_000_000, seconds=0), "0 B of 80 MB"),
        (Transfer(done=0, of=80_000_000, seconds=3), "0 B of 80 MB"),
        (Transfer(done=1_000_000, of=80_000_000, seconds=0.1), "1.0 MB of 80 MB"),
        (Transfer(done=12_000_000, of=80_000_000, seconds=2), "12 MB of 80 MB, 6.0 MB/s"),
    ],
)
def test_how_far_and_how_fast(transfer: Transfer, text: str) -> None:
    assert transfer.text == text


def test_a_transfer_is_one_line_where_nothing_is_drawn_over() -> None:
    lines: list[str] = []
    told = Announced(lines.append)
    for done in (0, 40, 80, 0):
        told.moved("pushing 2 blobs", done, 80)
    told.moved("downloading", 0, 1000)
    assert lines == ["pushing 2 blobs, 80 B", "downloading, 1.0 kB"]


@pytest.fixture
def project(tmp_path: Path, index_server: IndexServers) -> Project:
    wheel = write_wheel(tmp_path / "wheels", "alpha")
    index = index_server(tmp_path / "wheels", yanked={wheel.name: "it is broken"})
    text = manifest_text(pip=["alpha==1.0"], index=index.url)
    text = text.replace("[pip]", 'platforms = ["linux-64", "osx-arm64"]\n[pip]')
    return new_project(tmp_path / "small", text, cache=tmp_path / "cache")


def in_terminal(project: Project, *arguments: str) -> str:
    """What a call writes where all of its streams are one terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project.folder)
        # nothing turns where CI says that nobody looks on
        variables = {name: value for name, value in project.environment().items() if name != "CI"}
        os.execve(project.command[0], [str(project.command[0]), *arguments], {**variables, "TERM": "xterm"})
    written = "".join(_read(terminal))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, written
    return written


def _read(terminal: int) -> Iterator[str]:
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            return
        if not data:
            return
        yield data.decode()


def test_a_line_a_platform_and_warnings_stay(project: Project) -> None:
    written = in_terminal(project, "lock")
    assert re.search(r"linux-64 +\S*wheels", _plain(written))
    assert re.search(r"osx-arm64 +\S*wheels", _plain(written))
    stays = _left(written)
    assert "warning: `alpha` 1.0 was yanked from `ours`: it is broken" in stays
    assert "wrote env.lock" in stays
    assert not re.search(r"linux-64 +wheels", stays)


def test_nothing_turns_elsewhere(project: Project) -> None:
    result = project.call("lock")
    assert "linux-64: wheels\n" in result.stderr
    assert "\x1b" not in result.stderr


def _plain(written: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written)


def _left(written: str) -> str:
    """The lines that are left when all is over: what is erased or written over is not."""
    lines: list[str] = [""]
    at = 0
    for part in re.split(r"(\x1b\[[0-9;?]*[a-zA-Z]|\r\n|\n|\r)", written):
        if part in ("\n", "\r\n"):
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[at] = ""
        elif up := re.fullmatch(r"\x1b\[(\d*)A", part):
            at = max(0, at - int(up[1] or 1))
        elif part and not part.startswith("\x1b") and part != "\r":
            lines[at] += part
    return "\n".join(lines)
