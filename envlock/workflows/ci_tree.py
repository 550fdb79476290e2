"""What is checked out beside a base, as far as git knows without reading it."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envlock.history.checkout import Checkout
from envlock.workflows import later
from envlock.workflows.ci_report import Subject
from envlock.workflows.project import LOCKFILE, MANIFEST, Project

_NAME = re.compile(r'^name[ \t]*=[ \t]*"([A-Za-z0-9._-]+)"[ \t]*\r?$', re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_MORE_LINES = ('"""', "'''")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An environment of the work tree: `folder` is its path from the top, `name` what its manifest states."""

    project: Project
    folder: str
    name: str

    @property
    def manifest(self) -> str:
        return posixpath.join(self.folder, MANIFEST)

    @property
    def lockfile(self) -> str:
        return posixpath.join(self.folder, LOCKFILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Was:
    """An environment at the base; without `lock`, it was not locked."""

    folder: str
    name: str
    manifest: bytes
    lock: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """By folder of now, what each was; and those that are no more, sorted by folder."""

    was: Mapping[str, Was] = field(default_factory=dict)
    removed: tuple[Was, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An environment beside what it was, and what hindered that."""

    subject: Subject
    notes: tuple[str, ...] = ()


NOTHING = Matched()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A work tree held against a commit: `differing` and `tracked` as in `Checkout`."""

    checkout: Checkout
    base: str
    differing: Mapping[str, str | None]
    tracked: Mapping[str, bool]

    def was_there(self, path: str) -> bool:
        return self.differing[path] is not None if path in self.differing else path in self.tracked

    def is_as_it_was(self, here: Here) -> bool:
        """For certain: what is not may be all the same."""
        manifest, lock = here.manifest, here.lockfile
        if manifest in self.differing or lock in self.differing or manifest not in self.tracked:
            return False
        if here.project.manifest.is_symlink() or here.project.lockfile.is_symlink():
            return False  # git looks at where it leads, and not at what is there
        return lock in self.tracked or not here.project.lockfile.exists()

    def gone(self, here: Iterable[Here]) -> list[str]:
        """The folders in which an environment was, and no env.toml is now."""
        now = {each.manifest for each in here}
        there = (path for path, id in self.differing.items() if id and posixpath.basename(path) == MANIFEST)
        left = (path for path in there if path not in now and self.tracked.get(path, True))
        return sorted(posixpath.dirname(path) for path in left if not (self.checkout.root / path).is_file())


def tree_against(base: str, checkout: Checkout, like: Tree | None = None) -> Tree:
    """Of env.toml and env.lock alone; `like` is the same work tree, held against another commit."""
    names = (MANIFEST, LOCKFILE)
    tracked = like.tracked if like else checkout.tracked(*names)
    return Tree(checkout=checkout, base=base, differing=checkout.differing(base, *names), tracked=tracked)


def here_of(projects: Sequence[Project], root: Path) -> list[Here]:
    """Sorted by folder."""
    found = [_here(project, root) for project in projects]
    return sorted(found, key=lambda here: here.folder)


def _here(project: Project, root: Path) -> Here:
    path = project.folder.relative_to(root).as_posix()
    return Here(project=project, folder="" if path == "." else path, name=_name(project))


def _name(project: Project) -> str:
    try:
        text = project.manifest.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return project.folder.name  # why it cannot be read, the check says
    return _plain_name(text) or later.stated_name(text, project.folder.name)


def _plain_name(text: str) -> str | None:
    """A name as nearly every manifest states it: to parse hundreds for theirs would take long."""
    head = _TABLE.split(text, maxsplit=1)[0]
    found = _NAME.findall(head)
    return found[0] if len(found) == 1 and not any(quotes in head for quotes in _MORE_LINES) else None
