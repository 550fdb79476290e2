"""Where an `Environment` stands: in memory, in a folder of a workspace, or in history; and what follows for calls."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from envlock.api.definition import Curated, Definition, InFolder, InHistory, InMemory
from envlock.api.session import Session
from envlock.api.workspace import Workspace
from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.changes import changes
from envlock.model.imported import Remark
from envlock.workflows import later_import
from envlock.workflows.context import Context
from envlock.workflows.curated import curated_named
from envlock.workflows.draft import Draft, copied_draft, place, renamed, save_draft
from envlock.workflows.lock import lock
from envlock.workflows.project import Project
from envlock.workflows.relock import LockResult
from envlock.workflows.upgrade import KEEP, Upgrade

if TYPE_CHECKING:
    from envlock.workflows.save import Saved


class Standing:
    """A draft is written into its workspace, a folder of its name, by the first call that needs it there. `written` are
    files that were written for it."""

    def __init__(
        self, definition: Definition, workspace: Workspace | None = None, remarks: tuple[Remark, ...] = ()
    ) -> None:
        self.definition, self.workspace, self.remarks = definition, workspace, remarks
        self.written: tuple[Path, ...] = ()

    def session(self, workspace: Workspace | None = None) -> Session:
        """How calls are made."""
        where = workspace or self.workspace
        return where.session if where else Session()

    def within(self, workspace: Workspace | None) -> Workspace:
        """The workspace of a call: the one given, its own, or the one around the current folder.

        UserInputError where it is in another already.
        """
        if workspace and self.workspace and workspace.root != self.workspace.root:
            raise UserInputError(
                f"`{self.definition.spec.name}` is in the workspace `{self.workspace.root}`",
                hint="`env.clone(NAME)` can be registered elsewhere",
            )
        return workspace or self.workspace or Workspace.discover()

    def placed(self, context: Context, workspace: Workspace | None = None, *, overwrite: bool = False) -> Project:
        """Its files: of a draft, written now."""
        definition = self.definition
        if isinstance(definition, InHistory):
            return definition.project(context)
        workspace = self.within(workspace)
        if isinstance(definition, InFolder):
            return definition.project
        assert isinstance(definition, InMemory)
        name = definition.spec.name
        found = place(definition.draft, workspace.folder_of(name), context, overwrite=overwrite)
        new = InFolder(found.project, workspace.session.context)
        new.touched = True
        self.definition, self.workspace, self.remarks, self.written = new, workspace, found.remarks, found.written
        return found.project

    def locked(self, context: Context, workspace: Workspace | None = None) -> Project:
        """The same, and what was changed by way of this object is locked; changes of others are theirs to lock."""
        project = self.placed(context, workspace)
        if isinstance(self.definition, InFolder) and self.definition.touched:
            self.lock(context)
        return project

    def lock(self, context: Context, upgrade: Upgrade = KEEP, workspace: Workspace | None = None) -> LockResult:
        """Has env.lock answer env.toml."""
        project = self.placed(context, workspace)
        result = lock(project, context, upgrade)
        if isinstance(self.definition, InFolder):
            self.definition.touched = False
        if result:
            return result
        there = read_lock(project.lockfile)
        return LockResult(lock=there, changes=changes(before=there, after=there), written=False, seconds=0.0)

    @property
    def title(self) -> str:
        """What it can be asked for by."""
        return self.definition.word if isinstance(self.definition, InHistory) else self.definition.spec.name

    def copied(self, name: str) -> Draft:
        """It under another name, in memory."""
        definition = self.definition
        if isinstance(definition, InMemory):
            return renamed(definition.draft, name)
        if isinstance(definition, Curated):
            return copied_draft(name, curated_named(definition.word))
        with self.session().context() as context:
            return copied_draft(name, self.placed(context))

    def save(self, folder: Path, context: Context, **options: Any) -> "Saved":
        """Writes a folder that works by itself; options are those of `SaveOptions`."""
        if isinstance(self.definition, InMemory):
            return save_draft(self.definition.draft, folder, context, **options)
        return later_import.save(self.locked(context), folder, context, **options)

    def refuse_history(self, done: str) -> None:
        """UserInputError for what was, of which `done` cannot be done."""
        if isinstance(self.definition, InHistory):
            raise UserInputError(
                f"`{self.definition.word}` is as it was, and is not {done} again",
                hint="`env.clone(NAME)` makes a draft of it",
            )
