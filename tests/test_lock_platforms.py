"""One lock for several platforms: markers, wheels, channels and systems of each, whoever locks."""

import hashlib
import os
from pathlib import Path

import pytest

from envlock.model.platform import PLATFORMS
from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.index_server import IndexServer
from tests.support.projects import MINOR, Project, new_project
from tests.support.tiny_wheels import write_wheel

ABI = f"cp{MINOR.replace('.', '')}"
TAGS = {
    "linux-64": f"{ABI}-{ABI}-manylinux_2_28_x86_64",
    "linux-aarch64": f"{ABI}-{ABI}-manylinux_2_28_aarch64",
    "osx-64": f"{ABI}-{ABI}-macosx_11_0_x86_64",
    "osx-arm64": f"{ABI}-{ABI}-macosx_11_0_arm64",
    "win-64": f"{ABI}-{ABI}-win_amd64",
}
MANIFEST = """name = "small"
python = "{minor}"
platforms = ["win-64", "osx-arm64", "linux-64", "osx-64", "linux-aarch64"]

[conda]
channels = ["./channel"]
dependencies = ["tool"]

[pip]
dependencies = ["native", "app", "winonly; sys_platform == 'win32'"]

[[pip.indexes]]
name = "ours"
url = "{index}"
default = true

[groups.dev.pip]
dependencies = ["checker"]

[groups.docs.conda]
dependencies = ["press"]

[platform.osx-arm64.pip]
dependencies = ["maconly"]

[platform.win-64.conda]
dependencies = ["winthing"]

[platform.linux-64]
cuda = "12.4"

[image]
base = "scratch"
"""


def conda_packages() -> list[CondaPackage]:
    """A Python and a tool for each platform; on Linux with CUDA there is a newer tool."""
    found = [CondaPackage(name="press", noarch="generic"), CondaPackage(name="winthing", platform="win-64")]
    found += [CondaPackage(name="python", version=f"{MINOR}.7", platform=platform) for platform in PLATFORMS]
    found += [CondaPackage(name="tool", version="1.0", platform=platform) for platform in PLATFORMS]
    found += [CondaPackage(name="tool", version="2.0", depends=("__cuda >=12",), platform=p) for p in PLATFORMS]
    return found


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    wheels = tmp_path / "wheels"
    for tag in TAGS.values():
        write_wheel(wheels, "native", "1.0", tag=tag)
    write_wheel(wheels, "native", "2.0", tag=TAGS["linux-64"].replace("2_28", "2_39"))
    for name in ("winonly", "maconly", "lib"):
        write_wheel(wheels, name)
    write_wheel(wheels, "app", requires=["lib; platform_machine == 'arm64' or os_name == 'nt'"])
    write_wheel(wheels, "checker", requires=["lib"])
    return index_server(wheels)


@pytest.fixture
def project(tmp_path: Path, index: IndexServer) -> Project:
    manifest = MANIFEST.format(minor=MINOR, index=index.url)
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    write_channel(project.folder / "channel", conda_packages())
    return project


def locked(project: Project) -> dict[str, dict[str, str]]:
    """By platform: the versions by name."""
    return {p.platform: {found.name: found.version for found in p.packages} for p in project.lock().platforms}


def test_each_platform_has_what_is_for_it(project: Project) -> None:
    project.must("lock")
    python = {"python": f"{MINOR}.7", "press": "1.0"}
    wheels = {"app": "1.0", "native": "1.0", "checker": "1.0", "lib": "1.0"}
    assert locked(project) == {
        "linux-64": {"tool": "2.0", **python, **wheels},
        "linux-aarch64": {"tool": "1.0", **python, **wheels},
        "osx-64": {"tool": "1.0", **python, **wheels},
        "osx-arm64": {"tool": "1.0", **python, **wheels, "maconly": "1.0"},
        "win-64": {"tool": "1.0", **python, **wheels, "winonly": "1.0", "winthing": "1.0"},
    }
    files = {p.platform: next(w.file for w in p.pip if w.name == "native") for p in project.lock().platforms}
    assert files == {platform: f"native-1.0-{tag}.whl" for platform, tag in TAGS.items()}
    assert project.call("check").stdout == ""
    assert "nothing to do" in project.call("lock").stderr


