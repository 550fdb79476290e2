"""`save --format azureml`: what is locked as a folder that Azure ML's first SDK loads."""

from envlock.errors import UserInputError
from envlock.interchange.azureml.folder import azureml_folder, azureml_notes, local_files
from envlock.interchange.docker.dockerfile_lines import NoDockerfile, instructions
from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.lock import PlatformLock
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.system.text_file import read_text
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.export import ExportOptions, exported_contents
from envlock.workflows.project import LOCKFILE, Project
from envlock.workflows.saved_definition import SavedFile

_LARGEST = 1 << 20


def azureml(project: Project, context: Context) -> tuple[dict[str, SavedFile | bytes], tuple[str, ...]]:
    """The files by their paths in the folder, and what they cannot say. A stale lock is refused."""
    if not project.lockfile.exists():
        raise UserInputError(f"there is no {LOCKFILE}", hint="`envlock lock` makes it")
    require_fresh(project, context.cache)
    spec = read_manifest(project.manifest)
    chosen = _platform(read_lock(project.lockfile).platforms)
    contents = exported_contents(project, context, ExportOptions(format="environment.yml"), (chosen,))
    dockerfile = None
    if spec.image.dockerfile:
        dockerfile = read_text(project.folder / spec.image.dockerfile, limit=_LARGEST, absent="")
    files: dict[str, SavedFile | bytes] = {
        name: text.encode() for name, text in azureml_folder(contents, dockerfile).items()
    }
    for path, from_folder in local_files(contents).items():
        files[path] = SavedFile(place=project.folder / from_folder)
    return files, tuple(azureml_notes(contents, copies=_copies(dockerfile)))


def _platform(locked: tuple[PlatformLock, ...]) -> PlatformLock:
    """The one that images are made for, the default one first."""
    found = [each for each in locked if PLATFORMS[each.platform].has_images]
    found.sort(key=lambda each: (each.platform != DEFAULT_PLATFORM, each.platform))
    if not found:
        raise UserInputError("no image is made for the locked platforms", hint="add `linux-64` to `platforms`")
    return found[0]


def _copies(dockerfile: str | None) -> bool:
    """Does it take files of its build context?"""
    try:
        found = list(instructions(dockerfile or ""))
    except NoDockerfile:
        return False
    return any(
        each.word in ("COPY", "ADD") and not any(flag.startswith("--from") for flag in each.flags) for each in found
    )
