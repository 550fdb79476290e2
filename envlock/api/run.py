"""`Run`: a command that was run in an environment, as git has it recorded."""

from datetime import datetime

from envlock.api import found
from envlock.api.environment import Environment
from envlock.api.workspace import Workspace
from envlock.model.run import Recorded, reproduced
from envlock.workflows.runs import Asked, list_runs, show_run


class Run:
    """A recorded run; `details` has all that is known of it."""

    __slots__ = ("_recorded", "_workspace")

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        """The run of an id, or of the beginning of one; UserInputError where there is none, or several."""
        self._workspace, self._recorded = workspace, show_run(workspace.root, run_id)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> "Run":
        """The same."""
        return Run(workspace, run_id)

    @staticmethod
    def list(workspace: Workspace, *, environment: str | None = None, limit: int | None = None) -> "tuple[Run, ...]":
        """The recorded runs, the newest first."""
        shown = list_runs(workspace.root, Asked(limit=limit, env=environment))
        return tuple(Run._of(workspace, recorded) for recorded in shown.runs)

    @classmethod
    def _of(cls, workspace: Workspace, recorded: Recorded) -> "Run":
        made = cls.__new__(cls)
        made._workspace, made._recorded = workspace, recorded
        return made

    @property
    def id(self) -> str:
        """Such as `2026-11-22-7f3a91c2`."""
        return self._recorded.id

    @property
    def details(self) -> Recorded:
        """The record: `run.commit`, `run.dirty`, `run.platform`, `run.lock_hash`, `run.host`, …"""
        return self._recorded

    @property
    def command(self) -> tuple[str, ...]:
        return self._recorded.run.command

    @property
    def exit_code(self) -> int:
        return self._recorded.run.exit_code

    @property
    def status(self) -> str:
        """`Completed`, or `Failed` where the exit code is not 0."""
        return "Failed" if self.exit_code else "Completed"

    @property
    def start(self) -> datetime:
        """When it began, UTC."""
        return self._recorded.run.start

    @property
    def end(self) -> datetime:
        return self._recorded.run.end

    @property
    def reproduce(self) -> str:
        """The line of a shell that runs the same command in the same environment."""
        return reproduced(self._recorded.run)

    def get_environment(self) -> Environment:
        """The environment as it was then, to be read; UserInputError where git has it no more."""
        run = self._recorded.run
        origin = f"{run.origin}#" if run.origin else ""
        word = f"{origin}{run.name}@{run.of or run.commit}"
        return Environment._of(*found.at(word, self._workspace.root, self._workspace.session, self._workspace))

    def __repr__(self) -> str:
        return f"Run({self.id!r})"
