"""An environment being locked, platform by platform."""

from datetime import UTC, datetime

from envlock.model.cutoff import cutoff
from envlock.model.lock import Lock
from envlock.model.spec import EnvSpec
from envlock.workflows.context import Context
from envlock.workflows.logins import sources_of
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask
from envlock.workflows.upgrade import Upgrade


def tasks_of(
    spec: EnvSpec, project: Project, context: Context, old: Lock | None, upgrade: Upgrade
) -> list[PlatformTask]:
    """A task for each platform of a manifest, sorted by name; pins are those of `old`."""
    sources = sources_of(spec.conda.channels, spec.pip.indexes, project.folder, context)
    limit = cutoff(spec.lock.exclude_newer, datetime.now(UTC))
    dates = dict(sorted(pair for platform in old.platforms for pair in platform.base.dates)) if old else {}
    return [
        PlatformTask(
            spec=spec,
            name=name,
            project=project,
            sources=sources,
            context=context,
            pins=old.platform(name) if old else None,
            asked=old.inputs if old else None,
            upgrade=upgrade,
            cutoff=limit,
            dates=dates,
        )
        for name in sorted(spec.platforms)
    ]
