"""check of what git holds instead of the work tree: what is staged, or a commit.

Bytes that were found good before, and rest on no other files, are answered from the cache: nothing is laid out then.
"""

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from envlock.errors import UserInputError
from envlock.history.index import touched, unmerged
from envlock.history.tree import StagedTree, Tree
from envlock.model.problem import Problem
from envlock.system.cache import Cache
from envlock.system.files import repository_root
from envlock.workflows import later, later_history
from envlock.workflows.check import Answer, answer
from envlock.workflows.moment import Moment, top_name
from envlock.workflows.project import LOCKFILE, MANIFEST, Project
from envlock.workflows.verdicts import fingerprint_of, is_good_alone

_SHOWN = 5
# without one of these in it, an env.toml names no other file
_REACHING_OUT = re.compile(rb"copy|dockerfile|extends|file|from|oci:|\\|\.[/\"']")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A tree whose environments are checked: `lay_out` makes a project of one of its folders, `place` says where that
    is for people; `top` is the name of the whole."""

    tree: Tree
    top: str
    lay_out: Callable[[str], Project]
    place: Callable[[str], Project]


def check_staged(envs: Sequence[str], start: Path, cache: Cache, also: Collection[str] = ()) -> list[Answer]:
    """The answers for these environments, or else for all that rest on something that is staged, or on one of the files
    `also`, by path from the top.

    UserInputError where one of their files is in conflict.
    """
    root = repository_root(start.resolve())
    if root is None:
        raise UserInputError("`--staged` is of git's index, and this is no work tree", hint="`git init` makes it one")
    changed = _with(touched(root), also)
    if not envs and changed == frozenset():
        return []
    _refuse_conflicts(root)
    with StagedTree(root) as tree:
        checked = Checked(
            tree=tree,
            top=root.name,
            lay_out=lambda folder: later_history.staged(tree, root, folder, cache),
            place=_in(root),
        )
        if envs:
            folders = _asked(checked, envs, start.resolve().relative_to(root).as_posix())
        else:
            folders = [folder for folder in _folders(checked) if _rests_on(tree, folder, changed)]
        return [(checked.place(folder), _answer(checked, folder, cache, root)) for folder in folders]


def staged_on(paths: Collection[str], root: Path) -> list[Project]:
    """The environments that rest on something that is staged, or on one of these files: as git's index names them."""
    changed = _with(touched(root), paths)
    with StagedTree(root) as tree:
        checked = Checked(tree=tree, top=root.name, lay_out=_in(root), place=_in(root))
        return [checked.place(folder) for folder in _folders(checked) if _rests_on(tree, folder, changed)]


def _in(root: Path) -> Callable[[str], Project]:
    return lambda folder: Project(root / folder)


def _with(changed: frozenset[str] | None, also: Collection[str]) -> frozenset[str] | None:
    """What has changed, None for all that is there, and more."""
    return None if changed is None else changed.union(also)


def check_commit(moment: Moment, cache: Cache, *, changed: Collection[str] | None = None) -> list[Answer]:
    """The answers for all environments of a commit that rest on what has `changed`, by path from the top; None is
    everything."""
    home = moment.repository.root or moment.repository.folder
    tree = moment.tree
    checked = Checked(
        tree=tree,
        top=top_name(moment.repository),
        lay_out=lambda folder: later_history.at_commit(moment, folder, _name(tree, folder, home.name), cache),
        place=lambda folder: Project(home / folder, at=moment.at, home=home),
    )
    folders = [folder for folder in _folders(checked) if _rests_on(tree, folder, changed)]
    return [(checked.place(folder), _answer(checked, folder, cache, None)) for folder in folders]


def _answer(checked: Checked, folder: str, cache: Cache, root: Path | None) -> tuple[Problem, ...]:
    manifest, lock = (checked.tree.entry(posixpath.join(folder, name)) for name in (MANIFEST, LOCKFILE))
    assert manifest
    if lock is None:
        return (Problem(kind="missing", message=_missing(folder, root)),)
    checked.tree.bring((manifest.id, lock.id))
    name = posixpath.basename(folder) or checked.top
    key = fingerprint_of(name, checked.tree.blob(manifest.id), checked.tree.blob(lock.id))
    if is_good_alone(cache, key):
        return ()
    return answer(lambda: checked.lay_out(folder), cache)


def _missing(folder: str, root: Path | None) -> str:
    path = posixpath.join(folder, LOCKFILE)
    if root and (root / path).is_file():
        return f"env.lock is not staged: `git add {path}`"
    return "there is no env.lock yet" if root else "there was no env.lock"


def _folders(checked: Checked) -> Iterator[str]:
    """Where environments are, but for those that the `[workspace]` at the top excludes."""
    top = checked.tree.entry(MANIFEST)
    data = checked.tree.blob(top.id) if top else b""
    workspace = later.read_workspace(Path(MANIFEST), data.decode(errors="replace")) if b"workspace" in data else None
    for folder in map(posixpath.dirname, checked.tree.files(MANIFEST)):
        alone = workspace and workspace.alone and not folder
        if not alone and not (workspace and workspace.excludes(Path(folder))):
            yield folder


def _asked(checked: Checked, envs: Sequence[str], start: str) -> list[str]:
    """The folders of environments that are given by name or by path."""
    folders = [*_folders(checked)]
    names = {folder: _name(checked.tree, folder, checked.top) for folder in folders}
    return [_one(env, names, start) for env in envs]


def _one(env: str, names: dict[str, str], start: str) -> str:
    path = posixpath.normpath(posixpath.join(start, env)).removesuffix(MANIFEST).rstrip("/")
    found = [path] if path in names else [folder for folder, name in names.items() if name == env]
    if path == "." and "" in names:
        found = [""]
    if len(found) == 1:
        return found[0]
    listed = "\n".join(f"  {name}  {posixpath.join(folder, MANIFEST)}" for folder, name in names.items())
    what = f"several environments are named `{env}`" if found else f"no environment `{env}`"
    raise UserInputError(f"{what}\n{listed}".rstrip())


def _name(tree: Tree, folder: str, top: str) -> str:
    entry = tree.entry(posixpath.join(folder, MANIFEST))
    assert entry
    return later.stated_name(
        tree.blob(entry.id).decode("utf-8-sig", errors="replace"), posixpath.basename(folder) or top
    )


def _rests_on(tree: Tree, folder: str, changed: Iterable[str] | None) -> bool:
    """Does an environment rest on one of these files, be it one that is gone?"""
    if changed is None:
        return True
    of_it = {posixpath.join(folder, name) for name in (MANIFEST, LOCKFILE)}
    if not of_it.isdisjoint(changed):
        return True
    manifest = tree.entry(posixpath.join(folder, MANIFEST))
    if manifest is None or not _REACHING_OUT.search(tree.blob(manifest.id)):
        return False
    found = later_history.needed(tree, folder)
    names = {*found.entries, *found.names}
    return any(path in names or not names.isdisjoint(_above(path)) for path in changed)


def _above(path: str) -> Iterator[str]:
    yield from ("" if str(parent) == "." else str(parent) for parent in PurePosixPath(path).parents)


def _refuse_conflicts(root: Path) -> None:
    found = [path for path in unmerged(root) if posixpath.basename(path) in (MANIFEST, LOCKFILE)]
    if found:
        listed = ", ".join(f"`{path}`" for path in found[:_SHOWN])
        locks = all(path.endswith(LOCKFILE) for path in found)
        hint = "`envlock lock` resolves it" if locks else "resolve env.toml, then `envlock lock`"
        raise UserInputError(f"in conflict: {listed}", hint=f"{hint}, then `git add`")
