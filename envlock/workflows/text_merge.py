"""Merges of texts line by line, as git makes them where nothing is known of a file."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from envlock.errors import OutsideError
from envlock.system.pipes import run_bytes
from envlock.system.process import without_git_variables
from envlock.workflows.merged import Merged, Texts

_LABELS = ("-L", "ours", "-L", "base", "-L", "theirs")
# what git says of files that are no text, and where it cannot read or write
_FAILED = 128


def text_merge(texts: Texts, *options: str) -> Merged:
    """What git makes of three texts: with conflict markers where it must, or with `--union`, both sides there.
    OutsideError where git cannot be run."""
    with TemporaryDirectory(prefix="envlock-merge-") as folder:
        ours, base, theirs = files = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, text in ((ours, texts.ours), (base, texts.base or ""), (theirs, texts.theirs)):
            path.write_bytes(text.encode())
        command = ("git", "merge-file", "-p", "-q", *options, *_LABELS, *map(str, files))
        done = run_bytes(command, environment=without_git_variables())
    if done.code >= _FAILED or done.code < 0:
        raise OutsideError(f"`git merge-file` failed: {done.stderr.strip()}")
    return Merged(text=done.stdout.decode(), clean=done.code == 0)


def merge_files(base: Path, ours: Path, theirs: Path, *, marker_size: int) -> int:
    """The same of files of any bytes, written into `ours`: how many conflicts there are, or less or more than that
    where git cannot merge them; then `ours` is as it was."""
    command = ("git", "merge-file", "-q", f"--marker-size={marker_size}", *_LABELS)
    return run_bytes((*command, *map(str, (ours, base, theirs))), environment=without_git_variables()).code


def marked(ours: str, theirs: str, *, marker_size: int) -> str:
    """Two texts as one that has conflict markers wherever their lines differ: neither loses any."""
    return "".join(_hunks(_lines(ours), _lines(theirs), marker_size))


def _hunks(ours: list[str], theirs: list[str], size: int) -> Iterator[str]:
    for tag, begin, end, from_, to in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        one, other = "".join(ours[begin:end]), "".join(theirs[from_:to])
        if tag == "equal":
            yield one
        else:
            yield f"{'<' * size} ours\n{one}{'=' * size}\n{other}{'>' * size} theirs\n"


def _lines(text: str) -> list[str]:
    """Ended each, also the last: a marker needs a line of its own."""
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []
