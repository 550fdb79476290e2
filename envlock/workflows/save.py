"""save: an environment as a folder of its own that works by itself, and with packages without any network."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Lock, PlatformLock
from envlock.model.words import listed
from envlock.system.files import replace_folder, sync_folder
from envlock.system.parts import scratch_folder
from envlock.system.saved_folder import MARK
from envlock.system.text_file import display
from envlock.workflows.check import check, require_fresh
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.saved_definition import walked_folders
from envlock.workflows.saved_formats import FORMATS, Laid, Saving
from envlock.workflows.saved_listing import Listing, present, read_listing
from envlock.workflows.saved_names import ENVLOCK
from envlock.workflows.saved_packages import save_packages
from envlock.workflows.saved_stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOptions:
    """`platforms` are those whose packages are saved; none named means all that are locked."""

    format: str = ENVLOCK
    packages: bool = False
    platforms: tuple[str, ...] = ()
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The folder, how many files are in it with how many bytes, and what is not."""

    name: str
    folder: Path
    files: int
    size: int
    notes: tuple[str, ...]


def save(project: Project, folder: Path, context: Context, options: SaveOptions) -> Saved:
    """Writes the folder, whole or not at all: what is equal is saved equal, byte for byte, wherever that is done.

    UserInputError where the folder has anything in it, but for what save wrote where that may be replaced.
    """
    folder = folder.resolve()
    saving = _saving(project, context)
    platforms = _platforms(saving.lock, options)
    _refuse_format(options)
    if options.packages:
        require_fresh(project, context.cache)
    _require_free(folder, options)
    laid = FORMATS[options.format].write(saving)
    _refuse_inside(folder, saving, laid)
    with scratch_folder(folder.parent) as scratch:
        stage = Stage(scratch / "saved", folder)
        for path, file in sorted(laid.files.items()):
            stage.write(path, [file]) if isinstance(file, bytes) else stage.add(path, file)
        if platforms and saving.lock:
            save_packages(stage, saving.lock, platforms, project, context)
        _write_listing(stage, saving.spec.name, options.format, laid, platforms)
        size = sum(place.lstat().st_size for _, place in present(stage.root))
        _require_free(folder, options)  # it may have taken long
        replace_folder(stage.root, folder)
        sync_folder(folder.parent)
    return Saved(
        name=saving.spec.name,
        folder=folder,
        files=len(stage.files),
        size=size,
        notes=(*laid.notes, *_notes(saving, platforms, options)),
    )


def _saving(project: Project, context: Context) -> Saving:
    lock = read_lock(project.lockfile) if project.lockfile.exists() else None
    return Saving(spec=read_manifest(project.manifest), lock=lock, project=project, context=context)


def _platforms(lock: Lock | None, options: SaveOptions) -> tuple[str, ...]:
    """The platforms whose packages are saved."""
    if not options.packages:
        if options.platforms:
            raise UserInputError("`--platform` says whose packages are saved", hint="add `--with-packages`")
        return ()
    locked = [each.platform for each in lock.platforms] if lock else []
    for name in options.platforms:
        if name not in locked:
            raise UserInputError(f"nothing is locked for `{name}`", hint=f"there is {', '.join(locked) or 'no lock'}")
    return tuple(sorted(set(options.platforms or locked)))


def _refuse_format(options: SaveOptions) -> None:
    if options.format not in FORMATS:
        raise UserInputError(f"no format `{options.format}`", hint=f"these are written: {', '.join(FORMATS)}")
    if options.packages and not FORMATS[options.format].packages:
        raise UserInputError(f"the format `{options.format}` holds no packages", hint="leave out `--format`")


def _require_free(folder: Path, options: SaveOptions) -> None:
    """UserInputError where the folder is not ours to write."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserInputError(f"`{display(folder)}` is not a folder", hint="name another place")
    if folder.is_mount():
        raise UserInputError(f"`{display(folder)}` is the top of a disk", hint="name a folder in it")
    if not any(folder.iterdir()):
        return
    listing = read_listing(folder)
    if listing is None:
        raise UserInputError(
            f"`{display(folder)}` is not empty, and no folder that `envlock save` wrote", hint="name another place"
        )
    if not options.overwrite:
        raise UserInputError(f"`{display(folder)}` is saved already", hint="`--overwrite` replaces it")
    strange = sorted(path for path, _ in present(folder) if path not in listing.files)
    if strange:
        raise UserInputError(
            f"`{display(folder)}` has what `envlock save` did not write: {listed(strange)}",
            hint="move it away, or name another place",
        )


def _refuse_inside(folder: Path, saving: Saving, laid: Laid) -> None:
    """Neither may lie in the other: the folder would be a part of what is saved, and the lock would not answer."""
    around = saving.project.folder.resolve()
    inside = [around, *(file.place for file in laid.files.values() if not isinstance(file, bytes))]
    walked = [(around / path).resolve() for path in walked_folders(saving.spec, around)]
    if any(place.is_relative_to(folder) for place in inside) or any(map(folder.is_relative_to, walked)):
        raise UserInputError(
            f"`{display(folder)}` is a part of what is to be saved", hint="name a place outside of the environment"
        )


def _write_listing(stage: Stage, name: str, form: str, laid: Laid, platforms: tuple[str, ...]) -> None:
    files = dict(stage.files)
    listing = Listing(name=name, format=form, environment=laid.environment, platforms=platforms, files=files)
    stage.write(MARK, [listing.text().encode()])
    del stage.files[MARK]


def _notes(saving: Saving, platforms: tuple[str, ...], options: SaveOptions) -> Iterator[str]:
    """What is not in the folder, or will not do by itself."""
    lock = saving.lock
    if lock and not options.packages and check(saving.project, saving.context.cache):
        yield "the lock does not answer env.toml: `envlock check` says why"
    found = (
        {note for locked in lock.platforms if locked.platform in platforms for note in _of(locked)} if lock else set()
    )
    yield from sorted(found)


def _of(locked: PlatformLock) -> Iterator[str]:
    for package in locked.pip:
        if package.git:
            yield f"`{package.name}` is not saved: it is fetched from `{package.git}` when it is built"
        elif package.builds:
            yield f"`{package.name}` is saved as its source; what building it asks for is not"
    if locked.base.context:
        yield "the base is made by the Dockerfile: what that downloads is not saved"
