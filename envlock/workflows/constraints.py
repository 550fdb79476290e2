"""`[pip] constraints` against what conda brings: a solver of wheels can only take that as it is."""

from collections.abc import Mapping

from packaging.requirements import Requirement

from envlock.errors import UserInputError
from envlock.model.limits import is_within
from envlock.model.needs import need
from envlock.model.requirements import applies
from envlock.solvers.requests import Provided
from envlock.workflows.task import PlatformTask


def require_within(task: PlatformTask, python: str | None, provided: Mapping[str, Provided]) -> None:
    """UserInputError where a distribution that conda brings is beyond a constraint. What is taken over without solving
    stays as it is: `check` says what is wrong there."""
    environment = task.platform.markers(python or "3")
    for text in task.spec.pip.constraints if task.pinned is None else ():
        limit, brought = need(text), provided.get(need(text).name)
        applying = ";" not in text or applies(Requirement(text).marker, environment)
        if brought and applying and not is_within(brought.version, limit.limits):
            raise UserInputError(
                f"`{limit.name}` {brought.version} comes from [conda] on {task.name}, beyond the constraint `{text}`",
                hint="limit it in [conda] dependencies, or loosen the constraint",
            )
