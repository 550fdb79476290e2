"""Locked packages as files: fetched once, several at a time."""

from pathlib import Path

from envlock.model.lock import Inputs, PlatformLock
from envlock.sources.places import Sources
from envlock.sources.supply import Supply
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.fetch_files import Fetching, fetch_files
from envlock.workflows.logins import logged_in, logins, sources_of
from envlock.workflows.project import Project


def supply_of(sources: Sources, context: Context) -> Supply:
    """All that fetching from these sources needs."""
    return Supply(
        sources=sources,
        cache=context.cache,
        offline=context.offline,
        http=lambda: logged_in(sources, context),
        find_wheel=later.find_wheel,
        login=logins(sources, context),
        told=context.progress,
    )


def fetch_all(locked: PlatformLock, inputs: Inputs, project: Project, context: Context) -> dict[str, Path]:
    """Every file that is locked for a platform in the cache, by sha256; one error that names all that cannot be had."""
    supply = supply_of(sources_of(inputs.channels, inputs.indexes, project.folder, context), context)
    files = [p for p in locked.prefix_packages if p.sha256]
    # while others are still on their way
    how = Fetching(what=locked.platform, arrived=lambda p, path: later.look_into(p, path, context))
    return fetch_files(files, context, how, lambda: supply)
