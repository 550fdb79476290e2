"""What a job has done to the world around it: by what is there afterwards, not by what is said."""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.ci_scene import Job
from tests.support.log_commands import LogCommand, log_commands

CANARY = "pwned"  # what every payload would make a file, an output, a variable or a remark of
_REMARKS = {"error", "warning", "notice"}
_PLACES = ["file", "line", "endLine", "title"]
_MARKER = "<!-- envlock:report"


def files_made(*roots: Path) -> list[Path]:
    """The canaries below these folders."""
    return [path for root in roots for path in root.rglob(CANARY)]


def forged(job: Job, log: str) -> list[str]:
    """What in the log, the outputs and the files of variables nobody of us can have meant."""
    commands = [f"command {each}" for each in log_commands(log) if not _is_remark(each)]
    outputs = [f"output {name}" for name in job.outputs() if CANARY in name]
    files = [f"{name}: {text}" for name in ("env", "path") if (text := (job.places / name).read_text())]
    markers = [f"{job.summary.count(_MARKER)} markers"] if job.summary.count(_MARKER) > 1 else []
    return [*commands, *outputs, *files, *markers]


def _is_remark(command: LogCommand) -> bool:
    """Is it one at a file of an environment, or at none?"""
    parts = dict(part.partition("=")[::2] for part in command.properties.split(","))
    is_placed = [*parts] == _PLACES and parts["file"].endswith(("env.toml", "env.lock"))
    return command.name in _REMARKS and (is_placed or [*parts] == ["title"])


def skeleton(markdown: str) -> list[str]:
    """How a text is built, without its words: two of the same skeleton look alike, whatever they are about."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    return [*_joined(_kinds(tokens))]


def addresses(markdown: str) -> list[str]:
    """Where links and images of a text lead."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    inline = [child for token in tokens for child in token.children or ()]
    found = [str(child.attrs.get("href") or child.attrs.get("src") or "") for child in inline]
    html = [token.content for token in (*tokens, *inline) if token.type.startswith("html")]
    return [*filter(None, found), *(place for text in html for place in re.findall(r"(?:href|src)=\S+", text))]


def _kinds(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _kinds(token.children or [])
        elif token.type.startswith("html"):
            yield re.sub(r"\s+", " ", token.content.strip())
        elif token.type == "code_inline":
            yield from ("<code>", "</code>")
        elif token.type not in ("text", "text_special", "softbreak"):
            yield token.type


def _joined(kinds: Iterator[str]) -> Iterator[str]:
    """A word in a fixed-width font is one, however it is written."""
    for kind in kinds:
        if kind != "</code>":
            yield "code" if kind == "<code>" else kind
