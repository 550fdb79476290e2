"""A shell script as tokens: scripts are read, never run, and refused where they are no shell or nested without end."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 128 * 1024
DEEPEST = 40
# longer ones first
OPERATORS = (";;&", "<<-", "&>>", "&&", "||", ";;", ";&", "<<", ">>", "<&", ">&", "<>", ">|", "&>", *";&|()<>")
REDIRECTS = frozenset({"<", ">", ">>", "<<", "<<-", "<&", ">&", "<>", ">|", "&>", "&>>"})
HERE = frozenset({"<<", "<<-"})
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BACKTICKED = re.compile(r"`((?:[^`\\]|\\.)*+)`", re.DOTALL)
_BLANK = " \t\r"
_ENDS_WORD = frozenset(_BLANK + "\n;&|()<>")


class ShellError(ValueError):
    """Text that is no shell script, or more of one than is read."""


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters; quoted ones are neither split nor patterns."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, or `${name}` with what follows the name ("" or ":-word", "%pattern", …)."""

    name: str
    rest: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(script)` or the same in backticks."""

    script: str
    quoted: bool


Part = Text | Variable | Substitution
Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or an operator ("\\n" is one, "" the end); `descriptor` is the number before a redirection."""

    operator: str | None = None
    word: Word = ()
    descriptor: str = ""


def tokens(script: str) -> Iterator[Token]:
    """All tokens of a script; the texts of here-documents are left out."""
    if len(script) > LONGEST or "\0" in script:
        raise ShellError("no shell script")
    return _Scanner(script).tokens()


def word_of(text: str) -> Word:
    """Text as it stands in `${name:-text}`: one word, with blanks and all."""
    return tuple(_Scanner(text).parts(ends=frozenset()))


def plain(word: Word) -> str | None:
    """The text of a word without any quote or expansion, such as a keyword is; None for others."""
    return word[0].text if len(word) == 1 and isinstance(word[0], Text) and not word[0].quoted else None


class _Scanner:
    def __init__(self, script: str) -> None:
        self.script, self.at, self.here = script, 0, list[str]()

    def peek(self, length: int = 1) -> str:
        return self.script[self.at : self.at + length]

    def tokens(self) -> Iterator[Token]:
        pending: str | None = None  # the here-document operator whose end is the next word
        while self._blanks():
            token = self._token()
            if token.operator == "\n":
                self._skip_documents()
            if pending and token.operator is None:
                self.here.append(("-" if pending == "<<-" else " ") + _unquoted(token.word))
            pending = token.operator if token.operator in HERE else None
            yield token
        yield Token("")

    def _blanks(self) -> bool:
        """Past blanks, joined lines and comments; False at the end."""
        while self.at < len(self.script):
            if self.peek() in _BLANK:
                self.at += 1
            elif self.peek(2) == "\\\n":
                self.at += 2
            elif self.peek() == "#":
                end = self.script.find("\n", self.at)
                self.at = len(self.script) if end < 0 else end
            else:
                return True
        return False

    def _token(self) -> Token:
        if self.peek() == "\n":
            self.at += 1
            return Token("\n")
        digits = self.at
        while digits < len(self.script) and self.script[digits] in "0123456789":
            digits += 1
        if digits > self.at and self.script[digits : digits + 1] in {"<", ">"}:
            descriptor, self.at = self.script[self.at : digits], digits
            return Token(self._operator(), descriptor=descriptor)
        if operator := self._operator():
            return Token(operator)
        return Token(word=tuple(self.parts(_ENDS_WORD)))

    def _operator(self) -> str | None:
        found = next((o for o in OPERATORS if self.script.startswith(o, self.at)), None)
        self.at += len(found or "")
        return found

    def _skip_documents(self) -> None:
        for end in self.here:
            while self.at < len(self.script):
                stop = self.script.find("\n", self.at)
                stop = len(self.script) if stop < 0 else stop
                line, self.at = self.script[self.at : stop], stop + 1
                if (line.lstrip("\t") if end[0] == "-" else line) == end[1:]:
                    break
        self.here.clear()

    def parts(self, ends: frozenset[str]) -> Iterator[Part]:
        """The parts of the word that starts here, to one of these characters."""
        while self.at < len(self.script) and self.peek() not in ends:
            match self.peek():
                case "'":
                    yield Text(self._to("'"), quoted=True)
                case '"':
                    self.at += 1
                    yield from self._in_quotes()
                case "\\":
                    if self.peek(2) != "\\\n":
                        yield Text(self.script[self.at + 1 : self.at + 2], quoted=True)
                    self.at += 2
                case "$" | "`":
                    yield self._expansion(quoted=False)
                case _:
                    yield Text(self._run(ends, "'\"\\$`"), quoted=False)

    def _in_quotes(self) -> Iterator[Part]:
        yield Text("", quoted=True)  # there is a word, be it empty
        while self.peek() != '"':
            if self.at >= len(self.script):
                raise ShellError("a quote without end")
            if self.peek() in {"$", "`"}:
                yield self._expansion(quoted=True)
            elif self.peek() == "\\":
                follows = self.script[self.at + 1 : self.at + 2]
                kept = "" if follows == "\n" else follows if follows in '$`"\\' else "\\" + follows
                yield Text(kept, quoted=True)
                self.at += 2
            else:
                yield Text(self._run(frozenset('"'), "\\$`"), quoted=True)
        self.at += 1

    def _run(self, ends: frozenset[str], special: str) -> str:
        start = self.at
        while self.at < len(self.script) and self.peek() not in ends and self.peek() not in special:
            self.at += 1
        return self.script[start : self.at]

    def _to(self, quote: str) -> str:
        """What stands between two of this quote, the first of which is here."""
        end = self.script.find(quote, self.at + 1)
        if end < 0:
            raise ShellError("a quote without end")
        text, self.at = self.script[self.at + 1 : end], end + 1
        return text

    def _expansion(self, *, quoted: bool) -> Part:
        if self.peek() == "`":
            return Substitution(self._in_backticks('$`\\"' if quoted else "$`\\"), quoted)
        if self.peek(3) == "$((":
            self._closing("(", ")")
            return Variable("((", "", quoted)  # a sum: nobody works it out
        if self.peek(2) == "$(":
            return Substitution(self._closing("(", ")"), quoted)
        if self.peek(2) == "${":
            return _in_braces(self._closing("{", "}"), quoted)
        self.at += 1
        name = NAME.match(self.script, self.at)
        found = name[0] if name else self.peek() if self.peek() and self.peek() in "0123456789@*#?$!-" else ""
        self.at += len(found)
        return Variable(found, "", quoted) if found else Text("$", quoted)

    def _in_backticks(self, escaped: str) -> str:
        """What stands between two of them, without the backslashes before these characters."""
        found = _BACKTICKED.match(self.script, self.at)
        if not found:
            raise ShellError("a quote without end")
        self.at = found.end()
        return re.sub(r"\\(.)", lambda each: each[1] if each[1] in escaped else each[0], found[1], flags=re.DOTALL)

    def _closing(self, opening: str, closing: str) -> str:
        """What stands in the brackets behind the `$` here; brackets within quotes do not count."""
        start = self.at = self.at + 2
        inside = [closing]  # what ends each of the brackets and quotes that this stands in
        while self.at < len(self.script):
            character = self.peek()
            if character == "\\":
                self.at += 1
            elif character == "'" and inside[-1] == ")":
                self._to("'")
                continue
            elif character == inside[-1]:
                inside.pop()
            elif character == '"' or (self.peek(2) == f"${opening}" or (character == opening and inside[-1] != '"')):
                self.at += character == "$"
                if len(inside) > DEEPEST:
                    raise ShellError("a script that is nested too deeply")
                inside.append('"' if character == '"' else closing)
            self.at += 1
            if not inside:
                return self.script[start : self.at - 1]
        raise ShellError("a bracket without end")


def _in_braces(text: str, quoted: bool) -> Part:
    name = NAME.match(text) or re.match(r"[0-9@*#?$!-]", text)
    # `${#name}` is a length
    if not name or (text[0] == "#" and len(text) > 1):
        return Variable("((", "", quoted)
    return Variable(name[0], text[name.end() :], quoted)


def _unquoted(word: Word) -> str:
    return "".join(part.text for part in word if isinstance(part, Text))
