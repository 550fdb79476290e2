"""What only some runs of a command need, loaded by those: the one place of `workflows` for late imports.

`check`, a `lock` with nothing to do, `run` in an environment that is there and `build` of an image that is there
answer from the cache; they must not wait for solvers, HTTP and packers to be loaded.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from threading import Event

    from envlock.images.dockerfile import DockerContext
    from envlock.lockfile.conflict import Conflict
    from envlock.manifest.workspace import Workspace
    from envlock.model.edges import CondaRecord
    from envlock.model.image import Descriptor
    from envlock.model.index_file import IndexFile
    from envlock.model.lock import Base, CondaPackage, Lock, Package, PipPackage
    from envlock.model.place import Place
    from envlock.model.platform import Platform
    from envlock.model.problem import Problem
    from envlock.model.spec import EnvSpec
    from envlock.model.toml_lines import KeyPath
    from envlock.model.wheel_metadata import WheelMetadata
    from envlock.registry.client import RegistryClient
    from envlock.solvers.requests import CondaAnswer, CondaRequest, PipAnswer, PipRequest, Provided
    from envlock.sources.supply import Listed, Supply
    from envlock.system.cache import Cache
    from envlock.system.conda.child import Child
    from envlock.system.http import Http
    from envlock.workflows.begun import Begun
    from envlock.workflows.context import Context
    from envlock.workflows.debian_base import DebianBase
    from envlock.workflows.docker_log import Log
    from envlock.workflows.prefix_task import PrefixTask
    from envlock.workflows.project import Project
    from envlock.workflows.record import Begun as BegunRun
    from envlock.workflows.record import Write
    from envlock.workflows.relock import LockResult
    from envlock.workflows.task import PlatformTask
    from envlock.workflows.upgrade import Upgrade
    from envlock.workflows.walk import Walked


def http(*, offline: bool, stopped: "Event") -> "Http":
    from envlock.system.http import Http

    return Http(offline=offline, stopped=stopped)


def look_into(package: "Package", path: Path, context: "Context") -> None:
    from envlock.workflows.known_wheels import look_into

    look_into(package, path, context.cache)


def find_wheel(http: "Http", index_url: str | None, *, name: str, file: str, sha256: str) -> "Listed | None":
    from envlock.sources.index import find_wheel

    return find_wheel(http, index_url, name=name, file=file, sha256=sha256)


def wheels_on(http: "Http", index_url: str | None, *, name: str, index: str) -> "tuple[IndexFile, ...] | None":
    from envlock.sources.index import wheels_on

    return wheels_on(http, index_url, name=name, index=index)


def pip_tools(request: "PipRequest", *, task: "PlatformTask") -> "tuple[PipAnswer, ...]":
    from functools import partial

    from envlock.environments.interpreter import find_python
    from envlock.solvers.pip_tools import Doors, solve
    from envlock.workflows.wheel_doors import files_of, metadata_of, wheel_at

    doors = Doors(
        files_of=partial(files_of, task),
        wheel_at=partial(wheel_at, task),
        metadata_of=partial(metadata_of, task),
        python=lambda version: find_python(version).path,
    )
    return solve(request, doors)


def conda_solver(
    name: str, child: "Child | None"
) -> "Callable[[Sequence[CondaRequest]], list[tuple[CondaAnswer, ...]]]":
    """The solver that `conda-solver` names; `child` is ready where that is py-rattler."""
    from functools import partial
    from importlib import import_module

    solvers = {"rattler": "envlock.solvers.conda_rattler", "conda-lock": "envlock.solvers.conda_lock"}
    solve: Callable[..., list[tuple[CondaAnswer, ...]]] = import_module(solvers[name]).solve
    return partial(solve, child=child) if child else solve


def default_index() -> str:
    from envlock.sources.index import DEFAULT_URL

    return DEFAULT_URL


def look_into_base(task: "PlatformTask", digest: str | None, minor: str | None) -> "Base":
    from envlock.workflows.base_images import look_into_base

    return look_into_base(task, digest, minor)


def look_into_dockerfile(task: "PlatformTask", minor: str | None) -> "Base":
    from envlock.workflows.docker_base import look_into_dockerfile

    return look_into_dockerfile(task, minor)


def dockerfile_image(
    read: "DockerContext", platform: "Platform", context: "Context", log: "Log", *, anew: bool
) -> "Descriptor":
    from envlock.workflows.docker_image import dockerfile_image

    return dockerfile_image(read, platform, context, log, anew=anew)


def solve_debian(task: "PlatformTask") -> "DebianBase":
    from envlock.workflows.solve_debian import solve_debian

    return solve_debian(task)


def debian_is_limited(task: "PlatformTask") -> bool:
    from envlock.workflows.solve_debian import is_limited

    return is_limited(task)


def solve_conda(tasks: "Sequence[PlatformTask]", child: "Child | None") -> "list[tuple[CondaPackage, ...]]":
    from envlock.workflows.solve_conda import solve_conda

    return solve_conda(tasks, child)


def provided_by(
    task: "PlatformTask", conda: "Sequence[CondaPackage]", also: "Iterable[str]" = ()
) -> "dict[str, Provided]":
    from envlock.workflows.conda_extras import provided_by

    return provided_by(task, conda, also)


def needs_of_untied(
    provided: "Mapping[str, Provided]", requirements: "Iterable[str]", environment: "Mapping[str, str]"
) -> tuple[str, ...]:
    from envlock.workflows.conda_extras import needs_of_untied

    return needs_of_untied(provided, requirements, environment)


def unknown_extras(provided: "Mapping[str, Provided]", pip: "Sequence[PipPackage]") -> list[str]:
    from envlock.workflows.conda_extras import unknown_extras

    return unknown_extras(provided, pip)


def with_extras(
    task: "PlatformTask", conda: "Sequence[CondaPackage]", pip: "Sequence[PipPackage]", python: str
) -> "tuple[CondaPackage, ...]":
    from envlock.workflows.conda_extras import with_extras

    return with_extras(task, conda, pip, python)


def built_metadata(package: "PipPackage", supply: "Supply", task: "PlatformTask", python: str) -> "WheelMetadata":
    from envlock.workflows.built_wheels import Workshop

    indexes = task.sources.asked_indexes(task.spec.pip.indexes)
    return Workshop(supply=supply, indexes=indexes, context=task.context, version=python).metadata(package)


def registry_client(context: "Context") -> "RegistryClient":
    from envlock.registry.client import RegistryClient
    from envlock.registry.credentials import Credentials

    # one in a run, so that it logs in once
    credentials = Credentials(context.environment)
    return context.once(RegistryClient, lambda: RegistryClient(context.http, credentials, context.insecure))


def conda_matches(spec: str, record: "CondaRecord") -> bool:
    from envlock.system.conda.matching import matches

    return matches(spec, record.name, record.version, record.build, record.subdir)


def debian_compare(one: str, other: str) -> int:
    from envlock.debian.versions import compare

    return compare(one, other)


def conda_order(one: str, other: str) -> int | None:
    from envlock.system.conda.matching import order

    return order(one, other)


def root_places(project: "Project") -> "dict[tuple[KeyPath, str], Place]":
    from envlock.manifest.root_places import root_places

    return root_places(project.manifest)


def walk(project: "Project", cache: "Cache") -> "Walked":
    from envlock.workflows.walk import walk

    return walk(project, cache)


def places_of(manifest: Path, problems: "Sequence[Problem]") -> "tuple[Place | None, ...]":
    from envlock.manifest.places import places_of

    return places_of(manifest, problems)


def locked(spec: "EnvSpec", tasks: "Sequence[PlatformTask]", context: "Context", begun: "Begun") -> "Lock":
    from envlock.workflows.resolve import locked

    return locked(spec, tasks, context, begun)


def read_conflict(path: Path) -> "Conflict | None":
    from envlock.lockfile.conflict import read_conflict

    return read_conflict(path)


def relock(project: "Project", context: "Context", upgrade: "Upgrade") -> "LockResult":
    from envlock.workflows.ahead import ahead

    with ahead(project, context, upgrade) as found:
        # all that works with answers of solvers is loaded while they are at work
        from envlock.workflows.relock import relock

        return relock(project, context, upgrade, found)


def lock_notes(project: "Project", new: "Lock", old: "Lock | None", context: "Context") -> tuple[str, ...]:
    from envlock.workflows.notes import lock_notes

    return lock_notes(project, new, old, context)


def glance_notes(project: "Project", new: "Lock", old: "Lock | None", context: "Context") -> tuple[str, ...]:
    from envlock.workflows.debian_notes import glance_notes

    return glance_notes(project, new, old, context)


def read_manifest(project: "Project") -> "EnvSpec":
    from envlock.manifest.reader import read_manifest

    return read_manifest(project.manifest)


def read_workspace(manifest: Path, text: str | None = None) -> "Workspace":
    from envlock.manifest.reader import read_workspace

    return read_workspace(manifest, text)


def stated_name(text: str, folder: str) -> str:
    from envlock.manifest.stated_name import stated_name

    return stated_name(text, folder)


def fill_prefix(task: "PrefixTask", folder: Path, final: Path) -> None:
    from envlock.workflows.fill_prefix import fill_prefix

    fill_prefix(task, folder, final)


def journal(begun: "BegunRun", context: "Context") -> "Write":
    from envlock.workflows.journal import journal

    return journal(begun, context)
