"""What tests share: real channels, indexes, registries, images and engines, made when first asked for."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from envlock.system.process import without_git_variables
from tests.support import base_image as base_images
from tests.support import conda_channel as channels
from tests.support import wheels
from tests.support.cache import AMBIENT, cache_folder
from tests.support.ci_scene import World, world
from tests.support.debian_archive import Archive, archive
from tests.support.debian_servers import serve_mirror
from tests.support.docker_engine import Engine, running_engine
from tests.support.engine_traces import keep_layers, note_what_is_there
from tests.support.http_server import FileServer, serve_folder
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.registry import Registry, running_registry
from tests.support.registry_proxy import RegistryProxy, running_proxy

IndexServers = Callable[..., IndexServer]

# a run must not depend on how this machine is configured, except for how it reaches the network
FORGOTTEN = ("UV_", "PIP_", "CONDA_", "MAMBA_", "RATTLER_", "DOCKER_", "REGISTRY_", "ENVLOCK_", "GIT_")
KEPT = ("ENVLOCK_TEST_CACHE",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run tests marked `full`: whole matrices")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: a whole matrix, run by `--full` only")
    # programs that tests start would compile all that they import, each time
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # started by nohup we ignore hang-ups, and so would all that tests start: with a function of ours they do not
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    full = [item for item in items if item.get_closest_marker("full")]
    items[:] = [item for item in items if item not in full]
    config.hook.pytest_deselected(items=full)


@pytest.fixture(scope="session", autouse=True)
def isolated_git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Settings of git of its own for each run: fixtures of modules, which come before a test has its home, neither read
    nor write those of the person who runs it."""
    settings = tmp_path_factory.mktemp("git") / "config"
    settings.write_text("[user]\n\tname = Kim\n\temail = kim@acme.test\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - without_git_variables().keys():
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        patch.setitem(AMBIENT, "GIT_CONFIG_GLOBAL", str(settings))
        yield settings


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test, and no settings of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    for name in os.environ:
        if name.startswith(FORGOTTEN) and name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / f".{kind.lower()}"))
    for name in ("XDG_RUNTIME_DIR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENVLOCK_CACHE_DIR", str(home / "envlock-cache"))
    for name in ("NO_PROXY", "no_proxy"):
        outside = os.environ.get(name)
        monkeypatch.setenv(name, ",".join(filter(None, (outside, "127.0.0.1", "localhost"))))
    return home


@pytest.fixture(scope="session")
def shared_cache() -> Path:
    """A folder that outlives the run, for tests that say so: set ENVLOCK_CACHE_DIR to it."""
    folder = cache_folder() / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def real_wheels() -> Path:
    """A folder of real wheels, shared by all tests: copy what is to be changed."""
    return wheels.folder()


@pytest.fixture(scope="session")
def conda_channel() -> Path:
    """A channel folder of real packages, shared by all tests: copy what is to be changed."""
    return channels.real_channel()


@pytest.fixture
def conda_channel_http(conda_channel: Path) -> Iterator[FileServer]:
    """The same channel over HTTP, to be tampered with by `overrides`."""
    with serve_folder(conda_channel) as server:
        yield server


@pytest.fixture
def index_server() -> Iterator[IndexServers]:
    """A function that starts an index over folders: `index_server(FOLDER…, yanked={}, uploaded={}, beside=True)`; with
    `times=False` it tells no times."""
    with ExitStack() as running:

        def start(*folders: Path, **changes: Any) -> IndexServer:
            return running.enter_context(serve_index(WheelFolders(folders, **changes)))

        yield start


@pytest.fixture(scope="session")
def debian_archive() -> Archive:
    """An archive of Debian's own packages, shared by all tests: `copied` is for what is to be changed."""
    return archive()


@pytest.fixture
def debian_mirror(debian_archive: Archive) -> Iterator[FileServer]:
    """The same archive over HTTP: its `URL/debian` is a mirror's address."""
    with serve_mirror(debian_archive) as server:
        yield server


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(registry: Registry) -> Iterator[RegistryProxy]:
    """Stands before the registry and counts what is asked and sent, until it is reset."""
    with running_proxy(registry.host) as running:
        yield running


@pytest.fixture(scope="session")
def ci_world(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[World]:
    """What the scenes of continuous integration share: locks of tiny wheels, their index, and the registry."""
    with world(tmp_path_factory.mktemp("world"), registry) as made:
        yield made


@pytest.fixture(scope="session")
def base_image() -> Path:
    """An OCI layout of Debian with Python, tagged `base`, shared by all tests: copy what is to be changed."""
    return base_images.base_layout()


@pytest.fixture(scope="session")
def base_reference(base_image: Path, registry: Registry) -> str:
    """The base image in the registry: HOST:PORT/base:latest."""
    return base_images.push(base_image, registry, "base:latest")


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    with running_engine() as engine:
        yield engine


@pytest.fixture(autouse=True)
def what_others_left(request: pytest.FixtureRequest) -> None:
    """One engine serves all tests, each of which is asked only for what it has left there itself."""
    if "docker_engine" in request.fixturenames:
        note_what_is_there(request.getfixturevalue("docker_engine"))


@pytest.fixture(scope="session")
def base_in_engine(docker_engine: Engine, base_image: Path) -> None:
    """The engine has pulled the base before, so to speak: else every build would have it unpack that anew."""
    keep_layers(docker_engine, base_image)
