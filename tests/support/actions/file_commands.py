"""Files that a step writes for its runner: GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STATE and GITHUB_PATH."""

from collections.abc import Iterator


class FileCommandError(Exception):
    """What such a file says cannot be understood: the step fails."""


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """`NAME=VALUE`, or `NAME<<DELIMITER`, lines, and the delimiter alone in a line. Only LF ends a line."""
    text = text.removeprefix("\ufeff")
    place = 0
    while place < len(text):
        line, place = _line(text, place)
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        if here >= 0 and (equals < 0 or here < equals):
            name, delimiter = line.split("<<", 1)
            value, place = _held(text, place, line, (name, delimiter))
            yield name, value
        elif equals >= 0:
            yield _simple(line)
        else:
            raise FileCommandError(f"Invalid format '{line}'")


def paths(text: str) -> Iterator[str]:
    return (line for line in text.removeprefix("\ufeff").splitlines() if line)


def _simple(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    if not name:
        raise FileCommandError(f"Invalid format '{line}'. Name must not be empty")
    return name, value


def _held(text: str, start: int, line: str, parts: tuple[str, str]) -> tuple[str, int]:
    name, delimiter = parts
    if not name or not delimiter:
        raise FileCommandError(f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty")
    place = start
    while place < len(text):
        begin = place
        each, place = _line(text, place)
        if each == delimiter:
            return text[start : max(start, begin - 1)], place
        if place == len(text) and not text.endswith("\n"):
            raise FileCommandError(f"Invalid value. EOF marker missing new line. Delimiter '{delimiter}'")
    raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'")


def _line(text: str, place: int) -> tuple[str, int]:
    end = text.find("\n", place)
    return (text[place:], len(text)) if end < 0 else (text[place:end], end + 1)
