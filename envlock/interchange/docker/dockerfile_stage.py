"""The one stage of a Dockerfile that is read: what is found of it on the way."""

import json
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

from envlock.interchange.docker.dockerfile_commands import Meaning
from envlock.interchange.docker.dockerfile_lines import Instruction
from envlock.model.imported import Remark
from envlock.model.masking import masked

_LONGEST = 70
# what a variable holds does not stand there: `$A`, `https://kim:$A@`, `Authorization: Bearer ${A}`
_REFERENCE = re.compile(
    r"(?:(?<=://)(?:[\w.-]*:)?|authorization: *(?:\w+ +)?)?\$(?:\w+|\{[^}]*\}|\([^)]*\))@?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A file or folder of the build context, and where it is in the image."""

    source: str
    target: str
    is_folder: bool
    line: int


@dataclass(slots=True, kw_only=True)
class Stage:
    """What is found on the way; `values` are of variables, `kept` the lines of a Dockerfile for what remains, which
    `needed` says whether anything of it does; `whole` says why nothing can be taken out of the file."""

    folder: Path
    values: dict[str, str | None] = field(default_factory=dict)
    outer: dict[str, str | None] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    copied: list[Copied] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    installs: list[tuple[Instruction, Meaning, str]] = field(default_factory=list)
    debian: list[tuple[Instruction, Meaning]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    needed: list[Remark] = field(default_factory=list)
    beyond_apt: bool = False
    remarks: list[Remark] = field(default_factory=list)
    whole: list[Remark] = field(default_factory=list)

    def say(self, instruction: Instruction, what: str, why: str) -> None:
        self.remarks.append(remark(what, why, instruction.line))

    def keep(self, instruction: Instruction, why: str, *, apt: bool = False) -> None:
        """It remains in a Dockerfile, for the reason `why`."""
        self.needed.append(remark(shown(instruction), why, instruction.line))
        self.beyond_apt = self.beyond_apt or not apt

    def refuse(self, instruction: Instruction, why: str) -> None:
        """Because of it the whole file remains."""
        self.whole.append(remark(shown(instruction), why, instruction.line))

    def prefixes(self) -> set[str]:
        """The folders of conda environments that packages go to."""
        return {read.target for _, read, _ in self.installs if read.target.startswith("/")}

    def in_context(self, path: str, cwd: str) -> str | None:
        """The file of the build context that has this path in the image."""
        absolute = posixpath.normpath(posixpath.join(cwd, path))
        for each in reversed(self.copied):
            if absolute == each.target and not each.is_folder:
                return each.source
            inside = posixpath.relpath(absolute, each.target)
            if each.is_folder and not inside.startswith(".."):
                return posixpath.normpath(posixpath.join(each.source, inside))
        return None


def remark(what: str, why: str, line: int | None = None) -> Remark:
    """Without what looks like a secret."""
    return Remark(what=brief(what), why=masked((why,))[0], line=line)


def shown(instruction: Instruction) -> str:
    """An instruction as a person is shown it."""
    return brief(f"{instruction.word} {instruction.rest}")


def brief(text: str) -> str:
    """On one line, without what looks like a secret."""
    (text,) = masked((" ".join(text.split()),))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def without_secrets(text: str) -> str:
    """A Dockerfile with `***` for what looks like a secret; a variable stays, whatever it may hold."""
    return "".join(masked((line,))[0] if holds_any(line) else line for line in text.splitlines(keepends=True))


def holds_any(text: str) -> bool:
    """Does anything in it look like a secret?"""
    bare = without_references(text)
    return masked((bare,)) != (bare,)


def without_references(text: str) -> str:
    """With a number in place of each variable."""
    return _REFERENCE.sub("0", text)


def listed(text: str) -> tuple[str, ...] | None:
    """Words that are written as a list of JSON; None where they are not."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return None
    return tuple(found)
