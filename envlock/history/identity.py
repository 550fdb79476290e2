"""Who the person is that git would name in a commit."""

import re

from envlock.errors import UserInputError
from envlock.history.git_program import Git
from envlock.history.repository import Person

_IDENTITY = re.compile(r"(.*) <(.*)> ([0-9]+) ([+-])([0-9]{2})([0-9]{2})\n?", re.DOTALL)


def committer(git: Git) -> Person:
    """As git has it of its settings and variables, with the time that it is; UserInputError where it does not know."""
    code, said, _ = git.tried("var", "GIT_COMMITTER_IDENT")
    found = _IDENTITY.fullmatch(said.decode(errors="replace")) if code == 0 else None
    if found is None:
        raise UserInputError(
            "git does not know who you are",
            hint="tell it with `git config --global user.name NAME` and `git config --global user.email ADDRESS`",
        )
    name, email, time, sign, hours, minutes = found.groups()
    offset = int(hours) * 60 + int(minutes)
    return Person(name=name, email=email, time=int(time), offset=-offset if sign == "-" else offset)
