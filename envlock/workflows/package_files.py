"""Locked packages as files, brought here when somebody needs their bytes: for layers that are known nobody does."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock as Mutex

from envlock.model.lock import Inputs, PlatformLock
from envlock.workflows.context import Context
from envlock.workflows.packages import fetch_all
from envlock.workflows.project import Project


class PackageFiles(Mapping[str, Path]):
    """The files of a platform's packages by sha256. What is asked for is there, undamaged."""

    def __init__(self, locked: PlatformLock, inputs: Inputs, project: Project, context: Context) -> None:
        self._locked, self._inputs, self._project, self._context = locked, inputs, project, context
        self._here: dict[str, Path] = {}
        self._bringing = Mutex()

    def bring(self, sha256s: Collection[str]) -> None:
        """Has these files here, all that are missing fetched together; one error names what cannot be had."""
        with self._bringing:
            wanted = {sha256 for sha256 in sha256s if sha256 not in self._here}
            if wanted:
                conda = tuple(p for p in self._locked.conda if p.sha256 in wanted)
                pip = tuple(p for p in self._locked.pip if p.sha256 in wanted)
                some = replace(self._locked, conda=conda, pip=pip)
                self._here |= fetch_all(some, self._inputs, self._project, self._context)

    def __getitem__(self, sha256: str) -> Path:
        self.bring([sha256])
        return self._here[sha256]

    def __iter__(self) -> Iterator[str]:
        return (package.sha256 for package in self._locked.prefix_packages if package.sha256)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def bring(files: Mapping[str, Path], sha256s: Collection[str]) -> None:
    """The same of files that may all be here already."""
    if isinstance(files, PackageFiles):
        files.bring(sha256s)
