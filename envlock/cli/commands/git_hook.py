"""`envlock git-hook`: what the scripts that git calls are made of"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from envlock.cli.answer_lines import say_answers
from envlock.cli.command import Session, command
from envlock.errors import EnvlockError
from envlock.system.cache import Cache
from envlock.system.files import repository_root
from envlock.workflows import later_hooks
from envlock.workflows.check import check_all
from envlock.workflows.git_hooks import advice, no_longer_as_locked, pushed
from envlock.workflows.project import all_projects


@command("envlock git-hook pre-commit", passes_on=True)
@click.argument("name")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def git_hook_command(session: Session, name: str, words: tuple[str, ...]) -> int:
    """Do what git calls the hook of that name for; `envlock hooks install` has git call it."""
    if name not in _HOOKS:
        raise click.UsageError(f"no hook `{name}`", click.get_current_context())
    return _HOOKS[name](session, words)


def _pre_commit(session: Session, _words: Sequence[str]) -> int:
    if repository_root(Path.cwd()) is None:
        return 0  # a work tree whose `.git` is elsewhere, as of people who keep their home in git
    cache = Cache(session.settings.cache_folder)
    with cache.users.among():
        answers = later_hooks.check_staged(Path.cwd(), cache)
    return say_answers(session.console, answers, "lock and stage it; or go on without by `git commit --no-verify`")


def _pre_push(session: Session, words: Sequence[str]) -> int:
    cache, tips = Cache(session.settings.cache_folder), pushed(sys.stdin.read())
    if not tips:
        return 0
    with cache.users.among():
        answers = later_hooks.pushed_answers(tips, next(iter(words), ""), Path.cwd(), cache)
    return say_answers(session.console, answers, "lock and commit it; or go on without by `git push --no-verify`")


def _post_checkout(session: Session, words: Sequence[str]) -> int:
    before, after, is_branch = (*words, "", "", "")[:3]
    return _post_rewrite(session, words) if is_branch == "1" and before != after else 0


def _post_merge(session: Session, words: Sequence[str]) -> int:
    try:
        answers = check_all(all_projects(Path.cwd()), Cache(session.settings.cache_folder))
        say_answers(session.console, answers, "run `envlock lock`, and commit what it writes")
    except (EnvlockError, OSError) as error:
        session.console.note(f"envlock: what was merged cannot be checked: {error}")
    return _post_rewrite(session, words)


def _post_rewrite(session: Session, words: Sequence[str]) -> int:
    """Says so in one line where what is installed is no longer as locked. git has done its work: this never fails."""
    start = Path.cwd()
    try:
        notes = no_longer_as_locked(start, Cache(session.settings.cache_folder), rebased="rebase" in words[:1])
        if notes:
            session.console.note(f"envlock: {advice(notes, start)}")
    except (EnvlockError, OSError) as error:
        session.console.note(f"envlock: what is installed cannot be compared: {error}")
    return 0


_HOOKS: Mapping[str, Callable[[Session, Sequence[str]], int]] = {
    "pre-commit": _pre_commit,
    "pre-push": _pre_push,
    "post-checkout": _post_checkout,
    "post-merge": _post_merge,
    "post-rewrite": _post_rewrite,
}
