"""Text with expressions in it, and conditions."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.actions.expressions import STATUS, Node, Scope, evaluate, parse
from tests.support.actions.lexer import ExpressionError
from tests.support.actions.values import to_text, truth

# a `}}` within a string ends nothing
_EXPRESSION = re.compile(r"\$\{\{((?:'(?:[^']|'')*'|[^'}]|\}(?!\}))*)\}\}")
_BEGIN = "${{"


def filled(value: Any, scope: Scope) -> Any:
    """The same tree with its expressions evaluated: what is one expression keeps its kind, all else is text."""
    if isinstance(value, str):
        return _filled_text(value, scope)
    if isinstance(value, Mapping):
        return {str(filled(name, scope)): filled(each, scope) for name, each in value.items()}
    return [filled(each, scope) for each in value] if isinstance(value, list) else value


def text(value: Any, scope: Scope) -> str:
    """A place that wants a string."""
    return to_text(filled(value, scope))


def texts(values: Mapping[str, Any], scope: Scope) -> dict[str, str]:
    return {name: text(value, scope) for name, value in values.items()}


def holds(condition: Any, scope: Scope) -> bool:
    """An `if`: without a function of status in it, it asks for success, too."""
    written = to_text(condition).strip()
    if not written:
        return holds("success()", scope)
    node = _condition(written)
    if not set(node.calls()) & set(STATUS) and not truth(evaluate(parse("success()"), scope)):
        return False
    return truth(evaluate(node, scope))


def _condition(written: str) -> Node:
    """With `${{` somewhere in it, all around is text: `${{ a }} == 'b'` is a string, thus true."""
    if _BEGIN not in written:
        return parse(written)
    whole = _EXPRESSION.fullmatch(written)
    if whole:
        return parse(whole[1])
    parts = list(_parts(written))
    places = [f"{{{number}}}" if is_code else _escaped(part) for number, (is_code, part) in enumerate(parts)]
    below = tuple(parse(part) if is_code else Node("value", "", value="") for is_code, part in parts)
    return Node("call", "format", below=(Node("value", "", value="".join(places)), *below))


def _escaped(plain: str) -> str:
    return plain.replace("{", "{{").replace("}", "}}")


def _filled_text(value: str, scope: Scope) -> Any:
    whole = _EXPRESSION.fullmatch(value.strip()) if _BEGIN in value else None
    if whole and whole[0] == value.strip():
        return evaluate(parse(whole[1]), scope)
    return "".join(to_text(evaluate(parse(p), scope)) if is_code else p for is_code, p in _parts(value))


def _parts(value: str) -> Iterator[tuple[bool, str]]:
    place = 0
    for found in _EXPRESSION.finditer(value):
        yield False, _plain(value[place : found.start()])
        yield True, found[1]
        place = found.end()
    yield False, _plain(value[place:])


def _plain(part: str) -> str:
    if _BEGIN in part:
        raise ExpressionError(f"The expression is not closed. An unescaped ${{{{ sequence was found in: {part}")
    return part
