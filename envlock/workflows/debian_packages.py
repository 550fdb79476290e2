"""Debian's packages as files: fetched from where this machine has the archives, or looked into from afar."""

from pathlib import Path

from envlock.errors import EnvlockError, Interrupted, OutsideError
from envlock.model.lock import DebianPackage, PlatformLock
from envlock.model.spec import DebianSpec
from envlock.sources.debian_archives import DebianArchives
from envlock.sources.debian_glance import glance
from envlock.sources.places import Sources
from envlock.sources.supply import Supply
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.debian_mirrors import AT_ONCE, mirrors_of
from envlock.workflows.fetch_files import Fetching, fetch_files
from envlock.workflows.project import Project


def fetch_debian(locked: PlatformLock, project: Project, context: Context) -> dict[str, Path]:
    """Every Debian package of a platform in the cache, by sha256; one error that names all that cannot be had."""
    how = Fetching(what=f"{locked.platform}, Debian", at_once=AT_ONCE)
    return fetch_files(locked.debian, context, how, lambda: debian_supply(locked, project, context))


def peek_debian(package: DebianPackage, supply: Supply) -> bytes | None:
    """How a package's file begins (64 KiB, or all of a smaller one), unverified; None where that cannot be had."""
    try:
        return glance(package, supply)
    except Interrupted:
        raise
    except OutsideError:
        return None


def debian_supply(locked: PlatformLock, project: Project, context: Context) -> Supply:
    """All that fetching the Debian packages of a platform needs."""
    mirrors = mirrors_of(_stated(locked, project), project.folder, context)
    archives = DebianArchives(
        main=mirrors.main.url,
        security=mirrors.security.url,
        snapshot=mirrors.snapshot.url if mirrors.snapshot else None,
        dates=locked.base.dates,
    )
    return Supply(
        sources=Sources(folder=project.folder, debian=archives),
        cache=context.cache,
        offline=context.offline,
        http=lambda: context.http,
        find_wheel=later.find_wheel,
        login=lambda _package, url: mirrors.login(url),
        told=context.progress,
    )


def _stated(locked: PlatformLock, project: Project) -> DebianSpec:
    """What env.toml says of the archives; nothing, where it is not there or says something else today."""
    try:
        stated = later.read_manifest(project).image.debian
    except EnvlockError:
        stated = None
    return stated or DebianSpec(suite=locked.base.suite or "")
