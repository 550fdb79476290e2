"""What words of a shell script stand for, as far as the values of variables are known."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from envlock.debian.shell_status import UNKNOWN, Known
from envlock.debian.shell_words import ShellError, Substitution, Text, Variable, Word, word_of

# what stands in the environment of whoever installs, and what only a shell knows
_AMBIENT = frozenset(("PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "PWD", "OLDPWD", "RANDOM", "((", *"0$?!-"))
_BLANKS = re.compile(r"[ \t\n]+")
_LONGEST_TEXT = 4096
_LONGEST_PATTERN = 256
_MOST_WORDS = 1000
_MOST_STEPS = 50_000

# gives what a `$(script)` prints
Inner = Callable[[str, "Names"], str]


class Ended(Exception):
    """By `kind`: `exit`, `return` from a function, `break` and `continue` in a loop."""

    def __init__(self, kind: str = "exit", result: bool | None = None) -> None:
        super().__init__(kind)
        self.kind, self.result = kind, result


@dataclass(slots=True)
class Budget:
    """How much of a script is looked at, in steps of one command or one part of a word."""

    left: int = _MOST_STEPS

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise ShellError("a script that is too much")


@dataclass(slots=True)
class Names:
    """Variables by name, and the arguments."""

    known: Known
    arguments: tuple[str, ...]
    inner: Inner
    budget: Budget = field(default_factory=Budget)
    values: dict[str, str] = field(default_factory=dict)
    unset: str | None = None  # what names that have no value stand for

    def __post_init__(self) -> None:
        self.values = self.values or {**dict.fromkeys(_AMBIENT, UNKNOWN), **self.known.environment}

    def copy(self) -> "Names":
        self.budget.spend(1 + len(self.values) // 16)
        return Names(self.known, self.arguments, self.inner, self.budget, dict(self.values), self.unset)

    def forget(self) -> None:
        """Any variable may have any value from here on."""
        self.values, self.unset = dict.fromkeys(self.values, UNKNOWN), UNKNOWN

    def unite(self, ways: Sequence["Names"]) -> None:
        """What holds after one of several ways, where nobody knows which."""
        names = {name for way in ways for name in way.values}
        self.budget.spend(len(names) // 16)
        found = {name: {way.values.get(name, way.unset or "") for way in ways} for name in names}
        self.unset = UNKNOWN if any(way.unset for way in ways) else None
        self.values = {name: texts.pop() if len(texts) == 1 else UNKNOWN for name, texts in found.items()}

    def text(self, word: Word) -> str:
        """A word where nothing is split, as behind `=` and `case`."""
        return _bounded("".join(text for text, _ in self._pieces(word)))

    def pattern(self, word: Word) -> str:
        """A word as a pattern for `fnmatch`."""
        escape = {"*": "[*]", "?": "[?]", "[": "[[]"}
        found = "".join(
            "".join(escape.get(c, c) for c in part.text)
            if isinstance(part, Text) and part.quoted
            else self.text((part,))
            for part in word
        )
        return found if len(found) <= _LONGEST_PATTERN else UNKNOWN

    def fields(self, words: Iterable[Word]) -> list[str]:
        """Words as a command gets them: what is not quoted is split at blanks, and gone where it is empty."""
        found: list[str] = []
        for word in words:
            found.extend(self._split(word))
            if len(found) > _MOST_WORDS:
                raise ShellError("a command of too many words")
        return found

    def _split(self, word: Word) -> Iterator[str]:
        if len(word) == 2 and isinstance(word[1], Variable) and word[1].name == "@" and word[1].quoted:
            yield from self.arguments
            return
        current: str | None = None
        for text, split in self._pieces(word):
            first, *others = _BLANKS.split(text) if split else [text]
            # an empty piece that is to be split adds nothing, a quoted one makes a word
            if first or not split:
                current = _bounded((current or "") + first)
            for other in others:
                if current is not None:
                    yield current
                current = other or None
        if current is not None:
            yield current

    def _pieces(self, word: Word) -> Iterator[tuple[str, bool]]:
        """The parts of a word, and whether they are to be split."""
        self.budget.spend(len(word))
        for part in word:
            match part:
                case Text():
                    yield part.text, False
                case Variable():
                    yield _bounded(self._value(part)), not part.quoted
                case Substitution():
                    yield _bounded(self.inner(part.script, self)), not part.quoted

    def _value(self, variable: Variable) -> str:
        name, rest = variable.name, variable.rest
        value = self._plain(name)
        if not rest:
            return value or ""
        operator, operand = (rest[:2], rest[2:]) if rest[:2] in _TWO else (rest[:1], rest[1:])
        if operator.removeprefix(":") in _DEFAULTS:
            # without the colon, what is set but empty counts, too
            value = value or None if operator.startswith(":") else value
            return self._default(value, operand, instead=operator.endswith("+"))
        if not value or operator not in _TRIMS or UNKNOWN in value:
            return UNKNOWN if value else ""
        return _trimmed(value, operator, self.pattern(word_of(operand)))

    def _plain(self, name: str) -> str | None:
        if name in {"@", "*"}:
            return " ".join(self.arguments)
        if name == "#":
            return str(len(self.arguments))
        if name in "123456789":
            return self.arguments[int(name) - 1] if int(name) <= len(self.arguments) else None
        return self.values.get(name, self.unset)

    def _default(self, value: str | None, operand: str, *, instead: bool) -> str:
        """`${name:-operand}`, and `${name:+operand}` where it is to stand instead of a value."""
        if value == UNKNOWN:
            return UNKNOWN
        if instead:
            return self.text(word_of(operand)) if value is not None else ""
        return value if value is not None else self.text(word_of(operand))


_TWO = frozenset({":-", ":=", ":+", ":?", "%%", "##"})
_DEFAULTS = frozenset("-=?+")
_TRIMS = frozenset({"%", "%%", "#", "##"})


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """A value without what matches at its end (`%`) or beginning (`#`): the shortest, or the longest of it."""
    if len(value) > _LONGEST_PATTERN or UNKNOWN in pattern:
        return UNKNOWN
    cuts = range(len(value) + 1)
    # from the end, the shortest match begins last
    order = reversed(cuts) if operator in {"%", "##"} else cuts
    for cut in order:
        matched, kept = (value[cut:], value[:cut]) if "%" in operator else (value[:cut], value[cut:])
        if fnmatchcase(matched, pattern):
            return kept
    return value


def _bounded(text: str) -> str:
    """A text, or what stands for all that nobody cares to know."""
    return text if len(text) <= _LONGEST_TEXT else UNKNOWN
