"""Package tables in exactly the form in which `writer` writes them, read by one pattern each.

They are nearly all of a large env.lock, and a TOML parser and typed readers take ten times as long for them. What is
taken out of the text leaves the header of a table behind, with a mark in it: so that the rest is TOML still, the same
in form, and whoever reads it finds a mark where the packages stood. Whatever looks different stays in the text.
"""

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from envlock.lockfile.debian import ALL, PART
from envlock.lockfile.values import is_wheel_of, relation, requirement, specifiers, version
from envlock.model.debian_relations import NAME, VERSION
from envlock.model.fields import Table
from envlock.model.lock import CondaPackage, DebianPackage, PipPackage
from envlock.model.platform import PLATFORMS
from envlock.model.spec import MAIN

MARK = "as-written"
PYTHON = "python"

_PLAIN = r'[^"\\\x00-\x1f\x7f]'
_WORDS = rf"(?!\s){_PLAIN}++"
_SEGMENT = r'(?!\s)[^"\\/\x00-\x1f\x7f]++'  # of a file's name
_ITEM = rf'    "(?![\s"\\]){_PLAIN}*+(?:\\"{_PLAIN}*+)*+",\n'
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z"
_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"


def _text(key: str, pattern: str) -> str:
    return rf'{key} = "({pattern})"\n'


def _optional(line: str) -> str:
    return rf"(?:{line})?"


def _array(key: str, item: str = _ITEM) -> str:
    return rf"(?:{key} = \[\n((?:{item})++)\]\n)?+"


_SIZE = r"size = (0|[1-9][0-9]{0,17})\n"
_CONDA = (
    r"^\[\[platform\.([a-z0-9-]+)\.conda\]\]\n"
    + _text("name", r"[a-z0-9_][a-z0-9_.-]*")
    + _text("version", _SEGMENT)
    + _text("build", _SEGMENT)
    + _text("channel", _WORDS)
    + _text("subdir", _NAME)
    + _text("file", r"\2-\3-\4(?:\.conda|\.tar\.bz2)")
    + _text("sha256", "[0-9a-f]{64}")
    + _SIZE
    + _optional(_text("uploaded", _TIME))
    + _array("groups")
    + _array("requires")
    + _array("constrains")
    + _array("provides", rf'    "{_NAME}==(?:[^"\\\s\x00-\x1f\x7f])++",\n')
    + r"(?:\n|\Z)"
)
_PIP = (
    r"^\[\[platform\.([a-z0-9-]+)\.pip\]\]\n"
    + _text("name", _NAME)
    + _text("version", _WORDS)
    + _text("index", _WORDS)
    + _text("file", rf"(?!\.){_SEGMENT}")
    + _text("sha256", "[0-9a-f]{64}")
    + _optional(_SIZE)
    + _optional(_text("uploaded", _TIME))
    + _array("groups")
    + _optional(_text("requires-python", f"{_PLAIN}*+"))
    + _array("extras", rf'    "{_NAME}",\n')
    + _array("requires")
    + r"(?:\n|\Z)"
)
_DEBIAN = (
    r"^\[\[platform\.([a-z0-9-]+)\.debian\]\]\n"
    + _text("name", NAME.pattern)
    + _text("version", VERSION.pattern)
    + _text("architecture", "all|amd64|arm64")
    + _optional(_text("archive", "main|security"))
    + _text("file", rf"(?:{PART}/)++(?=\2_[^/\"]+_\4\.deb\"){PART}")
    + _text("sha256", "[0-9a-f]{64}")
    + _SIZE
    + _array("requires")
    + _array("provides", rf'    "{NAME.pattern}(?: \(= {VERSION.pattern}\))?",\n')
    + _array("conflicts")
    + r"(?:\n|\Z)"
)
_PYTHON = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
P = TypeVar("P", DebianPackage, CondaPackage, PipPackage)


