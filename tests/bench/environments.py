"""Environments that are measured: locked, everything downloaded, and set back to that state between rounds."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envlock.lockfile.reader import read_lock
from envlock.model.lock import Lock, PlatformLock
from envlock.system.cache import Cache
from envlock.workflows.base_images import base_image
from envlock.workflows.context import Context
from envlock.workflows.debian_packages import fetch_debian
from envlock.workflows.packages import fetch_all
from envlock.workflows.project import Project
from tests.bench.measure import Step
from tests.support import projects


@dataclass(frozen=True)
class Environment:
    """A project with a cache of its own."""

    made: projects.Project

    @property
    def project(self) -> Project:
        return Project(self.made.folder)

    @property
    def context(self) -> Context:
        return Context(cache=Cache(self.made.cache), environment=dict(os.environ))

    @cached_property
    def lock(self) -> Lock:
        """What is locked; locked now where it is not yet."""
        if not self.made.lockfile.exists():
            self.made.must("lock")
        return read_lock(self.made.lockfile)

    @property
    def locked(self) -> PlatformLock:
        (platform,) = self.lock.platforms
        return platform

    @cached_property
    def downloaded(self) -> frozenset[Path]:
        """Everything in the cache once packages and base are there and nothing was made of them."""
        fetch_all(self.locked, self.lock.inputs, self.project, self.context)
        if self.locked.debian:
            fetch_debian(self.locked, self.project, self.context)
        else:
            base_image(self.locked, self.project, self.context)
        return frozenset(_below(self.made.cache))

    def envlock(self, *arguments: str, **variables: str) -> Step:
        command = (*self.made.command, *arguments)
        return Step(command=command, folder=self.made.folder, variables={**self.made.environment(), **variables})

    def only_downloads(self) -> None:
        """Takes everything out of the cache that was made of what was downloaded."""
        kept = self.downloaded
        for path in _below(self.made.cache):
            if path not in kept:
                path.unlink() if path.is_symlink() or not path.is_dir() else path.rmdir()

    def forget(self, kind: str) -> None:
        """Takes one kind of record out of the cache."""
        shutil.rmtree(Cache(self.made.cache).records / kind, ignore_errors=True)

    def facts(self) -> dict[str, object]:
        """What is in it, for who reads the figures."""
        packages = self.locked.packages
        return {
            "packages": {p.name: p.version for p in packages},
            "download_mib": round(sum(p.size or 0 for p in packages) / 2**20, 1),
        }


def _below(folder: Path) -> Iterator[Path]:
    """Files and folders, what is in a folder before the folder."""
    for parent, folders, files in os.walk(folder, topdown=False):
        yield from (Path(parent, name) for name in (*files, *folders))
