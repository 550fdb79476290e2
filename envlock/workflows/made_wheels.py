"""Wheels that a prefix needs and nobody has: of what is locked as source, and of projects that stay where they are."""

from dataclasses import replace
from pathlib import Path

from envlock.model.lock import PipPackage
from envlock.workflows.built_wheels import Workshop
from envlock.workflows.contents import require_promised
from envlock.workflows.editable import editable_folders
from envlock.workflows.logins import sources_of
from envlock.workflows.packages import supply_of
from envlock.workflows.prefix_task import PrefixTask


def made_wheels(task: PrefixTask, prefix: Path, folder: Path) -> dict[str, Path]:
    """The wheels by name, those that are not kept in `folder`; conda's Python, where it has one, is in `prefix`."""
    built = [package for package in task.locked.pip if package.builds]
    if not built and not task.lock.inputs.editable:
        return {}
    workshop = _workshop(task, prefix)
    wheels = {package.name: _built(package, workshop, task) for package in built}
    for name, project in editable_folders(task.lock, task.project):
        wheels[name] = workshop.editable_wheel(name, project, folder)
    return wheels


def _workshop(task: PrefixTask, prefix: Path) -> Workshop:
    inputs, context = task.lock.inputs, task.context
    sources = sources_of(inputs.channels, inputs.indexes, task.project.folder, context)
    return Workshop(
        supply=supply_of(sources, context),
        indexes=sources.asked_indexes(inputs.indexes),
        context=context,
        version=task.locked.python or "",
        interpreter=task.python.path if task.python else str(prefix / "bin" / "python"),
    )


def _built(package: PipPackage, workshop: Workshop, task: PrefixTask) -> Path:
    wheel = workshop.wheel(package)
    require_promised(replace(package, file=wheel.name), wheel, task.locked)
    return wheel
