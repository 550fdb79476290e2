"""run and shell: a child process inside the environment."""

import os
import shutil
from collections.abc import Mapping, Sequence

from envlock.environments.store import working_in
from envlock.errors import CommandNotFound
from envlock.model.activation import environment
from envlock.system.process import attach
from envlock.workflows.activation import activated
from envlock.workflows.context import Context
from envlock.workflows.install import Installed, install
from envlock.workflows.project import Project
from envlock.workflows.record import Used, recording

# what another environment left behind would send Python or conda astray
_FOREIGN = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONUSERBASE",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "CONDA_PROMPT_MODIFIER",
)


def run(
    project: Project, context: Context, command: Sequence[str], *, groups: Sequence[str] = (), record: bool = True
) -> int:
    """Runs a command in the environment on our own stdin, stdout and stderr; its exit code, or 128 + its signal."""
    with recording(project, context, wanted=record) as recorded:
        installed = install(project, context, groups=groups)
        inside = _environment(installed, context)
        # a file that is there and cannot be executed is found too: starting it says why not
        program = shutil.which(command[0], path=inside["PATH"]) or shutil.which(command[0], mode=os.F_OK, path="")
        if program is None:
            raise CommandNotFound(f"`{command[0]}` is neither in the environment nor on PATH")
        used = Used(
            command=tuple(command),
            lock=installed.lock,
            platform=installed.locked.platform,
            python=installed.python,
            groups=tuple(groups),
        )
        with working_in(installed.prefix, context.cache):
            return recorded.attach([program, *command[1:]], inside, used)


def shell(project: Project, context: Context, *, groups: Sequence[str] = ()) -> int:
    """The user's own shell, inside the environment, until it ends."""
    installed = install(project, context, groups=groups)
    inside = {**_environment(installed, context), "ENVLOCK_SHELL": project.name}
    with working_in(installed.prefix, context.cache):
        return attach([context.environment.get("SHELL") or "/bin/sh"], environment=inside)


def without_foreign(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables without those of another environment."""
    return {name: value for name, value in environment.items() if name not in _FOREIGN}


def _environment(installed: Installed, context: Context) -> dict[str, str]:
    ambient = without_foreign(context.environment)
    inside = environment(
        installed.locked,
        installed.lock.image,
        prefix=str(installed.prefix),
        path=ambient.get("PATH", os.defpath),
        activated=activated(installed.prefix),
    )
    return {**ambient, **inside}
