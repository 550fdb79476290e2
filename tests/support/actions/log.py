"""What a job prints: its commands followed, annotations collected, secrets masked."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
_DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
_OLD = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}
_LINE = re.compile(r"\r\n|\r|\n")
_STOP = "stop-commands"
_DISABLED = (
    "The `{}` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution "
    "by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`."
)
MASK = "***"


@dataclass(frozen=True)
class Command:
    name: str
    properties: Mapping[str, str]
    text: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """An annotation as a person sees it; `line` is "" where none is given."""

    level: str
    message: str
    title: str = ""
    file: str = ""
    line: str = ""


def read_command(line: str, known: Iterable[str]) -> Command | None:
    """`::name key=value,…::text` at the begin of a line, or the older `##[name key=value;…]text` anywhere in it."""
    return _newer(line.lstrip(), known) or _older(line, known)


def _newer(line: str, known: Iterable[str]) -> Command | None:
    head, end, text = line.removeprefix("::").partition("::")
    return _command(head, ",", _PROPERTY, known, _unescaped(text, _DATA)) if line.startswith("::") and end else None


def _older(line: str, known: Iterable[str]) -> Command | None:
    _, begin, rest = line.partition("##[")
    head, end, text = rest.partition("]")
    return _command(head, ";", _OLD, known, _unescaped(text, _OLD)) if begin and end else None


def _command(head: str, comma: str, table: Mapping[str, str], known: Iterable[str], text: str) -> Command | None:
    name, _, rest = head.partition(" ")
    if name.lower() not in {each.lower() for each in known}:
        return None
    parted = [each.partition("=") for each in rest.strip().split(comma)]
    return Command(name, {key.lower(): _unescaped(value, table) for key, _, value in parted if key and value}, text)


def _unescaped(text: str, table: Mapping[str, str]) -> str:
    for written, meant in table.items():
        text = text.replace(written, meant)
    return text


@dataclass
class Log:
    """`heard` takes what a step printed; `text` is the log as it is kept."""

    lines: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    _secrets: set[str] = field(default_factory=set)
    _token: str | None = None

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def mask(self, secret: str) -> None:
        for each in (secret, *secret.splitlines()):
            if each.strip():
                self._secrets |= {each, base64.b64encode(each.encode()).decode()}

    def masked(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def say(self, line: str) -> None:
        self.lines.append(self.masked(line))

    def remark(self, level: str, message: str, properties: Mapping[str, str] | None = None) -> None:
        given = {name: self.masked((properties or {}).get(name, "")) for name in ("title", "file", "line")}
        self.remarks.append(Remark(level=level, message=self.masked(message), **given))
        self.say(f"##[{level}]{message}")

    def heard(self, printed: bytes, outputs: dict[str, str]) -> bool:
        """Follows what a stream of a step says; did all of it succeed?"""
        lines = _LINE.split(printed.decode(errors="replace"))
        # every line is heard, also behind one that failed
        return all([self._line(line, outputs) for line in (lines if lines[-1] else lines[:-1])])

    def forget_token(self) -> None:
        """Each step begins anew."""
        self._token = None

    def _line(self, line: str, outputs: dict[str, str]) -> bool:
        command = read_command(line, (*_COMMANDS, _STOP, *filter(None, (self._token,))))
        if command is None or (self._token and command.name.lower() != self._token.lower()):
            self.say(line)
            return True
        if self._token or command.name.lower() == _STOP:
            self.say(line)
            self._token = None if self._token else command.text
            return True
        return self._follow(command, line, outputs)

    def _follow(self, command: Command, line: str, outputs: dict[str, str]) -> bool:
        problem = _COMMANDS[command.name.lower()](self, command, outputs)
        if problem:
            self.remark("error", f"Unable to process command '{line}' successfully.")
            self.remark("error", problem)
        return not problem


_Follow = Callable[[Log, Command, dict[str, str]], str | None]


def _remark(log: Log, command: Command, _outputs: Any) -> None:
    log.remark(command.name.lower(), command.text, command.properties)


def _mask(log: Log, command: Command, _outputs: Any) -> None:
    if not command.text.strip():
        log.remark("warning", "Can't add secret mask for empty string in ##[add-mask] command.")
    log.mask(command.text)


def _say(log: Log, command: Command, _outputs: Any) -> None:
    log.say(f"##[{command.name}]{command.text}")


def _disabled(_log: Log, command: Command, _outputs: Any) -> str:
    return _DISABLED.format(command.name)


def _set_output(_log: Log, command: Command, outputs: dict[str, str]) -> str | None:
    name = command.properties.get("name")
    if not name:
        return "Required field 'name' is missing in ##[set-output] command."
    outputs[name] = command.text
    return None


def _nothing(_log: Log, _command: Command, _outputs: Any) -> None:
    """State, matchers and debugging change nothing of what is looked at here."""


_COMMANDS: Mapping[str, _Follow] = {
    "error": _remark,
    "warning": _remark,
    "notice": _remark,
    "add-mask": _mask,
    "group": _say,
    "endgroup": _say,
    "set-output": _set_output,
    "set-env": _disabled,
    "add-path": _disabled,
    "save-state": _nothing,
    "add-matcher": _nothing,
    "remove-matcher": _nothing,
    "echo": _nothing,
    "debug": _nothing,
}
