"""What a maintainer script would run when its package is installed for the first time, read and never run.

Commands are followed as far as they can be known: variables, functions, loops, and conditions on the arguments that
dpkg gives, on files where somebody knows them, and on versions installed before (there are none). Where a condition is
not known, both ways are looked at; a text that is not known has `UNKNOWN` in its place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from envlock.debian.shell_changes import CHANGES
from envlock.debian.shell_command import Command, is_plain, script_of
from envlock.debian.shell_nodes import (
    Body,
    Case,
    For,
    Function,
    Group,
    If,
    Joined,
    Node,
    Piped,
    Redirect,
    Simple,
    While,
)
from envlock.debian.shell_status import UNKNOWN, Known, status
from envlock.debian.shell_syntax import assignment, parsed
from envlock.debian.shell_values import Ended, Names
from envlock.debian.shell_words import HERE, LONGEST, ShellError

_NOWHERE = ("/dev/", "&")
_MOST_TEXT = 4 * LONGEST
_DEEPEST_CALL = 20
# what is left last is left by all ways
_NEAREST = ("continue", "break", "return", "exit")
_THROUGH = frozenset({"command", "exec", "builtin", "nohup"})


def commands(script: str, arguments: Sequence[str], known: Known) -> tuple[Command, ...]:
    """The commands of a script with these arguments. ShellError where it cannot be read, or is too much."""
    walk = _Walk()
    try:
        names = Names(known, tuple(arguments), walk.printed)
        walk.body(walk.parsed(script), names)
    except Ended:
        pass
    except RecursionError as error:
        raise ShellError("a script that is nested too deeply") from error
    return tuple(walk.found)


@dataclass(slots=True)
class _Walk:
    """One way through a script. Each method gives the exit status: 0 is True, others False, None is not known."""

    found: list[Command] = field(default_factory=list)
    functions: dict[str, Node] = field(default_factory=dict)
    texts: dict[str, Body] = field(default_factory=dict)
    doubts: int = 0
    depth: int = 0
    read: int = 0
    left: bool = False  # perhaps this function was left already

    def parsed(self, script: str) -> Body:
        """A script, or part of one, read once however often it is met."""
        if script not in self.texts:
            self.read += len(script)
            if self.read > _MOST_TEXT:
                raise ShellError("a script that is too much")
            self.texts[script] = parsed(script)
        return self.texts[script]

    def body(self, body: Body, names: Names) -> bool | None:
        result: bool | None = True
        for node in body:
            result = self.node(node, names)
        return result

    def node(self, node: Node, names: Names) -> bool | None:
        names.budget.spend(1)
        return _WALKS[type(node)](self, node, names)

    def _define(self, node: Function, names: Names) -> bool:  # noqa: ARG002 - as all kinds of commands are walked
        self.functions[node.name] = node.body
        return True

    def _group(self, node: Group, names: Names) -> bool | None:
        if writes := self._writes(node.redirects, names):
            self.found.append(Command((), writes, not self.doubts))
        if not node.own:
            return self.body(node.body, names)
        try:
            return self.body(node.body, names.copy())
        except Ended:
            return None

    def _piped(self, node: Piped, names: Names) -> bool | None:
        if len(node.commands) > 1:
            results = [self._group(Group((command,), own=True), names) for command in node.commands]
            result = results[-1]
        else:
            result = self.node(node.commands[0], names)
        return not result if node.negated and result is not None else result

    def _joined(self, node: Joined, names: Names) -> bool | None:
        result = self.node(node.commands[0], names)
        for operator, command in zip(node.operators, node.commands[1:], strict=True):
            wanted = operator == "&&"
            if result is None:
                others = self._perhaps((command,), names)
                # `x || true` is true, whatever x was
                result = others if others is not None and others != wanted else None
            elif result is wanted:
                result = self.node(command, names)
        return result

    def _perhaps(self, body: Body, names: Names) -> bool | None:
        """What is run, or not."""
        return self._either([body, ()], names)[0]

    def _either(self, bodies: Sequence[Body], names: Names) -> list[bool | None]:
        """One of these is run, nobody knows which."""
        self.doubts += 1
        results: list[bool | None] = []
        ways: list[Names] = []
        ends: list[Ended] = []
        for body in bodies:
            way = names.copy()
            try:
                results.append(self.body(body, way))
            except Ended as ended:
                ends.append(ended)
                results.append(None)
                if ended.kind == "exit":
                    continue
            # what was set before a loop or a function was left counts behind it
            ways.append(way)
        self.doubts -= 1
        if ways:
            names.unite(ways)
        self.left = self.left or any(ended.kind == "return" for ended in ends)
        if len(ends) == len(bodies):
            raise min(ends, key=lambda ended: _NEAREST.index(ended.kind))
        return results

    def _if(self, node: If, names: Names) -> bool | None:
        possible: list[Body] = []
        otherwise = node.otherwise
        for condition, body in node.branches:
            result = self.body(condition, names)
            if result is None:
                possible.append(body)
            if result:
                otherwise = body
                break
        if not possible:
            return self.body(otherwise, names)
        self._either([*possible, otherwise], names)
        return None

    def _case(self, node: Case, names: Names) -> bool | None:
        value = names.text(node.word)
        if UNKNOWN in value:
            self._either([*(body for _, body in node.branches), ()], names)
            return None
        for patterns, body in node.branches:
            if any(fnmatchcase(value, names.pattern(p)) for p in patterns):
                return self.body(body, names)
        return True

    def _for(self, node: For, names: Names) -> bool | None:
        words = list(names.arguments) if node.words is None else names.fields(node.words)
        for word in words:
            names.values[node.name] = word
            if UNKNOWN in word or any(c in word for c in "*?["):
                # some, or none
                names.values[node.name] = UNKNOWN
                self._perhaps(node.body, names)
            elif self._looped(node.body, names):
                break
        return None if words else True

    def _looped(self, body: Body, names: Names) -> bool:
        """Once; whether that was the last time."""
        try:
            self.body(body, names)
        except Ended as ended:
            if ended.kind not in {"break", "continue"}:
                raise
            return ended.kind == "break"
        return False

    def _while(self, node: While, names: Names) -> bool | None:
        if self.body(node.condition, names) is (not node.wanted):
            return True
        self._perhaps(node.body, names)
        return None

    def _simple(self, node: Simple, names: Names) -> bool | None:
        words = names.fields(node.words)
        writes = self._writes(node.redirects, names)
        if not words:
            for name, word in node.values:
                names.values[name] = names.text(word)
            if writes:
                self.found.append(Command((), writes, not self.doubts))
            return None if node.values else True
        if words[0] in {"local", "export", "readonly", "declare"}:
            for word in node.words[1:]:
                if value := assignment(word):
                    names.values[value[0]] = names.text(value[1])
            return True
        return self._run(tuple(words), writes, names)

    def _run(self, words: tuple[str, ...], writes: tuple[str, ...], names: Names) -> bool | None:
        name, arguments = words[0], words[1:]
        if name in _THROUGH and arguments and not arguments[0].startswith("-"):
            return self._run(arguments, writes, names)
        if body := self.functions.get(name):
            return self._call(body, arguments, names)
        if (text := script_of(words)) is not None:
            inner = self.parsed(text)
            return self._nested(inner if name == "eval" else (Group(inner, own=True),), names)
        if change := CHANGES.get(name):
            return change(names, arguments)
        self.found.append(Command(words, writes, not self.doubts))
        return status(words, names.known)

    def _call(self, body: Node, arguments: tuple[str, ...], names: Names) -> bool | None:
        outside, names.arguments = names.arguments, arguments
        left, self.left = self.left, False
        try:
            result = self._nested((body,), names)
        except Ended as ended:
            if ended.kind != "return":
                raise
            result = ended.result
        # where it may have been left before, nobody knows what it answers
        result, self.left, names.arguments = None if self.left else result, left, outside
        return result

    def _nested(self, body: Body, names: Names) -> bool | None:
        self.depth += 1
        if self.depth > _DEEPEST_CALL:
            raise ShellError("a script that calls itself too deeply")
        try:
            return self.body(body, names)
        finally:
            self.depth -= 1

    def printed(self, script: str, names: Names) -> str:
        """What `$(script)` stands for, where that is known."""
        start, outside, self.doubts = len(self.found), self.doubts, 0
        self._group(Group(self.parsed(script), own=True), names)
        self.doubts = outside
        ran = self.found[start:]
        lines = [names.known.output(command.words) if is_plain(command) else None for command in ran]
        if ran and None not in lines:
            del self.found[start:]
            return "\n".join(line for line in lines if line)
        self.found[start:] = [replace(command, certain=command.certain and not outside) for command in ran]
        return UNKNOWN

    def _writes(self, redirects: Sequence[Redirect], names: Names) -> tuple[str, ...]:
        return tuple(self._targets(redirects, names))

    def _targets(self, redirects: Sequence[Redirect], names: Names) -> Iterator[str]:
        for redirect in redirects:
            if redirect.operator in HERE or ">" not in redirect.operator:
                continue
            target = names.text(redirect.target)
            if redirect.operator != ">&" and not target.startswith(_NOWHERE):
                yield target


_WALKS: Mapping[type[Node], Callable[[_Walk, Any, Names], bool | None]] = {
    Simple: _Walk._simple,
    Piped: _Walk._piped,
    Joined: _Walk._joined,
    If: _Walk._if,
    Case: _Walk._case,
    For: _Walk._for,
    While: _Walk._while,
    Function: _Walk._define,
    Group: _Walk._group,
}
