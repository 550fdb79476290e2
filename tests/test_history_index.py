"""Git's index, as those see it that git has called: what is staged, and what is in conflict."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from envlock.history.index import staged, unmerged
from envlock.history.repository import Entry
from tests.support.processes import PROJECT
from tests.support.repository import History
from tests.support.repository_forms import with_history

ODD = ("a b", "é", "[x]*", "line\nbreak", "-x", ":(top)y")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return with_history(tmp_path / "repository")


def as_git_has_it(history: History) -> Mapping[str, Entry]:
    found = {}
    for line in history.git("ls-files", "--stage", "-z").rstrip("\0").split("\0"):
        told, _, path = line.partition("\t")
        mode, id, stage = told.split(" ")
        if stage == "0":
            found[path] = Entry(path=path, mode=int(mode, 8), id=id)
    return found


def test_all_that_is_staged_whatever_its_name(history: History) -> None:
    for name in ODD:
        (history.folder / name).write_text(name)
    history.git("add", "--all")
    (history.folder / "f").write_text("not staged")
    found = staged(history.folder)
    assert found == as_git_has_it(history)
    assert {*ODD} < {*found}
    assert [*staged(history.folder, *ODD)] == sorted(ODD, key=os.fsencode)
    assert [*staged(history.folder, "d")] == ["d/é x/f"]
    assert staged(history.folder, "none") == {}


@pytest.mark.parametrize("form", ["split", "sparse", "sha256", "none"])
def test_indexes_of_every_form(tmp_path: Path, form: str) -> None:
    history = with_history(tmp_path / "repository", *(("--object-format=sha256",) if form == "sha256" else ()))
    if form == "split":
        history.git("update-index", "--split-index")
    if form == "sparse":
        history.git("sparse-checkout", "set", "--cone", "--sparse-index", "none")
        assert not (history.folder / "d").exists()
    if form == "none":
        (history.folder / ".git" / "index").unlink()
        assert staged(history.folder) == {}
        return
    assert staged(history.folder) == as_git_has_it(history)
    assert staged(history.folder, "d/é x/f")


def test_both_sides_of_a_conflict_and_what_they_come_from(history: History) -> None:
    history.git("checkout", "--quiet", "-b", "other")
    (history.folder / "f").write_text("theirs")
    (history.folder / "new").write_text("theirs")
    history.commit()
    history.git("checkout", "--quiet", "main")
    (history.folder / "f").write_text("ours")
    (history.folder / "new").write_text("ours")
    history.commit()
    base = history.git("rev-parse", "HEAD~1:f")
    assert unmerged(history.folder) == {}
    with pytest.raises(Exception, match="Automatic merge failed"):
        history.git("merge", "other")
    ours, theirs = (
        {name: history.git("rev-parse", f"{side}:{name}") for name in ("f", "new")} for side in ("HEAD", "other")
    )
    assert unmerged(history.folder) == {
        "f": {1: base, 2: ours["f"], 3: theirs["f"]},
        "new": {2: ours["new"], 3: theirs["new"]},
    }
    assert unmerged(history.folder, "new").keys() == {"new"}
    assert not {"f", "new"} & staged(history.folder).keys()


@pytest.mark.parametrize("words", [("-a",), ("f",), ()])
def test_a_hook_sees_what_is_to_be_committed(history: History, words: tuple[str, ...]) -> None:
    """`git commit -a` and `git commit FILE` have indexes of their own."""
    other = with_history(history.folder.parent / "other")
    code = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from pathlib import Path;"
        "from envlock.history.index import staged;"
        f"print(staged(Path.cwd())['f'].id, staged(Path({str(other.folder)!r}))['f'].id, file=open('said', 'w'))"
    )
    hook = history.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}"\n')
    hook.chmod(0o755)
    (history.folder / "f").write_text("in this commit")
    if not words:
        history.git("add", "f")
    history.git("commit", "--quiet", "--message", "by a hook", *words)
    said = (history.folder / "said").read_text().split()
    # that of another repository is its own
    assert said == [history.git("rev-parse", "HEAD:f"), other.git("rev-parse", "HEAD:f")]
