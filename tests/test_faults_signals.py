"""Signals while another program solves: it ends too, and nothing is left behind."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.projects import manifest_text, new_project


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
