"""The graphs of a project's locked platforms, and packages in them by name."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.debian_relations import provided
from envlock.model.graph import Graph, roots
from envlock.model.lock import Lock
from envlock.model.match_specs import conda_name
from envlock.model.words import did_you_mean
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.project import Project, all_projects, environment_named, find_project, is_elsewhere
from envlock.workflows.show import locked_for


def graphs(lock: Lock, platform: str | None) -> tuple[Graph, ...]:
    """One for each platform that is meant: that of the name, else all."""
    return tuple(Graph.of(locked, lock.inputs, later.debian_compare) for locked in locked_for(lock, platform))


def lock_of(project: Project) -> Lock:
    return read_lock(project.lockfile)


def require_named(found: Iterable[Graph], lock: Lock, name: str) -> None:
    """UserInputError where no platform has a package, or a distribution inside one, of that name."""
    found = tuple(found)
    if any(graph.named(name) for graph in found):
        return
    raise _not_locked(found, lock, name)


def _not_locked(found: Sequence[Graph], lock: Lock, name: str) -> UserInputError:
    here = ", ".join(graph.platform for graph in found)
    elsewhere = [graph.platform for graph in graphs(lock, None) if graph.named(name)]
    if elsewhere:
        return UserInputError(f"`{name}` is not locked for {here}, but for {', '.join(elsewhere)}")
    texts = {root.text for graph in found for root, _ in roots(lock.inputs, graph.platform)}
    asked = sorted(text for text in texts if conda_name(text.replace(";", " ")) == name.lower())
    if asked:
        return UserInputError(f"`{name}` is not locked: `{asked[0]}` does not apply on {here}")
    project = next((p for p in lock.inputs.editable if p.name == canonicalize_name(name)), None)
    if project:
        what = f"`{project.name}` is not locked: `{project.path}` is installed editable, as it is"
        return UserInputError(what, hint="what it depends on is locked")
    known = {known for graph in found for known in (*(name for _, name in graph.versions), *graph.provides)}
    hint = _provided(name, lock) or did_you_mean(name, known) or "`envlock show` lists what is"
    return UserInputError(f"no package `{name}` is locked", hint=hint)


def _provided(name: str, lock: Lock) -> str | None:
    """Of a virtual package of Debian's: who provides it."""
    debian = (package for locked in lock.platforms for package in locked.debian)
    bare = name.removeprefix("debian:")
    names = sorted({f"`{p.name}`" for p in debian if any(provided(text)[0] == bare for text in p.provides)})
    return f"{' and '.join(names)} {'provides' if len(names) == 1 else 'provide'} it" if names else None


def environment_and_package(words: Sequence[str], start: Path, context: Context) -> tuple[Project, str | None]:
    """What `[ENV] [NAME]` means: one word alone is an environment where there is one of that name, else a package."""
    if len(words) == 1 and not _is_environment(words[0], start):
        return find_project(None, start), words[0]
    env, name = (*words, None, None)[:2]
    return environment_named(env, start, context), name


def _is_environment(word: str, start: Path) -> bool:
    path = start / word
    if is_elsewhere(word, start):
        return True
    return path.name == "env.toml" or (path / "env.toml").is_file() or word in {p.name for p in all_projects(start)}
