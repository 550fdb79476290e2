"""What `check` is asked for: environments of the work tree, of git's index, or of another time."""

from collections.abc import Sequence
from pathlib import Path

import click

from envlock.cli.command import Session
from envlock.system.cache import Cache
from envlock.workflows import later_history
from envlock.workflows.check import Answer, check, check_all
from envlock.workflows.project import is_elsewhere


def answers_of(
    session: Session, envs: Sequence[str], *, everywhere: bool, staged: bool, at: str | None
) -> list[Answer]:
    """Each environment that is meant, and what is wrong with it."""
    start, cache = Path.cwd(), Cache(session.settings.cache_folder)
    if staged:
        if everywhere or at:
            raise click.UsageError("`--staged` goes neither with `--all` nor with `--at`")
        with cache.users.among():
            return later_history.check_staged(envs, start, cache)
    if at or any(is_elsewhere(env, start) for env in envs):
        return _at(session, envs, at, everywhere=everywhere)
    projects = session.projects(envs, everywhere=everywhere)
    return check_all(projects, cache) if everywhere else [(project, check(project, cache)) for project in projects]


def _at(session: Session, envs: Sequence[str], at: str | None, *, everywhere: bool) -> list[Answer]:
    if everywhere and envs:
        raise click.UsageError("`--all` means every environment: name none beside it")
    with session.context() as context:
        if at and everywhere:
            return later_history.check_commit(at, Path.cwd(), context)
        words = [f"{env}@{at}" for env in envs or ("",)] if at else envs
        return [(project, check(project, context.cache)) for project in session.environments(words, context)]
