"""`envlock check`"""

from dataclasses import asdict
from pathlib import Path

from envlock.cli.command import Session, command
from envlock.cli.options import all_envs, as_json, many_envs
from envlock.model.problem import Problem, shown
from envlock.system.cache import Cache
from envlock.workflows.check import UNREADABLE, check, check_all
from envlock.workflows.project import Project, titles


@command("envlock check", "envlock check train serve --json", "envlock check --all")
@many_envs
@all_envs
@as_json("the reasons")
def check_command(session: Session, envs: tuple[str, ...], everywhere: bool, as_json: bool) -> int:
    """Say whether env.lock answers env.toml, and itself: every input and every requirement is looked at.

    Opens no connection and writes nothing. Exit code 1, with the reasons, where it does not.
    """
    cache = Cache(session.settings.cache_folder)
    projects = session.projects(envs, everywhere=everywhere)
    answers = check_all(projects, cache) if everywhere else [(project, check(project, cache)) for project in projects]
    if as_json:
        session.console.json([_shape(project, problems) for project, problems in answers])
    else:
        several = titles(projects, Path.cwd()) if len(answers) > 1 and any(found for _, found in answers) else {}
        for project, problems in answers:
            _print(session, several.get(project), problems)
    return max((_exit_code(problems) for _, problems in answers), default=0)


def _exit_code(problems: tuple[Problem, ...]) -> int:
    """No, and what cannot be read is beyond no."""
    return 2 if any(problem.kind == UNREADABLE for problem in problems) else 1 if problems else 0


def _shape(project: Project, problems: tuple[Problem, ...]) -> dict[str, object]:
    return {
        "environment": project.name,
        "folder": str(project.folder),
        "answers": not problems,
        "problems": [asdict(problem) for problem in problems],
    }


def _print(session: Session, name: str | None, problems: tuple[Problem, ...]) -> None:
    if not problems:
        return
    unreadable = _exit_code(problems) == 2
    title = "cannot be read" if unreadable else "env.lock does not answer env.toml"
    session.console.data(f"{name}: {title}" if name else title)
    for line in shown(problems):
        session.console.data(f"  {line}")
    if not unreadable:
        session.console.hint(f"run `envlock lock {name}`" if name else "run `envlock lock`")
