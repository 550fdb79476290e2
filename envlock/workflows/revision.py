"""An environment's lock at a git revision, found by the environment's name: its folder may have been another one."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from envlock.errors import UserInputError
from envlock.history.around import repository_around
from envlock.history.repository import Repository
from envlock.history.versions import version_commit
from envlock.lockfile.reader import lock_of
from envlock.manifest.stated_name import stated_name
from envlock.model.lock import Lock
from envlock.model.words import did_you_mean
from envlock.workflows.moment import top_name
from envlock.workflows.project import LOCKFILE, MANIFEST, all_projects
from envlock.workflows.versions import locks_in
from envlock.workflows.wanted import Wanted

_SHORT = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The commit, in full, the environment's name, and its lock; None where it has none at that revision."""

    commit: str
    name: str | None
    lock: Lock | None


def find(wanted: Wanted) -> Found:
    """Looks an environment up at a revision; with `since`, where the history of the two last was one."""
    repository = repository_around(wanted.folder)
    if repository is None:
        raise UserInputError(
            f"`{wanted.version}` is no file, and `{wanted.folder}` is in no git repository",
            hint="outside of git, give two env.lock files",
        )
    commit = _commit(repository, wanted, wanted.version)
    if wanted.since is not None:
        commit = _common(repository, wanted, commit)
    folder = folder_at(repository, commit, wanted)
    name = wanted.name or (name_at(repository, commit, folder) if folder else None)
    return Found(commit=commit, name=name, lock=_lock(repository, commit, folder) if folder else None)


def _commit(repository: Repository, wanted: Wanted, version: str) -> str:
    locks = locks_in(wanted.folder, wanted.cache) if wanted.cache else None
    return version_commit(repository, wanted.name, version, locks)


def _common(repository: Repository, wanted: Wanted, commit: str) -> str:
    assert wanted.since is not None
    found = repository.merge_base(_commit(repository, wanted, wanted.since), commit)
    if found is None:
        raise UserInputError(f"`{wanted.version}` and `{wanted.since}` have no commit in common")
    return found


def folder_at(repository: Repository, commit: str, wanted: Wanted) -> PurePosixPath | None:
    """Where the environment was: where it is now, if it had its name there already, else wherever it had it."""
    now = _within(repository, wanted.folder) if wanted.name else None
    if now is not None and name_at(repository, commit, now) == wanted.name:
        return now
    folders = {path.parent: name_at(repository, commit, path.parent) for path in _manifests(repository, commit)}
    found = [folder for folder, name in folders.items() if wanted.name in (None, name)]
    if len(found) > 1:
        found = _as_now(repository, wanted, found)
    if len(found) > 1:
        listed = "\n".join(f"  {folders[folder]}  {folder / MANIFEST}" for folder in found)
        raise UserInputError(f"several environments are at `{wanted.version}`: which one?\n{listed}", hint="name one")
    if not found and (wanted.required or wanted.name is None):
        raise _absent(wanted, sorted({name for name in folders.values() if name}))
    return found[0] if found else None


def _as_now(repository: Repository, wanted: Wanted, folders: list[PurePosixPath]) -> list[PurePosixPath]:
    """Of several, the one that the name stands for now: others may be left out of the repository's environments."""
    now = [_within(repository, p.folder) for p in all_projects(wanted.folder) if p.name == wanted.name]
    return [folder for folder in folders if folder in now] or folders


def _absent(wanted: Wanted, names: list[str]) -> UserInputError:
    if wanted.name is None:
        return UserInputError(f"no environment is at `{wanted.version}`")
    hint = did_you_mean(wanted.name, names) or f"there is {', '.join(f'`{name}`' for name in names) or 'none at all'}"
    return UserInputError(f"no environment `{wanted.name}` is at `{wanted.version}`", hint=hint)


def _manifests(repository: Repository, commit: str) -> list[PurePosixPath]:
    return [PurePosixPath(path) for path in repository.files(commit, MANIFEST)]


def _within(repository: Repository, folder: Path) -> PurePosixPath | None:
    root = repository.root
    if root is None or not folder.resolve().is_relative_to(root.resolve()):
        return None
    return PurePosixPath(folder.resolve().relative_to(root.resolve()).as_posix())


def name_at(repository: Repository, commit: str, folder: PurePosixPath) -> str | None:
    data = repository.read(commit, str(folder / MANIFEST))
    if data is None:
        return None
    # the top folder's name is not kept in git
    return stated_name(data.decode("utf-8-sig", errors="replace"), folder.name or top_name(repository))


def _lock(repository: Repository, commit: str, folder: PurePosixPath) -> Lock | None:
    path = str(folder / LOCKFILE)
    data = repository.read(commit, path)
    if data is None:
        return None
    name = f"{commit[:_SHORT]}:{path}"
    try:
        return lock_of(name, data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise UserInputError(f"`{name}` is not UTF-8 text (byte {error.start} cannot be decoded)") from None
