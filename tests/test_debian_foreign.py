"""Images of linux-aarch64 made on another machine, which executes nothing of them; here, an emulator does."""

import json
import tarfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import IndexServers
from tests.support import wheels
from tests.support.containers import loaded, started
from tests.support.debian_archive import Archive
from tests.support.debian_projects import MINOR, debian_manifest, debian_project
from tests.support.docker_engine import Engine
from tests.support.image_schemas import layout_problems
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.services import require

PACKAGES = ("ca-certificates", "libc-bin", "libgomp1", "tzdata")
EMULATOR = "/emulator"
SITE_PACKAGES = f"opt/env/lib/python{MINOR}/site-packages/"
# what installers write of their own
NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock")
# how uv calls the architectures of images, and how compiled modules do
UV_PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
PLATFORM_NAMES = {"x86_64-manylinux_2_28": "linux-64", "aarch64-manylinux_2_28": "linux-aarch64"}
ABIS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
AT_WORK = """
import ctypes, platform, six, ssl, sys
from markupsafe._speedups import _escape_inner  # compiled
assert _escape_inner("<") == "&lt;"
ctypes.CDLL("libgomp.so.1")
print(platform.machine(), sys.prefix, len(ssl.create_default_context().get_ca_certs()) > 100)
"""


@pytest.fixture
def foreign(tmp_path: Path, debian_archive: Archive, real_wheels: Path, index_server: IndexServers) -> Project:
    return _project(tmp_path / "one", debian_archive, index_server(real_wheels, wheels.foreign_folder()).url)


def _project(folder: Path, archive: Archive, index: str) -> Project:
    manifest = debian_manifest(
        archive, PACKAGES, python=MINOR, pip=["markupsafe", "six"], index=index, platforms=["linux-64", "linux-aarch64"]
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
    index = index_server(real_wheels, wheels.foreign_folder()).url
    other = _project(tmp_path / "other", debian_archive, index)
    digests = {each.must("build", "--platform", "linux-aarch64") for each in (foreign, other)}
    assert len(digests) == 1
    assert other.lock().platforms == foreign.lock().platforms


def test_one_index_has_both_and_each_has_the_files_that_uv_installs(foreign: Project, tmp_path: Path) -> None:
    layout = tmp_path / "image"
    foreign.must("build", "--output", layout)
    foreign.must("build", "--output", tmp_path / "image.tar")
    assert layout_problems(layout) == ()
    (listed,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    index = json.loads(_blob(layout, listed["digest"]).read_bytes())
    entries = {entry["platform"]["architecture"]: entry["digest"] for entry in index["manifests"]}
    assert list(entries) == ["amd64", "arm64"]
    for architecture, digest in entries.items():
        skopeo = (require("skopeo", "skopeo"), "--override-arch", architecture, "inspect")
        for image in (f"oci:{layout}", f"oci-archive:{layout}.tar"):
            assert json.loads(run((*skopeo, image)))["Architecture"] == architecture
        expected = _installed(tmp_path / architecture, foreign, UV_PLATFORMS[architecture])
        assert _site_packages(layout, digest) == expected
        assert any(name.endswith(f"{ABIS[architecture]}.so") for name in expected)


def _installed(folder: Path, project: Project, platform: str) -> dict[str, bytes]:
    """What uv installs for a platform of the wheels that are locked, but for what installers write themselves."""
    (locked,) = [each for each in project.lock().platforms if each.platform == PLATFORM_NAMES[platform]]
    paths = [project.cache / "packages" / package.sha256 / package.file for package in locked.pip]
    target = ("--target", folder, "--python-version", MINOR, "--python-platform", platform)
    run((find_uv_bin(), "--no-config", "--quiet", "pip", "install", "--no-deps", "--offline", *target, *paths))
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not _is_of_the_installer(name)}


def _site_packages(layout: Path, digest: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for descriptor in json.loads(_blob(layout, digest).read_bytes())["layers"]:
        with tarfile.open(_blob(layout, descriptor["digest"]), "r:gz") as layer:
            for member in layer:
                file = layer.extractfile(member) if member.name.startswith(SITE_PACKAGES) and member.isreg() else None
                if file:
                    found[member.name.removeprefix(SITE_PACKAGES)] = file.read()
    return {name: data for name, data in found.items() if not _is_of_the_installer(name)}


def _is_of_the_installer(name: str) -> bool:
    return Path(name).name in NOTES


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")
