"""envlock: environments that are the same everywhere, declared in env.toml and pinned in env.lock.

cli           flags in, text out
api           the same for programs: Environment, Workspace, Run
workflows     the steps of each command, in order
manifest      env.toml
lockfile      env.lock
solvers       what is wanted -> what is locked
sources       where packages are, and fetching them
debian        Debian's packages: indexes, solving, files
history       git: what was, versions, labels, runs
environments  packages on this machine
images        packages in a container image
registry      images over the network
interchange   files of other tools, read and written
oci           layers, layouts, archives
model         frozen values and pure functions
system        processes, HTTP, files, caches
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envlock.api.conda_dependencies import CondaDependencies
    from envlock.api.environment import Environment
    from envlock.api.run import Run
    from envlock.api.workspace import Workspace
    from envlock.errors import AnswerIsNo, EnvlockError, OutsideError, UserInputError

__version__ = "0.1.0"
__all__ = [
    "AnswerIsNo",
    "CondaDependencies",
    "Environment",
    "EnvlockError",
    "OutsideError",
    "Run",
    "UserInputError",
    "Workspace",
]


def __getattr__(name: str) -> object:
    """The API is loaded by those who ask for it: the command line does not wait for it."""
    if name not in __all__:
        raise AttributeError(f"module `envlock` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module("envlock.api.names"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
