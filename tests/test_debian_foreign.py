"""Images of linux-aarch64 made on another machine, which executes nothing of them; here, an emulator does."""

from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.containers import loaded, started
from tests.support.debian_archive import Archive
from tests.support.debian_projects import MINOR, debian_manifest, debian_project
from tests.support.docker_engine import Engine
from tests.support.projects import Project
from tests.support.services import require

PACKAGES = ("ca-certificates", "libc-bin", "libgomp1", "tzdata")
EMULATOR = "/emulator"
AT_WORK = """
import ctypes, platform, six, ssl, sys
ctypes.CDLL("libgomp.so.1")
print(platform.machine(), sys.prefix, len(ssl.create_default_context().get_ca_certs()) > 100)
"""


@pytest.fixture
def foreign(tmp_path: Path, debian_archive: Archive, real_wheels: Path, index_server: IndexServers) -> Project:
    return _project(tmp_path / "one", debian_archive, index_server(real_wheels).url)


def _project(folder: Path, archive: Archive, index: str) -> Project:
    manifest = debian_manifest(
        archive, PACKAGES, python=MINOR, pip=["six"], index=index, platforms=["linux-64", "linux-aarch64"]
    )
    project = debian_project(folder, archive, manifest, cache=folder.with_name(f"{folder.name}-cache"))
    project.must("lock")
    return project


def emulated(engine: Engine, image: str, *command: str) -> str:
    """What an arm64 program prints that QEMU executes; only it comes from this machine."""
    emulator = require("qemu-aarch64-static", "qemu-user-static")
    volumes = {emulator: {"bind": EMULATOR, "mode": "ro"}}
    return started(engine, image, EMULATOR, *command, volumes=volumes, platform="linux/arm64")


def test_an_arm64_image_runs(foreign: Project, docker_engine: Engine) -> None:
    image = loaded(foreign, docker_engine, "--platform", "linux-aarch64")
    assert docker_engine.client.images.get(image).attrs["Architecture"] == "arm64"
    assert emulated(docker_engine, image, "/opt/env/bin/python", "-c", AT_WORK) == "aarch64 /opt/env True\n"
    listed = emulated(docker_engine, image, "/usr/sbin/ldconfig", "-p")
    assert "\tlibgomp.so.1 (libc6,AArch64) => /lib/aarch64-linux-gnu/libgomp.so.1\n" in listed


def test_the_same_bytes_from_another_cache(
    tmp_path: Path, foreign: Project, debian_archive: Archive, real_wheels: Path, index_server: IndexServers
) -> None:
    other = _project(tmp_path / "other", debian_archive, index_server(real_wheels).url)
    digests = {each.must("build", "--platform", "linux-aarch64") for each in (foreign, other)}
    assert len(digests) == 1
    assert other.lock().platforms == foreign.lock().platforms
