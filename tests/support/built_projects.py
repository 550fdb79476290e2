"""Projects whose images go to a registry: tiny wheels upon a tiny base that the registry has, and what is said."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from envlock.oci.layout import Layout
from tests.support.index_server import WheelFolders, serve_index
from tests.support.processes import run
from tests.support.projects import MINOR, Project, new_project
from tests.support.registry_proxy import RegistryProxy
from tests.support.services import require
from tests.support.tiny_base import write_base
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel

PIECE = 40_000  # bytes of each wheel that do not become fewer
GIT = ("git", "-c", "user.name=kim", "-c", "user.email=kim@example.test")


@dataclass(frozen=True)
class Factory:
    """Makes projects; `proxy` stands before the registry that all of them push to, and counts."""

    root: Path
    index: str
    wheels: Path
    base: str
    proxy: RegistryProxy
    locks: dict[str, str] = field(default_factory=dict)

    def wheel(self, name: str, version: str) -> None:
        data = random.Random(f"{name} {version}").randbytes(PIECE)
        write_wheel(self.wheels, name, version, files={f"{name}.py": f"v = '{version}'\n", f"{name}.bin": data})

    def project(self, name: str, pip: Sequence[str], *, platforms: Sequence[str] = ("linux-64",)) -> Project:
        """A locked and committed environment in a repository of its own."""
        folder = self.root / name
        folder.mkdir()
        made = new_project(folder / name, self.manifest(name, pip, platforms), cache=self.root / f"{name}-cache")
        made = replace(made, variables=NO_PROXY)
        self._lock(made, f"{pip} {platforms}")
        commit(made)
        return made

    def beside(self, project: Project, name: str, pip: Sequence[str]) -> Project:
        """Another environment of the same repository."""
        folder = project.folder / name
        folder.mkdir()
        (folder / "env.toml").write_text(self.manifest(name, pip, ("linux-64",)))
        other = replace(project, folder=folder)
        self._lock(other, f"{pip} {('linux-64',)}")
        return other

    def _lock(self, project: Project, asked: str) -> None:
        """Locks once what is asked for: neither name nor repository stands in a lock."""
        if asked in self.locks:
            project.lockfile.write_text(self.locks[asked])
        else:
            project.must("lock")
            self.locks[asked] = project.lockfile.read_text()

    def manifest(self, name: str, pip: Sequence[str], platforms: Sequence[str]) -> str:
        base = self.base if [*platforms] == ["linux-64"] else "scratch"
        return (
            f'name = "{name}"\npython = "{MINOR}"\nplatforms = {[*platforms]}\n[pip]\ndependencies = {[*pip]}\n'
            f'[[pip.indexes]]\nname = "ours"\nurl = "{self.index}"\ndefault = true\n'
            f'[image]\nbase = "{base}"\nrepository = "{self.proxy.host}/built/{name}"\n'
        )


@contextmanager
def factory(root: Path, proxy: RegistryProxy, names: Sequence[str] = ()) -> Iterator[Factory]:
    """With wheels of these names, each in the versions 1.0 and 2.0."""
    layout = write_base(root / "base", python=f"{MINOR}.4")
    (entry,) = Layout(layout).manifests()
    Layout(layout).write_index([replace(entry, annotations={"org.opencontainers.image.ref.name": "base"})])
    base = f"{proxy.host}/bases/tiny:1"
    command = (require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", "--preserve-digests")
    run((*command, "--dest-tls-verify=false", f"oci:{layout}:base", f"docker://{proxy.upstream}/bases/tiny:1"))
    with serve_index(WheelFolders((root / "wheels",))) as index:
        made = Factory(root, index.url, root / "wheels", base, proxy)
        for name in names:
            made.wheel(name, "1.0")
            made.wheel(name, "2.0")
        yield made


def commit(project: Project) -> None:
    run((*GIT, "-C", project.folder, "add", "--all"))
    run((*GIT, "-C", project.folder, "commit", "--quiet", "--message", "as it is"))


def built(project: Project, *flags: str | Path) -> dict[str, Any]:
    """What `build --json` says."""
    (shown,) = json.loads(project.must("build", "--json", *flags))
    assert isinstance(shown, dict)
    return shown


def came(shown: dict[str, Any], how: str) -> list[str]:
    """The titles of the layers that came so."""
    return [layer["title"] for layer in shown["layers"] if layer["came"] == how]


def with_empty_cache(project: Project, name: str) -> Project:
    """The same on another machine."""
    return replace(project, cache=project.cache.with_name(name))
