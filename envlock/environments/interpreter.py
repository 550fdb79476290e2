"""A Python on this machine for environments whose Python does not come from conda."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError
from envlock.system.process import run, scrubbed
from envlock.system.uv_program import uv_program

_ASK = "import platform; print(platform.python_version())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A CPython: the absolute path of its program and its full version."""

    path: str
    version: str

    @property
    def home(self) -> str:
        """The folder that a virtual environment names as its home."""
        return str(Path(self.path).parent)


def find_python(wanted: str) -> Interpreter:
    """The Python of a version, "3.11" or "3.11.7": our own where it fits, else one that uv finds.

    OutsideError where there is none.
    """
    own = _own()
    if own and _fits(own.version, wanted):
        return own
    found = python_by_uv(wanted)
    if found is None:
        hint = f"`uv python install {wanted}`, or install python{_minor(wanted)}"
        raise OutsideError(f"no Python {wanted} on this machine", hint=hint)
    return found


def python_by_uv(wanted: str) -> Interpreter | None:
    """What uv finds among its own Pythons and on PATH, virtual environments left out; nothing is downloaded."""
    flags = ("--no-python-downloads", "--no-project", "--no-config", "--system")
    found = run((uv_program(), "python", "find", *flags, f"cpython@{wanted}"), environment=scrubbed())
    path = found.stdout.strip()
    if found.code != 0 or not path:
        return None
    answer = run((path, "-I", "-c", _ASK), environment=scrubbed())
    version = answer.stdout.strip()
    if answer.code != 0 or not _fits(version, wanted):
        return None
    return Interpreter(path=os.path.realpath(path), version=version)


def _own() -> Interpreter | None:
    """The Python that runs envlock, below any virtual environment; None where wheels for CPython do not fit it."""
    path = getattr(sys, "_base_executable", None)
    if not path or sys.implementation.name != "cpython" or sys.abiflags:
        return None
    return Interpreter(path=os.path.realpath(path), version=platform.python_version())


def _fits(version: str, wanted: str) -> bool:
    return version == wanted or _minor(version) == wanted


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
