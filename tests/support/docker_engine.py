"""A Docker engine of our own: its socket, images and containers lie in a folder that goes when it ends."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
from docker.errors import DockerException

from tests.support.processes import run
from tests.support.services import require, require_root, service


@dataclass(frozen=True)
class Engine:
    """Its containers have no bridge: start them with `network_mode="none"`."""

    url: str  # unix://…, as in DOCKER_HOST
    client: docker.DockerClient
    data: Path  # the folder in which it keeps everything
    before: set[str] = field(default_factory=set)  # what earlier tests have left in it


@contextlib.contextmanager
def running_engine() -> Iterator[Engine]:
    program = require("dockerd", "docker.io")
    require_root("a Docker engine of our own")
    # not below pytest's folders: the path of a unix socket has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="envlock-"))
    try:
        with _dockerd(program, folder) as url, contextlib.closing(docker.DockerClient(url)) as client:
            yield Engine(url, client, folder / "data")
    finally:
        unmount_below(folder)
        shutil.rmtree(folder)


@contextlib.contextmanager
def _dockerd(program: str, folder: Path) -> Iterator[str]:
    url = f"unix://{folder}/docker.sock"
    command = (program, "--data-root", folder / "data", "--exec-root", folder / "exec", "-H", url)
    isolation = ("--pidfile", folder / "pid", "--bridge=none", "--iptables=false")
    with service((*command, *isolation), log=folder / "log", answers=lambda: engine_answers(url)):
        yield url


def engine_answers(url: str) -> bool:
    try:
        with contextlib.closing(docker.DockerClient(url)) as client:
            return client.ping()
    except DockerException:
        return False


def unmount_below(folder: Path) -> None:
    """What containers leave mounted when the engine is ended under them, the innermost first."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted((each for each in mounts if Path(each).is_relative_to(folder)), reverse=True):
        run(("umount", "--lazy", mount))
