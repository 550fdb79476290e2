"""Environments held against what they were: found again by name, wherever they are now, and their locks compared."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.lockfile.reader import lock_of
from envlock.manifest.stated_name import stated_name, stated_workspace
from envlock.manifest.workspace import Workspace
from envlock.model.digest import image_key, lock_hash
from envlock.model.lock import Lock
from envlock.model.platform import PLATFORMS
from envlock.workflows.ci_report import State, Subject
from envlock.workflows.ci_tree import Held, Here, Matched, Tree, Was
from envlock.workflows.diff import Side, compare
from envlock.workflows.project import LOCKFILE, MANIFEST

_SHORT = 7
_WORK_TREE = "work tree"


def matched(touched: Sequence[Here], gone: Sequence[str], tree: Tree) -> Matched:
    """What each was: in its own folder by its name, else by its name, else in its own folder."""
    there = _there([*(here.folder for here in touched), *gone], tree)
    found: dict[str, Was] = {}
    for rule in (_by_both, _by_name, _by_folder):
        for here in touched:
            left = [was for was in there if was not in found.values()]
            was = None if here.folder in found else rule(here, left)
            if was:
                found[here.folder] = was
    removed = tuple(was for was in there if was.folder in gone and was not in found.values())
    return Matched(was=found, removed=removed)


def _by_both(here: Here, there: Sequence[Was]) -> Was | None:
    return next((was for was in there if (was.folder, was.name) == (here.folder, here.name)), None)


def _by_name(here: Here, there: Sequence[Was]) -> Was | None:
    found = [was for was in there if was.name == here.name]
    return found[0] if len(found) == 1 else None


def _by_folder(here: Here, there: Sequence[Was]) -> Was | None:
    return next((was for was in there if was.folder == here.folder), None)


def _there(folders: Iterable[str], tree: Tree) -> list[Was]:
    """The environments of the base in these folders, but for those that its `[workspace]` excludes."""
    named = {folder: [posixpath.join(folder, name) for name in (MANIFEST, LOCKFILE)] for folder in folders}
    found = _contents([MANIFEST, *(path for paths in named.values() for path in paths)], tree)
    top = found.get(MANIFEST)
    workspace = stated_workspace(top.decode("utf-8-sig", errors="replace")) if top else Workspace()
    return [
        Was(folder=folder, name=_name(found[manifest], folder, tree), manifest=found[manifest], lock=found.get(lock))
        for folder, (manifest, lock) in sorted(named.items())
        if manifest in found and not workspace.excludes(Path(folder)) and (folder or not workspace.alone)
    ]


def _name(manifest: bytes, folder: str, tree: Tree) -> str:
    own = posixpath.basename(folder) or tree.checkout.root.name
    return stated_name(manifest.decode("utf-8-sig", errors="replace"), own)


def _contents(paths: Iterable[str], tree: Tree) -> dict[str, bytes]:
    """The bytes at the base of what was there, as `_plain` has them."""
    wanted = {path: _word(path, tree) for path in paths if tree.was_there(path)}
    objects = tree.checkout.objects(filter(None, wanted.values()))
    found: dict[str, bytes] = {}
    for path, word in wanted.items():
        if word is None:
            found[path] = _plain(tree.checkout.root / path) or b""
        elif word in objects:
            found[path] = _unix(objects[word].content)
    return found


def _word(path: str, tree: Tree) -> str | None:
    """What git calls the bytes at the base; None where they are those of the work tree."""
    place = tree.checkout.root / path
    if path in tree.differing or not place.is_symlink():
        return tree.differing.get(path)
    leads = posixpath.normpath(posixpath.join(posixpath.dirname(path), place.readlink()))
    return "" if leads.startswith(("/", "..")) else f"{tree.base}:{leads}"


def is_as_committed(here: Iterable[Here], tree: Tree) -> bool:
    """Are their files, byte for byte, those of the commit?"""
    paths = [path for each in here for path in (each.manifest, each.lockfile)]
    then = _contents(paths, tree)
    return all(_plain(tree.checkout.root / path) == then.get(path) for path in paths)


def _unix(content: bytes) -> bytes:
    """Git may keep other ends of lines than it checks out."""
    return content.replace(b"\r\n", b"\n")


def _plain(path: Path) -> bytes | None:
    try:
        return _unix(path.read_bytes())
    except OSError:
        return None


def held(here: Here, was: Was | None, tree: Tree | None, platforms: Sequence[str]) -> Held:
    """An environment as it is beside what it was; without that it is new."""
    lock = _plain(here.project.lockfile)
    if was and lock == was.lock:
        is_same = (was.folder, was.name, was.manifest) == (here.folder, here.name, _plain(here.project.manifest))
        return Held(subject=_subject(here, State.SAME if is_same else State.SAME_IMAGE))
    now, broken = _read(lock, here.lockfile)  # what is wrong with it, the check says
    before, why = _read(was.lock, f"{_at(tree)}:{_path(was)}") if was else (None, None)
    keys = [key_of(each, platforms) if each else None for each in (before, now)]
    state = State.NEW if was is None else State.SAME_IMAGE if keys[0] == keys[1] and not why else State.CHANGED
    sides = [_side(before, _at(tree), was.name if was else None, tree), _side(now, _WORK_TREE, here.name, None)]
    return Held(
        subject=Subject(
            name=here.name,
            folder=here.folder,
            state=state,
            project=here.project,
            key=keys[1],
            was=keys[0],
            comparison=compare(before=sides[0], after=sides[1]) if (before or now) and not (why or broken) else None,
        ),
        notes=(f"`{here.name}` cannot be compared: {why}",) if why else (),
    )


def removed(was: Was, tree: Tree, platforms: Sequence[str]) -> Held:
    """An environment that is no more."""
    before, why = _read(was.lock, f"{_at(tree)}:{_path(was)}")
    sides = (_side(before, _at(tree), was.name, tree), _side(None, _WORK_TREE, was.name, None))
    return Held(
        subject=Subject(
            name=was.name,
            folder=was.folder,
            state=State.REMOVED,
            project=None,
            was=key_of(before, platforms) if before else None,
            comparison=compare(before=sides[0], after=sides[1]) if before else None,
        ),
        notes=(f"`{was.name}`, which is removed, cannot be shown: {why}",) if why else (),
    )


def key_of(lock: Lock, platforms: Sequence[str]) -> str | None:
    """The image key of these platforms, or of all; None where no image is made of any."""
    possible = [each for each in lock.platforms if PLATFORMS[each.platform].has_images]
    chosen = [each for each in possible if each.platform in platforms] or possible
    if not chosen:
        return None
    return lock_hash(lock, chosen[0]) if len(chosen) == 1 else image_key(lock)


def with_key(held: Held, platforms: Sequence[str]) -> Held:
    """With the image key of what is as it was; it has none where its lock cannot be read, which the check says."""
    subject = held.subject
    if subject.key is not None or subject.project is None:
        return held
    lock, _ = _read(_plain(subject.project.lockfile), posixpath.join(subject.folder, LOCKFILE))
    key = key_of(lock, platforms) if lock else None
    is_known = subject.state in (State.SAME, State.SAME_IMAGE)
    return replace(held, subject=replace(subject, key=key, was=key if is_known else subject.was))


def _subject(here: Here, state: State) -> Subject:
    return Subject(name=here.name, folder=here.folder, state=state, project=here.project)


def _side(lock: Lock | None, text: str, name: str | None, tree: Tree | None) -> Side:
    return Side(text=text, lock=lock, name=name, commit=tree.base if tree else None)


def _at(tree: Tree | None) -> str:
    return tree.base[:_SHORT] if tree else "nothing"


def _path(was: Was) -> str:
    return posixpath.join(was.folder, LOCKFILE)


def _read(data: bytes | None, called: str) -> tuple[Lock | None, str | None]:
    """A lock, or why it cannot be read; neither where there is none."""
    if data is None:
        return None, None
    try:
        return lock_of(called, data.decode("utf-8-sig")), None
    except UnicodeDecodeError as error:
        return None, f"`{called}` is not UTF-8 text (byte {error.start} cannot be decoded)"
    except UserInputError as error:
        return None, error.message.partition("\n")[0]
