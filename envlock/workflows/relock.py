"""lock, where there may be something to do: walk, resolve what is unmet, write, and say what moved."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from time import monotonic

from envlock.errors import UserInputError
from envlock.lockfile.writer import lock_text
from envlock.model.changes import Changes, changes
from envlock.model.lock import ImageSettings, Lock, Node
from envlock.model.problem import IMAGE
from envlock.model.words import did_you_mean
from envlock.system.files import write_whole
from envlock.workflows import later
from envlock.workflows.ahead import Ahead
from envlock.workflows.check import check
from envlock.workflows.context import Context
from envlock.workflows.later_local import locked_copies
from envlock.workflows.project import Project
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import BASE, DEBIAN, Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class LockResult:
    """The lock, how it differs from the one before, whether a file was written, and what is to be said of it."""

    lock: Lock = field(repr=False)
    changes: Changes = field(repr=False)
    written: bool
    seconds: float
    notes: tuple[str, ...] = ()


def relock(project: Project, context: Context, upgrade: Upgrade, ahead: Ahead) -> LockResult:
    """Resolves what is unmet; the file is touched only where something changes. `ahead` is what was done for it."""
    began = monotonic()
    pins = ahead.pins

    def resolved(kept: Lock | None) -> Lock:
        spec = ahead.spec or later.read_manifest(project)
        return later.locked(spec, tasks_of(spec, project, context, kept, upgrade), context, ahead.begun)

    old = pins.lock
    _refuse_unknown(upgrade, old)
    unmet = None if old is None or upgrade or pins.conflict else check(project, context.cache)
    if old and unmet == ():
        # it stays as it is, whoever wrote it
        return _result(began, old, old, written=False)
    if old and unmet and all(problem.kind == IMAGE for problem in unmet):
        new = _with_image(old, project)
    else:
        new = pins.resolved(resolved)
    text = lock_text(new).encode()
    written = old is None or project.lockfile.read_bytes() != text
    # before the file, which is the last thing that is done
    notes = later.lock_notes(project, new, old, context) if written else ()
    if written:
        write_whole(project.lockfile, text)
    return replace(_result(began, old, new, written=written), notes=(*pins.told(new), *notes))


def _with_image(old: Lock, project: Project) -> Lock:
    """With the image settings of now: what is installed does not depend on them, and is not solved anew."""
    spec = later.read_manifest(project)
    return replace(old, image=ImageSettings.of(spec), copied=locked_copies(project.folder, spec))


def _refuse_unknown(upgrade: Upgrade, old: Lock | None) -> None:
    """A name that is not locked is a slip of the pen, not a wish."""
    nodes = {p.node for platform in old.platforms for p in platform.packages} if old else set()
    words = {BASE, DEBIAN} if any(kind == DEBIAN for kind, _ in nodes) else {BASE}
    unknown = upgrade.unknown([*nodes, *(("", word) for word in words)])
    if unknown:
        raise UserInputError(
            f"`{unknown[0]}` is not locked, so it cannot be upgraded",
            hint=_near(unknown[0], nodes, words) or "`envlock show` lists what is",
        )


def _near(asked: str, nodes: Collection[Node], words: Collection[str]) -> str | None:
    """The name that was meant: the same of another kind, else the nearest of that kind, or of any."""
    kind, colon, name = asked.rpartition(":")
    if kind and (same := sorted(of for of, known in nodes if known == name)):
        return f"did you mean `{same[0]}:{name}`?"
    names = {f"{kind}{colon}{known}" for of, known in nodes if kind in ("", of)}
    return did_you_mean(asked, names if kind else names | {*words})


def _result(began: float, old: Lock | None, new: Lock, *, written: bool) -> LockResult:
    return LockResult(lock=new, changes=changes(before=old, after=new), written=written, seconds=monotonic() - began)
