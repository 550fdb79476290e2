"""A shell script as a tree of commands (POSIX, and what maintainer scripts use of bash's)."""

from collections.abc import Callable, Sequence

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
from envlock.debian.shell_words import DEEPEST, NAME, REDIRECTS, ShellError, Text, Token, Word, plain, tokens


def parsed(script: str) -> Body:
    """The commands of a script, in order. ShellError for what is no script."""
    parser = _Parser(list(tokens(script)))
    body = parser.body()
    if parser.token.operator != "":
        raise ShellError("a script that goes on behind its end")
    return body


class _Parser:
    def __init__(self, found: Sequence[Token]) -> None:
        self.found, self.at, self.depth = found, 0, 0
        self.compound: dict[str, Callable[[], Node]] = {
            "if": self._if,
            "case": self._case,
            "for": self._for,
            "while": self._while,
            "until": self._while,
            "{": self._braces,
            "function": self._function,
            "[[": self._condition,
        }

    @property
    def token(self) -> Token:
        return self.found[self.at]

    @property
    def keyword(self) -> str | None:
        return plain(self.token.word) if self.token.operator is None else None

    def _next(self) -> Token:
        token = self.token
        self.at = min(self.at + 1, len(self.found) - 1)
        return token

    def _expect(self, *words: str) -> str:
        found = self.token.operator if self.token.operator is not None else self.keyword
        if found not in words:
            raise ShellError(f"no {words[0]!r} where one belongs")
        self._next()
        return found

    def _lines(self) -> None:
        while self.token.operator == "\n":
            self._next()

    def body(self, *ends: str) -> Body:
        """Commands up to one of these keywords or operators, or the end."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise ShellError("a script that is nested too deeply")
        commands: list[Node] = []
        while True:
            while self.token.operator in {"\n", ";", "&"}:
                self._next()
            if self.token.operator == "" or self.token.operator in ends or self.keyword in ends:
                break
            commands.append(self._joined())
            if self.token.operator not in {"\n", ";", "&", "", *ends}:
                raise ShellError("a command that goes on behind its end")
        self.depth -= 1
        return tuple(commands)

    def _joined(self) -> Node:
        commands, operators = [self._piped()], list[str]()
        while self.token.operator in {"&&", "||"}:
            operators.append(self._next().operator or "")
            self._lines()
            commands.append(self._piped())
        return Joined(tuple(commands), tuple(operators)) if operators else commands[0]

    def _piped(self) -> Node:
        negated = False
        while self.keyword == "!":
            self._next()
            negated = not negated
        commands = [self._command()]
        while self.token.operator == "|":
            self._next()
            self._lines()
            commands.append(self._command())
        return Piped(tuple(commands), negated) if negated or len(commands) > 1 else commands[0]

    def _command(self) -> Node:
        if self.token.operator == "(":
            self._next()
            body = self.body(")")
            self._expect(")")
            return Group(body, own=True, redirects=self._redirects())
        if compound := self.compound.get(self.keyword or ""):
            node, redirects = compound(), self._redirects()
            return Group((node,), own=False, redirects=redirects) if redirects else node
        return self._simple()

    def _redirects(self) -> tuple[Redirect, ...]:
        found = []
        while self.token.operator in REDIRECTS:
            token = self._next()
            target = self._next()
            if target.operator is not None:
                raise ShellError("a redirection to nowhere")
            found.append(Redirect(token.operator or "", target.word, token.descriptor))
        return tuple(found)

    def _simple(self) -> Node:
        values: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        start = self.at
        while self.token.operator is None or self.token.operator in REDIRECTS:
            if self.token.operator:
                redirects.extend(self._redirects())
            elif not words and (value := assignment(self.token.word)):
                values.append(value)
                self._next()
            else:
                words.append(self._next().word)
            if len(words) == 1 and self.token.operator == "(":
                return self._named_function(words[0])
        if self.at == start:
            raise ShellError("an operator where a command belongs")
        return Simple(tuple(values), tuple(words), tuple(redirects))

    def _named_function(self, word: Word) -> Node:
        self._expect("(")
        self._expect(")")
        return self._function_body(plain(word) or "")

    def _function(self) -> Node:
        self._expect("function")
        name = plain(self._next().word) or ""
        if self.token.operator == "(":
            self._expect("(")
            self._expect(")")
        return self._function_body(name)

    def _function_body(self, name: str) -> Node:
        if not name:
            raise ShellError("a function without a name")
        self._lines()
        return Function(name, self._nested(self._command))

    def _nested(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ShellError("a script that is nested too deeply")
        node = read()
        self.depth -= 1
        return node

    def _braces(self) -> Node:
        self._expect("{")
        body = self.body("}")
        self._expect("}")
        return Group(body, own=False)

    def _if(self) -> Node:
        branches: list[tuple[Body, Body]] = []
        otherwise: Body = ()
        word = self._expect("if")
        while word in {"if", "elif"}:
            condition = self.body("then")
            self._expect("then")
            branches.append((condition, self.body("elif", "else", "fi")))
            word = self._expect("elif", "else", "fi")
        if word == "else":
            otherwise = self.body("fi")
            self._expect("fi")
        return If(tuple(branches), otherwise)

    def _while(self) -> Node:
        wanted = self._expect("while", "until") == "while"
        condition = self.body("do")
        return While(condition, self._do(), wanted)

    def _do(self) -> Body:
        self._expect("do")
        body = self.body("done")
        self._expect("done")
        return body

    def _for(self) -> Node:
        self._expect("for")
        name = plain(self._next().word) or ""
        if not NAME.fullmatch(name):
            raise ShellError("a loop without a variable")
        self._lines()
        words: list[Word] | None = None
        if self.keyword == "in":
            self._next()
            words = []
            while self.token.operator is None:
                words.append(self._next().word)
        while self.token.operator in {";", "\n"}:
            self._next()
        return For(name, None if words is None else tuple(words), self._do())

    def _case(self) -> Node:
        self._expect("case")
        word = self._next().word
        self._lines()
        self._expect("in")
        self._lines()
        branches: list[tuple[tuple[Word, ...], Body]] = []
        while self.keyword != "esac":
            patterns = self._patterns()
            branches.append((patterns, self.body(";;", ";&", ";;&", "esac")))
            if self.token.operator in {";;", ";&", ";;&"}:
                self._next()
            self._lines()
        self._expect("esac")
        return Case(word, tuple(branches))

    def _patterns(self) -> tuple[Word, ...]:
        if self.token.operator == "(":
            self._next()
        patterns = [self._next().word]
        while self._expect(")", "|") == "|":
            patterns.append(self._next().word)
        return tuple(patterns)

    def _condition(self) -> Node:
        """`[[ … ]]`, where operators are words."""
        words: list[Word] = []
        while self.token.operator != "":
            token = self._next()
            words.append(token.word or (Text(token.operator or "", quoted=True),))
            if plain(words[-1]) == "]]":
                return Simple((), tuple(words), ())
        raise ShellError("a condition without end")


def assignment(word: Word) -> tuple[str, Word] | None:
    """`NAME=VALUE` as a name and a word; None for another word."""
    first = word[0] if word else None
    if not isinstance(first, Text) or first.quoted:
        return None
    name, equals, rest = first.text.partition("=")
    if not equals or not NAME.fullmatch(name):
        return None
    return name, (Text(rest, quoted=False), *word[1:])
