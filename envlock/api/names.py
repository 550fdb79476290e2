"""What `envlock` offers to programs, by the names that it has there."""

from envlock.api.conda_dependencies import CondaDependencies
from envlock.api.environment import Environment
from envlock.api.run import Run
from envlock.api.workspace import Workspace
from envlock.errors import AnswerIsNo, EnvlockError, OutsideError, UserInputError

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
