"""A wheel, planned: the files it becomes in a prefix, without writing or even unpacking them.

The same plan is then written to a prefix or streamed into a layer, so both hold the same files.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from installer.scripts import Script

from envlock.environments.store import MARKER
from envlock.environments.wheel_reading import EntryPoint, ReadMember, ReadWheel, hashed, read_wheel, refuse
from envlock.environments.wheel_script import rewritten
from envlock.model.files import Content, Inline, PrefixFile

INSTALLER = b"envlock\n"
# names at the top of a prefix by which it is known, to conda's tools, to Python and to us
_OF_THE_ENVIRONMENT = ("conda-meta", "pyvenv.cfg", MARKER)


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelTarget:
    """Where wheels go: `prefix` as the path it will finally have, `python` the minor version there ("3.11")."""

    prefix: str
    python: str

    @property
    def interpreter(self) -> str:
        return f"{self.prefix}/bin/python"

    @property
    def site_packages(self) -> str:
        return f"lib/python{self.python}/site-packages"

    def folders(self, distribution: str) -> dict[str, str]:
        """Where the files of each scheme go, below the prefix: "" or with a slash at the end."""
        return {
            "purelib": f"{self.site_packages}/",
            "platlib": f"{self.site_packages}/",
            "scripts": "bin/",
            "headers": f"include/site/python{self.python}/{distribution}/",
            "data": "",
        }


def wheel_files(path: Path, target: WheelTarget) -> tuple[PrefixFile, ...]:
    """The files of a wheel in a prefix, sorted by path; OutsideError with everything that is wrong with it."""
    return placed(read_wheel(path), target)


def placed(wheel: ReadWheel, target: WheelTarget) -> tuple[PrefixFile, ...]:
    """The same for a wheel that was read before."""
    plan = _Plan(wheel, target)
    for entry in wheel.entry_points:
        plan.add_entry_point(entry)
    for member in wheel.members:
        plan.add_member(member)
    plan.add_notes()
    refuse(wheel.path, plan.problems)
    return tuple(plan.files[name] for name in sorted(plan.files))


class _Plan:
    """Files by their paths, and RECORD's rows of them, while they are placed."""

    def __init__(self, wheel: ReadWheel, target: WheelTarget) -> None:
        self.files: dict[str, PrefixFile] = {}
        self.problems: list[str] = []
        self._target = target
        self._folders = target.folders(wheel.distribution)
        self._dist_info = f"{self._folders[wheel.root]}{wheel.folder}"
        self._entry_points: set[str] = set()
        self._rows: dict[str, tuple[str, int]] = {}

    def add_entry_point(self, entry: EntryPoint) -> None:
        """A script that calls what the entry point names."""
        name, text = Script(*entry).generate(self._target.interpreter, "posix")
        self._entry_points.add(f"bin/{name}")
        self._note(f"bin/{name}", Inline(text), executable=True)

    def add_member(self, read: ReadMember) -> None:
        """A file of the wheel, where it belongs; a script for Python with the interpreter of the prefix."""
        path = self._folders[read.scheme] + read.path
        if path in self._entry_points:
            return  # as pip has it: the entry point of that name is meant
        is_script = read.scheme == "scripts"
        script = rewritten(read.member, self._target.interpreter) if is_script else None
        if script is not None:
            self._note(path, script, executable=True)
        else:
            self._note(path, read.member, executable=read.executable or is_script, recorded=read.recorded)

    def add_notes(self) -> None:
        """Who has installed it, whatever the wheel says of that, and RECORD."""
        path = f"{self._dist_info}/INSTALLER"
        self.files.pop(path, None)
        self._note(path, Inline(INSTALLER))
        path = f"{self._dist_info}/RECORD"
        text = io.StringIO()
        rows = {**{name: (name, *row) for name, row in self._rows.items()}, self._row_path(path): None}
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows(rows[name] or (name, "", "") for name in sorted(rows))
        self.files[path] = PrefixFile(path=path, content=Inline(text.getvalue().encode()))

    def _note(self, path: str, content: Content, *, executable: bool = False, recorded: str | None = None) -> None:
        if path in self.files:
            self.problems.append(f"two of its files become `{path}`")
        if path.startswith(_OF_THE_ENVIRONMENT) and path.partition("/")[0] in _OF_THE_ENVIRONMENT:
            self.problems.append(f"it brings `{path}`, which says what the environment itself is")
        self.files[path] = PrefixFile(path=path, content=content, executable=executable)
        self._rows[self._row_path(path)] = recorded or hashed(content), content.size

    def _row_path(self, path: str) -> str:
        """A path as RECORD has it: seen from site-packages."""
        start = self._folders["purelib"]
        return path.removeprefix(start) if path.startswith(start) else f"../../../{path}"
