"""Signals while something is waited for: another program that solves ends too, and nothing is left behind."""

import hashlib
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.debian_archive import Archive
from tests.support.http_server import Response
from tests.support.projects import manifest_text, new_project
from tests.support.tiny_debian import tiny_debian
from tests.support.tiny_project import tree


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("resolver", ["uv", "pip-tools"])
def test_a_solver_that_waits_for_a_silent_index(tmp_path: Path, resolver: str, number: signal.Signals) -> None:
    (tmp_path / "tmp").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        index = f"http://127.0.0.1:{server.getsockname()[1]}/simple/"
        text = manifest_text(pip=["alpha"], index=index, more=f'[lock]\npip-resolver = "{resolver}"\n')
        project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
        with subprocess.Popen(
            # jobs in the background of a shell ignore Ctrl-C, and so would ours
            ("env", "--default-signal=INT,HUP", *project.command, "lock"),
            cwd=project.folder,
            env=project.given(TMPDIR=str(tmp_path / "tmp"), NO_PROXY="127.0.0.1").environment(),
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            connection, _ = server.accept()
            with connection:
                process.send_signal(number)
                _, said = process.communicate(timeout=120)
                # uv asks by itself: what it has open ends when it does
                if resolver == "uv":
                    connection.settimeout(120)
                    while connection.recv(1 << 16):
                        pass
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert said.decode().splitlines()[-1] == "interrupted"
    assert [*(tmp_path / "tmp").iterdir()] == []
    assert not project.lockfile.exists()


class Asked(threading.Event):
    """What a server waits for, and never comes; `here` says that it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.here = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.here.set()
        return super().wait(timeout)


def the_release(archive: Archive) -> Path:
    return archive.release("bookworm-security") / "InRelease"


def the_index(archive: Archive) -> Path:
    folder = archive.release() / "main" / "binary-amd64"
    digest = hashlib.sha256((folder / "Packages.xz").read_bytes()).hexdigest()
    return folder / "by-hash" / "SHA256" / digest


def a_package(archive: Archive) -> Path:
    return archive.deb("libc6")


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
@pytest.mark.parametrize("waited", [the_release, the_index, a_package])
def test_a_mirror_of_debian_that_is_silent(
    tmp_path: Path, waited: Callable[[Archive], Path], number: signal.Signals
) -> None:
    command = "build" if waited is a_package else "lock"
    with tiny_debian(tmp_path) as project:
        if command == "build":
            project.must("lock")
        before, file, asked = tree(project.folder), waited(project.archive), Asked()
        project.mirror.overrides[project.path(file)] = Response(content=file.read_bytes(), waits_for=asked)
        with subprocess.Popen(
            ("env", "--default-signal=INT", *project.command, command),
            cwd=project.folder,
            env=project.environment(),
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            assert asked.here.wait(120)
            process.send_signal(number)
            _, said = process.communicate(timeout=120)
        asked.set()
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        assert said.decode().splitlines()[-1] == "interrupted"
        assert tree(project.folder) == before
        assert [*(project.cache / "image").glob("blobs/sha256/*")] == []
        project.mirror.overrides.clear()
        project.must(command)