def test_groups_say_who_needs_what(project: Project) -> None:
    project.must("lock")
    groups = {p.platform: {found.name: found.groups for found in p.packages} for p in project.lock().platforms}
    # markers bring `lib` to the main set of two platforms, a group brings it to all
    assert groups["linux-64"]["lib"] == ("dev",)
    assert groups["osx-arm64"]["lib"] == ("dev", "main")
    assert groups["win-64"]["lib"] == ("dev", "main")
    for found in groups.values():
        assert (found["checker"], found["press"]) == (("dev",), ("docs",))
        assert (found["app"], found["tool"], found["python"]) == (("main",),) * 3


def test_wheels_of_the_main_set_bring_the_python_that_only_a_group_asks_for(project: Project) -> None:
    manifest = project.manifest.read_text()
    manifest = manifest.replace(f'python = "{MINOR}"\n', "").replace('dependencies = ["tool"]\n', "dependencies = []\n")
    project.manifest.write_text(manifest.replace('["press"]', f'["press", "python {MINOR}.*"]'))
    project.must("lock")
    project.must("check")
    for platform in project.lock().platforms:
        assert {p.name: p.groups for p in platform.conda if p.name in ("python", "press")} == {
            "python": ("docs", "main"),
            "press": ("docs",),
        }
        assert platform.of_groups().python is not None


def test_a_group_moves_no_lock_hash_of_the_main_set(project: Project) -> None:
    project.must("lock")
    before = project.must("show", "--json")
    project.change('[groups.dev.pip]\ndependencies = ["checker"]\n\n', "")
    project.must("lock")
    assert "checker" not in project.lockfile.read_text()
    assert _hashes(project.must("show", "--json")) == _hashes(before)


def _hashes(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if '"lock_hash"' in line]


def test_a_declared_system_decides_and_this_machine_does_not(project: Project) -> None:
    project.must("lock")
    project.change('cuda = "12.4"', 'glibc = "2.39"')
    project.must("lock", "--upgrade")
    assert locked(project)["linux-64"]["tool"] == "1.0"
    assert locked(project)["linux-64"]["native"] == "2.0"
    assert locked(project)["linux-aarch64"]["native"] == "1.0"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"winthing"', '"winthing >=2"', ["cannot be had on win-64 from `./channel`", "winthing >=2"]),
        ('"tool"', '"tool >=2"', ["cannot be had on linux-aarch64, osx-64, osx-arm64, win-64 from", "__cuda >=12"]),
        ('"maconly"', '"maconly>=2"', ["cannot be had on osx-arm64", "maconly>=2"]),
    ],
)
def test_what_cannot_be_had_is_said_with_its_platforms(project: Project, old: str, new: str, words: list[str]) -> None:
    project.change(old, new)
    result = project.call("--quiet", "lock")
    assert result.code == 2
    for word in words:
        assert word in result.stderr
    assert not project.lockfile.exists()


def test_whoever_locks_writes_the_same_bytes(project: Project, tmp_path: Path) -> None:
    """Whatever the hash seed, the language, the time zone, the order in env.toml, the cache and the current folder."""
    project.must("lock")
    first = hashlib.sha256(project.lockfile.read_bytes()).hexdigest()
    turned = project.manifest.read_text().replace(
        'platforms = ["win-64", "osx-arm64", "linux-64", "osx-64", "linux-aarch64"]',
        'platforms = ["linux-aarch64", "osx-64", "linux-64", "osx-arm64", "win-64"]',
    )
    for number, variables in enumerate(
        ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"})
    ):
        project.manifest.write_text(turned)
        project.lockfile.unlink()
        other = project.given(**variables, ENVLOCK_CACHE_DIR=str(tmp_path / f"cache-{number}"))
        other.must("lock")
        assert hashlib.sha256(project.lockfile.read_bytes()).hexdigest() == first
    assert str(tmp_path) not in project.lockfile.read_text()
    assert os.uname().release not in project.lockfile.read_text()


def test_a_platform_that_is_added_moves_nothing_of_the_others(project: Project) -> None:
    project.change(
        'platforms = ["win-64", "osx-arm64", "linux-64", "osx-64", "linux-aarch64"]', 'platforms = ["linux-64"]'
    )
    project.change('[platform.osx-arm64.pip]\ndependencies = ["maconly"]\n\n', "")
    project.change('[platform.win-64.conda]\ndependencies = ["winthing"]\n\n', "")
    project.must("lock")
    before = project.lock().platforms[0]
    write_wheel(project.folder.parent / "wheels", "lib", "2.0")
    project.change('platforms = ["linux-64"]', 'platforms = ["linux-64", "osx-64"]')
    project.must("lock")
    after = project.lock()
    assert after.platforms[0] == before
    assert [p.platform for p in after.platforms] == ["linux-64", "osx-64"]
