"""`Workspace`: the git repository that environments are in."""

from collections.abc import Iterable
from pathlib import Path

from envlock.api.session import Session
from envlock.api.words import words
from envlock.errors import UserInputError
from envlock.system.files import repository_root
from envlock.workflows.project import MANIFEST, Project, all_projects


class Workspace:
    """A git repository, by the top of its work tree, and how envlock works in it.

    `offline`: no connection is opened. `quiet`: no warning is logged. `insecure`: registries, with port, that are
    spoken to by plain HTTP. `cache_dir`: where downloads and images are kept, else `ENVLOCK_CACHE_DIR`, else the
    user's cache folder.

    UserInputError where `root` is not in a git repository.
    """

    def __init__(
        self,
        root: str | Path = ".",
        *,
        offline: bool = False,
        quiet: bool = False,
        insecure: Iterable[str] = (),
        cache_dir: str | Path | None = None,
    ) -> None:
        start = Path(root).resolve()
        found = repository_root(start)
        if found is None:
            raise UserInputError(f"`{start}` is in no git repository", hint="`git init` makes one")
        self.root: Path = found
        self.session = Session(
            offline=offline,
            quiet=quiet,
            insecure=words(insecure),
            cache_folder=Path(cache_dir).absolute() if cache_dir is not None else None,
        )

    @classmethod
    def discover(
        cls,
        path: str | Path | None = None,
        *,
        offline: bool = False,
        quiet: bool = False,
        insecure: Iterable[str] = (),
        cache_dir: str | Path | None = None,
    ) -> "Workspace":
        """The repository around a folder, by default around the current one."""
        return cls(path or ".", offline=offline, quiet=quiet, insecure=insecure, cache_dir=cache_dir)

    @classmethod
    def from_config(cls, path: str | Path | None = None) -> "Workspace":
        """The same, by the name that scripts written for Azure ML know; there is no file to be read."""
        return cls(path or ".")

    @property
    def name(self) -> str:
        """The name of the repository's folder."""
        return self.root.name

    def folder_of(self, name: str) -> Path:
        """Where an environment of that name is, or is to be: the folder NAME at the top.

        UserInputError where that is another environment's.
        """
        found = next((project for project in all_projects(self.root) if project.name == name), None)
        if found:
            return found.folder
        folder = self.root / name
        if (folder / MANIFEST).exists():
            raise UserInputError(
                f"`{folder / MANIFEST}` is of the environment `{Project(folder).name}`", hint="choose another name"
            )
        return folder

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"
