"""What the hooks of `.pre-commit-hooks.yaml` do, for the environments that rest on the files that pre-commit names.

pre-commit puts aside what is not staged before it calls its hooks, unless it is told which files to look at: where
something is unstaged, the work tree is meant, else git's index, which is what gets committed.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from envlock.errors import UserInputError
from envlock.history.index import unstaged
from envlock.system.cache import Cache
from envlock.system.files import repository_root
from envlock.workflows.check import Answer, check_all
from envlock.workflows.check_tree import check_staged, staged_on
from envlock.workflows.project import LOCKFILE, MANIFEST, Project, all_projects

_KIND = "exports"


def check_named(names: Sequence[str], start: Path, cache: Cache) -> list[Answer]:
    """The answers for the environments that rest on these files, or on anything that is staged."""
    root = _root(start)
    if unstaged(root):
        return check_all(_named(names, root), cache)
    return check_staged((), root, cache, also=names)


def stale(names: Sequence[str], start: Path, cache: Cache) -> list[Project]:
    """The environments of the work tree, among those that rest on these files, whose lock does not answer."""
    return [project for project, problems in check_all(_named(names, _root(start)), cache) if problems]


def _named(names: Sequence[str], root: Path) -> list[Project]:
    """The environments that rest on these files, or on anything that is staged; also such as git does not know yet,
    where their own files are named."""
    found = {project.folder: project for project in staged_on(names, root)}
    for name in map(PurePosixPath, names):
        if name.name in (MANIFEST, LOCKFILE) and (root / name.parent / MANIFEST).is_file():
            found.setdefault(root / name.parent, Project(root / name.parent))
    return [project for _, project in sorted(found.items())]


def to_export(names: Sequence[str], start: Path, output: Path) -> Project | None:
    """The one environment that a file is kept in step with: None where none of these files has to do with it."""
    root = _root(start)
    known = all_projects(root)
    found = _named(names, root)
    if len(found) == 1 and len(known) == 1:
        return found[0]
    if not found and (output.as_posix() not in names or not known):
        return None
    if len(known) > 1:
        listed = ", ".join(f"`{project.name}`" for project in known)
        raise UserInputError(f"of which environment is `{output}`: {listed}?", hint="say so in `args`: `--env NAME`")
    return known[0] if known else None


def exported(project: Project, output: Path, how: Sequence[str], cache: Cache, export: Callable[[], None]) -> bool:
    """Has `export` write a file, and says whether that changed it. What is known to be in step is not made again: the
    addresses of some formats would have to be asked for."""
    before = _bytes(output)
    made_of = (_bytes(project.manifest), _bytes(project.lockfile), *(word.encode() for word in how))
    key = hashlib.sha256(b"".join(hashlib.sha256(part or b"").digest() for part in made_of)).hexdigest()
    if before is not None and cache.record(_KIND, key) == hashlib.sha256(before).hexdigest():
        return False
    export()
    after = _bytes(output)
    cache.keep(_KIND, key, hashlib.sha256(after or b"").hexdigest(), lasting=False)
    return after != before


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _root(start: Path) -> Path:
    root = repository_root(start.resolve())
    if root is None:
        raise UserInputError("no git work tree here: pre-commit calls this in one")
    return root
