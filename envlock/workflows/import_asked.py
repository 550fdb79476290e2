"""What a person asks of an import, and what comes of it: values alone."""

from dataclasses import dataclass
from pathlib import Path

from envlock.model.imported import Remark
from envlock.model.lock import Lock
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person says of a file: its `kind` where it is not told by name and text; which `platforms` and `groups`;
    whether URLs that it names may be read. `into` is the folder where env.toml is to be written."""

    kind: str | None = None
    platforms: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    urls: bool = False
    into: Path | None = None


ANYTHING = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """`name`, `python` and `base` in place of what the file says; `pins` is a lock of another tool, which pins what the
    file asks for. What is there already is replaced where `overwrite` says so. Without `write` nothing is written."""

    name: str | None = None
    python: str | None = None
    base: str | None = None
    pins: Path | None = None
    overwrite: bool = False
    write: bool = True


AS_IT_SAYS = ImportOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """Which kind of file it was, the manifest (its text, and what it says), the lock where packages were pinned and
    what `check` finds wrong with it, what was not carried over, and what was written."""

    kind: str
    text: str
    spec: EnvSpec
    lock: Lock | None
    problems: tuple[Problem, ...]
    remarks: tuple[Remark, ...]
    written: tuple[Path, ...]
