"""Which lines .gitattributes gets, and what git makes of them."""

from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.system.files import write_together
from envlock.workflows.attributes import completed, lacking_attributes
from tests.support.processes import run

LOCK = "env.lock text eol=lf merge=envlock diff=envlock linguist-generated"
MANIFEST = "env.toml text merge=envlock"
BOTH = f"{LOCK}\n{MANIFEST}\n"


def complete_attributes(folders: tuple[Path, ...], root: Path | None) -> tuple[Path, ...]:
    """The files written."""
    files = lacking_attributes(folders, root)
    write_together(files)
    return tuple(files)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BOTH),
        (BOTH, BOTH),
        ("*.png binary\n", f"*.png binary\n{BOTH}"),
        ("*.png binary", f"*.png binary\n{BOTH}"),
        ("* text=auto\n", f"* text=auto\n{BOTH}"),
        ("* text=auto\r\n*.png binary\r\n", f"* text=auto\r\n*.png binary\r\n{LOCK}\r\n{MANIFEST}\r\n"),
        (f"{LOCK}\n", f"{LOCK}\n{MANIFEST}\n"),
        ("# env.lock -diff\n", f"# env.lock -diff\n{BOTH}"),
        ("[attr]env.lock -diff\n", f"[attr]env.lock -diff\n{BOTH}"),
        # what others said stays, and is completed
        ("env.lock -diff\n", f"env.lock -diff text eol=lf merge=envlock linguist-generated\n{MANIFEST}\n"),
        ("**/env.lock -merge", f"**/env.lock -merge text eol=lf diff=envlock linguist-generated\n{MANIFEST}\n"),
        ('"env.lock" merge=union\n',
         f'"env.lock" merge=union text eol=lf diff=envlock linguist-generated\n{MANIFEST}\n'),
        ("env.lock binary\r\n", f"env.lock binary linguist-generated\r\n{MANIFEST}\r\n"),
        ("env.lock !diff text eol=crlf\n",
         f"env.lock !diff text eol=crlf merge=envlock linguist-generated\n{MANIFEST}\n"),
        ("env.lock -linguist-generated\nenv.lock merge=ours\n",
         f"env.lock -linguist-generated\nenv.lock merge=ours text eol=lf diff=envlock\n{MANIFEST}\n"),
        # a later line wins: theirs
        ("a\n*.lock -diff\nb\n", f"a\n{LOCK}\n*.lock -diff\nb\n{MANIFEST}\n"),
        ("old/env.lock merge=ours\n", f"{LOCK}\nold/env.lock merge=ours\n{MANIFEST}\n"),
        ("env.* -text\n", f"{BOTH}env.* -text\n"),
    ],
)  # fmt: skip
def test_lines_are_completed_once(before: str, after: str) -> None:
    assert completed(before) == after
    assert completed(after) == after


@pytest.mark.parametrize(
    ("text", "path", "attributes"),
    [
        ("", "env.lock", "envlock envlock set lf"),
        ("", "a/b/env.lock", "envlock envlock set lf"),
        ("", "a/env.toml", "envlock unspecified set unspecified"),
        ("", "other.toml", "unspecified unspecified unspecified unspecified"),
        ("* text=auto eol=crlf\n", "env.lock", "envlock envlock set lf"),
        ("* text=auto eol=crlf\n", "env.toml", "envlock unspecified set crlf"),
        ("env.lock binary\n", "env.lock", "unset unset unset unspecified"),
        ("*.lock merge=theirs\n", "env.lock", "theirs envlock set lf"),
        ("env.lock -merge\n", "x/env.lock", "unset envlock set lf"),
        ("x/env.lock -diff\n", "x/env.lock", "envlock unset set lf"),
        ("x/env.lock -diff\n", "y/env.lock", "envlock envlock set lf"),
    ],
)
def test_git_makes_of_them_what_they_are_for(tmp_path: Path, text: str, path: str, attributes: str) -> None:
    run(("git", "init", "--quiet", tmp_path))
    (tmp_path / ".gitattributes").write_text(text)
    complete_attributes((), tmp_path)
    said = run(("git", "check-attr", "merge", "diff", "text", "eol", "--", path), folder=tmp_path)
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == attributes.split()


def test_a_nearer_file_that_has_lines_is_completed_instead(tmp_path: Path) -> None:
    near, far = tmp_path / "a" / ".gitattributes", tmp_path / ".gitattributes"
    (tmp_path / "a" / "b").mkdir(parents=True)
    near.write_text("env.lock diff\n")
    assert complete_attributes((tmp_path / "a" / "b",), tmp_path) == (near,)
    assert complete_attributes((tmp_path / "a" / "b",), tmp_path) == ()
    assert not far.exists()
    assert complete_attributes((tmp_path / "a" / "b", tmp_path / "c"), tmp_path) == (far,)
    assert (near.read_text(), far.read_text()) == (
        f"env.lock diff text eol=lf merge=envlock linguist-generated\n{MANIFEST}\n",
        BOTH,
    )


def test_outside_git_it_lies_beside_the_manifest(tmp_path: Path) -> None:
    assert complete_attributes((tmp_path,), None) == (tmp_path / ".gitattributes",)
    assert complete_attributes((), None) == ()


def test_bytes_that_are_no_text_stay(tmp_path: Path) -> None:
    file = tmp_path / ".gitattributes"
    file.write_bytes(b"\xefgarbage\xff\x00 -diff\n")
    complete_attributes((tmp_path,), tmp_path)
    assert file.read_bytes() == b"\xefgarbage\xff\x00 -diff\n" + BOTH.encode()


@pytest.mark.parametrize("target", ["settings", "gone"])
def test_a_link_is_not_written_through(tmp_path: Path, target: str) -> None:
    """It may come with a repository, and point to any file of a person."""
    (tmp_path / "settings").write_text("mine\n")
    (tmp_path / ".gitattributes").symlink_to(target)
    with pytest.raises(UserInputError, match="is a link, which git does not follow"):
        lacking_attributes((tmp_path,), tmp_path)
