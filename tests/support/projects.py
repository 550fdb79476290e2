"""Environments in git repositories of their own, and the real command line, called on them in child processes."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Self

from envlock.lockfile.reader import read_lock
from envlock.model.lock import Lock, PlatformLock
from tests.support import image_schemas
from tests.support.processes import run

# the console script beside the Python that runs the tests
ENVLOCK = Path(sysconfig.get_path("scripts"), "envlock")
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
# of a cache: what was downloaded, which is the same for all tests; what is made from it is each test's own
DOWNLOADED = ("packages", "solvers/uv")


class Result(NamedTuple):
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """An env.toml in a repository; `variables` are added to the environment of every call."""

    folder: Path
    cache: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str | Path] = (ENVLOCK,)

    @property
    def manifest(self) -> Path:
        return self.folder / "env.toml"

    @property
    def lockfile(self) -> Path:
        return self.folder / "env.lock"

    def lock(self) -> Lock:
        return read_lock(self.lockfile)

    def locked(self) -> PlatformLock:
        """What is locked for the one platform."""
        (platform,) = self.lock().platforms
        return platform

    def versions(self) -> dict[str, str]:
        """The locked packages, by name."""
        return {package.name: package.version for package in self.locked().packages}

    def environment(self) -> dict[str, str]:
        return {**os.environ, "ENVLOCK_CACHE_DIR": str(self.cache), **self.variables}

    def call(self, *arguments: str | Path, stdin: str = "") -> Result:
        """One call of `envlock`, from the environment's folder, to its end."""
        done = subprocess.run(
            (*self.command, *arguments),
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments: str | Path) -> str:
        """What a call that has to succeed prints on stdout; the images that it has made are as the schemas have it."""
        result = self.call(*arguments)
        assert result.code == 0, result
        if arguments[:1] in (("build",), ("push",)) and image_schemas.expected():
            assert image_schemas.cache_problems(self.cache / "image") == ()
        return result.stdout

    def change(self, old: str, new: str, *, file: str = "env.toml") -> None:
        """Edits a file by hand: what stands there once becomes something else."""
        text = (self.folder / file).read_text()
        assert text.count(old) == 1, (old, text)
        (self.folder / file).write_text(text.replace(old, new))

    def given(self, **variables: str) -> Self:
        """The same with more variables in the environment of its calls."""
        return replace(self, variables={**self.variables, **variables})

    def through(self, *starter: str | Path) -> Self:
        """The same, its calls made by a program that starts another, as strace does."""
        return replace(self, command=(*starter, *self.command))

    def elsewhere(self, root: Path) -> Self:
        """A copy of the folder and the cache as they are, below another root."""
        shutil.copytree(self.folder, root / "project", symlinks=True)
        if self.cache.exists():
            shutil.copytree(self.cache, root / "cache", symlinks=True)
        return replace(self, folder=root / "project", cache=root / "cache")


def new_project(folder: Path, manifest: str, *, cache: Path, base: Path | None = None, git: bool = True) -> Project:
    """An environment as a person would start it; `base` is an OCI layout, copied into it as `base`."""
    folder.mkdir(parents=True)
    if git:
        run(("git", "init", "--quiet", folder))
    (folder / "env.toml").write_text(manifest)
    if base:
        shutil.copytree(base, folder / "base")
    return Project(folder=folder, cache=cache)


def cache_with_downloads(folder: Path, shared: Path) -> Path:
    """An empty cache that has, and adds to, the downloads of a shared one."""
    for name in DOWNLOADED:
        (shared / name).mkdir(parents=True, exist_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(shared / name)
    return folder


def manifest_text(
    *,
    conda: Sequence[str] = (),
    pip: Sequence[str] = (),
    channels: Sequence[str] = (),
    index: str | None = None,
    more: str = "",
) -> str:
    """An env.toml upon nothing, with `index` as the only one; `more` is further tables."""
    parts = [f'name = "small"\npython = "{MINOR}"\n']
    parts += [f"[conda]\nchannels = {[*channels]}\ndependencies = {[*conda]}\n"] if conda else []
    parts += [f"[pip]\ndependencies = {[*pip]}\n"] if pip else []
    parts += [f'[[pip.indexes]]\nname = "ours"\nurl = "{index}"\ndefault = true\n'] if index else []
    return "\n".join([*parts, '[image]\nbase = "scratch"\n', more])
