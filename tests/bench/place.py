"""Where everything is measured: a folder of its own, the environments, an index and a Docker engine when asked for."""

import os
import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from tests.bench.buildah import Buildah
from tests.bench.environments import Environment
from tests.bench.peers import Peers
from tests.bench.synthetic import write_wheels
from tests.conftest import FORGOTTEN
from tests.support import base_image, conda_channel, wheels
from tests.support.debian_archive import archive
from tests.support.debian_projects import debian_manifest, debian_project
from tests.support.docker_engine import running_engine
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import new_project
from tests.support.registry import Registry, running_registry

PACKAGES = ("numpy", "pandas", "scikit-learn", "flask", "lightgbm")
FROM_CONDA = ("numpy", "pandas")
SMALL = ("flask",)
FROM_DEBIAN = ("bash", "ca-certificates", "coreutils", "curl", "git", "libgomp1", "python3", "tzdata", "usr-is-merged")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"

FROM_PYPI = """name = "reference"
python = "{python}"
[pip]
dependencies = {packages}
[image]
base = "oci:base"
"""
FROM_PYPI_ALONE = """name = "set"
python = "{python}"
[pip]
dependencies = {packages}
[image]
base = "scratch"
"""
FROM_BOTH = """name = "mixed"
[conda]
channels = ["{channel}"]
dependencies = {conda}
[pip]
dependencies = {packages}
[image]
base = "oci:base"
"""
FROM_INDEX = """name = "local"
python = "{python}"
[pip]
dependencies = {packages}
[[pip.indexes]]
name = "local"
url = "{url}"
default = true
[image]
base = "scratch"
"""


class Place:
    """`small` stands in for the reference environment where only the harness is tried: nothing of it is downloaded."""

    def __init__(self, folder: Path, stack: ExitStack, *, small: bool) -> None:
        self.folder, self.small = folder, small
        self._stack = stack

    @cached_property
    def reference(self) -> Environment:
        if self.small:
            return self.from_index("reference", wheels.folder(), SMALL)
        manifest = FROM_PYPI.format(python=base_image.MINOR, packages=list(PACKAGES))
        return self._environment("reference", manifest, base_image.base_layout())

    @cached_property
    def mixed(self) -> Environment:
        """conda packages from a folder, and on top of them packages of PyPI."""
        channel = conda_channel.real_channel().as_uri()
        pip = [name for name in PACKAGES if name not in FROM_CONDA]
        manifest = FROM_BOTH.format(channel=channel, conda=["python", *FROM_CONDA], packages=pip)
        return self._environment("mixed", manifest, base_image.base_layout())

    @cached_property
    def debian(self) -> Environment:
        """Python and what is usual beside it, from the archive of the tests."""
        manifest = debian_manifest(archive(), FROM_DEBIAN)
        cache = self.folder / "debian-cache"
        environment = Environment(debian_project(self.folder / "debian", archive(), manifest, cache=cache))
        environment.only_downloads()
        return environment

    @cached_property
    def synthetic(self) -> Environment:
        """2 GiB in 8 wheels."""
        folder = self.folder / "synthetic-wheels"
        return self.from_index("synthetic", folder, write_wheels(folder, count=8, mebibytes=256))

    @cached_property
    def peers(self) -> Peers:
        """A Docker engine, ready to install what the reference environment has locked."""
        engine = self._stack.enter_context(running_engine())
        environment = self.reference
        packages = environment.made.cache / "packages"
        folders = tuple(packages / package.sha256 for package in environment.locked.packages)
        index = self._stack.enter_context(serve_index(WheelFolders(folders)))
        return Peers(self.folder / "peers", engine, environment.locked, index.url)

    @cached_property
    def buildah(self) -> Buildah:
        return Buildah(self.folder / "buildah", self.peers)

    @cached_property
    def registry(self) -> Registry:
        """A registry on loopback, with nothing in it."""
        (self.folder / "registry").mkdir()
        return self._stack.enter_context(running_registry(self.folder / "registry"))

    def requirement_set(self, name: str, packages: tuple[str, ...]) -> Environment:
        """Packages of PyPI upon nothing, of which none is downloaded."""
        if self.small:
            return self.from_index(f"set-{name}", wheels.folder(), SMALL)
        manifest = FROM_PYPI_ALONE.format(python=RUNNING, packages=list(packages))
        cache = self.folder / f"set-{name}-cache"
        return Environment(new_project(self.folder / f"set-{name}", manifest, cache=cache))

    def facts(self) -> dict[str, object]:
        """What was measured, as far as it was made."""
        environments = [made for made in vars(self).values() if isinstance(made, Environment)]
        made = {"environments": {each.made.folder.name: each.facts() for each in environments}}
        others = {"peers": "engine", "buildah": "buildah"}
        return made | {word: getattr(self, name).facts() for name, word in others.items() if name in vars(self)}

    def from_index(self, name: str, folder: Path, packages: tuple[str, ...], cache: Path | None = None) -> Environment:
        """Packages of a folder of wheels, upon nothing."""
        index = self._stack.enter_context(serve_index(WheelFolders((folder,))))
        return self._environment(
            name, FROM_INDEX.format(python=RUNNING, packages=list(packages), url=index.url), None, cache
        )

    def _environment(self, name: str, manifest: str, base: Path | None, cache: Path | None = None) -> Environment:
        cache = cache or self.folder / f"{name}-cache"
        environment = Environment(new_project(self.folder / name, manifest, cache=cache, base=base))
        environment.only_downloads()
        return environment


def settle(folder: Path) -> None:
    """Makes this process's environment one without a person's settings, with a home of its own."""
    for name in [name for name in os.environ if name.startswith(FORGOTTEN)]:
        del os.environ[name]
    kinds = {f"XDG_{kind}_HOME": str(folder / "home" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    os.environ.update({"HOME": str(folder / "home"), **kinds})
    (folder / "home").mkdir()
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))
