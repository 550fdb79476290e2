"""`[pip] constraints` against what they cannot move: what conda brings, and the versions that a person asks for."""

from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement

from envlock.errors import UserInputError
from envlock.model.limits import is_within
from envlock.model.lock import CondaPackage
from envlock.model.needs import Need, need
from envlock.model.requirements import applies
from envlock.workflows.task import PlatformTask


def require_within(task: PlatformTask, python: str | None, conda: Sequence[CondaPackage]) -> None:
    """UserInputError where a distribution that conda brings, or that `-P` asks for, is beyond a constraint. What is
    taken over without solving stays as it is: `check` says what is wrong there."""
    if task.pinned is not None:
        return
    brought = {text.partition("==")[0]: (text.partition("==")[2], p) for p in conda for text in p.provides}
    wanted = dict(text.split("==", 1) for text in task.limits("pip"))
    for text, limit in _applying(task, python):
        version, package = brought.get(limit.name, (None, None))
        asked = wanted.get(limit.name)
        if package and version and not is_within(version, limit.limits):
            raise UserInputError(
                f"{task.name}: `{limit.name}` {version}, in conda's `{package.name}`, is beyond constraint `{text}`",
                hint=f'limit `{package.name}` by `envlock add --conda "{package.name} …"`, or loosen the constraint',
            )
        if asked and not is_within(asked, limit.limits):
            raise UserInputError(
                f"`-P {limit.name}=={asked}` is beyond the constraint `{text}` of env.toml",
                hint="choose another version, or loosen the constraint",
            )


def _applying(task: PlatformTask, python: str | None) -> Iterator[tuple[str, Need]]:
    environment = task.platform.markers(python or "3")
    for text in task.spec.pip.constraints:
        if ";" not in text or applies(Requirement(text).marker, environment):
            yield text, need(text)
