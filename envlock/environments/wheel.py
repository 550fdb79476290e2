"""A wheel, planned: the files it becomes in a prefix, without writing or even unpacking them.

The `installer` library decides what goes where, as it would for a folder; the destination it is given only takes
notes. The same plan is then written to a prefix or streamed into a layer, so both hold the same files.
"""

import base64
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import installer
from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.utils import Scheme, construct_record_file
from packaging.utils import parse_wheel_filename

from envlock.environments.store import MARKER
from envlock.environments.wheel_archive import open_archive
from envlock.environments.wheel_checks import problems
from envlock.environments.wheel_script import rewritten
from envlock.environments.wheel_source import ArchiveSource, UnreadMember
from envlock.errors import OutsideError
from envlock.model.files import Content, Inline, PrefixFile

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

INSTALLER = {"INSTALLER": b"envlock\n"}
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

    def folder(self, scheme: str, distribution: str) -> str:
        """Where the files of a scheme go, below the prefix."""
        return {
            "purelib": self.site_packages,
            "platlib": self.site_packages,
            "scripts": "bin",
            "headers": f"include/site/python{self.python}/{distribution}",
            "data": "",
        }[scheme]


def wheel_files(path: Path, target: WheelTarget) -> tuple[PrefixFile, ...]:
    """The files of a wheel in a prefix, sorted by path; OutsideError with everything that is wrong with it."""
    archive = open_archive(path)
    _refuse(path, problems(archive))
    plan = _Plan(target, str(parse_wheel_filename(path.name)[0]))
    installer.install(ArchiveSource(archive), plan, INSTALLER)
    _refuse(path, plan.problems)
    return tuple(plan.files[name] for name in sorted(plan.files))


def _refuse(path: Path, found: Iterable[str]) -> None:
    if lines := tuple(found):
        raise OutsideError(f"the wheel `{path.name}` is refused: " + "; ".join(lines))


class _Plan(WheelDestination):
    """Notes what `installer` would write."""

    def __init__(self, target: WheelTarget, distribution: str) -> None:
        self.files: dict[str, PrefixFile] = {}
        self.problems: list[str] = []
        self._target = target
        self._distribution = distribution
        self._entry_points: dict[str, RecordEntry] = {}

    def write_script(self, name: str, module: str, attr: str, section: "ScriptSection") -> RecordEntry:
        """A script for an entry point."""
        name, text = Script(name, module, attr, section).generate(self._target.interpreter, "posix")
        self._entry_points[f"bin/{name}"] = self._note(f"bin/{name}", Inline(text), executable=True)
        return self._entry_points[f"bin/{name}"]

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        """A member of the wheel, or (INSTALLER) a file of ours, which comes last and wins."""
        target = "/".join(filter(None, (self._target.folder(scheme, self._distribution), os.fspath(path))))
        if not isinstance(stream, UnreadMember):
            self.files.pop(target, None)
            return self._note(target, Inline(stream.read()))
        if target in self._entry_points:
            return self._entry_points[target]  # as pip has it: the entry point of that name is meant
        script = rewritten(stream.member, self._target.interpreter) if scheme == "scripts" else None
        if script is not None:
            return self._note(target, script, executable=True)
        executable = is_executable or scheme == "scripts"
        return self._note(target, stream.member, executable=executable, recorded=stream.recorded)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        """RECORD, of what was noted: each path once, as it was noted last."""
        rows = {entry.path: (scheme, entry) for _, entry in records}
        path = f"{self._target.folder(scheme, self._distribution)}/{record_file_path}"
        self.files[path] = PrefixFile(path=path, content=Inline(construct_record_file(rows.values()).read()))

    def _note(
        self, path: str, content: Content, *, executable: bool = False, recorded: Hash | None = None
    ) -> RecordEntry:
        if path in self.files:
            self.problems.append(f"two of its files become `{path}`")
        if path.partition("/")[0] in _OF_THE_ENVIRONMENT:
            self.problems.append(f"it brings `{path}`, which says what the environment itself is")
        self.files[path] = PrefixFile(path=path, content=content, executable=executable)
        return RecordEntry(self._row_path(path), recorded or _hashed(content), content.size)

    def _row_path(self, path: str) -> str:
        """A path as RECORD has it: seen from site-packages."""
        start = f"{self._target.site_packages}/"
        return path.removeprefix(start) if path.startswith(start) else f"../../../{path}"


def _hashed(content: Content) -> Hash:
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    return Hash("sha256", base64.urlsafe_b64encode(digest.digest()).decode().rstrip("="))
