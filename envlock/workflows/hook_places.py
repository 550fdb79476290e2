"""Where git looks for hooks and settings: of one repository, whatever its form, or of all of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history.git_program import Git

_PATH = "core.hooksPath"
_HUSKY = ("h", "husky.sh")  # one of these lies among the scripts that husky makes


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlace:
    """A folder of hooks. `root` is the top of the work tree where there is one; `shared` says that the folder is a part
    of it, `everywhere` that it is for all repositories, `sourced` that its scripts are called as `sh FILE`."""

    folder: Path
    git: Git
    scope: str  # of settings, as `git config` has it
    root: Path | None = None
    shared: bool = False
    everywhere: bool = False
    sourced: bool = False

    def setting(self, name: str) -> str | None:
        """What is set in this scope."""
        code, value, _ = self.git.tried("config", self.scope, "-z", "--get", name)
        return value.decode(errors="replace").removesuffix("\0") if code == 0 else None

    def set(self, name: str, value: str) -> None:
        self.git.said("config", self.scope, "--replace-all", name, value)

    def unset(self, name: str) -> None:
        self.git.said("config", self.scope, "--unset-all", name)


def local_place(start: Path, environment: Mapping[str, str]) -> HookPlace:
    """The hooks of the repository around a folder, as `core.hooksPath` has it, also of a bare one."""
    root = _root(start)
    top = root or _bare(start)
    git = Git(top)
    folder = top / _said(git, "rev-parse", "--git-path", "hooks")
    if folder.resolve() == global_folder(environment).resolve():
        return HookPlace(folder=folder, git=git, scope="--local", root=root, everywhere=True)
    common = Path(_said(git, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    shared = bool(root) and folder.resolve().is_relative_to(top.resolve()) and not _is_within(folder, common)
    sourced = shared and folder.name == "_" and any((folder / name).exists() for name in _HUSKY)
    # what lies in husky's folder is made anew whenever packages are installed, and calls the one of that name above it
    wanted = folder.parent if sourced else folder
    return HookPlace(folder=wanted, git=git, scope="--local", root=root, shared=shared, sourced=sourced)


def global_place(environment: Mapping[str, str]) -> HookPlace:
    """Hooks for all repositories of a person that have no `core.hooksPath` of their own."""
    folder = global_folder(environment)
    return HookPlace(folder=folder, git=Git(Path.home()), scope="--global", everywhere=True)


def refuse_other_hooks(place: HookPlace) -> None:
    """UserInputError where all repositories have hooks from another folder already."""
    code, value, _ = place.git.tried("config", "--global", "--type=path", "--get", _PATH)
    other = value.decode(errors="replace").strip()
    if code == 0 and other and Path(other).resolve() != place.folder.resolve():
        hint = "run `envlock hooks install --local` in single repositories"
        raise UserInputError(f"`{_PATH}` is set globally already: `{other}`", hint=hint)


def use_everywhere(place: HookPlace) -> None:
    place.set(_PATH, str(place.folder))


def use_no_longer(place: HookPlace) -> None:
    if place.setting(_PATH) == str(place.folder):
        place.unset(_PATH)


def global_folder(environment: Mapping[str, str]) -> Path:
    settings = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or Path.home()) / ".config")
    return Path(settings) / "envlock" / "hooks"


def environment_folders(place: HookPlace) -> list[Path]:
    """The folders of the work tree with an env.toml that git knows of, or at least does not ignore."""
    if place.root is None:
        return []
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ":(top,glob)**/env.toml")
    names = place.git.said(*words).decode(errors="surrogateescape").split("\0")
    return sorted({(place.root / name).parent for name in names if name})


def _root(start: Path) -> Path | None:
    code, said, _ = Git(start).tried("rev-parse", "--show-toplevel")
    return Path(said.decode(errors="surrogateescape").removesuffix("\n")) if code == 0 and said.strip() else None


def _bare(start: Path) -> Path:
    code, said, error = Git(start).tried("rev-parse", "--absolute-git-dir")
    if code == 0:
        return Path(said.decode(errors="surrogateescape").removesuffix("\n"))
    if "not a git repository" in error:
        raise UserInputError("no git repository here", hint="run `git init`, or install for all: `--global`")
    raise OutsideError(f"git cannot read the repository here: {error.strip().splitlines()[0]}")


def _said(git: Git, *words: str) -> str:
    return git.said(*words).decode(errors="surrogateescape").removesuffix("\n")


def _is_within(folder: Path, common: Path) -> bool:
    return folder.resolve().is_relative_to(common.resolve())
