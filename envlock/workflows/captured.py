"""What was found installed and nobody says from where: looked up on its index, and named where that has it not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envlock.model.imported import Imported, Pinned, PinnedFile, PinnedPip, Remark
from envlock.model.index_file import IndexFile
from envlock.solvers.uv_answer import index_name
from envlock.system.side_by_side import side_by_side
from envlock.workflows.context import Context
from envlock.workflows.pinned_files import NotOnIndex, known_files
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import KEEP
from envlock.workflows.wheel_doors import metadata_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A distribution as its index has it; None where it does not, and what is to be said of that."""

    pin: PinnedPip | None
    remark: Remark | None = None


def found_again(imported: Imported, project: Project, context: Context) -> Imported:
    """With the file of each distribution on its index; without those that are on none, which are remarked."""
    if not any(map(_unknown, (p for each in imported.pinned for p in each.pip))):
        return imported
    tasks = {task.name: task for task in tasks_of(imported.spec, project, context, None, KEEP)}
    pairs = [_looked_up(each, tasks[each.platform]) for each in imported.pinned]
    remarks = (remark for _, found in pairs for remark in found)
    kept = {p.name for pinned, _ in pairs for p in pinned.pip}
    lost = {p.name for each in imported.pinned for p in each.pip} - kept
    asked = tuple(text for text in imported.spec.pip.dependencies if text not in lost)
    spec = replace(imported.spec, pip=replace(imported.spec.pip, dependencies=asked))
    return replace(
        imported,
        spec=spec,
        pinned=tuple(pinned for pinned, _ in pairs),
        remarks=(*imported.remarks, *dict.fromkeys(remarks)),
    )


def _unknown(package: PinnedPip) -> bool:
    """Is it from an index, and neither a hash nor an address of a file of it is known?"""
    return package.source is None and not any(file.url or file.sha256 for file in package.files)


def _looked_up(pinned: Pinned, task: PlatformTask) -> tuple[Pinned, Sequence[Remark]]:
    task.context.progress(f"{task.name}: looking for {len(pinned.pip)} wheels on their index")
    found = side_by_side(lambda package: _found(package, task), pinned.pip, stop=task.context.stopped.set)
    pins = tuple(one.pin for one in found if one.pin)
    return replace(pinned, pip=pins), [one.remark for one in found if one.remark]


def _found(package: PinnedPip, task: PlatformTask) -> _Found:
    if not _unknown(package):
        return _Found(pin=package)
    index = index_name(package.index, task.spec.pip.indexes)
    named = f"{package.name} {package.version}"
    try:
        files = known_files(package, index, task)
        return _Found(pin=replace(package, files=files), remark=_of_another(package, files, index, task))
    except NotOnIndex as error:
        why = f"{error.message}; say in env.toml where it is from"
        if not package.files:
            return _Found(pin=None, remark=Remark(what=named, why=why))
    try:
        files = known_files(replace(package, files=()), index, task)
    except NotOnIndex:
        return _Found(pin=None, remark=Remark(what=named, why=why))
    why = f"installed from `{package.files[0].name}`, which `{index}` does not have: locked is its best file of {named}"
    return _Found(pin=replace(package, files=files), remark=Remark(what=named, why=why))


def _of_another(package: PinnedPip, files: Sequence[PinnedFile], index: str, task: PlatformTask) -> Remark | None:
    """Is the wheel of that name another one? An index can have somebody else's by the name of what was installed."""
    (file, *more) = files
    if not package.files or more or not file.url or not file.name.endswith(".whl"):
        return None
    listed = IndexFile(
        name=package.name,
        version=package.version,
        file=file.name,
        url=file.url,
        index=index,
        sha256=file.sha256,
        size=file.size,
    )
    if metadata_of(task, listed).requires_dist == package.requires:
        return None
    why = f"`{file.name}` of `{index}`, which is locked, requires other things than what is installed: is it that?"
    return Remark(what=f"{package.name} {package.version}", why=why)
