"""What is built in a container is of strangers: it gets no further than that, whatever it says, asks for or makes."""

from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.base_image import MINOR
from tests.support.docker_engine import Engine
from tests.support.engine_traces import left
from tests.support.projects import Project, new_project
from tests.support.tiny_sources import write_project, write_sdist

pytestmark = pytest.mark.usefixtures("base_in_engine")
MANIFEST = """\
name = "small"
python = "{minor}"
[pip]
dependencies = ["own @ ./own"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[image]
base = "oci:base"
"""


@pytest.fixture
def project(tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers) -> Project:
    """Its package `own` is to be built; `evil` is an sdist of its index, which notes where it is run."""
    evil = write_project(tmp_path / "sources" / "evil", "evil", ran=tmp_path / "ran")
    write_sdist(tmp_path / "wheels", evil, "evil")
    manifest = MANIFEST.format(minor=MINOR, index=index_server(tmp_path / "wheels").url)
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache", base=base_image)
    write_project(project.folder / "own", "own", static=True)
    return project.given(DOCKER_HOST=docker_engine.url, ENVLOCK_DOCKER_NETWORK="none")


def refused(project: Project, engine: Engine) -> str:
    project.must("lock")
    result = project.call("--quiet", "build")
    assert result.code == 3, result
    assert left(engine, but=("-docker",)) == []
    return result.stderr


@pytest.mark.parametrize("kind", ["evil", "evil @ {url}"])
def test_what_building_asks_for_is_not_run_on_this_machine(
    project: Project, docker_engine: Engine, tmp_path: Path, kind: str
) -> None:
    url = (tmp_path / "sources" / "evil").as_uri()
    write_project(project.folder / "own", "own", static=True, build_requires=[kind.format(url=url)])
    assert "building asks for" in refused(project, docker_engine)
    assert not (tmp_path / "ran").exists()


def test_lines_that_are_not_what_they_look_like(project: Project, docker_engine: Engine) -> None:
    """Anything may be said there: what pip says of packages that it lacks, and a line without end."""
    words = ("--index-url=http://evil.test/", "-r /etc/passwd", "\x1b[0m")
    said = [f"print({f'ERROR: No matching distribution found for {word}'!r})" for word in words]
    said += ["import sys", "for _ in range(40):", "    sys.stdout.write('x' * 10_000)", "raise SystemExit(1)"]
    (project.folder / "own" / "backend.py").write_text("\n".join(said))
    told = refused(project, docker_engine)
    assert told.startswith("error: `own` could not be built\n")
    assert 60_000 < max(map(len, told.splitlines())) < 120_000


def test_a_wheel_of_a_strange_name(project: Project, docker_engine: Engine) -> None:
    backend = project.folder / "own" / "backend.py"
    backend.write_text(backend.read_text().replace("-py3-none-any.whl", "-py3-none-a\\nb\\x1b[31m.whl"))
    said = refused(project, docker_engine)
    assert "building `own` gave 'own-1.0-py3-none-a\\nb\\x1b[31m.whl', which is no name of a wheel" in said
