"""The lock of packages that another tool has pinned: completed as every lock is, and nothing solved."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from envlock.model.freshness import problems
from envlock.model.imported import Imported, Remark
from envlock.model.lock import Lock
from envlock.model.problem import Problem
from envlock.model.roots import completed, everything
from envlock.model.spec import EnvSpec
from envlock.workflows.captured import found_again
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.resolve import locked
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import KEEP
from envlock.workflows.walk import JUDGES


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedAsPinned:
    """The lock, the spec that asks for all of it, why it may not answer that, and what is to be said."""

    lock: Lock
    spec: EnvSpec
    problems: tuple[Problem, ...]
    remarks: tuple[Remark, ...]


def locked_as_pinned(imported: Imported, project: Project, context: Context) -> LockedAsPinned:
    """Every package as it is pinned, with what a lock holds beside. What is asked for is what the file asks for, and
    what is pinned and nothing leads to."""
    before = imported.remarks
    imported = found_again(imported, project, context)
    wanted = imported.spec
    # whatever is pinned is taken over: so all of it is asked for at first
    found = _locked(everything(wanted, imported.pinned), imported, project, context, None)
    spec = completed(wanted, found.platforms, imported.pinned)
    lock = _locked(spec, imported, project, context, found)
    return LockedAsPinned(
        lock=lock,
        spec=spec,
        problems=problems(spec, lock, JUDGES, now=datetime.now(UTC)),
        remarks=(*imported.remarks[len(before) :], *_asked_beside(wanted, spec), *_lost(found, lock)),
    )


def _locked(spec: EnvSpec, imported: Imported, project: Project, context: Context, found: Lock | None) -> Lock:
    """All that is asked for, with the bases that were `found` already."""
    pinned = {each.platform: each for each in imported.pinned}
    tasks = tasks_of(spec, project, context, found, KEEP)
    return locked(spec, [replace(task, pinned=pinned.get(task.name)) for task in tasks], context)


def _asked_beside(wanted: EnvSpec, spec: EnvSpec) -> Iterator[Remark]:
    """What env.toml asks for though the file did not, where that asks for anything."""
    before = set(_asked(wanted))
    told = {kind for kind, _ in before}
    for kind, name in sorted(set(_asked(spec)) - before):
        if kind not in told:
            continue  # of these the file does not say which were asked for
        why = "pinned, and nothing that is asked for leads to it: env.toml asks for it now, so that it stays"
        yield Remark(what=name, why=why)


def _asked(spec: EnvSpec) -> Iterator[tuple[str, str]]:
    """What env.toml itself asks for, by kind; not what editable projects do."""
    spec = replace(spec, pip=replace(spec.pip, editable=()))
    for platform in spec.platforms:
        wants = spec.all_wants(platform)
        yield from (("conda", text) for text in wants.conda)
        yield from (("pip", text) for text in wants.pip)


def _lost(found: Lock, lock: Lock) -> Iterator[Remark]:
    for before, after in zip(found.platforms, lock.platforms, strict=True):
        kept = {p.node for p in after.prefix_packages}
        for package in before.prefix_packages:
            if package.node not in kept:
                yield Remark(what=f"{package.name} {package.version}", why=f"nothing asks for it on {before.platform}")
