"""What conda provides is what pip builds on: never locked twice, and named where the two do not agree."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.index_server import IndexServer
from tests.support.projects import MINOR, Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel


def with_distribution(name: str, distribution: str, version: str, folder: str = "dist-info") -> CondaPackage:
    """A conda package of that distribution; the two may be named differently."""
    file = {"dist-info": "METADATA", "egg-info": "PKG-INFO"}[folder]
    path = f"lib/python{MINOR}/site-packages/{distribution}-{version}.{folder}/{file}"
    files = {path: f"Name: {distribution}\nVersion: {version}\n".encode()}
    return CondaPackage(name=name, version="7.0", depends=("python",), files=files)


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    wheels = tmp_path / "wheels"
    for version in ("1.5", "2.0"):
        write_wheel(wheels, "lib.core", version)
    write_wheel(wheels, "app", requires=["Lib_Core"])
    write_wheel(wheels, "modern", requires=["lib-core >=2"])
    write_wheel(wheels, "extra", requires=["lib-core[fast]"])
    write_wheel(wheels, "compiled", tag=f"cp{MINOR.replace('.', '')}-cp{MINOR.replace('.', '')}-linux_x86_64")
    return index_server(wheels)


@pytest.fixture
def project(tmp_path: Path, index: IndexServer) -> Project:
    """With a channel of packages whose names say little about the distributions inside."""
    project = new_project(tmp_path / "small", "", cache=tmp_path / "cache")
    packages = (
        with_distribution("lib-conda", "Lib_Core", "1.5"),
        with_distribution("old", "lib.core", "1.2", "egg-info"),
        with_distribution("odd", "lib_core", "2021a_fixed"),
    )
    write_channel(project.folder / "channel", (PYTHON, *packages))
    return project


def want(project: Project, index: IndexServer, *, conda: Sequence[str], pip: Sequence[str]) -> None:
    text = manifest_text(conda=["python", *conda], channels=["./channel"], pip=pip, index=index.url)
    project.manifest.write_text(text)


def test_what_conda_provides_is_not_locked_twice(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["lib-conda"], pip=["app", "LIB-core"])
    project.must("lock")
    assert project.versions() == {"python": PYTHON.version, "lib-conda": "7.0", "app": "1.0"}
    assert [p.provides for p in project.locked().conda if p.name == "lib-conda"] == [("lib-core==1.5",)]
    project.must("check")


def test_distributions_of_the_older_kind_count_too(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["old"], pip=["app"])
    project.must("lock")
    assert [p.provides for p in project.locked().conda if p.name == "old"] == [("lib-core==1.2",)]
    assert "lib-core" not in project.versions()


def test_a_version_that_is_not_of_pythons_kind_holds_against_nothing(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["odd"], pip=["modern"])
    project.must("lock")
    assert project.versions() == {"python": PYTHON.version, "odd": "7.0", "modern": "1.0"}
    project.must("check")


def test_without_conda_the_same_comes_from_the_index(project: Project, index: IndexServer) -> None:
    want(project, index, conda=[], pip=["app"])
    project.must("lock")
    assert project.versions() == {"python": PYTHON.version, "app": "1.0", "lib-core": "2.0"}


def test_moving_a_package_to_conda_takes_it_out_of_pip(project: Project, index: IndexServer) -> None:
    want(project, index, conda=[], pip=["app"])
    project.must("lock")
    want(project, index, conda=["lib-conda"], pip=["app"])
    assert project.call("check").code == 1
    project.must("lock")
    assert project.versions() == {"python": PYTHON.version, "lib-conda": "7.0", "app": "1.0"}


def test_a_conflict_names_both_sides(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["lib-conda"], pip=["modern"])
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    first, *explained, conda_side, hint = result.stderr.splitlines()
    assert (first, conda_side, hint) == (
        "error: what [pip] asks for cannot be had on linux-64",
        "  `lib-core` 1.5 comes from [conda]",
        "hint: loosen one of the requirements named above",
    )
    assert "modern depend on lib-core>=2" in "\n".join(explained)  # in uv's own words
    assert not project.lockfile.exists()


def test_extras_of_what_conda_provides_are_taken_as_there(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["lib-conda"], pip=["extra"])
    project.must("lock")
    assert project.versions() == {"python": PYTHON.version, "lib-conda": "7.0", "extra": "1.0"}
    project.must("check")


def test_the_python_that_conda_brings_decides_which_wheels_fit(project: Project, index: IndexServer) -> None:
    want(project, index, conda=[], pip=["compiled"])
    project.must("lock")
    assert project.locked().python == PYTHON.version
    assert project.versions() == {"python": PYTHON.version, "compiled": "1.0"}


def test_python_is_asked_of_conda_where_conda_is_asked_at_all(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["lib-conda"], pip=["app"])
    project.change(f'python = "{MINOR}"', 'python = "3.8"')
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: what [conda] asks for cannot be had on linux-64 from `./channel`\n"
        "  Cannot solve the request because of: No candidates were found for python 3.8.*.\n"
        "hint: loosen one of the requirements named above, or add a channel\n"
    )
