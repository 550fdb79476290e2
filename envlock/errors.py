"""What can go wrong, sorted by who can mend it. Exit codes are given to these by `cli`."""


class EnvlockError(Exception):
    """An error for a person: what and where in `message`, what to do next in `hint`."""

    exit_code = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # is shown below where programs do not catch it


class UserInputError(EnvlockError):
    """What the user wrote cannot be: a manifest, a flag, a set of requirements nothing satisfies."""

    exit_code = 2


class NothingHere(UserInputError):
    """No environment is meant, and there is none where one was looked for."""


class OutsideError(EnvlockError):
    """Something outside failed: network, registry, engine, disk, another program."""

    exit_code = 3


class Interrupted(OutsideError):
    """No longer wanted: nothing is wrong with the place that was asked."""


class AnswerIsNo(EnvlockError):
    """The question was understood and the answer is no: stale, differs, invalid."""

    exit_code = 1


class CommandNotFound(EnvlockError):
    """There is no such program to run: said by the code that shells and container engines use for it."""

    exit_code = 127


def escaped(text: str) -> str:
    """Words of others, fit for one line of a terminal: what would steer it is spelt out."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
