"""Images of what is no wheel: built in a container of the base by real engines, with nothing left of it there."""

import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.conftest import IndexServers
from tests.support.base_image import MINOR
from tests.support.canary import Canaries
from tests.support.containers import started
from tests.support.docker_engine import Engine
from tests.support.engine_traces import KEPT, left, texts
from tests.support.guarded import basic, saying
from tests.support.http_server import serve
from tests.support.index_server import WheelFolders
from tests.support.podman import running_podman
from tests.support.processes import run
from tests.support.projects import Project, new_project
from tests.support.repository import History
from tests.support.services import require
from tests.support.tiny_project import sha256
from tests.support.tiny_sources import write_project, write_sdist
from tests.support.tiny_wheels import write_wheel

pytestmark = pytest.mark.usefixtures("base_in_engine")
NO_NETWORK = {"ENVLOCK_DOCKER_NETWORK": "none"}
MANIFEST = 'name = "small"\npython = "{minor}"\n[pip]\ndependencies = {pip}\n{indexes}[image]\nbase = "oci:base"\n'


def new(tmp_path: Path, base: Path, *pip: str, index: str, more: str = "") -> Project:
    indexes = f'[[pip.indexes]]\nname = "ours"\nurl = "{index}"\ndefault = true\n{more}'
    manifest = MANIFEST.format(minor=MINOR, pip=[*pip], indexes=indexes)
    return new_project(tmp_path / "small", manifest, cache=tmp_path / "cache", base=base)


def with_needs(folder: Path, name: str, needs: str) -> Path:
    """A project whose backend cannot do without what it asks for while it is built."""
    source = write_project(folder, name, static=True, build_requires=[needs])
    module = needs.replace("-", "_")
    (source / "backend.py").write_text(f"import {module}\n{(source / 'backend.py').read_text()}")
    return source


@pytest.fixture(scope="module")
def podman() -> Iterator[Engine]:
    with running_podman() as engine:
        yield engine


def test_sdists_folders_and_commits_of_git(
    tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers
) -> None:
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "beta")
    write_wheel(wheels, "build-tool")
    write_sdist(wheels, write_project(tmp_path / "sources" / "old", "old", requires=["beta"]), "old")
    upstream = write_project(tmp_path / "upstream", "from-git", "3.0", static=True)
    history = History(upstream)
    history.git("init", "--quiet")
    commit = history.commit()
    index = index_server(wheels)
    project = new(tmp_path, base_image, "old", "own @ ./own", f"from-git @ git+file://{upstream}", index=index.url)
    with_needs(project.folder / "own", "own", "build-tool")
    project = project.given(DOCKER_HOST=docker_engine.url, **NO_NETWORK)
    project.must("lock")
    assert {p.commit for p in project.locked().pip} == {None, commit}

    result = project.call("build", "--output", tmp_path / "layout", "--load")
    assert result.code == 0, result
    assert "made by the docker engine, for `from-git`, `old`, `own`" in result.stderr
    name = next(line for line in result.stderr.splitlines() if line.startswith("small:"))
    assert name.endswith("-docker")
    # whatever Python has run: the base's, without network, as anybody, on a read-only root
    asked = "import beta, old, own, from_git; print(*(m.__version__ for m in (beta, old, own, from_git)))"
    assert started(docker_engine, name, "python", "-c", asked) == "1.0 1.0 1.0 3.0\n"
    layout = Layout(tmp_path / "layout")
    (entry,) = layout.manifests()
    assert problems(layout, entry.descriptor) == ()
    annotations = json.loads(layout.read(entry.descriptor))["annotations"]
    assert annotations["dev.envlock.reproducible"] == "false"
    assert left(docker_engine, but=("-docker",)) == []

    # what was built is kept, whatever else the image is made of
    project.change("[image]\n", '[image]\nworkdir = "/tmp"\n')
    project.must("lock")
    again = project.given(DOCKER_HOST="unix:///nowhere").call("build")
    assert (again.code, "cached" in again.stderr) == (0, True), again


