"""What getting the indexes of an archive needs, with a mirror on loopback."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from envlock.errors import EnvlockError
from envlock.model.lock import Base, PlatformLock
from envlock.model.spec import DebianSpec, EnvSpec, ImageSpec
from envlock.sources.places import Sources
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.debian_indexes import indexes
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask
from tests.support.debian_archive import Archive
from tests.support.debian_packages import SUITE
from tests.support.http_server import FileServer


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that getting indexes needs; `lines` is what was said."""

    archive: Archive
    server: FileServer
    root: Path
    lines: list[str] = field(default_factory=list)

    def task(self, name: str = "linux-64", context: Context | None = None, **changes: object) -> PlatformTask:
        """A task of a new run, unless `context` says of which."""
        debian = DebianSpec(suite=SUITE, mirror=f"{self.server.url}/debian", keys="archive.asc")
        recorded = changes.pop("recorded", ())
        base = Base(suite=SUITE, dates=recorded)  # type: ignore[arg-type]
        cutoff = changes.pop("cutoff", None)
        image = ImageSpec(debian=replace(debian, **changes))  # type: ignore[arg-type]
        return PlatformTask(
            spec=EnvSpec(name="x", platforms=("linux-64", "linux-aarch64"), image=image),
            name=name,
            project=Project(self.root),
            sources=Sources(folder=self.root),
            context=context or self.context(),
            pins=PlatformLock(platform=name, base=base) if recorded else None,
            cutoff=cutoff,  # type: ignore[arg-type]
            dates=dict(base.dates),
        )

    def context(self, *, offline: bool = False, **variables: str) -> Context:
        return Context(
            cache=Cache(self.root / "cache"), environment=variables, offline=offline, progress=self.lines.append
        )

    def asked(self) -> list[str]:
        """The paths that were asked for since the last time, sorted."""
        paths = sorted(path for _, path in self.server.requests)
        self.server.requests.clear()
        return paths

    def refusal(self, task: PlatformTask) -> EnvlockError:
        with pytest.raises(EnvlockError) as error:
            indexes(task)
        return error.value
