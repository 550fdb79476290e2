"""Commits an environment's own files, and nothing else that is changed or staged."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from envlock.errors import UserInputError
from envlock.history.git_program import Git
from envlock.lockfile.reader import read_lock
from envlock.system.files import repository_root
from envlock.workflows import later
from envlock.workflows.attributes import ATTRIBUTES
from envlock.workflows.later_local import PLAIN
from envlock.workflows.project import Project
from envlock.workflows.walk import rests_on

_LITERAL = "--literal-pathspecs"


def commit_environment(project: Project, also: Iterable[Path] = ()) -> bool:
    """env.toml, env.lock, the wheels and lists that these name, .gitattributes, and `also`, where git does not have
    them as they are; whether there was anything to commit. Hooks run as they do for everybody."""
    root = repository_root(project.folder)
    if root is None:
        raise UserInputError(f"`{project.folder}` is in no git repository", hint="`git init` makes one")
    git = Git(root)
    files = {project.manifest, project.lockfile, root / ATTRIBUTES, *_named(project), *also}
    paths = sorted({path.resolve().relative_to(root.resolve()).as_posix() for path in files if path.is_file()})
    # what is ignored cannot be committed: who asks for the version is told
    status = git.said(_LITERAL, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", *paths)
    changed = [line[3:] for line in status.decode(errors="surrogateescape").split("\0") if line]
    if not changed:
        return False
    git.said(_LITERAL, "add", "--", *changed)
    git.said(_LITERAL, "commit", "--quiet", "--only", "-m", f"Register {project.name}", "--", *changed)
    return True


def _named(project: Project) -> Iterator[Path]:
    rests = rests_on(later.read_manifest(project), read_lock(project.lockfile))
    return (project.folder / path for path, kind in rests if kind == PLAIN)
