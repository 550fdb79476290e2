"""The history of a repository, opened for a command: git, its objects, where environments were, what locks say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history.git_place import GitPlace, git_around
from envlock.history.objects import Objects
from envlock.history.versions import SHALLOW
from envlock.model.words import did_you_mean
from envlock.system.cache import Cache
from envlock.workflows.lock_facts import LockSteps
from envlock.workflows.past_folders import PastFolders
from envlock.workflows.project import MANIFEST, all_projects, find_project

HEAD = "HEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All that is asked about what was."""

    place: GitPlace
    objects: Objects
    folders: PastFolders
    steps: LockSteps


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Of which environment the history is: from the commit `start` back, in which it is in `folder`, or was in it
    before; None where no commit before has it, and at most tags of others lead to it."""

    name: str
    start: str
    folder: str | None


@contextmanager
def opened(folder: Path, cache: Cache) -> Iterator[Past]:
    """The repository around a folder; UserInputError outside of git."""
    place = git_around(folder.resolve())
    if place is None:
        raise UserInputError(f"`{folder}` is in no git repository", hint="versions are what git has: `git init` starts")
    with Objects(place.git) as objects:

        def content(id: str) -> bytes:
            found = objects.get(id)
            if found is None:
                raise OutsideError(f"the repository has no object `{id}`", hint=SHALLOW if place.is_shallow else None)
            return found.content

        folders = PastFolders(place.git, objects, place.root)
        yield Past(place=place, objects=objects, folders=folders, steps=LockSteps(content, cache))


def commit_named(past: Past, revision: str) -> str:
    """The commit, in full, of a revision as git understands it."""
    found = past.place.commit_of(revision)
    if found is None and revision == HEAD:
        raise UserInputError("the repository has no commit yet", hint="commit env.toml and env.lock first")
    if found is None:
        raise UserInputError(f"`{revision}` is no git revision", hint=SHALLOW if past.place.is_shallow else None)
    return found


def whose(env: str | None, past: Past, start: str) -> Whose:
    """The environment that is meant, by name, by its folder in the work tree, or because it is the only one."""
    name = _name(env, past, start)
    folder = past.folders.folder_of(name, start)
    return Whose(
        name=name, start=start, folder=folder if folder is not None else past.folders.removed_from(name, start)
    )


def refuse_absent(name: str, past: Past, start: str) -> UserInputError:
    """Why there is no history of an environment."""
    known = sorted(set(past.folders.names(start).values()))
    listed = ", ".join(f"`{each}`" for each in known[:5]) + (", …" if known[5:] else "")
    hint = did_you_mean(name, known) or (f"there is {listed}" if known else "`envlock init` starts one")
    if past.place.root and any(project.name == name for project in all_projects(past.place.folder)):
        hint = "commit env.toml and env.lock first"
    return UserInputError(f"no commit has an environment `{name}`", hint=hint)


def _name(env: str | None, past: Past, start: str) -> str:
    at = _at_path(env, past.place.folder) if env else None
    if at:
        return find_project(str(at), past.place.folder).name
    if env:
        return env
    if past.place.root:
        return find_project(None, past.place.folder).name
    names = past.folders.names(start)
    if len(names) != 1:
        listed = "\n".join(f"  {name}  {folder}/{MANIFEST}".replace("  /", "  ") for folder, name in names.items())
        what = f"several environments are here: which one?\n{listed}" if names else "no environment is at HEAD"
        raise UserInputError(what, hint="name one")
    return next(iter(names.values()))


def _at_path(env: str, folder: Path) -> Path | None:
    path = folder / env
    return path if (path / MANIFEST).is_file() or (path.name == MANIFEST and path.is_file()) else None
