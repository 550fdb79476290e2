"""What a solver of wheels is asked for one platform."""

from collections.abc import Mapping, Sequence

from envlock.model.lock import Base, CondaPackage, PipPackage
from envlock.solvers.requests import PipRequest, Provided
from envlock.workflows import later
from envlock.workflows.logins import uv_logins
from envlock.workflows.task import PlatformTask


def pip_request(
    task: PlatformTask, *, python: str, provided: Mapping[str, Provided], keep: Sequence[PipPackage]
) -> PipRequest:
    """With requirements as env.toml has them; `provided` is what conda brings."""
    context, indexes = task.context, task.sources.asked_indexes(task.spec.pip.indexes)
    wanted = task.wants.pip
    if any(each.told and each.pep440 is None for each in provided.values()):
        wanted += later.needs_of_untied(provided, wanted, task.platform.markers(python))
    return PipRequest(
        requirements=wanted,
        indexes=indexes,
        provided={**provided, **_editable(task)},
        python=python,
        platform=task.platform,
        system=task.system,
        keep=tuple(keep),
        cache=context.cache.solver_cache,
        offline=context.offline,
        limits=(*task.limits("pip"), *task.spec.pip.constraints),
        cutoff=task.cutoff,
        credentials=uv_logins(indexes, context.environment),
    )


def python_of(conda: Sequence[CondaPackage], base: Base) -> str | None:
    return next((p.version for p in conda if p.name == "python"), base.python)


def _editable(task: PlatformTask) -> dict[str, Provided]:
    """The local projects that are installed editable: their version is what it is."""
    return {project.name: Provided(version="") for project in task.spec.pip.editable}
