"""What is no wheel, installed on this machine: built once, kept, and refused where an image is made. Editable ones."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.index_server import IndexServer
from tests.support.projects import MINOR, Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_sources import write_project, write_sdist
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    write_wheel(tmp_path / "wheels", "beta", "1.0")
    old = write_project(tmp_path / "sources" / "old", "old", requires=["beta"], ran=tmp_path / "ran")
    write_sdist(tmp_path / "wheels", old, "old")
    return index_server(tmp_path / "wheels")


def new(tmp_path: Path, index: IndexServer, *pip: str, before: str = "") -> Project:
    manifest = manifest_text(pip=[*pip], index=index.url).replace("[pip]\n", f"[pip]\n{before}")
    return new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")


def versions(project: Project, *modules: str) -> str:
    asked = "; ".join(f"import {m}; print({m}.__version__)" for m in modules)
    return project.must("run", "python", "-c", asked)


def test_what_is_built_is_installed_and_built_once(tmp_path: Path, index: IndexServer) -> None:
    project = new(tmp_path, index, "old", "own @ ./own")
    write_project(project.folder / "own", "own", "2.5", ran=tmp_path / "own-ran")
    project.must("lock")
    (tmp_path / "ran").unlink()
    assert versions(project, "old", "own", "beta") == "1.0\n2.5\n1.0\n"
    # the wheel that the lock was read from is the one that is installed
    assert not (tmp_path / "ran").exists()
    shutil.rmtree(project.cache / "prefixes")
    assert project.call("--offline", "run", "python", "-c", "import old, own").code == 0
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_changed_is_stale(tmp_path: Path, index: IndexServer) -> None:
    project = new(tmp_path, index, "own @ ./own")
    source = write_project(project.folder / "own", "own", "2.5")
    project.must("lock")
    assert versions(project, "own") == "2.5\n"
    write_project(source, "own", "2.6")
    assert project.call("install").code == 1
    project.must("lock")
    assert versions(project, "own") == "2.6\n"


def test_no_image_is_built_of_what_is_no_wheel(tmp_path: Path, index: IndexServer) -> None:
    project = new(tmp_path, index, "old", "beta")
    project.must("lock")
    refused = project.call("build", "--engine", "embedded")
    assert refused.code == 2
    assert "no wheel is locked of `old`, and making one runs its code" in refused.stderr
    assert "`old @ ./wheels/old-….whl`" in refused.stderr


def test_an_editable_project_is_found_where_it_is(tmp_path: Path, index: IndexServer) -> None:
    project = new(tmp_path, index, "beta", before='editable = ["./mine"]\n')
    source = write_project(project.folder / "mine", "mine", "1.0", requires=["beta"], static=True)
    project.must("lock")
    assert versions(project, "mine", "beta") == "1.0\n1.0\n"
    (source / "mine.py").write_text('__version__ = "edited"\n')
    assert versions(project, "mine") == "edited\n"
    listed = project.must("run", "python", "-c", "from importlib.metadata import version; print(version('mine'))")
    assert listed == "1.0\n"
    # how it is installed is part of what the prefix is known by
    write_project(source, "mine", "1.1", requires=["beta"], static=True)
    listed = project.must("run", "python", "-c", "from importlib.metadata import version; print(version('mine'))")
    assert listed == "1.1\n"
    assert not any(p.name == "mine" for p in project.locked().packages)


def test_what_building_asks_for_is_bound_to_its_index_too(tmp_path: Path, index_server: IndexServers) -> None:
    """When a wheel is made of a folder, and when a project is installed editable."""
    ran, luring = tmp_path / "ran", tmp_path / "public"
    write_wheel(luring, "acme-build", "99.0", files={"acme_build.py": f"open({str(ran)!r}, 'w').close()\n"})
    write_wheel(luring, "beta", "1.0")
    public, ours = index_server(luring), index_server(tmp_path / "internal")
    bound = f'[[pip.indexes]]\nname = "internal"\nurl = "{ours.url}"\npackages = ["acme-*"]\n'
    manifest = manifest_text(pip=["beta", "own @ ./own"], index=public.url, more=bound)
    manifest = manifest.replace("[pip]\n", '[pip]\neditable = ["./mine"]\n')
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    for name in ("own", "mine"):
        source = write_project(project.folder / name, name, static=True, build_requires=["acme-build"])
        (source / "backend.py").write_text(f"import acme_build\n{(source / 'backend.py').read_text()}")
    project.must("lock")
    refused = project.call("install")
    assert refused.code == 2
    assert "`acme-build` comes from index `internal` alone" in refused.stderr
    write_wheel(tmp_path / "internal", "acme-build", "1.0")
    assert versions(project, "own", "mine") == "1.0\n1.0\n"
    assert not ran.exists()


def test_with_a_python_of_conda(tmp_path: Path, index: IndexServer) -> None:
    """Which builds, too: it is in the prefix before the wheels are."""
    channel = write_channel(tmp_path / "channel", [PYTHON])
    manifest = manifest_text(conda=["python"], channels=[channel.as_uri()], pip=["own @ ./own", "old"], index=index.url)
    manifest = manifest.replace("[pip]\n", '[pip]\neditable = ["./mine"]\n')
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    write_project(project.folder / "own", "own", "2.5")
    write_project(project.folder / "mine", "mine", "3.5", static=True)
    project.must("lock")
    prefix = Path(project.must("install").strip())
    site = prefix / "lib" / f"python{MINOR}" / "site-packages"
    assert {path.name for path in site.glob("*.dist-info")} >= {
        "beta-1.0.dist-info",
        "mine-3.5.dist-info",
        "old-1.0.dist-info",
        "own-2.5.dist-info",
    }
    assert (site / "_mine.pth").read_text().strip() == str(project.folder / "mine")
