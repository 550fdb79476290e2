"""The language between `${{` and `}}`: parsed, then evaluated."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.actions import values
from tests.support.actions.functions import FUNCTIONS
from tests.support.actions.lexer import ExpressionError, Word, words

STATUS = ("always", "success", "failure", "cancelled")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": values.equal,
    "!=": lambda left, right: not values.equal(left, right),
    "<": lambda left, right: values.greater(right, left),
    ">": values.greater,
    "<=": lambda left, right: values.equal(left, right) or values.greater(right, left),
    ">=": lambda left, right: values.equal(left, right) or values.greater(left, right),
}
# from the loosest to the tightest; `&&` and `||` evaluate no more than they must
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression may speak of: `contexts` by name, and functions that not all places have."""

    contexts: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Node:
    """A value, a name, a function's call, or a sign with its operands."""

    kind: str
    name: str
    value: Any = None
    below: tuple["Node", ...] = ()

    def calls(self) -> Iterator[str]:
        if self.kind == "call":
            yield self.name.lower()
        for node in self.below:
            yield from node.calls()


def parse(text: str) -> Node:
    return _Parser(text, words(text)).whole()


def evaluate(node: Node, scope: Scope) -> Any:
    return _EVALUATE[node.kind](node, scope)


class _Parser:
    def __init__(self, text: str, found: Iterable[Word]) -> None:
        self._text, self._words = text, iter(found)
        self._next = next(self._words)

    def whole(self) -> Node:
        node = self._binary(0)
        self._require("end", "")
        return node

    def _take(self) -> Word:
        word, self._next = self._next, next(self._words, self._next)
        return word

    def _is(self, sign: str) -> bool:
        return self._next.kind == "sign" and self._next.text == sign

    def _require(self, kind: str, text: str) -> None:
        if (self._next.kind, self._next.text) != (kind, text):
            self._refuse(self._next)
        self._take()

    def _refuse(self, word: Word) -> None:
        what = f"Unexpected symbol: '{word.text}'" if word.text else "Unexpected end of expression"
        raise ExpressionError(f"{what}. Located at position {word.place + 1} within expression: {self._text}")

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while self._next.kind == "sign" and self._next.text in _LEVELS[level]:
            sign = self._take().text
            node = Node("binary", sign, below=(node, self._binary(level + 1)))
        return node

    def _unary(self) -> Node:
        if self._is("!"):
            self._take()
            return Node("not", "!", below=(self._unary(),))
        return self._with_places(self._first())

    def _first(self) -> Node:
        word = self._take()
        if word.kind == "value":
            return Node("value", word.text, value=word.value)
        if word.kind == "name":
            return self._call(word.text) if self._is("(") else Node("context", word.text)
        if word.text != "(" or word.kind != "sign":
            self._refuse(word)
        node = self._binary(0)
        self._require("sign", ")")
        return node

    def _call(self, name: str) -> Node:
        self._take()
        below: list[Node] = []
        while not self._is(")"):
            if below:
                self._require("sign", ",")
            below.append(self._binary(0))
        self._take()
        return Node("call", name, below=tuple(below))

    def _with_places(self, node: Node) -> Node:
        while self._is(".") or self._is("["):
            node = self._dotted(node) if self._take().text == "." else self._indexed(node)
        return node

    def _dotted(self, node: Node) -> Node:
        word = self._take()
        if word.kind == "sign" and word.text == "*":
            return Node("all", "*", below=(node,))
        if not word.text.replace("-", "_").isidentifier():
            self._refuse(word)
        return Node("item", "", below=(node, Node("value", word.text, value=word.text)))

    def _indexed(self, node: Node) -> Node:
        if self._is("*"):
            self._take()
            indexed = Node("all", "*", below=(node,))
        else:
            indexed = Node("item", "", below=(node, self._binary(0)))
        self._require("sign", "]")
        return indexed


def _context(node: Node, scope: Scope) -> Any:
    for name, value in scope.contexts.items():
        if name.lower() == node.name.lower():
            return value
    raise ExpressionError(f"Unrecognized named-value: '{node.name}'")


def _call(node: Node, scope: Scope) -> Any:
    known = {name.lower(): function for name, function in {**FUNCTIONS, **scope.functions}.items()}
    function = known.get(node.name.lower())
    if function is None:
        raise ExpressionError(f"Unrecognized function: '{node.name}'")
    given = [evaluate(each, scope) for each in node.below]
    try:
        return function(*given)
    except TypeError as error:
        raise ExpressionError(f"Wrong number of parameters supplied for function: {node.name}") from error


def _binary(node: Node, scope: Scope) -> Any:
    left, right = node.below
    before = evaluate(left, scope)
    if node.name in ("&&", "||"):
        return before if values.truth(before) is (node.name == "||") else evaluate(right, scope)
    return _COMPARISONS[node.name](before, evaluate(right, scope))


_EVALUATE: Mapping[str, Callable[[Node, Scope], Any]] = {
    "value": lambda node, _: node.value,
    "context": _context,
    "call": _call,
    "binary": _binary,
    "not": lambda node, scope: not values.truth(evaluate(node.below[0], scope)),
    "item": lambda node, scope: values.item(*(evaluate(each, scope) for each in node.below)),
    "all": lambda node, scope: values.items(evaluate(node.below[0], scope)),
}
