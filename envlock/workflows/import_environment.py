"""import: an environment made of what another tool has, with every pin where that is a lock, and what is left out."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.moved_spec import moved_import
from envlock.lockfile.writer import lock_text
from envlock.manifest.editor import new_manifest
from envlock.manifest.names import environment_name
from envlock.manifest.reader import read_manifest
from envlock.model.imported import Imported, Remark
from envlock.model.spec import EnvSpec
from envlock.system.files import folder_for, repository_root, write_together
from envlock.system.text_file import display
from envlock.workflows import later_import
from envlock.workflows.attributes import lacking_attributes
from envlock.workflows.context import Context
from envlock.workflows.import_asked import ANYTHING, AS_IT_SAYS, Asked, ImportOptions, ImportResult
from envlock.workflows.import_pins import on_indexes, with_pins
from envlock.workflows.import_source import Read, read_source
from envlock.workflows.init import checked_name, schema_address, suggested_name
from envlock.workflows.project import MANIFEST, Project

_ELSEWHERE = "`--overwrite` replaces it; `--to DIR` goes elsewhere"


def import_environment(
    source: Path, folder: Path, context: Context, asked: Asked = ANYTHING, options: ImportOptions = AS_IT_SAYS
) -> ImportResult:
    """Makes env.toml in `folder` of a file, a folder or a prefix, and env.lock where that pins its packages.

    All files are written together, or none. UserInputError where there is an env.toml already, and where what was read
    cannot be.
    """
    folder = folder.resolve()
    project = Project(folder)
    if os.path.lexists(project.manifest) and not options.overwrite:  # a link to nothing is somebody's, too
        raise UserInputError(
            f"`{display(project.manifest)}` is here already",
            hint=_ELSEWHERE,
        )
    with folder_for(folder, keep=options.write):
        return _imported(source, project, context, replace(asked, into=folder), options)


def _imported(source: Path, project: Project, context: Context, asked: Asked, options: ImportOptions) -> ImportResult:
    read = read_source(source, asked, context)
    if options.base:
        read = replace(read, imported=_without_dockerfile(read.imported, options.base))
    imported = _with_pins(read, options, asked, context)
    spec, remarks = _spec(read, imported, project.folder, options)
    imported = replace(imported, spec=spec, remarks=(*imported.remarks, *remarks))
    if options.pins:
        imported = on_indexes(imported, project, context)
    made = later_import.locked_as_pinned(imported, project, context) if imported.pinned else None
    text = new_manifest(made.spec if made else spec, schema_address(project.folder))
    files = {project.folder / path: content for path, content in imported.files} | {project.manifest: text.encode()}
    if made:
        files[project.lockfile] = lock_text(made.lock).encode()
    _refuse_others(files, options)
    return ImportResult(
        kind=read.kind,
        text=text,
        spec=made.spec if made else spec,
        lock=made.lock if made else None,
        problems=made.problems if made else (),
        remarks=(*imported.remarks, *(made.remarks if made else ())),
        written=_write(files, project.folder) if options.write else (),
    )


def _with_pins(read: Read, options: ImportOptions, asked: Asked, context: Context) -> Imported:
    """What was read, with the pins of another file where that is asked for."""
    if options.pins is None:
        return read.imported
    other = read_source(options.pins, replace(asked, kind=None), context)
    if not other.imported.pinned:
        raise UserInputError(
            f"`{display(options.pins)}` ({other.kind}) pins nothing",
            hint="`--pins` takes a lock, such as conda-lock.yml",
        )
    return with_pins(read.imported, other.imported)


def _without_dockerfile(found: Imported, base: str) -> Imported:
    """Where `base` is taken in place of one, none is brought along."""
    if not found.spec.image.dockerfile:
        return found
    why = "it is taken in place of the Dockerfile: what is said here to stay in that one is left out"
    files = tuple((path, content) for path, content in found.files if path != found.spec.image.dockerfile)
    return replace(found, remarks=(*found.remarks, Remark(what=f"--base {base}", why=why)), files=files)


def _spec(read: Read, imported: Imported, folder: Path, options: ImportOptions) -> tuple[EnvSpec, tuple[Remark, ...]]:
    """The spec with the name that it is to have and with paths from its new place, all of it checked by the reader."""
    spec, remarks = _named(imported.spec, folder, options)
    away = Path(os.path.relpath(read.folder.resolve(), folder)).as_posix()
    spec = moved_import(replace(imported, spec=spec), away)
    if options.python:
        spec = replace(spec, python=options.python)
    if options.base:
        spec = replace(spec, image=replace(spec.image, base=options.base, debian=None, dockerfile=None))
    return read_manifest(folder / MANIFEST, new_manifest(spec)), remarks


def _named(spec: EnvSpec, folder: Path, options: ImportOptions) -> tuple[EnvSpec, tuple[Remark, ...]]:
    """By the name that is asked for, else its own, else the folder's."""
    if options.name:
        return replace(spec, name=checked_name(options.name)), ()
    try:
        return replace(spec, name=environment_name(spec.name)), ()
    except ValueError as error:
        remark = Remark(what=f"name: {spec.name}", why=f"it cannot be an environment's: {error}")
        return replace(spec, name=suggested_name(folder.name)), (remark,) if spec.name else ()


def _refuse_others(files: Mapping[Path, bytes], options: ImportOptions) -> None:
    """UserInputError where a file that the environment brings along would replace another."""
    for path, content in files.items():
        if not options.overwrite and path.exists() and path.read_bytes() != content:
            raise UserInputError(f"`{display(path)}` is here already", hint="`--overwrite` replaces it")


def _write(files: Mapping[Path, bytes], folder: Path) -> tuple[Path, ...]:
    for parent in sorted({path.parent for path in files}):
        parent.mkdir(parents=True, exist_ok=True)
    found = {**files, **lacking_attributes((folder,), repository_root(folder))}
    write_together(found)
    return tuple(found)
