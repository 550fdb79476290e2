"""A project with a tiny environment, conda and pip, and servers to get it from: whole commands in a second or two."""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage, PackageFile
from tests.support.http_server import FileServer, serve_folder
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.projects import Project, Result
from tests.support.tiny_wheels import write_wheel

# the servers are on this machine, however it reaches others
NO_PROXY = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
PLACEHOLDER = "/placeholder/" + "p" * 60
# the one package that must be named so; its program is whatever Python runs the tests
PYTHON = CondaPackage(
    name="python",
    version=".".join(map(str, sys.version_info[:3])),
    files={"bin/python": PackageFile(content=f'#!/bin/sh\nexec {sys.executable} "$@"\n'.encode(), executable=True)},
)
TOOL = CondaPackage(
    name="tool",
    depends=("python",),
    files={
        "bin/tool": PackageFile(content=b"#!/bin/sh\necho it works\n", executable=True),
        "share/tool/place": PackageFile(content=f"{PLACEHOLDER}/bin\n".encode(), placeholder=PLACEHOLDER),
    },
)


@dataclass(frozen=True, kw_only=True)
class TinyProject(Project):
    """The project, and where its packages come from: `wheels` and `channel` are the folders that are served."""

    wheels: Path
    channel: Path
    index: IndexServer
    channel_server: FileServer
    channel_url: str

    def write(
        self, *, conda: Sequence[str] = ("tool",), pip: Sequence[str] = ("alpha",), base: str = "scratch"
    ) -> None:
        """env.toml, for these packages."""
        conda_part = f"[conda]\nchannels = ['{self.channel_url}']\ndependencies = {[*conda]}\n" if conda else ""
        self.manifest.write_text(
            f"name = 'tiny'\npython = '{PYTHON.version.rpartition('.')[0]}'\n{conda_part}"
            f"[pip]\ndependencies = {[*pip]}\n"
            f"[[pip.indexes]]\nname = 'test'\nurl = '{self.index.url}'\ndefault = true\n"
            f"[image]\nbase = '{base}'\n"
        )

    def served(self, name: str) -> Path:
        """The one file of a package, as it is served."""
        (found,) = [path for folder in (self.wheels, self.channel) for path in folder.rglob(f"{name}-*")]
        return found


@contextmanager
def tiny_project(root: Path, *, over_http: bool = True) -> Iterator[TinyProject]:
    """A project below `root`, not yet locked; its channel is given as an HTTP or a `file://` URL."""
    wheels, channel = root / "wheels", root / "channel"
    write_wheel(wheels, "alpha", requires=["beta"], entry_points={"alpha": "alpha:main"})
    write_wheel(wheels, "beta")
    write_channel(channel, (PYTHON, TOOL))
    (root / "project").mkdir()
    with serve_index(WheelFolders((wheels,))) as index, serve_folder(channel) as channel_server:
        project = TinyProject(
            folder=root / "project",
            cache=root / "cache",
            wheels=wheels,
            channel=channel,
            index=index,
            channel_server=channel_server,
            channel_url=channel_server.url if over_http else channel.as_uri(),
            variables=NO_PROXY,
        )
        project.write()
        yield project


def failure(result: Result) -> str:
    """What a command said when it failed, without what it said on the way."""
    _, found, words = f"\n{result.stderr}".partition("\nerror: ")
    return f"error: {words}" if found else ""


def tree(folder: Path) -> dict[str, str]:
    """What lies below a folder, by path: mode and content, or link target."""
    return {str(path.relative_to(folder)): _entry(path) for path in sorted(folder.rglob("*"))}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _entry(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    mode = oct(path.stat().st_mode & 0o7777)
    return mode if path.is_dir() else f"{mode} {sha256(path)}"
