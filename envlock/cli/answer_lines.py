"""What checks say where nobody has asked for an answer: git's hooks and pre-commit's, all of it on stderr."""

from collections.abc import Sequence

from envlock.cli.console import Console
from envlock.errors import escaped
from envlock.model.problem import shown
from envlock.workflows.check import UNREADABLE, Answer


def say_answers(console: Console, answers: Sequence[Answer], hint: str) -> int:
    """Says why locks do not answer, and what to do; nothing where all do. The exit code: 1 where one does not."""
    wrong = [(project, problems) for project, problems in answers if problems]
    for project, problems in wrong:
        unreadable = any(problem.kind == UNREADABLE for problem in problems)
        title = "cannot be read" if unreadable else "env.lock does not answer env.toml"
        console.note(f"{escaped(project.title)}: {title}")
        for line in shown(problems):
            console.note(f"  {escaped(line)}")
    if wrong:
        console.hint(hint)
    return 1 if wrong else 0
