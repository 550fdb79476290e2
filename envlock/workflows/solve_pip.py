"""The pip part of a platform's lock: solve around what conda provides, then read what each wheel requires."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from envlock.errors import UserInputError
from envlock.model.lock import Base, CondaPackage, PipPackage
from envlock.model.requirements import applied
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers.requests import PipAnswer, PipRequest, Provided
from envlock.sources.fetch import remember
from envlock.sources.metadata import wheel_metadata
from envlock.workflows.engines import pip_solver
from envlock.workflows.logins import uv_logins
from envlock.workflows.packages import supply_of
from envlock.workflows.side_by_side import side_by_side
from envlock.workflows.task import PlatformTask


def solve_pip(
    task: PlatformTask, *, python: str | None, provided: Mapping[str, Provided], keep: Sequence[PipPackage]
) -> tuple[PipPackage, ...]:
    """The wheels for one platform, sorted by name; none where the manifest asks for none."""
    wants, context = task.wants, task.context
    if not wants.pip:
        return ()
    if python is None:
        raise UserInputError(
            "[pip] needs a Python", hint="add `python` to [conda] dependencies, or take a base with one"
        )
    answers = pip_solver(task)(pip_request(task, python=python, provided=provided, keep=keep))
    found = [_package(answer) for answer in answers]
    for answer in answers:
        if answer.index not in task.sources.mirrors:  # a mirror is asked first in any case
            remember(answer.sha256, answer.url, context.cache)
    supply = supply_of(task.sources, context)
    pairs = list(zip(found, answers, strict=True))
    read = side_by_side(lambda pair: wheel_metadata(pair[0], pair[1].url, supply), pairs, stop=context.stopped.set)
    metadata = dict(zip((p.name for p in found), read, strict=True))
    return _with_requirements(found, metadata, wants.pip, task.platform.markers(python))


def pip_request(
    task: PlatformTask, *, python: str, provided: Mapping[str, Provided], keep: Sequence[PipPackage]
) -> PipRequest:
    """What the solver of wheels is asked for one platform."""
    context, indexes = task.context, task.sources.asked_indexes(task.spec.pip.indexes)
    return PipRequest(
        requirements=task.wants.pip,
        indexes=indexes,
        provided=provided,
        python=python,
        platform=task.platform,
        system=task.system,
        keep=tuple(keep),
        cache=context.cache.solver_cache,
        offline=context.offline,
        credentials=uv_logins(indexes, context.environment),
    )


def python_of(conda: Sequence[CondaPackage], base: Base) -> str | None:
    return next((p.version for p in conda if p.name == "python"), base.python)


def _package(answer: PipAnswer) -> PipPackage:
    return PipPackage(
        name=answer.name,
        version=answer.version,
        file=answer.file,
        sha256=answer.sha256,
        size=answer.size,
        index=answer.index,
        uploaded=answer.uploaded,
    )


def _with_requirements(
    packages: Sequence[PipPackage],
    metadata: dict[str, WheelMetadata],
    roots: Sequence[str],
    environment: dict[str, str],
) -> tuple[PipPackage, ...]:
    known = applied(roots, {name: m.requires_dist for name, m in metadata.items()}, environment)
    return tuple(
        replace(
            package,
            extras=known[package.name].extras,
            requires=known[package.name].requires,
            requires_python=metadata[package.name].requires_python,
        )
        for package in sorted(packages, key=lambda p: p.name)
    )
