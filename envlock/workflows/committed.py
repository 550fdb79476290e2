"""Whether an environment is in git as it stands in the work tree: env.toml, env.lock and all that the lock rests on."""

from collections.abc import Iterator
from pathlib import Path

from envlock.errors import AnswerIsNo
from envlock.history.git_program import Git
from envlock.history.repository import Repository
from envlock.lockfile.reader import read_lock
from envlock.workflows import later
from envlock.workflows.later_local import CONTEXT, context_files
from envlock.workflows.project import Project
from envlock.workflows.walk import rests_on

_SHOWN = 5
_UNTRACKED = "??"
_ABSENT = "is not committed"
_CHANGED = "has changes that are not committed"


def require_committed(project: Project, repository: Repository, root: Path) -> None:
    """AnswerIsNo, with the files, where HEAD has the environment otherwise, or not at all."""
    found = dict(sorted(_uncommitted(project, repository, root)))
    if found:
        lines = [f"  `{path}` {why}" for path, why in [*found.items()][:_SHOWN]]
        lines += [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise AnswerIsNo("\n".join([f"`{project.name}` is not in git as it is here", *lines]), hint="commit it first")


def _uncommitted(project: Project, repository: Repository, root: Path) -> Iterator[tuple[str, str]]:
    head = repository.commit_of("HEAD")
    assert head
    spec, folder = later.read_manifest(project), project.folder.resolve()
    files = [(project.manifest.name, ""), (project.lockfile.name, ""), *rests_on(spec, read_lock(project.lockfile))]
    for path, kind in files:
        place = folder / path
        if kind == CONTEXT:
            yield from uncommitted_context(folder, path, root)
        else:
            yield from _status(place, root)
        # what git ignores has no status
        if repository.entry(head, _within(place, root)) is None:
            yield _within(place, root), _ABSENT


def uncommitted_context(folder: Path, dockerfile: str, root: Path) -> Iterator[tuple[str, str]]:
    """Of what a Dockerfile may copy; of what is gone nobody knows whether it could be."""
    copied = {_within(place, root) for place in context_files(folder, dockerfile)}
    for path, why in _status((folder / dockerfile).parent, root):
        if path in copied or not (root / path).exists():
            yield path, why


def _status(place: Path, root: Path) -> Iterator[tuple[str, str]]:
    words = ("--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", _within(place, root))
    said = Git(root).said("--no-optional-locks", "--literal-pathspecs", "status", *words)
    for line in filter(None, said.decode(errors="surrogateescape").split("\0")):
        yield line[3:], _ABSENT if line.startswith(_UNTRACKED) else _CHANGED


def _within(place: Path, root: Path) -> str:
    # not resolved as a whole: a link is a file of its own to git
    return (place.parent.resolve() / place.name).relative_to(root.resolve()).as_posix()
