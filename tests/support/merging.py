"""Two branches of a small environment, merged by the real git; its locks are written without solving."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.workflows.merge_driver import driver_settings
from tests.support.projects import ENVLOCK, Result

MANIFEST = """name = "train"
python = "{python}"

[pip]
dependencies = [
{dependencies}]

[image]
base = "scratch"
"""
ATTRIBUTES = "env.lock text eol=lf merge=envlock\nenv.toml text merge=envlock\n"
_IDENTITY = {f"GIT_{who}_{what}": "kim@acme.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository at `folder`, the environment in `below` of it; `variables` are added to what git is started with."""

    folder: Path
    below: str = "."
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Path:
        return self.folder / self.below

    def git(self, *words: str | Path, within: Path | None = None, through: Sequence[str | Path] = ()) -> Result:
        variables = {
            **os.environ,
            **_IDENTITY,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "ENVLOCK_CACHE_DIR": str(self.folder.parent / "cache"),
            **self.variables,
        }
        command = (*through, "git", *words)
        done = subprocess.run(
            command,
            cwd=within or self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def must(self, *words: str | Path, within: Path | None = None) -> str:
        done = self.git(*words, within=within)
        assert done.code == 0, (words, done)
        return done.stdout.strip()

    def configure(self, program: Path | None = ENVLOCK) -> None:
        for key, value in driver_settings(program).items():
            self.must("config", key, value)

    def commit(self, *names: str, python: str = "3.11") -> str:
        """The environment that asks for these packages, locked; the commit."""
        write(self.environment, *names, python=python)
        self.must("add", "--all")
        self.must("commit", "--quiet", "--message", ", ".join(names))
        return self.must("rev-parse", "HEAD")

    def branch(self, name: str, *names: str, at: str = "main", python: str = "3.11") -> str:
        """A commit on another branch, and back."""
        self.must("switch", "--quiet", "--create", name, at)
        commit = self.commit(*names, python=python)
        self.must("switch", "--quiet", "main")
        return commit

    def unmerged(self, folder: Path | None = None) -> set[str]:
        found = self.must("ls-files", "--unmerged", within=folder)
        return {line.partition("\t")[2] for line in found.splitlines()}

    def envlock(self, *words: str | Path, folder: Path | None = None) -> Result:
        variables = {**os.environ, "ENVLOCK_CACHE_DIR": str(self.folder.parent / "cache")}
        folder = folder or self.environment
        done = subprocess.run(
            (ENVLOCK, *words), cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def check(self, folder: Path | None = None) -> int:
        """What `envlock check` says of it."""
        return self.envlock("check", ".", folder=folder).code

    def asked(self, folder: Path | None = None) -> tuple[str, ...]:
        return read_manifest((folder or self.environment) / "env.toml").pip.dependencies

    def locked(self, folder: Path | None = None) -> list[str]:
        return [p.name for p in read_lock((folder or self.environment) / "env.lock").platforms[0].pip]

    def texts(self) -> str:
        """Both files as they are in the work tree."""
        return "".join((self.environment / name).read_text() for name in ("env.toml", "env.lock"))


def new_repository(folder: Path, *names: str, below: str = ".", driver: bool = True) -> Repository:
    """With a first commit on `main`."""
    repository = Repository(folder=folder, below=below)
    repository.environment.mkdir(parents=True)
    repository.must("init", "--quiet", "--initial-branch", "main")
    (folder / ".gitattributes").write_text(ATTRIBUTES)
    if driver:
        repository.configure()
    repository.commit(*names)
    return repository


def write(folder: Path, *names: str, python: str = "3.11") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'    "{name}",\n' for name in names)
    (folder / "env.toml").write_text(MANIFEST.format(python=python, dependencies=lines))
    spec = read_manifest(folder / "env.toml")
    base = Base(reference="scratch", python=f"{python}.1")
    pip = tuple(_package(name) for name in sorted(names))
    lock = Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings.of(spec),
        platforms=(PlatformLock(platform="linux-64", base=base, pip=pip),),
    )
    (folder / "env.lock").write_text(lock_text(lock))


def _package(requirement: str) -> PipPackage:
    name = requirement.partition(">")[0].partition("<")[0]
    sha256 = name.encode().hex().ljust(64, "0")[:64]
    return PipPackage(
        name=name, version="1.0", file=f"{name}-1.0-py3-none-any.whl", sha256=sha256, size=1, index="pypi"
    )
