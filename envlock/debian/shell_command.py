"""A simple command of a shell script, expanded."""

from collections.abc import Sequence
from dataclasses import dataclass

from envlock.debian.shell_status import UNKNOWN


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command with its words expanded; `writes` are the files that it is redirected to, `certain` whether no
    unknown condition stands before it."""

    words: tuple[str, ...]
    writes: tuple[str, ...] = ()
    certain: bool = True


def is_plain(command: Command) -> bool:
    return command.certain and bool(command.words) and not command.writes


def script_of(words: Sequence[str]) -> str | None:
    """The script that a command is given as text, where all of it is known."""
    text = " ".join(words[1:]) if words[0] == "eval" else words[2] if len(words) > 2 and _is_shell(words) else UNKNOWN
    return text if UNKNOWN not in text else None


def _is_shell(words: Sequence[str]) -> bool:
    return words[0] in {"sh", "bash", "/bin/sh", "/bin/bash"} and words[1] == "-c"
