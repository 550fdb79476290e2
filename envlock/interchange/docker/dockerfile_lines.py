"""Dockerfiles as their builders read them: directives, comments, continued lines, here-documents, flags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*(?P<name>[A-Za-z][A-Za-z0-9]*)\s*=\s*(?P<value>.+?)\s*$")
_WORD = re.compile(r"\s*(?P<word>[A-Za-z]+)(?:[ \t]+(?P<rest>.*))?$", re.DOTALL)
_FLAG = re.compile(r"--[a-z][a-z-]*(?:=(?:\"[^\"]*\"|\S*))?(?=\s|$)")
_HEREDOC = re.compile(r"<<(?P<dash>-?)(?P<quote>[\"']?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P=quote)")
_WITH_HEREDOCS = ("RUN", "COPY", "ADD")
_LONGEST = 128 << 10  # Linux takes no longer word of a command
INSTRUCTIONS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
    *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """`word` in capitals, its `flags` (`--chown=app`), and the `rest`, lines joined; `text` is as it stands in the
    file, whose `line` it begins at. `documents` are its here-documents."""

    word: str
    rest: str
    line: int
    text: str
    flags: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


class NoDockerfile(ValueError):
    """Where a text is no Dockerfile: the line, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions in order; NoDockerfile at what is none."""
    escape = _directives(text).get("escape", "\\")
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        start = at
        joined, at = _joined(lines, at, escape)
        documents: list[str] = []
        if joined.lstrip().partition(" ")[0].upper() in _WITH_HEREDOCS:
            for found in _HEREDOC.finditer(joined):
                document, at = _document(lines, at, found, line=start + 1)
                documents.append(document)
        yield _instruction(joined, start + 1, "\n".join(lines[start:at]), tuple(documents))


def _directives(text: str) -> dict[str, str]:
    """Those before everything else."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        match = _DIRECTIVE.fullmatch(line.strip())
        if not match or match["name"].lower() in found:
            break
        found[match["name"].lower()] = match["value"]
    return found


def _joined(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """One instruction whose lines are continued, and the number of the line after it."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if parts and (not line.strip() or line.lstrip().startswith("#")):
            continue  # comments and empty lines do not end it
        stripped = line.rstrip(" \t")
        if not stripped.endswith(escape):
            parts.append(line)
            break
        parts.append(stripped.removesuffix(escape))
    return "".join(parts), at


def _document(lines: list[str], at: int, found: re.Match[str], *, line: int) -> tuple[str, int]:
    start = at
    while at < len(lines):
        closing = lines[at].lstrip("\t") if found["dash"] else lines[at]
        at += 1
        if closing == found["name"]:
            return "\n".join(lines[start : at - 1]), at
    raise NoDockerfile(line, f"`<<{found['name']}` has no end")


def _instruction(joined: str, line: int, text: str, documents: tuple[str, ...]) -> Instruction:
    if len(joined) > _LONGEST:
        raise NoDockerfile(line, f"it is longer than {_LONGEST >> 10} KiB, which no shell takes")
    found = _WORD.match(joined)
    word = found["word"].upper() if found else ""
    if not found or word not in INSTRUCTIONS:
        raise NoDockerfile(line, f"`{text.split(maxsplit=1)[0]}` is no instruction of a Dockerfile")
    rest, flags = (found["rest"] or "").strip(), list[str]()
    while flag := _FLAG.match(rest):
        flags.append(flag[0])
        rest = rest[flag.end() :].lstrip()
    return Instruction(word=word, rest=rest, line=line, text=text, flags=tuple(flags), documents=documents)
