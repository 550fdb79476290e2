"""A small environment with a lock that answers it, written without solving: for commands that only read."""

from pathlib import Path

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from tests.support.projects import Project, new_project

MANIFEST = """name = "train"
python = "3.11"

[pip]
dependencies = ["flask >=3"]

[image]
base = "scratch"
"""
PLATFORM = "linux-64"
FLASK = PipPackage(
    name="flask",
    version="3.1.3",
    file="flask-3.1.3-py3-none-any.whl",
    sha256="f" * 64,
    size=103_424,
    index="pypi",
    requires=("click>=8.1.3",),
)
CLICK = PipPackage(
    name="click", version="8.3.1", file="click-8.3.1-py3-none-any.whl", sha256="c" * 64, size=None, index="pypi"
)


def locked_project(folder: Path, *, name: str = "train", git: bool = False) -> Project:
    """The environment in `folder`, named `name`."""
    manifest = MANIFEST.replace("train", name)
    project = new_project(folder, manifest, cache=folder.parent / "cache", git=git)
    write_lock(project.manifest)
    return project


def write_lock(manifest: Path) -> Lock:
    """env.lock beside a manifest that is `MANIFEST` but for its name."""
    spec = read_manifest(manifest)
    lock = Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings.of(spec),
        platforms=(
            PlatformLock(platform=PLATFORM, base=Base(reference="scratch", python="3.11.0"), pip=(CLICK, FLASK)),
        ),
    )
    manifest.with_name("env.lock").write_text(lock_text(lock))
    return lock


def stale(project: Project) -> None:
    """Asks for what is not locked."""
    project.change("flask >=3", "flask >=4")
