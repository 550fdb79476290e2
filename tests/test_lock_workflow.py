"""What `envlock lock` chooses, keeps and moves, and when it leaves env.lock alone."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.index_server import IndexServer
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    write_wheel(folder, "alpha", "1.0", requires=["beta"])
    write_wheel(folder, "beta", "1.0")
    write_wheel(folder, "gamma", "1.0", requires=["beta"])
    return folder


@pytest.fixture
def index(wheels: Path, index_server: IndexServers) -> IndexServer:
    return index_server(wheels)


@pytest.fixture
def project(tmp_path: Path, index: IndexServer) -> Project:
    """Wants alpha, and is locked."""
    manifest = manifest_text(pip=["alpha"], index=index.url)
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    project.must("lock")
    return project


def identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def publish_newer(wheels: Path) -> None:
    write_wheel(wheels, "alpha", "2.0", requires=["beta"])
    write_wheel(wheels, "beta", "2.0")


@pytest.mark.parametrize("arguments", [[], ["--upgrade"], ["-P", "beta"]])
def test_a_file_that_would_not_change_is_not_touched(project: Project, arguments: list[str]) -> None:
    before = identity(project.lockfile)
    project.must("lock", *arguments)
    assert identity(project.lockfile) == before


def test_nothing_to_do_asks_nobody(project: Project, index: IndexServer) -> None:
    index.requests.clear()
    project.must("lock")
    assert index.requests == []


@pytest.mark.parametrize(
    ("change", "arguments", "expected"),
    [
        ('["gamma", "alpha"]', [], {"alpha": "1.0", "beta": "1.0", "gamma": "1.0"}),
        ('["alpha"]', ["-P", "beta"], {"alpha": "1.0", "beta": "2.0"}),
        ('["alpha"]', ["-P", "alpha", "-P", "beta"], {"alpha": "2.0", "beta": "2.0"}),
        ('["alpha"]', ["--upgrade"], {"alpha": "2.0", "beta": "2.0"}),
        ('["alpha>=2"]', [], {"alpha": "2.0", "beta": "1.0"}),
        ('["gamma"]', [], {"beta": "1.0", "gamma": "1.0"}),
    ],
)
def test_only_those_pins_move_that_must_or_may(
    project: Project, wheels: Path, change: str, arguments: list[str], expected: Mapping[str, str]
) -> None:
    publish_newer(wheels)
    project.change("['alpha']", change)
    project.must("lock", *arguments)
    assert project.versions() == expected
    project.must("check")


def test_a_version_that_was_taken_from_the_index_stays_locked(project: Project, wheels: Path) -> None:
    """Nothing is solved where the lock answers, and its packages may be in the cache still."""
    before = project.lockfile.read_bytes()
    publish_newer(wheels)
    (wheels / "beta-1.0-py3-none-any.whl").unlink()
    project.must("lock")
    assert project.lockfile.read_bytes() == before


@pytest.mark.parametrize(
    "written",
    [
        ["beta", "alpha", "gamma>=1,<3"],
        ["Gamma <3, >= 1", "ALPHA", "beta"],
        ["beta ; python_version >= '3'", "gamma <3,>=1", "alpha; sys_platform == 'linux'"],
    ],
)
def test_how_dependencies_are_written_does_not_matter(
    project: Project, index: IndexServer, tmp_path: Path, written: list[str]
) -> None:
    project.manifest.write_text(manifest_text(pip=["alpha", "beta", "gamma >=1,<3"], index=index.url))
    project.must("lock")
    other = new_project(tmp_path / "other", manifest_text(pip=written, index=index.url), cache=tmp_path / "other-cache")
    other.must("lock")
    assert hash_of(other) == hash_of(project)
    assert other.locked() == project.locked()
    if not any(";" in text for text in written):  # a marker is part of what is asked for
        assert other.lockfile.read_bytes() == project.lockfile.read_bytes()


def hash_of(project: Project) -> str:
    (shown,) = json.loads(project.must("show", "--json"))
    return str(shown["lock_hash"])


def test_what_only_describes_locks_nothing_anew(project: Project) -> None:
    before = identity(project.lockfile)
    project.change('name = "small"', '# a comment\nname = "other"\ndescription = "something else"')
    project.must("check")
    project.must("lock")
    assert identity(project.lockfile) == before


def test_extras_and_markers_are_worked_out(project: Project, wheels: Path) -> None:
    write_wheel(
        wheels,
        "omega",
        requires=[
            "Beta >=1 ; sys_platform == 'linux'",
            "alpha; extra == 'fast'",
            "gamma; extra == 'slow'",
            "nothing; sys_platform == 'win32'",
            "nothing; python_version < '3'",
            "omega[fast]; extra == 'all'",
        ],
        extras=["fast", "slow", "all"],
        requires_python=">=3.8",
    )
    project.change("['alpha']", "['omega[ALL]']")
    project.must("lock")
    assert {p.name: (p.extras, p.requires) for p in project.locked().pip} == {
        "alpha": ((), ("beta",)),
        "beta": ((), ()),
        "omega": (("all", "fast"), ('alpha ; extra == "fast"', "beta>=1", 'omega[fast] ; extra == "all"')),
    }
    assert project.locked().pip[-1].requires_python == ">=3.8"
    project.must("check")


def test_the_best_wheel_of_the_declared_system_is_chosen(project: Project, wheels: Path) -> None:
    for tag in ("py3-none-any", "py3-none-manylinux_2_17_x86_64", "py3-none-manylinux_2_36_x86_64"):
        write_wheel(wheels, "delta", tag=tag)
    write_wheel(wheels, "delta", tag="py3-none-win_amd64")
    project.change("['alpha']", "['delta']")
    project.must("lock")
    assert [p.file for p in project.locked().pip] == ["delta-1.0-py3-none-manylinux_2_17_x86_64.whl"]
    project.manifest.write_text(f'{project.manifest.read_text()}\n[platform.linux-64]\nglibc = "2.36"\n')
    project.must("lock")
    assert [p.file for p in project.locked().pip] == ["delta-1.0-py3-none-manylinux_2_36_x86_64.whl"]


def test_a_lock_that_fails_leaves_the_old_one(project: Project) -> None:
    before = identity(project.lockfile)
    project.change("['alpha']", "['alpha>5']")
    assert project.call("lock").code == 2
    assert identity(project.lockfile) == before


def test_without_git(tmp_path: Path, index: IndexServer, project: Project) -> None:
    manifest = manifest_text(pip=["alpha"], index=index.url)
    other = new_project(tmp_path / "other", manifest, cache=tmp_path / "cache", git=False)
    other.must("lock")
    assert other.lockfile.read_bytes() == project.lockfile.read_bytes()


CONDA = (
    CondaPackage(name="tool", depends=("lib",)),
    CondaPackage(name="more", depends=("lib",)),
    CondaPackage(name="lib"),
)


@pytest.fixture
def conda_project(tmp_path: Path) -> Project:
    """Wants tool from a channel of its own, and is locked."""
    manifest = manifest_text(conda=["tool"], channels=["./channel"])
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    write_channel(project.folder / "channel", (PYTHON, *CONDA))
    project.must("lock")
    newer = [CondaPackage(name="tool", version="2.0", depends=("lib",)), CondaPackage(name="lib", version="2.0")]
    write_channel(project.folder / "channel", newer)
    return project


@pytest.mark.parametrize(
    ("change", "arguments", "expected"),
    [
        ('["tool"]', [], {"lib": "1.0", "tool": "1.0"}),
        ('["more", "tool"]', [], {"lib": "1.0", "more": "1.0", "tool": "1.0"}),
        ('["tool"]', ["-P", "lib"], {"lib": "2.0", "tool": "1.0"}),
        ('["tool"]', ["--upgrade"], {"lib": "2.0", "tool": "2.0"}),
        ('["tool >=2"]', [], {"lib": "1.0", "tool": "2.0"}),
    ],
)
def test_conda_pins_move_likewise(
    conda_project: Project, change: str, arguments: list[str], expected: Mapping[str, str]
) -> None:
    conda_project.change("['tool']", change)
    conda_project.must("lock", *arguments)
    assert conda_project.versions() == {**expected, "python": PYTHON.version}
    conda_project.must("check")


def test_a_channel_by_path_is_locked_by_that_path(conda_project: Project) -> None:
    assert {package.channel for package in conda_project.locked().conda} == {"./channel"}
    assert str(conda_project.folder) not in conda_project.lockfile.read_text()
