"""The lines of .gitattributes by which git merges env.toml and env.lock with envlock, and shows env.lock with it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from envlock.errors import UserInputError
from envlock.workflows.project import LOCKFILE, MANIFEST

ATTRIBUTES = ".gitattributes"
# where our drivers are not installed, git merges and shows both as text
LINES: Mapping[str, tuple[str, ...]] = {
    LOCKFILE: ("text", "eol=lf", "merge=envlock", "diff=envlock", "linguist-generated"),
    MANIFEST: ("text", "merge=envlock"),  # a person's own file: its line ends are left to them
}
_LIMIT = 100 << 20  # git reads no larger one, either
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PATTERN = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_EVERYTHING = ("*", "**", "**/*")
_MACROS = {"binary": ("-diff", "-merge", "-text")}


def lacking_attributes(folders: Sequence[Path], root: Path | None) -> dict[Path, bytes]:
    """What each .gitattributes is to be for environments in these folders, of those that are to be written.

    It is the one at the root of their repository, without one those beside env.toml; where a nearer file has lines
    for them already, that is completed. UserInputError where one is a link: git does not follow it, and who made it may
    have it point anywhere.
    """
    files = {_nearest(folder, root) for folder in folders} or {root / ATTRIBUTES for root in (root,) if root}
    found = {file: _lacking(file) for file in sorted(files)}
    return {file: new for file, new in found.items() if new is not None}


def completed(text: str) -> str:
    """The text of .gitattributes with what it lacks of our lines. What somebody else has said of these files stays,
    and wins over what is added; so do the ends of lines."""
    lines = _LINE.findall(text)
    end = "\r\n" if 2 * sum(line.endswith("\r\n") for line in lines) > len(lines) else "\n"
    for name, wanted in LINES.items():
        lines = _with_line(lines, name, wanted, end)
    return "".join(lines)


def _nearest(folder: Path, root: Path | None) -> Path:
    above = [folder, *folder.parents]
    within = above[: above.index(root)] if root in above else []
    having = (path / ATTRIBUTES for path in within if _names_ours(path / ATTRIBUTES))
    return next(having, (root or folder) / ATTRIBUTES)


def _names_ours(file: Path) -> bool:
    return any(_is_for(name, line) for line in _LINE.findall(_text(file)) for name in LINES)


def _lacking(file: Path) -> bytes | None:
    """The whole file with our lines; None where they are there."""
    if file.is_symlink():
        raise UserInputError(f"`{file}` is a link, which git does not follow", hint="put a file in its place")
    old = _text(file)
    new = completed(old)
    return new.encode(errors="surrogateescape") if new != old else None


def _text(file: Path) -> str:
    if not file.exists():
        return ""
    if file.stat().st_size > _LIMIT:
        raise UserInputError(f"`{file}` is larger than git reads")
    return file.read_bytes().decode(errors="surrogateescape")  # names in it may be of any encoding


def _with_line(lines: Sequence[str], name: str, wanted: Sequence[str], end: str) -> list[str]:
    """The lines with what is wanted for files of that name."""
    ours = [number for number, line in enumerate(lines) if _is_for(name, line)]
    said = {word for number in ours for word in _said(lines[number])}
    known = {_attribute(word) for word in said} | ({"eol"} if "-text" in said else set())
    missing = [word for word in wanted if _attribute(word) not in known]
    if not missing:
        return [*lines]
    if ours:
        line = lines[ours[-1]]
        bare = line.rstrip("\r\n")
        return _replaced(lines, ours[-1], " ".join((bare.rstrip(), *missing)) + line[len(bare) :])
    # of two lines the later one wins: who wrote of single environments, or of more than these files, is to win
    place = next((number for number, line in enumerate(lines) if _may_mean(name, line)), len(lines))
    before = [*lines[:place]]
    if before and not before[-1].endswith("\n"):
        before[-1] += end
    return [*before, " ".join((name, *missing)) + end, *lines[place:]]


def _replaced(lines: Sequence[str], number: int, line: str) -> list[str]:
    return [*lines[:number], line, *lines[number + 1 :]]


def _is_for(name: str, line: str) -> bool:
    """Is the line about files of that name, and of no other, wherever they are?"""
    return _pattern(line) in (name, f"**/{name}")


def _may_mean(name: str, line: str) -> bool:
    pattern = _pattern(line)
    return pattern not in _EVERYTHING and fnmatchcase(name, pattern.rpartition("/")[2])


def _pattern(line: str) -> str:
    """Which files a line is about; nothing for comments and macros."""
    found = _PATTERN.match(line.removeprefix("\ufeff").strip())
    pattern = found[0].strip('"') if found else ""
    return "" if pattern.startswith(("#", "[attr]")) else pattern


def _said(line: str) -> Iterator[str]:
    """What a line says of its files: `-diff`, `merge=union`."""
    found = _PATTERN.match(line.strip())
    for word in line.strip()[found.end() :].split() if found else ():
        yield from (word, *_MACROS.get(word, ()))


def _attribute(word: str) -> str:
    """The attribute that it is about: "-diff" -> "diff", "eol=lf" -> "eol"."""
    return word.lstrip("-!").partition("=")[0]
