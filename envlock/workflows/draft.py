"""An environment that is in no folder yet: made up, read from files of other tools, or a copy; and putting it there."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envlock.errors import UserInputError
from envlock.history.git_program import is_committed
from envlock.interchange.moved_spec import moved_import, moved_pins, moved_spec
from envlock.lockfile.writer import lock_text
from envlock.manifest.dependency_edits import Edit
from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.model.imported import Imported, Remark
from envlock.model.problem import Problem
from envlock.model.spec import DEFAULT_PYTHON, EnvSpec
from envlock.system.files import repository_root, write_together, write_whole
from envlock.system.parts import scratch_folder
from envlock.system.saved_folder import environment_in
from envlock.system.text_file import display
from envlock.workflows import later_import
from envlock.workflows.attributes import lacking_attributes
from envlock.workflows.clone import lacks_files
from envlock.workflows.context import Context
from envlock.workflows.edit import Change
from envlock.workflows.import_asked import Asked
from envlock.workflows.init import checked_name
from envlock.workflows.project import MANIFEST, Project

if TYPE_CHECKING:
    from envlock.workflows.load_placing import Placing
    from envlock.workflows.save import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be an environment; paths in it are relative to the folder `home`. `pins` is the text of a lock whose
    pins are kept, of what it is a copy of; `saved` is the folder that all its files are taken from."""

    imported: Imported
    home: Path
    pins: bytes | None = field(default=None, repr=False)
    saved: Path | None = None

    @property
    def spec(self) -> EnvSpec:
        return self.imported.spec

    @property
    def text(self) -> str:
        """What would stand in env.toml."""
        return new_manifest(self.spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a draft is now, the files that were written for it, what was not carried over, and where packages were
    pinned by another tool, what `check` finds wrong with them."""

    project: Project
    written: tuple[Path, ...]
    remarks: tuple[Remark, ...] = ()
    problems: tuple[Problem, ...] = ()


def new_draft(name: str, home: Path) -> Draft:
    """What `envlock init NAME` writes."""
    return Draft(imported=Imported(spec=EnvSpec(name=checked_name(name), python=DEFAULT_PYTHON)), home=home)


def read_draft(name: str | None, source: Path, kind: str | None, context: Context) -> Draft:
    """What a file or folder of another tool comes to, by a name of one's own, else by the one that it has."""
    read = later_import.read_source(source, Asked(kind=kind), context)
    spec = read.imported.spec
    spec = replace(spec, name=checked_name(name or spec.name or source.resolve().name))
    return Draft(imported=replace(read.imported, spec=spec), home=read.folder.resolve())


def saved_draft(folder: Path, context: Context) -> Draft:
    """What `save` wrote into a folder; else what another tool has there."""
    home = environment_in(folder) or folder
    if not (home / MANIFEST).is_file():
        return read_draft(None, folder, None, context)
    return Draft(imported=Imported(spec=read_manifest(home / MANIFEST)), home=home.resolve(), saved=folder.resolve())


def copied_draft(name: str, project: Project) -> Draft:
    """An environment that is there, by another name; its pins are kept.

    UserInputError where it names files that are not here: those of another time or repository.
    """
    spec = replace(read_manifest(project.manifest), name=checked_name(name), files=())
    if project.at and moved_spec(spec, "elsewhere") != spec:
        raise lacks_files(project)
    pins = project.lockfile.read_bytes() if project.lockfile.exists() else None
    return Draft(imported=Imported(spec=spec), home=project.folder.resolve(), pins=pins)


def renamed(draft: Draft, name: str) -> Draft:
    spec = replace(draft.spec, name=checked_name(name))
    return replace(draft, imported=replace(draft.imported, spec=spec))


def changed(draft: Draft, change: Change) -> tuple[Draft, tuple[Edit, ...]]:
    """The draft with a change that is made to its env.toml; a Dockerfile that it names no more is not brought along."""
    text, edits = change(draft.text, draft.spec)
    spec, before = read_manifest(draft.home / MANIFEST, text), draft.spec.image.dockerfile
    gone = before if before != spec.image.dockerfile else None
    files = tuple((path, content) for path, content in draft.imported.files if path != gone)
    return replace(draft, imported=replace(draft.imported, spec=spec, files=files)), edits


def with_file(draft: Draft, path: str, content: bytes) -> Draft:
    """The draft with a file that is written beside its env.toml."""
    files = {**dict(draft.imported.files), path: content}
    return replace(draft, imported=replace(draft.imported, files=tuple(sorted(files.items()))))


def place(draft: Draft, folder: Path, context: Context, *, overwrite: bool = False) -> Placed:
    """Writes env.toml and what belongs to it, and env.lock where packages are pinned: all of it together, or nothing.

    What says the same already stays as it is. Other content of env.toml is replaced where git has it, or with
    `overwrite`; UserInputError where not.
    """
    folder = folder.resolve()
    if draft.saved:
        return _loaded(draft, draft.saved, folder, context, overwrite=overwrite)
    project = Project(folder)
    home = Path(os.path.relpath(draft.home.resolve(), folder)).as_posix()
    spec = read_manifest(project.manifest, new_manifest(moved_import(draft.imported, home)))
    imported = replace(draft.imported, spec=spec, pinned=moved_pins(draft.imported.pinned, home))
    made = later_import.locked_as_pinned(imported, project, context) if imported.pinned else None
    files = {folder / path: content for path, content in imported.files}
    if not _says(project, made.spec if made else spec):
        files[project.manifest] = new_manifest(made.spec if made else spec).encode()
    if made:
        files[project.lockfile] = lock_text(made.lock).encode()
    elif draft.pins and not project.lockfile.exists():
        files[project.lockfile] = draft.pins
    return Placed(
        project=project,
        written=_write(files, folder, overwrite=overwrite),
        remarks=(*imported.remarks, *(made.remarks if made else ())),
        problems=made.problems if made else (),
    )


def _loaded(draft: Draft, saved: Path, folder: Path, context: Context, *, overwrite: bool) -> Placed:
    """All that was saved, and what was changed since in env.toml."""

    def agreed(placing: "Placing") -> None:
        for path in (*placing.replaced, *placing.removed):
            refuse_lost(placing.target / path, repository_root(folder), overwrite=overwrite)

    found = later_import.load(saved, folder.parent, context, to=folder, name=draft.spec.name, agreed=agreed)
    written = [folder / path for path in found.placed.files]
    if read_manifest(found.project.manifest) != draft.spec:
        write_whole(found.project.manifest, draft.text.encode())
    return Placed(project=found.project, written=tuple(written))


def refuse_lost(path: Path, root: Path | None, *, overwrite: bool) -> None:
    """UserInputError where what stands there is nowhere else."""
    if path.exists() and not overwrite and not (root and is_committed(path.resolve(), root.resolve())):
        raise UserInputError(
            f"`{display(path)}` is here already, says something else, and git does not have it as it is",
            hint="commit it first, choose another name, or say `overwrite=True`",
        )


def _says(project: Project, spec: EnvSpec) -> bool:
    """Is that what env.toml says already, in whichever words?"""
    return project.manifest.exists() and read_manifest(project.manifest) == spec


def _write(files: dict[Path, bytes], folder: Path, *, overwrite: bool) -> tuple[Path, ...]:
    root = repository_root(folder)
    new = {path: content for path, content in files.items() if not path.exists() or path.read_bytes() != content}
    for path in new:
        refuse_lost(path, root, overwrite=overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    for parent in sorted({path.parent for path in new}):
        parent.mkdir(parents=True, exist_ok=True)
    new |= lacking_attributes((folder,), root)
    write_together(new)
    return tuple(new)


def save_draft(draft: Draft, folder: Path, context: Context, **options: Any) -> "Saved":
    """The folder that `save` writes, of a draft: by way of a folder that goes again."""
    with scratch_folder(folder.resolve().parent) as scratch:
        return later_import.save(place(draft, scratch / draft.spec.name, context).project, folder, context, **options)
