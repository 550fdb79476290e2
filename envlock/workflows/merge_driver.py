"""git's merge driver for env.toml and env.lock: what git is told, and what it is answered.

git takes whatever stands in its file for ours (`%A`) when the driver has ended, also when that was killed or is not
there: then this is ours alone, without a marker. So a text with markers is written first; and the line of shell that
git is given merges as text where envlock did not get that far.
"""

import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from envlock.errors import EnvlockError
from envlock.system.files import git_folder, write_whole
from envlock.system.text_file import bytes_like, read_text
from envlock.workflows import later_merge
from envlock.workflows.context import Context
from envlock.workflows.merged import Merged, Texts
from envlock.workflows.project import LOCKFILE, MANIFEST
from envlock.workflows.text_merge import marked, merge_files, text_merge

# bytes: what is larger is not read for what it is, either
_LIMITS = {MANIFEST: 1 << 20, LOCKFILE: 64 << 20}
# one line for sh, which git runs at the top of the work tree; git has put %P into quotes
_LINE = (
    'e={program}; [ -x "$e" ] || e=envlock; '
    "o=$(git hash-object --no-filters %A); "
    '"$e" merge-driver -- %O %A %B %L %P && exit 0; '
    '[ "$(git hash-object --no-filters %A)" != "$o" ] || {{ '
    "printf '%%s %%s\\n' "
    "'envlock did not merge this, git did, as text: look at it, then run `envlock lock`:' %P >&2; "
    "git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B; }}; "
    "exit 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeFiles:
    """What git gives: the files of the common ancestor (empty where there is none), of ours, into which the answer
    goes, and of theirs; the size of markers; and the path in the repository of what is merged, with slashes."""

    base: Path
    ours: Path
    theirs: Path
    marker_size: int
    path: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def folder(self) -> Path:
        """Where it lies in the work tree, at whose top git runs us."""
        return Path.cwd() / PurePosixPath(self.path).parent


def driver_settings(program: Path | None) -> Mapping[str, str]:
    """What git's configuration is to say, by key. `program` is envlock as it is installed; where it is no more, and
    without it, the one on PATH is called."""
    quoted = shlex.quote(str(program) if program else "").replace("%", "%%")
    return {
        "merge.envlock.name": "environments: what is asked for, and what is locked",
        "merge.envlock.driver": _LINE.format(program=quoted),
        # for the common ancestors of criss-cross merges, which nobody sees, neither side is taken
        "merge.envlock.recursive": "binary",
    }


def begin(files: MergeFiles) -> Texts | None:
    """Writes a text with markers where ours is, and gives the three; None where they are not what envlock can merge,
    and git has merged them as text."""
    try:
        texts = _texts(files)
    except EnvlockError:
        merge_files(files.base, files.ours, files.theirs, marker_size=files.marker_size)
        return None
    _write(files, _FIRST.get(files.name, _marked)(texts, files.marker_size))
    return texts


def merge(files: MergeFiles, texts: Texts, context: Context) -> Merged:
    """Merges, and writes the result where ours was."""
    merged = _MERGES.get(files.name, _merge_text)(files, texts, context)
    _write(files, merged.text)
    return merged


def _texts(files: MergeFiles) -> Texts:
    limit = _LIMITS.get(files.name, _LIMITS[LOCKFILE])
    base, ours, theirs = (
        read_text(path, limit=limit, absent="git makes it") for path in (files.base, files.ours, files.theirs)
    )
    return Texts(base=base or None, ours=ours, theirs=theirs)


def _write(files: MergeFiles, text: str) -> None:
    old = files.theirs.read_bytes() if not files.ours.stat().st_size else files.ours.read_bytes()
    write_whole(files.ours, bytes_like(old, text), aside=_aside(files.ours.absolute().parent))


def _aside(top: Path) -> Path | None:
    """Git's folder, where nobody sees what a kill leaves half-written; if it is there, and on the same disk."""
    folder = git_folder(top)
    return folder if folder.is_dir() and folder.stat().st_dev == top.stat().st_dev else None


def _marked(texts: Texts, marker_size: int) -> str:
    """As git would have it, and where it sees no conflict, with all that differs marked: it is not merged yet."""
    with suppress(EnvlockError):
        found = text_merge(texts, f"--marker-size={marker_size}")
        if not found.clean:
            return found.text
    return marked(texts.ours, texts.theirs, marker_size=marker_size)


def _marked_lock(texts: Texts, _marker_size: int) -> str:
    return later_merge.marked_lock(texts.ours, texts.theirs)


def _merge_lock(files: MergeFiles, texts: Texts, context: Context) -> Merged:
    return later_merge.merge_lock(texts, files.folder, context)


def _merge_manifest(files: MergeFiles, texts: Texts, _context: Context) -> Merged:
    return later_merge.merge_manifest(texts, files.folder, marker_size=files.marker_size)


def _merge_text(files: MergeFiles, texts: Texts, _context: Context) -> Merged:
    return text_merge(texts, f"--marker-size={files.marker_size}")


_FIRST: Mapping[str, Callable[[Texts, int], str]] = {LOCKFILE: _marked_lock}
_MERGES: Mapping[str, Callable[[MergeFiles, Texts, Context], Merged]] = {
    LOCKFILE: _merge_lock,
    MANIFEST: _merge_manifest,
}
