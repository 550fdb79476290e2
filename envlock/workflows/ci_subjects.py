"""Which environments `ci` is about, whether their locks answer, and how they differ from the base.

What git knows to be as it was is not compared, and hardly read: the cost grows with what has changed.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.history.checkout import Checkout, checkout_around
from envlock.model.ci_event import Event, Kind
from envlock.model.problem import Problem
from envlock.workflows import later_ci
from envlock.workflows.check import check_all
from envlock.workflows.ci import CiOptions, wants_push
from envlock.workflows.ci_base import Base, found_base, reproducible
from envlock.workflows.ci_report import State, Subject
from envlock.workflows.ci_tree import NOTHING, Held, Here, Matched, Tree, Was, here_of, tree_against
from envlock.workflows.context import Context
from envlock.workflows.project import (
    LOCKFILE,
    MANIFEST,
    Project,
    all_projects,
    every_project,
    find_project,
    is_elsewhere,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """As in `CiReport`: sorted by folder."""

    subjects: tuple[Subject, ...]
    commit: str | None = None
    base: str | None = None
    reproduce: str | None = None
    is_committed: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked for, and what it is held against; `keyed`: the image keys of all are wanted."""

    here: Sequence[Here]
    removed: Sequence[Was]
    known: Matched
    tree: Tree | None
    platforms: tuple[str, ...]
    keyed: bool


def found_subjects(event: Event, options: CiOptions, start: Path, context: Context) -> Subjects:
    """UserInputError for an environment that is asked for and is nowhere."""
    start = start.resolve()
    if event.kind is Kind.TAG or options.version:
        return later_ci.version_subjects(event, options, start, context)
    checkout = checkout_around(start)
    base = found_base(event, options, checkout) if checkout else Base()
    asked = _asked(event, options, start, (checkout, base))
    found = _held(asked)
    subjects = _judged([held.subject for held in found], asked, context)
    is_committed = checkout is None or _is_committed(asked, checkout)
    revision, note = _reproduced(subjects, event, base, checkout) if is_committed else (None, None)
    return Subjects(
        subjects=tuple(sorted(subjects, key=lambda each: (each.folder, each.name))),
        commit=checkout.head if checkout else None,
        base=base.commit,
        reproduce=revision,
        is_committed=is_committed,
        notes=(*base.notes, *(note for held in found for note in held.notes), *([note] if note else [])),
    )


def _asked(event: Event, options: CiOptions, start: Path, place: tuple[Checkout | None, Base]) -> _Asked:
    checkout, base = place
    tree = tree_against(base.commit, checkout) if checkout and base.commit else None
    everywhere = here_of(all_projects(start), checkout.root if checkout else start)
    touched = [here for here in everywhere if not (tree and tree.is_as_it_was(here))]
    gone = tree.gone(everywhere) if tree else []
    if not everywhere and not gone:
        every_project(start)  # says that there is none
    known = later_ci.matched(touched, gone, tree) if tree and (touched or gone) else NOTHING
    here, removed = _chosen(options.environments, everywhere, known.removed, start)
    return _Asked(
        here=here,
        removed=removed,
        known=known,
        tree=tree,
        platforms=options.platforms,
        keyed=wants_push(event, options),
    )


def _chosen(
    words: Sequence[str], here: Sequence[Here], removed: Sequence[Was], start: Path
) -> tuple[Sequence[Here], Sequence[Was]]:
    """Those that are meant by name or by path: of what is here, and of what is no more."""
    if not words:
        return here, removed
    gone = [was for was in removed if was.name in words or was.folder in words]
    projects = [_project(word, start, gone) for word in words]
    return [each for each in here if each.project in projects], gone


def _project(word: str, start: Path, gone: Sequence[Was]) -> Project | None:
    try:
        return find_project(word, start)
    except UserInputError as error:
        if any(word in (was.name, was.folder) for was in gone):
            return None
        if not is_elsewhere(word, start):
            raise
        message = f"`{word}` is no environment of what is checked out: its name or the path of its folder is wanted"
        raise UserInputError(message, hint="images of a version are asked for by `--version`") from error


def _held(asked: _Asked) -> list[Held]:
    """Each beside what it was, without what is wrong with it."""
    tree, platforms = asked.tree, asked.platforms
    found = [
        Held(subject=Subject(name=here.name, folder=here.folder, state=State.SAME, project=here.project))
        if tree and tree.is_as_it_was(here)
        else later_ci.held(here, asked.known.was.get(here.folder), tree, platforms)
        for here in asked.here
    ]
    if asked.keyed:  # the same image as before has a key, too
        found = [later_ci.with_key(held, platforms) for held in found]
    return [*found, *(later_ci.removed(was, tree, platforms) for was in asked.removed if tree)]


def _is_committed(asked: _Asked, checkout: Checkout) -> bool:
    """Is what was looked at that of the commit that is checked out?"""
    if checkout.head is None:
        return False
    tree = asked.tree
    if tree is None or tree.base != checkout.head:
        tree = tree_against(checkout.head, checkout, tree)
    removed = [was for was in asked.removed if tree.was_there(posixpath.join(was.folder, MANIFEST))]
    others = [here for here in asked.here if not tree.is_as_it_was(here)]
    return not removed and (not others or later_ci.is_as_committed(others, tree))


def _judged(subjects: Sequence[Subject], asked: _Asked, context: Context) -> list[Subject]:
    """With what is wrong with each, and whether that is new."""
    answers = dict(check_all([each.project for each in subjects if each.project], context.cache))
    found = [replace(each, problems=answers[each.project]) if each.project else each for each in subjects]
    stale = [each for each in found if each.problems and each.state is not State.NEW]
    if not stale or asked.tree is None:
        return found
    before = later_ci.stale_before(asked.tree, [_folder_then(each, asked) for each in stale], context)
    return [replace(each, was_stale=_stood(each, before.get(_folder_then(each, asked), ()))) for each in found]


def _folder_then(subject: Subject, asked: _Asked) -> str:
    was = asked.known.was.get(subject.folder)
    return was.folder if was else subject.folder


def _stood(subject: Subject, before: Sequence[Problem]) -> bool:
    """Did all of its reasons stand then?"""
    then = {(problem.kind, problem.message) for problem in before}
    return bool(subject.problems) and all((problem.kind, problem.message) in then for problem in subject.problems)


def _reproduced(
    subjects: Sequence[Subject], event: Event, base: Base, checkout: Checkout | None
) -> tuple[str | None, str | None]:
    if checkout is None:
        return None, None
    folders = [f"{each.folder}/" if each.folder else "" for each in subjects if each.is_changed]
    return reproducible(event, base, checkout, [folder + name for folder in folders for name in (MANIFEST, LOCKFILE)])
