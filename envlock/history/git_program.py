"""The git program, for what its library cannot read: split and sparse indexes, repositories of other forms."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from envlock.errors import OutsideError
from envlock.system.pipes import Pipes, run_bytes
from envlock.system.process import run, scrubbed, without_git_variables

_SUBMODULE, _EXECUTABLE = "160000", "100755"
_LOST = "\N{REPLACEMENT CHARACTER}"  # what stands for bytes of a name that are no UTF-8


def counted_files(top: Path, root: Path) -> dict[Path, bool | None]:
    """As `repository.counted_files` has it; OutsideError where git cannot read it, either."""
    believed = [*_said(root, "config", "-z", "--type=bool", "--default=true", "core.fileMode")] != ["false"]
    found: dict[Path, bool | None] = {}
    for entry in _said(root, "ls-files", "-z", "--stage", "--", str(top)):
        told, _, name = entry.partition("\t")
        mode = told.partition(" ")[0]
        if mode != _SUBMODULE:
            found[root / name] = None if believed else mode == _EXECUTABLE
    for name in _said(root, "ls-files", "-z", "--others", "--exclude-standard", "--", str(top)):
        found.setdefault(root / name, None)
    return found


def is_committed(file: Path, root: Path) -> bool:
    """Whether a file, by its path without links, is in HEAD as it stands in the work tree."""
    git, path = Git(root), file.relative_to(root).as_posix()
    words = ("--literal-pathspecs", "--no-optional-locks")
    known = git.tried("--literal-pathspecs", "ls-tree", "-z", "HEAD", "--", path)[1]
    return bool(known) and not git.said(*words, "status", "--porcelain", "-z", "--", path)


class Git:
    """The git program at work in one folder; no terminal is asked for anything."""

    def __init__(
        self, folder: Path, *, environment: Mapping[str, str] | None = None, settings: Sequence[str] = ()
    ) -> None:
        """`settings` (`core.fsync=committed`) outrank those of the repository."""
        self.folder = folder
        self._environment = environment if environment is not None else without_git_variables()
        self._settings = tuple(word for setting in settings for word in ("-c", setting))

    def said(self, *words: str, stdin: bytes = b"") -> bytes:
        """What it prints; OutsideError with its own first line where it fails."""
        code, printed, error = self.tried(*words, stdin=stdin)
        if code != 0:
            command = next(word for word in words if not word.startswith("-"))
            raise OutsideError(f"`git {command}` failed in `{self.folder}`: {first_line(error)}")
        return printed

    def tried(self, *words: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
        """Its exit code, what it prints, and what it says on stderr."""
        done = run_bytes(self._command(words), environment=self._environment, stdin=stdin)
        return done.code, done.stdout, done.stderr

    def started(self, *words: str) -> Pipes:
        """It at work, to be read from and written to meanwhile."""
        return Pipes(self._command(words), environment=self._environment)

    def _command(self, words: Sequence[str]) -> tuple[str, ...]:
        return ("git", "-C", str(self.folder), *self._settings, *words)


def first_line(error: str) -> str:
    """What git says went wrong."""
    lines = [line.removeprefix("fatal: ").removeprefix("error: ") for line in error.splitlines() if line.strip()]
    return lines[0] if lines else "it does not say why"


def _said(root: Path, *words: str) -> Iterator[str]:
    # without what git tells its hooks of index and work tree, which may be another repository's
    done = run(("git", "--literal-pathspecs", "-C", str(root), *words), environment=scrubbed("XDG_CONFIG_HOME"))
    if done.code != 0:
        reason = done.stderr.strip().partition("\n")[0]
        raise OutsideError(f"the repository `{root}` cannot be read: {reason}")
    if _LOST in done.stdout:
        raise OutsideError(f"the repository `{root}` has names that are not UTF-8", hint="rename them")
    return filter(None, done.stdout.split("\0"))
