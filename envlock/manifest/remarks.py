"""Comments of env.toml: what a file has of them, and those that belong to one value."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from envlock.manifest.merged_values import in_any_order, name_in
from envlock.model.toml_lines import KeyPath, Span, comment_spans, places

# a comment, and what it is about: a key, a table, or an item of a list; nothing where it stands by itself
Remark = tuple[str, KeyPath]


def comments(text: str) -> tuple[str, ...]:
    """The comments of TOML, or of the end of one of its lines, from their `#` on."""
    return tuple(text[span.start : span.end].rstrip() for span in comment_spans(text))


def remarks(text: str) -> list[Remark]:
    """The comments of TOML, each with what stands before it on its line, or right below it."""
    things = sorted(_things(text))
    starts = [start for start, _ in things]
    found = []
    for start, end in comment_spans(text):
        line = text.rfind("\n", 0, start) + 1
        behind = bool(text[line:start].strip())
        number = bisect_left(starts, line if behind else end)
        about = things[number] if number < len(things) else (len(text), ())
        near = about[0] < start if behind else _is_right_below(text[end : about[0]])
        found.append((text[start:end].rstrip(), about[1] if near else ()))
    return found


def _things(text: str) -> Iterator[tuple[int, KeyPath]]:
    """What comments can be about, by where it begins: items by their names, as these stay when others come and go."""
    found = places(text)
    yield from ((span.start, path) for path, span in found.headings)
    yield from ((pair.span.start, pair.path) for pair in found.pairs)
    for path, span in found.values.items():
        word = text[span.start : span.end]
        if path and isinstance(path[-1], int) and word[:1] in ("'", '"'):
            keys = tuple(map(str, path[:-1]))
            yield span.start, (*path[:-1], name_in(keys, word.strip("'\"")) if in_any_order(keys) else word)


def _is_right_below(between: str) -> bool:
    """Are there only lines with comments?"""
    *lines, _ = between.split("\n")
    return all(line.lstrip().startswith("#") for line in lines[1:])


def without_comments(text: str, unwanted: Iterable[str]) -> str:
    """A text without the lines that are nothing but one of these comments."""
    gone = set(unwanted)
    for start, end in reversed(comment_spans(text)):
        line = text.rfind("\n", 0, start) + 1
        if text[start:end].rstrip() in gone and not text[line:start].strip():
            text = text[:line] + text[end + 1 :]
    return text


def with_remarks(text: str, path: KeyPath, donor: str, from_: KeyPath) -> str:
    """A text with the comments that stand around a value of another, and that it does not have yet."""
    here, there = _own_lines(text, path), _own_lines(donor, from_)
    if not (here and there):
        return text
    known = set(comments(text))
    behind = [one for one in comments(donor[there.end : _line_end(donor, there.end)]) if one not in known]
    if behind and not comments(text[here.end : _line_end(text, here.end)]):
        end = _line_end(text, here.end)
        text = f"{text[:end]}  {behind[0]}{text[end:]}"
    start = text.rfind("\n", 0, here.start) + 1
    indent = text[start : here.start]
    above = [line.strip() for line in donor[first_line(donor, there.start) : there.start].split("\n")]
    lines = [f"{indent}{line}\n" for line in above if line.startswith("#") and line not in known]
    return text[:start] + "".join(lines) + text[start:]


def _own_lines(text: str, path: KeyPath) -> Span | None:
    """The span of a pair or an item that stands on lines of its own, but for a comma and a comment."""
    found = places(text)
    span = next((p.span for p in found.pairs if p.path == path), None) or found.values.get(path)
    if span is None:
        return None
    before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    behind = text[span.end : _line_end(text, span.end)].lstrip(" \t,")
    return span if not before.strip() and (not behind or behind.startswith("#")) else None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def first_line(text: str, at: int) -> int:
    """The beginning of a line, or of the lines of comments that stand right above it."""
    start = text.rfind("\n", 0, at) + 1
    while start:
        before = text.rfind("\n", 0, start - 1) + 1
        if not text[before:start].lstrip().startswith("#"):
            break
        start = before
    return start
