"""Words of a Dockerfile and of the shell: quotes and variables, whose values are known or not. Nothing is run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:?[-+])(?P<value>[^{}$]*))?\}")
_LONGEST = 128 << 10  # of values that are put together: each may hold another one twice
_ESCAPED = '"$\\`'

# what is set to something that is not known stands there as None
Values = Mapping[str, str | None]


class Unknown(ValueError):
    """Of what is written the value is not known; says which."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command of a shell: its words, as it is written, and to where its output goes. Where not all words
    are known, `words` has none, and `program` is the first one as it is written."""

    words: tuple[str, ...]
    text: str
    redirected: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        return (*words_in(self.text), "")[0]


def words_in(text: str) -> list[str]:
    """The words as they are written, with their quotes."""
    found: list[str] = []
    current, quote, at = "", "", 0
    while at < len(text):
        character = text[at]
        if character == "\\" and quote != "'":
            current += text[at : at + 2]
            at += 2
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character.isspace():
            found += [current] if current else []
            current = ""
            at += 1
            continue
        current += character
        at += 1
    return found + ([current] if current else [])


def expanded(text: str, values: Values, *, shell: bool = False) -> str:
    """Without quotes and with values in place of variables; Unknown where one has none.

    What a Dockerfile does not set is unknown: the image that it stands on, or the builder, may.
    """
    parts: list[str] = []
    quote, at, size = "", 0, 0
    while at < len(text):
        character = text[at]
        if character == "\\" and quote != "'":
            following = text[at + 1 : at + 2]
            parts.append(following if not quote or following in _ESCAPED else character + following)
            at += 2
        elif quote == "'" or character not in "$\"'`":
            quote = "" if character == quote == "'" else quote
            parts.append("" if character == "'" else character)
            at += 1
        elif character == "$":
            value, at = _variable(text, at, values, shell=shell)
            parts.append(value)
            size += len(value)
            if size > _LONGEST:
                raise Unknown(f"what is longer than {_LONGEST >> 10} KiB")
        elif character == "`" and shell:
            raise Unknown("the output of a command")
        elif character in "\"'" and quote in ("", character):
            quote = "" if quote else character
            at += 1
        else:
            parts.append(character)
            at += 1
    return "".join(parts)


def _variable(text: str, at: int, values: Values, *, shell: bool) -> tuple[str, int]:
    rest = text[at + 1 :]
    found = _BRACED.match(rest)
    if found:
        return _braced(found, values), at + 1 + found.end()
    plain = _NAME.match(rest)
    if plain:
        return _value(plain[0], values), at + 1 + plain.end()
    if rest[:1] in ("(", "{") or (shell and rest[:1] and rest[0] in "?#@*!$-0123456789"):
        raise Unknown(f"`${rest[:12]}`")
    return "$", at + 1


def _braced(found: re.Match[str], values: Values) -> str:
    name, operator = found["name"], found["operator"]
    if not operator:
        return _value(name, values)
    known = values.get(name) if name in values else ""
    if known is None:
        raise Unknown(f"`${name}`")
    is_set = bool(known) or (name in values and not operator.startswith(":"))
    if operator.endswith("-"):
        return known if is_set else str(found["value"])
    return str(found["value"]) if is_set else ""


def _value(name: str, values: Values) -> str:
    value = values.get(name)
    if value is None:
        raise Unknown(f"`${name}`")
    return value


_CONTROL = (
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "for",
    "while",
    "until",
    "do",
    "done",
    "case",
    "esac",
    "function",
    "{",
    "}",
)
_REDIRECTED = re.compile(r"\d?>>?(?:&\d|\s*(?P<to>[^\s&|;<>()]+))|\d?<(?!<)\s*\S+")


def commands(script: str, values: Values) -> list[Command] | None:
    """The simple commands that run one after the other, as long as each does well; None for any other script.

    A command whose words are not known has none.
    """
    parts = _parted(script)
    if parts is None or any(words_in(part)[:1] and words_in(part)[0] in _CONTROL for part in parts):
        return None
    return [_command(part, values) for part in parts if part]


def _command(text: str, values: Values) -> Command:
    bare, redirected = _without_redirections(text)
    try:
        return Command(tuple(expanded(word, values, shell=True) for word in words_in(bare)), text, redirected)
    except Unknown:
        return Command((), text, redirected)


def _parted(script: str) -> list[str] | None:
    """Parts between `&&`, `;` and line ends; None where there are other operators."""
    parts, current = list[str](), ""
    for kind, piece in _pieces(script):
        if kind == "end":
            parts.append(current.strip())
            current = ""
        elif kind == "other":
            return None
        else:
            current += piece
    return [*parts, current.strip()]


def _pieces(script: str) -> Iterator[tuple[str, str]]:
    """Its text piece by piece, each with what it is: `text`, the `end` of a command, or another operator."""
    quote, at, fresh = "", 0, True
    while at < len(script):
        character = script[at]
        if character == "\\" and quote != "'":
            pair = script[at : at + 2]
            yield "text", "" if pair == "\\\n" else pair
            at += 2
        elif quote or character in "\"'":
            quote = ("" if character == quote else quote) if quote else character
            yield "text", character
            at += 1
        elif character == "#" and fresh:
            end = script.find("\n", at)
            at = end if end >= 0 else len(script)
        else:
            piece = next((sign for sign in _SIGNS if script.startswith(sign, at)), character)
            yield _SIGNS.get(piece, "text"), piece
            at += len(piece)
        fresh = character.isspace() or character == ";"


# the longer ones first; what sends output somewhere is no operator between commands
_SIGNS = {
    **{"&&": "end", "||": "other", ">&": "text", "&>": "text", "<<": "other", "$(": "other"},
    **{";": "end", "\n": "end", "|": "other", "&": "other", "(": "other", ")": "other"},
}


def _without_redirections(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without `> file`, and these files; what stands in quotes is left as it is."""
    found: list[str] = []
    kept: list[str] = []
    at, quote = 0, ""
    while at < len(text):
        match = None if quote else _REDIRECTED.match(text, at)
        if match and (text[at] in "<>" or at == 0 or text[at - 1].isspace()):
            found += [match["to"]] if match["to"] else []
            at = match.end()
            continue
        if text[at] == "\\" and quote != "'":
            kept.append(text[at : at + 2])
            at += 2
            continue
        if text[at] in "\"'" and quote in ("", text[at]):
            quote = "" if quote else text[at]
        kept.append(text[at])
        at += 1
    return "".join(kept), tuple(found)
