"""The table `[workspace]` of the env.toml in a repository's root: which folders hold no environments of it."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from envlock.model.fields import Table

WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`exclude` are globs of folders relative to the root; `alone` where the file describes no environment itself."""

    exclude: tuple[str, ...] = ()
    alone: bool = False

    def excludes(self, folder: PurePath) -> bool:
        """Whether a folder, relative to the root, or one around it matches a glob."""
        around = [path.as_posix() for path in (folder, *folder.parents)]
        # `**/old` is `old`, too
        globs = {form for glob in self.exclude for form in (glob.rstrip("/"), glob.rstrip("/").removeprefix("**/"))}
        return any(fnmatchcase(path, glob) for path in around for glob in globs)


def read_exclude(table: Table) -> tuple[str, ...]:
    """`exclude`; what is wrong is noted in the document."""
    return tuple(item.value for item in table.texts("exclude", _glob) or ())


def _glob(text: str) -> str:
    if not text.strip("/ ") or text.startswith(("/", "./", "../")):
        raise ValueError(
            f"expected a folder, or a pattern of folders, below this one such as `examples/*`, got `{text}`"
        )
    return text