def test_with_podman(tmp_path: Path, base_image: Path, podman: Engine, index_server: IndexServers) -> None:
    write_wheel(tmp_path / "wheels", "build-tool")
    index = index_server(tmp_path / "wheels")
    project = new(tmp_path, base_image, "own @ ./own", index=index.url)
    source = with_needs(project.folder / "own", "own", "build-tool")
    canaries = Canaries()
    proxy = f"http://kim:{canaries.secret('proxy')}@proxy.test:1"
    expected = hashlib.sha256(proxy.encode()).hexdigest()
    told = "import os, hashlib\nproxy = hashlib.sha256(os.environ['HTTP_PROXY'].encode())\n"
    told += f"assert proxy.hexdigest() == '{expected}'\n"
    (source / "backend.py").write_text(f"{told}{(source / 'backend.py').read_text()}")
    project = project.given(DOCKER_HOST=podman.url, **NO_NETWORK)
    project.must("lock")
    result = project.given(HTTP_PROXY=proxy, NO_PROXY="127.0.0.1,localhost").call("build")
    assert result.code == 0, result
    assert "starting a container (Podman " in result.stderr
    assert left(podman) == []
    # it notes in its database what a container was told in variables
    assert canaries.traces(podman.data / "libpod") == []


def test_a_build_that_fails_says_its_last_words_and_leaves_nothing(
    tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers
) -> None:
    (tmp_path / "wheels").mkdir()
    project = new(tmp_path, base_image, "own @ ./own", index=index_server(tmp_path / "wheels").url)
    source = write_project(project.folder / "own", "own", static=True)
    (source / "backend.py").write_text("raise SystemExit('no compiler \\x1b[31mhere')\n")
    project = project.given(DOCKER_HOST=docker_engine.url, **NO_NETWORK)
    project.must("lock")
    result = project.call("--quiet", "build")
    assert result.code == 3
    assert result.stderr.startswith("error: `own` could not be built\n")
    assert "no compiler \\u001b[31mhere" in result.stderr
    assert left(docker_engine, but=("-docker",)) == []


def test_what_building_asks_for_is_not_to_be_had(
    tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers
) -> None:
    (tmp_path / "wheels").mkdir()
    project = new(tmp_path, base_image, "own @ ./own", index=index_server(tmp_path / "wheels").url)
    with_needs(project.folder / "own", "own", "missing-tool")
    project = project.given(DOCKER_HOST=docker_engine.url, **NO_NETWORK)
    project.must("lock")
    result = project.call("--quiet", "build")
    assert result.code != 0
    assert "missing-tool" in result.stderr


