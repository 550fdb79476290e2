"""A workspace for programs that use the Python API: a git repository, and tiny packages by the names of real ones."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.oci.layout import Layout
from tests.support import base_image
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage, PackageFile
from tests.support.http_server import serve_folder
from tests.support.index_server import WheelFolders, serve_index
from tests.support.processes import run_here
from tests.support.projects import ENVLOCK
from tests.support.registry import Registry
from tests.support.tiny_base import write_base
from tests.support.tiny_project import NO_PROXY, PLACEHOLDER
from tests.support.tiny_wheels import write_wheel

PYTHON = "3.12.7"
# where images stand in the documentation
DOCUMENTED = "registry.example.test"
_SCRIPT = re.compile(
    r"<!-- script -->\n```(?P<kind>python|bash)\n(?P<code>.*?)```\n(?:```text\n(?P<said>.*?)```\n)?", re.DOTALL
)


_RUNNERS = {"python": (sys.executable, "-c"), "bash": ("bash", "-euc")}


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiWorld:
    """A repository with one commit; `variables` lead to the channel and the index."""

    folder: Path
    cache: Path
    registry: str
    wheels: Path
    channel: Path
    variables: dict[str, str]

    def script(self, text: str, *, kind: str = "python", folder: Path | None = None, **variables: str) -> Said:
        """Runs a program, as a person would who has saved it in the repository."""
        done = subprocess.run(
            (*_RUNNERS[kind], text.replace(DOCUMENTED, self.registry)),
            cwd=folder or self.folder,
            env={**os.environ, "ENVLOCK_CACHE_DIR": str(self.cache), **self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Said(done.returncode, done.stdout.replace(self.registry, DOCUMENTED), done.stderr)

    def must(self, text: str, *, kind: str = "python", folder: Path | None = None, **variables: str) -> str:
        """What a program prints that has to succeed."""
        said = self.script(text, kind=kind, folder=folder, **variables)
        assert said.code == 0, said.stderr
        return said.stdout

    def git(self, *words: str) -> str:
        return run_here("git", "-C", self.folder, *words).strip()


@contextmanager
def api_world(root: Path, registry: Registry) -> Iterator[ApiWorld]:
    """A world below `root`; the base is `base:1` in the registry."""
    wheels, channel, folder = root / "wheels", root / "channel", root / "work"
    _write_packages(channel)
    for name, version, requires in (
        ("flask", "3.1.0", ["werkzeug"]),
        ("werkzeug", "3.1.3", []),
        ("rich", "14.0.0", []),
    ):
        write_wheel(wheels, name, version, requires=requires)
    base = Layout(write_base(root / "base", python=PYTHON))
    (entry,) = base.manifests()
    base.write_index([replace(entry, annotations={"org.opencontainers.image.ref.name": base_image.TAG})])
    base_image.push(base.root, registry, "base:1")
    new_repository(folder)
    with serve_index(WheelFolders((wheels,))) as index, serve_folder(channel) as server:
        yield ApiWorld(
            folder=folder,
            cache=root / "cache",
            registry=registry.host,
            wheels=wheels,
            channel=channel,
            variables={
                **NO_PROXY,
                "PATH": f"{ENVLOCK.parent}:{os.environ['PATH']}",
                "ENVLOCK_MIRROR_CONDA_FORGE": server.url,
                "ENVLOCK_MIRROR_PYPI": index.url,
            },
        )


def new_repository(folder: Path) -> None:
    """Kim's, with one commit that has nothing."""
    run_here("git", "init", "--quiet", "--initial-branch=main", folder)
    for key, value in (("user.name", "Kim"), ("user.email", "kim@acme.test")):
        run_here("git", "-C", folder, "config", key, value)
    run_here("git", "-C", folder, "commit", "--quiet", "--allow-empty", "-m", "begin")


def scripts(page: str) -> list[tuple[str, str, str]]:
    """The programs of a page of documentation: `python` or `bash`, their text, and what it says they print."""
    return [(found["kind"], found["code"], found["said"] or "") for found in _SCRIPT.finditer(page)]


def _write_packages(channel: Path) -> None:
    python = CondaPackage(
        name="python",
        version=PYTHON,
        files={
            "bin/python": PackageFile(content=f'#!/bin/sh\nexec {sys.executable} "$@"\n'.encode(), executable=True),
            "share/place": PackageFile(content=f"{PLACEHOLDER}/bin\n".encode(), placeholder=PLACEHOLDER),
        },
    )
    others = (
        ("pip", "25.0", ("python",)),
        ("numpy", "1.26.4", ("python",)),
        ("numpy", "2.1.0", ("python",)),
        ("pandas", "2.2.3", ("python", "numpy")),
        ("scikit-learn", "1.5.2", ("python", "numpy")),
    )
    packages = [
        CondaPackage(name=name, version=version, depends=needs, files={f"share/{name}": version.encode()})
        for name, version, needs in others
    ]
    write_channel(channel, (python, *packages))
