"""Which repository is around a folder, as the git program has it: for what needs no more than that program."""

from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError
from envlock.history.git_program import Git
from envlock.system.files import repository_root

_ASK = ("rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPlace:
    """A folder in a repository: `root` is the top of the work tree, None in a bare one or in git's own folder."""

    git: Git
    folder: Path
    root: Path | None
    is_shallow: bool

    def commit_of(self, revision: str) -> str | None:
        """The commit, in full, that a revision names."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        code, said, _ = self.git.tried(*words)
        return said.decode().strip() if code == 0 else None


def git_around(folder: Path) -> GitPlace | None:
    """None outside of git; OutsideError where git does not read the repository there."""
    git = Git(folder)
    code, said, error = git.tried(*_ASK)
    if code != 0:
        if repository_root(folder) or ((folder / "HEAD").is_file() and (folder / "objects").is_dir()):
            reason = (error.strip().splitlines() or ["it does not say why"])[0].removeprefix("fatal: ")
            raise OutsideError(f"git cannot read the repository around `{folder}`: {reason}")
        return None
    inside, shallow, prefix = (*said.decode(errors="surrogateescape").split("\n"), "", "")[:3]
    above = len(Path(prefix).parts)
    root = (folder, *folder.parents)[above] if inside == "true" else None
    return GitPlace(git=git, folder=folder, root=root, is_shallow=shallow == "true")