class Runs(Generic[P]):
    """Packages of one kind, in runs of those that follow one another, by the number in the mark that replaces a run."""

    def __init__(self, kind: str, read: Callable[[re.Match[str]], P]) -> None:
        self.kind = kind
        self._read: Callable[[re.Match[str]], P] = read
        self._runs: list[list[P]] = []
        self._end: tuple[str, int] | None = None

    def taken(self, found: re.Match[str]) -> str:
        """What replaces a package's table: a mark, if it is the first of its run."""
        try:
            package = self._read(found)
        except ValueError:
            return found[0]
        begins = self._end != (found[1], found.start())
        self._end = (found[1], found.end())
        if begins:
            self._runs.append([])
        self._runs[-1].append(package)
        return f"[[platform.{found[1]}.{self.kind}]]\n{MARK} = {len(self._runs) - 1}\n\n" if begins else ""

    def of(self, table: Table) -> list[P]:
        """The packages whose mark is in a table, once; none where it is a table like others."""
        number = table.integer(MARK) if self._runs and MARK in table else None
        if number is None:
            return []
        run, self._runs[number] = self._runs[number], []
        return run

    @property
    def are_used_up(self) -> bool:
        """Whether no mark was passed over, because it stands within a string."""
        return not any(self._runs)


def _taken(pattern: str, runs: Runs[P], text: str) -> str:
    """What is left of a text; for one without such packages not even the pattern is compiled."""
    return re.sub(pattern, runs.taken, text, flags=re.MULTILINE) if f".{runs.kind}]]\n" in text else text


class AsWritten:
    """What is left of a text, and the packages that were taken out of it."""

    def __init__(self, text: str) -> None:
        self.debian, self.conda, self.pip = Runs("debian", _debian), Runs("conda", _conda), Runs("pip", _pip)
        self.rest = text
        if MARK not in text:
            self.rest = _taken(_DEBIAN, self.debian, self.rest)
            self.rest = _taken(_CONDA, self.conda, self.rest)
            self.rest = _taken(_PIP, self.pip, self.rest)

    @property
    def is_used_up(self) -> bool:
        return self.debian.are_used_up and self.conda.are_used_up and self.pip.are_used_up


def _debian(found: re.Match[str]) -> DebianPackage:
    platform, name, number, architecture, archive, file, sha256, size, *lists = found.groups()
    known = PLATFORMS.get(platform)
    if known is None or not known.has_images or architecture not in (ALL, known.architecture):
        raise ValueError(architecture)
    requires, provides, conflicts = map(_items, lists)
    return DebianPackage(
        name=name,
        version=number,
        architecture=architecture,
        archive=archive or "main",
        file=file,
        sha256=sha256,
        size=int(size),
        requires=tuple(map(relation, requires)),
        provides=provides,
        conflicts=tuple(map(relation, conflicts)),
    )


def _conda(found: re.Match[str]) -> CondaPackage:
    _, name, number, build, channel, subdir, file, sha256, size, uploaded, *lists = found.groups()
    if name == PYTHON and not _PYTHON.fullmatch(number):
        raise ValueError(number)
    groups, requires, constrains, provides = map(_items, lists)
    return CondaPackage(
        name=name,
        version=number,
        build=build,
        channel=channel,
        subdir=subdir,
        file=file,
        sha256=sha256,
        size=int(size),
        uploaded=uploaded,
        groups=groups or (MAIN,),
        requires=requires,
        constrains=constrains,
        provides=provides,
    )


def _pip(found: re.Match[str]) -> PipPackage:
    _, name, number, index, file, sha256, size, uploaded, groups, python, extras, requires = found.groups()
    package = PipPackage(
        name=name,
        version=version(number),
        index=index,
        file=file,
        sha256=sha256,
        size=int(size) if size else None,
        uploaded=uploaded,
        groups=_items(groups) or (MAIN,),
        requires_python=None if python is None else specifiers(python),
        extras=_items(extras),
        requires=tuple(map(requirement, _items(requires))),
    )
    if not is_wheel_of(file, name, number):
        raise ValueError(file)
    return package


def _items(lines: str | None) -> tuple[str, ...]:
    """The strings of an array, one a line: `    "a",\n    "b",\n`."""
    if not lines:
        return ()
    return tuple(sorted(set(lines[5:-3].replace('\\"', '"').split('",\n    "'))))
