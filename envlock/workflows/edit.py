"""add, remove: env.toml and env.lock change together, or neither does."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from envlock.errors import EnvlockError, UserInputError
from envlock.lockfile.writer import lock_text
from envlock.manifest.dependency_edits import Edit
from envlock.manifest.dependency_text import CONDA, DEBIAN
from envlock.manifest.reader import LIMIT, read_manifest
from envlock.model.changes import changes
from envlock.model.debian_relations import NAME
from envlock.model.freshness import problems
from envlock.model.lock import ImageSettings, Inputs, Lock
from envlock.model.spec import EnvSpec
from envlock.system.files import write_together
from envlock.system.text_file import bytes_like, read_text
from envlock.workflows import later
from envlock.workflows.bound import with_bounds
from envlock.workflows.context import Context
from envlock.workflows.pins import Pins, read_pins
from envlock.workflows.project import Project
from envlock.workflows.relock import LockResult
from envlock.workflows.resolve import locked
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import KEEP
from envlock.workflows.walk import JUDGES

_UNCHANGED = "env.toml and env.lock stay as they are"

# the text of a manifest, and what it says -> the text as it is to be, and what was done to it
Change = Callable[[str, EnvSpec], tuple[str, tuple[Edit, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """Without `lock` only env.toml is edited; without `write` nothing is, and it is only said what would be."""

    lock: bool = True
    write: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """env.toml before and after, with LF line ends, what was done to it, and how the lock changed."""

    before: str
    after: str
    edits: tuple[Edit, ...]
    lock: LockResult | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A manifest that is not written yet, what it says, and the lock that answers it."""

    text: str
    spec: EnvSpec
    edits: tuple[Edit, ...]
    lock: Lock | None = None


def edit(project: Project, context: Context, change: Change, how: How) -> EditResult:
    """Edits, locks and only then writes: what cannot be locked is not written.

    Both files get their new bytes at once. Who is killed between the two leaves an env.toml that asks for what env.lock
    does not have yet: `check` says so, and `envlock lock`, or the same edit again, goes on from there.
    """
    began = monotonic()
    with context.cache.lock(_lock_name(project)):
        text = read_text(project.manifest, limit=LIMIT, absent="`envlock init` writes one")
        found = _Found.of(project)
        draft = _draft(project, text, change)
        if not how.lock:
            if how.write:
                found.write(manifest=draft.text)
            return EditResult(before=text, after=draft.text, edits=draft.edits)
        if draft.text == text and how.write:
            return EditResult(before=text, after=text, edits=draft.edits, lock=later.relock(project, context, KEEP))
        pins = read_pins(project)
        draft = _locked(project, context, draft, pins)
        assert draft.lock
        if how.write:
            found.write(manifest=draft.text, lock=lock_text(draft.lock))
        notes = (*pins.told(draft.lock), *later.lock_notes(project, draft.lock, pins.lock, context))
        result = LockResult(
            lock=draft.lock,
            changes=changes(before=pins.lock, after=draft.lock),
            written=True,
            seconds=monotonic() - began,
            notes=notes,
        )
        return EditResult(before=text, after=draft.text, edits=draft.edits, lock=result)


def _draft(project: Project, text: str, change: Change) -> _Draft:
    """The edited text, and what it says, which must be as valid as what is there."""
    new, edits = change(text, read_manifest(project.manifest, text))
    return _Draft(new, read_manifest(project.manifest, new), edits)


def _locked(project: Project, context: Context, draft: _Draft, pins: Pins) -> _Draft:
    try:
        lock = pins.resolved(lambda old: _resolved(draft.spec, project, context, old))
        text, edits = with_bounds(draft.text, draft.edits, lock)
        if text == draft.text:
            return replace(draft, lock=lock)
        spec = read_manifest(project.manifest, text)
        lock = replace(lock, inputs=Inputs.of(spec), image=ImageSettings.of(spec))
        if problems(spec, lock, JUDGES):  # a bound that says more than was known
            lock = _resolved(spec, project, context, lock)
    except EnvlockError as error:
        error.hint = _hint(error, draft)
        error.message = f"{error.message}\n{_UNCHANGED}"
        raise
    return _Draft(text, spec, edits, lock)


def _resolved(spec: EnvSpec, project: Project, context: Context, old: Lock | None) -> Lock:
    return locked(spec, tasks_of(spec, project, context, old, KEEP), context)


def _hint(error: EnvlockError, draft: _Draft) -> str | None:
    """What fails in [conda] may have been meant for [pip], and where Debian's packages are the base, for these."""
    failed = [e for e in draft.edits if e.place.kind != DEBIAN and e.before is None and e.name in error.message]
    conda = next((e.name for e in failed if e.place.kind == CONDA), None)
    bare = (e.name for e in failed if draft.spec.image.debian and e.after == e.name and NAME.fullmatch(e.name))
    any_kind = next(bare, None)
    others = (
        f"`envlock add --pip {conda}` takes it from the package index" if conda else None,
        f"`envlock add --debian {any_kind}` takes it from Debian" if any_kind else None,
    )
    return "; ".join(filter(None, (error.hint, *others))) or None


@dataclass(frozen=True, slots=True)
class _Found:
    """Both files as they were before all else: what others write meanwhile is not written over."""

    project: Project
    manifest: bytes
    lock: bytes | None

    @classmethod
    def of(cls, project: Project) -> "_Found":
        lockfile = project.lockfile
        return cls(project, project.manifest.read_bytes(), lockfile.read_bytes() if lockfile.exists() else None)

    def write(self, *, manifest: str, lock: str | None = None) -> None:
        """env.toml first: an env.lock ahead of it would look like one that nobody asked for."""
        new = {self.project.manifest: bytes_like(self.manifest, manifest)}
        new |= {self.project.lockfile: lock.encode()} if lock is not None else {}
        if _Found.of(self.project) != self:
            raise UserInputError(f"env.toml or env.lock was changed meanwhile: {_UNCHANGED}", hint="run it again")
        write_together({path: data for path, data in new.items() if data != self._of(path)})

    def _of(self, path: Path) -> bytes | None:
        return self.manifest if path == self.project.manifest else self.lock


def _lock_name(project: Project) -> str:
    return f"edit-{hashlib.sha256(bytes(project.folder.resolve())).hexdigest()[:32]}"
