"""Commits of environments, made by the real git."""

from dataclasses import dataclass, field
from pathlib import Path

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from tests.support.processes import run
from tests.support.projects import Project

_WHO = (
    "-c",
    "user.name=Kim",
    "-c",
    "user.email=kim@acme.test",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "tag.gpgsign=false",
)


@dataclass(frozen=True)
class History:
    """A repository with a work tree at `folder`."""

    folder: Path
    words: tuple[str, ...] = field(default=_WHO)

    def git(self, *words: str | Path) -> str:
        return run(("git", *self.words, *words), folder=self.folder).strip()

    def commit(self, message: str = "work") -> str:
        """All that is there, committed; the commit in full."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


def set_version(project: Project, name: str, version: str) -> None:
    """Another version of a wheel in env.lock, on all platforms, with other bytes."""
    lines = lock_text(read_lock(project.lockfile)).split("\n\n")
    project.lockfile.write_text("\n\n".join(_moved(table, name, version) for table in lines))


def _moved(table: str, name: str, version: str) -> str:
    if f'\nname = "{name}"\n' not in table or ".pip]]" not in table:
        return table
    old = table.partition('\nversion = "')[2].partition('"')[0]
    changed = table.replace(f'version = "{old}"', f'version = "{version}"', 1).replace(f"-{old}-", f"-{version}-")
    sha256 = changed.partition('\nsha256 = "')[2].partition('"')[0]
    return changed.replace(sha256, sha256[::-1][:-4] + f"{len(version):04x}") if sha256 else changed
