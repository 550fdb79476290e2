"""Markdown in which words of others are text and nothing else: no link, mention, row, heading, tag or comment.

On a forge, what `@name`, `#1` and commit ids become is decided after Markdown was read, so escaping does not help: such
words stand in `code`, where no forge looks for them.
"""

import re
from collections.abc import Iterator, Sequence

from envlock.errors import escaped

# what means nothing to Markdown between backticks, in a table too
_PLAIN = re.compile(r"(?!.*<!--)[A-Za-z0-9_.+!~:/@,=<>()\[\]… -]+")
_OTHER = re.compile(r"[^A-Za-z0-9]")
# what means nothing to Markdown, wherever it stands
_WORD = re.compile(r"\(?(?:[A-Za-z]+(?:['’-][A-Za-z]+)*)?[,.;:!?)]{0,3}|[0-9]{1,6}[,;]?|[→…—–−]")
_COMMIT = re.compile(r"\(?[0-9a-fA-F]{7,}[,.;:!?)]*")
_NAME, _REFERENCE, _MESSAGE, _BLOCK = 120, 400, 600, 4_000


def code(text: str) -> str:
    """A text as it is, in a fixed-width font; what could mean anything to Markdown or HTML does not."""
    if not text:
        return ""
    if _PLAIN.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return html_code(text)


def html_code(text: str) -> str:
    """The same where Markdown is not read: in a `<summary>`."""
    return f"<code>{_OTHER.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"


def named(text: str) -> str:
    """A name, version or path of others, as code: in one line and never long."""
    return code(_line(text, _NAME))


def referred(text: str) -> str:
    """A reference of an image, as code: longer than a name, and of no use when it is cut."""
    return code(_line(text, _REFERENCE))


def html_named(text: str) -> str:
    return html_code(_line(text, _NAME))


def clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _line(text: str, longest: int) -> str:
    return clipped(escaped(text[: longest + 1]), longest)


def prose(text: str) -> str:
    """One line of a message: what stands in backticks there is code, and so is all that could be more than a word."""
    found = ""
    for is_code, piece in _pieces(_line(text, _MESSAGE)):
        if is_code and found.endswith(("`", ">")):
            found += " "  # two in a row would be read as one
        found += code(piece) if is_code else piece
    return found.strip()


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    parts = text.split("`")
    if len(parts) % 2 == 0:  # the last backtick has no partner
        parts[-2:] = ["`".join(parts[-2:])]
    for n, part in enumerate(parts):
        if n % 2:
            yield True, part.strip()
        else:
            yield from _words(part)


def _words(text: str) -> Iterator[tuple[bool, str]]:
    """Words, and the space between them; neighbours that must be code are one."""
    strange: list[str] = []
    for n, word in enumerate(text.split(" ")):
        space = " " if n else ""
        if _WORD.fullmatch(word) and not _COMMIT.fullmatch(word):
            yield from _joined(strange)
            strange = []
            yield False, space + word
        elif strange:
            strange.append(word)
        else:
            yield False, space
            strange = [word]
    yield from _joined(strange)


def _joined(words: Sequence[str]) -> Iterator[tuple[bool, str]]:
    if words:
        yield True, " ".join(words)


def fenced(text: str, language: str) -> str:
    """Lines as they are, to be read or copied; nothing in them ends the block."""
    lines = "\n".join(escaped(line) for line in text[: _BLOCK + 1].splitlines())
    # so that nobody who looks for a comment of ours finds it there
    body = clipped(lines, _BLOCK).replace("<!--", "<! --")
    marks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{marks}{language}\n{body}\n{marks}"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> Iterator[str]:
    """Columns that say nothing are left out; those in `right` are flush right."""
    filled = [n for n in range(len(titles)) if any(row[n] for row in rows)]
    yield row_line([titles[n] for n in filled])
    yield row_line(["---:" if titles[n] in right else "---" for n in filled])
    yield from (row_line([row[n] for n in filled]) for row in rows)


def row_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def folded(summary: str, text: str) -> str:
    """Shown on a click; `summary` is HTML."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def weight(text: str) -> int:
    """Bytes: never less than characters or UTF-16 units, whichever a forge counts."""
    return len(text.encode())


def fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first of them that are not more than `room` bytes."""
    kept: list[str] = []
    for line in lines:
        room -= weight(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept
