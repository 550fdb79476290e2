"""Which engine is meant: as docker has it, by variables, contexts, ssh and TLS; Podman's where there is no other."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from envlock.errors import UserInputError
from envlock.images.docker_engine.connection import connected, engine_version
from envlock.system import docker_context
from envlock.system.docker_context import find_engine
from envlock.system.ssh_relay import ssh_command
from tests.support.docker_engine import Engine
from tests.support.processes import run, with_variables
from tests.support.services import require

DOCKER = "/usr/bin/docker"


def docker(config: Path, *words: str) -> str:
    return run((DOCKER, "--config", config, *words), environment=with_variables({}))


def test_contexts_as_the_docker_program_writes_them(tmp_path: Path, docker_engine: Engine) -> None:
    docker(tmp_path, "context", "create", "ours", "--docker", f"host={docker_engine.url}")
    docker(tmp_path, "context", "create", "other", "--docker", "host=tcp://engine.test:2376,skip-tls-verify=true")
    here = {"DOCKER_CONFIG": str(tmp_path)}
    assert find_engine(here).where != "context `ours`"
    docker(tmp_path, "context", "use", "ours")
    assert (find_engine(here).url, find_engine(here).where) == (docker_engine.url, "context `ours`")
    assert "context `ours`" in engine_version(here)
    named = find_engine({**here, "DOCKER_CONTEXT": "other"})
    assert (named.url, named.verified, named.tls) == ("tcp://engine.test:2376", False, False)
    assert find_engine({**here, "DOCKER_CONTEXT": "default"}).where != "context `ours`"
    # a host outranks every context
    assert find_engine({**here, "DOCKER_HOST": "unix:///x"}).url == "unix:///x"
    with pytest.raises(UserInputError, match="there is no docker context `missing`"):
        find_engine({**here, "DOCKER_CONTEXT": "missing"})


def test_podman_is_taken_where_there_is_no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_context, "USUAL", str(tmp_path / "docker.sock"))
    place = tmp_path / "podman" / "podman.sock"
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    assert find_engine({"HOME": str(tmp_path)}).where in ("the usual socket", "Podman's socket")
    place.parent.mkdir()
    place.touch()
    assert (find_engine(environment).url, find_engine(environment).where) == (f"unix://{place}", "Podman's socket")
    (tmp_path / "docker.sock").touch()
    assert find_engine({"HOME": str(tmp_path)}).where == "the usual socket"


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("ssh://engine.test", "-- engine.test docker system dial-stdio"),
        ("ssh://kim@engine.test:22", "-l kim -p 22 -- engine.test docker system dial-stdio"),
        (
            "ssh://kim@engine.test/run/x.sock",
            "-l kim -- engine.test docker --host unix:///run/x.sock system dial-stdio",
        ),
    ],
)
def test_what_ssh_is_asked(url: str, command: str) -> None:
    assert " ".join(ssh_command(url)) == f"ssh -o ConnectTimeout=30 -T {command}"


@pytest.mark.parametrize(
    "url", ["ssh://", "ssh://-oProxyCommand=x", "ssh://kim:secret@engine.test", "ssh://h:x", "ssh://["]
)
def test_what_is_no_address_of_ssh(url: str) -> None:
    with pytest.raises(UserInputError, match="is no address of an engine"):
        ssh_command(url)


def by_id(images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(images, key=lambda image: str(image["Id"]))


def test_an_engine_behind_ssh(tmp_path: Path, docker_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ssh would run on the other machine is run here: the real `docker system dial-stdio`."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\n[ "$2" = engine.test ] || exit 1\nshift 3\n'
        f'export DOCKER_HOST={docker_engine.url}\nexec {DOCKER} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    environment = {"DOCKER_HOST": "ssh://kim@engine.test", "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with connected(environment) as engine:
        assert engine.version == docker_engine.client.version()["Version"]
        # those of one time come in any order
        assert by_id(engine.client.api.images()) == by_id(docker_engine.client.api.images())


def test_an_engine_that_speaks_tls(tmp_path: Path, docker_engine: Engine) -> None:
    """With a certificate that we ask for, and one of ours that it asks for."""
    folder = tmp_path / "certificates"
    make_certificates(folder)
    with tls_in_front_of(docker_engine.url.removeprefix("unix://"), folder) as port:
        told = {"DOCKER_HOST": f"tcp://localhost:{port}", "DOCKER_CERT_PATH": str(folder), "DOCKER_TLS_VERIFY": "1"}
        assert engine_version(told).startswith("Docker ")
        (folder / "context").mkdir()
        files = ",".join(f"{name}={folder / name}.pem" for name in ("ca", "cert", "key"))
        docker(folder / "context", "context", "create", "far", "--docker", f"host=tcp://localhost:{port},{files}")
        assert "context `far`" in engine_version({"DOCKER_CONFIG": str(folder / "context"), "DOCKER_CONTEXT": "far"})


def make_certificates(folder: Path) -> None:
    """An authority, and one certificate for both sides."""
    folder.mkdir()
    openssl = require("openssl", "openssl")
    request = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    names = ("-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    run((*request, *names))
    (folder / "ca.pem").write_bytes((folder / "cert.pem").read_bytes())


@contextmanager
def tls_in_front_of(place: str, folder: Path) -> Iterator[int]:
    """A port that speaks TLS, to those who show the certificate, in front of a unix socket."""
    settings = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "cert.pem"))
    settings.verify_mode = ssl.CERT_REQUIRED
    settings.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with socket.create_server(("localhost", 0)) as listener:
        Thread(target=_accept, args=(listener, settings, place), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, settings: ssl.SSLContext, place: str) -> None:
    while True:
        try:
            plain, _ = listener.accept()
            secure = settings.wrap_socket(plain, server_side=True)
        except OSError:
            return
        behind = socket.socket(socket.AF_UNIX)
        behind.connect(place)
        for source, target in ((secure, behind), (behind, secure)):
            Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has gone
