"""What a runner of GitHub's takes for commands in the log of a step, as its source has it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KNOWN = frozenset(
    (
        *("set-env", "set-output", "save-state", "add-path", "add-mask", "add-matcher", "remove-matcher"),
        *("warning", "error", "notice", "debug", "group", "endgroup", "echo", "internal-set-repo-path"),
        "stop-commands",
    )
)
# of .NET's reader, which parts a stream into lines
_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class LogCommand:
    name: str
    properties: str
    text: str


def log_commands(log: str) -> list[LogCommand]:
    """Those that it would follow, in their order, without the two that stop it from following any."""
    found, token = [], None
    for line in _LINE.split(log):
        command = _command(line, token)
        if token is not None:
            token = None if command and command.name == token else token
        elif command and command.name == "stop-commands":
            token = command.text
        elif command:
            found.append(command)
    return found


def _command(line: str, token: str | None) -> LogCommand | None:
    return next(_candidates(line, _KNOWN | {token} if token else _KNOWN), None)


def _candidates(line: str, known: frozenset[str]) -> Iterator[LogCommand]:
    """The newer form begins a line; the older one may stand anywhere in it."""
    stripped = line.strip()
    parts = stripped.removeprefix("::").partition("::") if stripped.startswith("::") else ("", "", "")
    before = line.partition("##[")[2].partition("]") if "##[" in line else ("", "", "")
    for head, end, text in (parts, before):
        name, _, properties = head.partition(" ")
        name = name.lower() if name.lower() in _KNOWN else name
        if end and name in known:
            yield LogCommand(name, properties, text)
