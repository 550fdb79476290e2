"""`envlock check`"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from envlock.cli.checking import answers_of
from envlock.cli.command import Session, command
from envlock.cli.options import all_envs, as_json, many_envs
from envlock.model.problem import Problem, shown
from envlock.workflows.check import UNREADABLE
from envlock.workflows.project import Project, titles


@command("envlock check", "envlock check train serve --json", "envlock check --staged", "envlock check --at main --all")
@many_envs
@all_envs
@click.option("--staged", is_flag=True, help="What is to be committed, from git's index: all that changes there.")
@click.option("--at", metavar="VERSION", help="As it was then: 3, a name, a label, or a git revision.")
@as_json("the reasons")
def check_command(session: Session, envs: tuple[str, ...], as_json: bool, **flags: Any) -> int:
    """Say whether env.lock answers env.toml, and itself: every input and every requirement is looked at.

    Opens no connection and writes nothing. Exit code 1, with the reasons, where it does not.
    """
    answers = answers_of(session, envs, **flags)
    if as_json:
        session.console.json([_shape(project, problems) for project, problems in answers])
    else:
        found = any(problems for _, problems in answers)
        named = found and (len(answers) > 1 or flags["staged"] or flags["at"])
        several = titles([project for project, _ in answers], Path.cwd()) if named else {}
        for project, problems in answers:
            then = None if project.at else ", and stage what it writes" if flags["staged"] else ""
            _print(session, several.get(project), problems, then)
    return max((_exit_code(problems) for _, problems in answers), default=0)


def _exit_code(problems: tuple[Problem, ...]) -> int:
    """No, and what cannot be read is beyond no."""
    return 2 if any(problem.kind == UNREADABLE for problem in problems) else 1 if problems else 0


def _shape(project: Project, problems: tuple[Problem, ...]) -> dict[str, object]:
    return {
        "environment": project.name,
        "version": project.at.version if project.at else None,
        "folder": str(project.folder),
        "answers": not problems,
        "problems": [asdict(problem) for problem in problems],
    }


def _print(session: Session, name: str | None, problems: tuple[Problem, ...], then: str | None) -> None:
    """`then` is what is to be done beside locking; None: nothing helps, as it is what was."""
    if not problems:
        return
    unreadable = _exit_code(problems) == 2
    title = "cannot be read" if unreadable else "env.lock does not answer env.toml"
    session.console.data(f"{name}: {title}" if name else title)
    for line in shown(problems):
        session.console.data(f"  {line}")
    if not unreadable and then is not None:
        session.console.hint(f"run `envlock lock{f' {name}' if name else ''}`{then}")