def test_secrets_and_certificates_reach_what_runs_and_stay_nowhere(
    tmp_path: Path, base_image: Path, docker_engine: Engine
) -> None:
    canaries = Canaries()
    password = canaries.secret("index")
    certificate = tmp_path / "secret" / "ca.pem"
    certificate.parent.mkdir()
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=ca.test", "-days", "2")
    run((require("openssl", "openssl"), "req", "-x509", *key, "-out", certificate))
    lines = certificate.read_bytes().splitlines()[1:-1]

    write_wheel(tmp_path / "wheels", "build-tool")
    with serve(saying(basic("kim", password))(WheelFolders((tmp_path / "wheels",)).page)) as server:
        project = new(tmp_path, base_image, "own @ ./own", index=f"{server.url}/simple/")
        source = with_needs(project.folder / "own", "own", "build-tool")
        believed = "import os, hashlib\nbelieved = open(os.environ['SSL_CERT_FILE'], 'rb').read()\n"
        believed += f"assert hashlib.sha256(believed).hexdigest() == '{sha256(certificate)}'\n"
        (source / "backend.py").write_text(f"{believed}{(source / 'backend.py').read_text()}")
        login = {"ENVLOCK_INDEX_OURS_USERNAME": "kim", "ENVLOCK_INDEX_OURS_PASSWORD": password}
        project = project.given(DOCKER_HOST=docker_engine.url, ENVLOCK_DOCKER_NETWORK="host", **login)
        project.must("lock")
        began = time.time()
        result = project.given(SSL_CERT_FILE=str(certificate)).call("build", "--output", tmp_path / "layout", "--load")
    assert result.code == 0, result
    found = list(texts(Layout(tmp_path / "layout")))
    assert [name for name, text in found if canaries.found(text) or any(line in text for line in lines)] == []
    assert canaries.traces(tmp_path / "small", tmp_path / "cache", tmp_path / "layout") == []
    # what the engine itself noted: of its containers, of what was run in them, and on its disk
    events = docker_engine.client.events(since=int(began), until=int(time.time()) + 1, decode=True)
    told = json.dumps([*events]).encode()
    assert b"exec_create" in told
    kept = [told, *(path.read_bytes() for path in docker_engine.data.rglob("*") if path.is_file())]
    assert [canaries.found(text) for text in kept if canaries.found(text) or any(line in text for line in lines)] == []
    assert left(docker_engine, but=("-docker",)) == []


def test_after_a_kill_the_next_build_takes_away_what_was_left(
    tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers
) -> None:
    (tmp_path / "wheels").mkdir()
    project = new(tmp_path, base_image, "own @ ./own", index=index_server(tmp_path / "wheels").url)
    source = write_project(project.folder / "own", "own", static=True)
    working = (source / "backend.py").read_text()
    (source / "backend.py").write_text("print('at work', flush=True)\nimport signal\nsignal.pause()\n")
    project = project.given(DOCKER_HOST=docker_engine.url, **NO_NETWORK)
    project.must("lock")

    def until_it_works(number: int) -> int:
        """Ends a build by a signal once its container runs the backend; its exit code."""
        words = [*project.command, "build"]
        variables = project.environment()
        with subprocess.Popen(words, cwd=project.folder, env=variables, stderr=subprocess.PIPE, text=True) as child:
            assert child.stderr
            for line in child.stderr:
                if "Getting requirements to build wheel" in line:
                    child.send_signal(number)
                    break
            child.stderr.read()
        return child.returncode

    assert until_it_works(signal.SIGINT) == 130
    assert left(docker_engine, but=("-docker",)) == []
    assert until_it_works(signal.SIGKILL) == -signal.SIGKILL
    assert left(docker_engine, but=("-docker",)) != []
    (source / "backend.py").write_text(working)
    project.must("lock")
    project.must("build")
    assert left(docker_engine, but=("-docker",)) == []


@pytest.mark.full
def test_wheels_are_built_anew_upon_another_base(
    tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers
) -> None:
    """Of the same Dockerfile: what it stands upon has moved."""
    (tmp_path / "wheels").mkdir()
    project = new(tmp_path, base_image, "own @ ./own", index=index_server(tmp_path / "wheels").url)
    write_project(project.folder / "own", "own", static=True)
    project.change('base = "oci:base"', 'dockerfile = "docker/Dockerfile"')
    (project.folder / "docker").mkdir()
    (project.folder / "docker" / "Dockerfile").write_text(f"FROM {KEPT}\nCOPY Dockerfile /\n")
    project = project.given(DOCKER_HOST=docker_engine.url, **NO_NETWORK)
    project.must("lock")
    assert "building a wheel of `own`" in project.call("build").stderr
    assert "building a wheel of `own`" not in project.call("build").stderr
    locked = project.lockfile.read_bytes()
    project.must("lock", "-P", "base")
    assert project.lockfile.read_bytes() == locked
    assert "building a wheel of `own`" in project.call("build").stderr
    assert left(docker_engine, but=("-docker",)) == []
