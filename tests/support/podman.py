"""Podman's socket, of Debian's podman: its images and containers lie in a folder that goes when it ends."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker

from tests.support.cache import AMBIENT
from tests.support.docker_engine import Engine, engine_answers, unmount_below
from tests.support.services import require, require_root, service

# where the machine that runs the tests does not give what podman asks for by default
_LIMITS = '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n'


@contextlib.contextmanager
def running_podman() -> Iterator[Engine]:
    """Its containers have no bridge, either."""
    program = require("podman", "podman")
    require_root("Podman's socket of our own")
    folder = Path(tempfile.mkdtemp(prefix="envlock-"))
    url = f"unix://{folder}/podman.sock"
    (folder / "containers.conf").write_text(_LIMITS)
    places = ("--root", folder / "root", "--runroot", folder / "run", "--tmpdir", folder / "tmp")
    means = ("--runtime", require("runc", "runc"), "--cgroup-manager", "cgroupfs", "--events-backend", "file")
    command = (program, *places, *means, "system", "service", "--time", "0", url)
    variables = {**AMBIENT, "CONTAINERS_CONF": str(folder / "containers.conf")}
    try:
        with (
            service(command, log=folder / "log", answers=lambda: engine_answers(url), environment=variables),
            contextlib.closing(docker.DockerClient(url)) as client,
        ):
            yield Engine(url, client, folder / "root")
    finally:
        unmount_below(folder)
        shutil.rmtree(folder)
