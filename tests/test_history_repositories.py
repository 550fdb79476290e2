"""Repositories by git's library and by the git program: of every form both say what git itself says."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.history.around import repository_around
from envlock.history.library import Library
from envlock.history.program import Program
from envlock.history.repository import Busy, Repository
from tests.support.cache import AMBIENT
from tests.support.opened import KIM, LABEL, opened
from tests.support.processes import PROJECT
from tests.support.repository_forms import FORMS, Form, newer_git, with_history

BY_PROGRAM_ALONE = ("sha256", "partial")
REVISIONS = (
    *("HEAD", "HEAD~1", "main", "v0", "v1", "v2", "folder", "HEAD^{tree}", "HEAD:f", ":/change", "main@{0}", "HEAD^2"),
    *("none", "-x", "a..b", "HEAD~99", "@{upstream}", "", "a b", "0" * 40, "f" * 7),
)
TRIED = [
    pytest.param(form, by, id=f"{form}-{by.__name__}")
    for form, by in product(FORMS, (Library, Program))
    if by is Program or form not in BY_PROGRAM_ALONE
]


@pytest.fixture
def plain(tmp_path: Path) -> Form:
    return FORMS["plain"](tmp_path)


@pytest.fixture(params=(Library, Program))
def repository(request: pytest.FixtureRequest, plain: Form) -> Repository:
    return opened(plain.place, request.param)


@pytest.mark.parametrize("name", FORMS)
def test_the_library_where_it_can_else_the_program(tmp_path: Path, name: str) -> None:
    form = FORMS[name](tmp_path)
    assert type(repository_around(form.place)) is (Program if name in BY_PROGRAM_ALONE else Library)


def test_there_is_none_outside_git(tmp_path: Path) -> None:
    assert repository_around(tmp_path) is None
    assert Program.around(tmp_path) is None


@pytest.mark.parametrize(("name", "by"), TRIED)
def test_what_is_read_is_what_git_reads(tmp_path: Path, name: str, by: type[Library | Program]) -> None:
    form = FORMS[name](tmp_path)
    repository, git = opened(form.place, by), form.history.git
    check_reading(repository, form)
    assert str(repository.folder) == str(Path(form.history.folder, git("rev-parse", "--git-common-dir")).resolve())
    root = None if git("rev-parse", "--is-bare-repository") == "true" else Path(git("rev-parse", "--show-toplevel"))
    assert repository.root == root
    assert repository.is_shallow is (name == "shallow")
    assert check_writing(repository, form) == check_writing(opened(form.place, Program), form)


def check_reading(repository: Repository, form: Form) -> None:
    git = form.history.git
    for revision in REVISIONS:
        assert repository.commit_of(revision) == _revision(form, revision), revision
    head = git("rev-parse", "HEAD")
    found = list(repository.log(head))
    assert [commit.id for commit in found] == git("rev-list", "--date-order", "HEAD").split()
    assert [c.id for c in repository.log(head, without=[found[1].id])] == git(
        "rev-list", "HEAD", f"^{found[1].id}"
    ).split()
    form_words = "--format=%T%x00%P%x00%an%x00%ae%x00%at%x00%B"
    for commit in found:
        assert _words(git("show", "--no-patch", form_words, commit.id)) == (
            *(commit.tree, " ".join(commit.parents), commit.author.name, commit.author.email),
            *(str(commit.author.time), commit.message.strip()),
        )
    listed = [f"{e.mode:06o} {e.id}\t{e.path}" for e in repository.entries(head)]
    assert listed == [
        line.replace(" blob ", " ") for line in git("-c", "core.quotePath=false", "ls-tree", "-r", "HEAD").splitlines()
    ]
    assert [e.path for e in repository.entries(head, "d/é x")] == ["d/é x/f"]
    assert repository.files(head, "f") == ("d/é x/f", "f")
    assert repository.read(head, "f") == git("show", "HEAD:f").encode() + b"\n"
    assert {repository.read(head, "d"), repository.read(head, "none"), repository.entry(head, "f/f")} == {None}
    assert repository.is_ancestor(found[-1].id, head)
    assert not repository.is_ancestor(head, found[-1].id)
    assert repository.merge_base(head, found[1].id) == found[1].id
    tag = repository.reference("refs/tags/v1")
    if tag:
        assert tag == git("rev-parse", "v1")
        made = repository.tag(tag)
        assert made
        assert (made.target, made.message) == (git("rev-parse", "v1^{commit}"), "v1\n\nLock-Hash: none\n")
        assert repository.commit(tag).id == made.target
    assert repository.tag(head) is None
    assert repository.setting("core.bare") == git("config", "core.bare")
    assert repository.setting("none.such") is None


def _revision(form: Form, revision: str) -> str | None:
    words = ("git", "-C", form.history.folder, "rev-parse", "--verify", "--quiet")
    named = subprocess.run((*words, revision), capture_output=True, text=True, check=False)
    if named.returncode != 0 or revision.startswith("-"):
        return None
    found = subprocess.run((*words, f"{named.stdout.strip()}^{{commit}}"), capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def _words(said: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in said.split("\0"))


def check_writing(repository: Repository, form: Form) -> tuple[str, str]:
    """Every step by which a reference moves, and those by which it does not; the ids that were made."""
    git = form.history.git
    one = repository.write("one\n\nä", [], author=KIM, committer=KIM)
    two = repository.write("two", [one, one], author=KIM, committer=KIM)
    assert git("show", "--no-patch", "--format=%P|%an|%ai|%B", two) == f"{one}|J. Kim|2023-11-14 20:43:20 -0130|two"

    def move(old: str | None, new: str | None, name: str = LABEL) -> bool:
        return repository.move(name, old=old, new=new, why="tried")

    assert [move(None, one), move(None, two), move(two, one), move(one, two)] == [True, False, False, True]
    git("pack-refs", "--all")
    assert [move(None, one), move(one, None), move(two, one)] == [False, False, True]
    assert repository.references("refs/envlock/labels/t") == {LABEL: one}
    assert git("for-each-ref", "--format=%(objectname)", LABEL) == repository.reference(LABEL) == one
    for name in (f"{LABEL}/x", LABEL.rpartition("/")[0]):
        with pytest.raises(OutsideError, match="git cannot have"):
            move(None, one, name)
    git("pack-refs", "--all")
    assert [move(one, None), move(one, None), move(one, two), move(None, None)] == [True, False, False, True]
    assert repository.reference(LABEL) is None
    with pytest.raises(OutsideError, match="is missing or damaged"):
        move(None, f"{one[:-8]}00000000")
    for wrong in ("refs/envlock/a..b", "refs/../../x", "HEAD", "refs/envlock/a.lock"):
        with pytest.raises(OutsideError, match="takes no reference"):
            move(None, one, wrong)
    return one, two


@pytest.mark.parametrize("steps", [(None, "HEAD"), ("HEAD", "HEAD~1"), ("HEAD", None)])
def test_a_reference_that_another_holds(
    plain: Form, repository: Repository, steps: tuple[str | None, str | None]
) -> None:
    old, new = (step and plain.history.git("rev-parse", step) for step in steps)
    if old:
        plain.history.git("update-ref", LABEL, old)
    lock = Path(repository.folder, f"{LABEL}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    with pytest.raises(Busy, match=f"another process holds the reference `{LABEL}`") as told:
        repository.move(LABEL, old=old, new=new, why="tried")
    assert told.value.hint
    assert repository.reference(LABEL) == old
    lock.unlink()
    assert repository.move(LABEL, old=old, new=new, why="tried")


_CREATE = """
import sys
from pathlib import Path
from tests.support.opened import KIM, LABEL, opened
repository = opened(Path(sys.argv[1]), sys.argv[2])
id = repository.write(sys.argv[3], [], author=KIM, committer=KIM)
print("ready", flush=True)
sys.stdin.readline()
print(repository.move(LABEL, old=None, new=id, why="tried"))
"""


def test_of_many_that_make_a_reference_one_does(plain: Form) -> None:
    words = (sys.executable, "-c", _CREATE, plain.place)
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen((*words, by, str(n)), stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=PROJECT)
        for n, by in enumerate(("Library", "Program") * 3)
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("now\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60) for child in children]
    made = [out.strip() for out, _ in said]
    # the others come too late, or while the first is at it
    assert made.count("True") == 1, said
    assert all("False" in out or "Busy" in error for out, error in said if "True" not in out), said
    assert plain.history.git("fsck", "--strict", "--no-dangling") == ""


_SHOW = """
import sys
from pathlib import Path
from envlock.errors import OutsideError
from tests.support.opened import opened
repository = opened(Path(sys.argv[1]), sys.argv[2])
for ask in (lambda: repository.commit_of("HEAD~1"), lambda: repository.commit(sys.argv[3]),
            lambda: list(repository.log(repository.reference("HEAD"))), lambda: list(repository.entries(sys.argv[3]))):
    try:
        print("read", ask())
    except OutsideError as error:
        print("error", error.message)
"""
DAMAGES = {
    "gone": (0, b""),
    "empty": (0, b""),
    "cut off": (20, b""),
    "cut off soon": (5, b""),
    "changed": (15, b"\xff" * 200),
}


@pytest.mark.parametrize("by", ["Library", "Program"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_objects_are_named_and_nothing_hangs(plain: Form, by: str, damage: str) -> None:
    id = plain.history.git("rev-parse", "HEAD~1")
    file = Path(plain.history.folder, ".git", "objects", id[:2], id[2:])
    kept, added = DAMAGES[damage]
    content = file.read_bytes()[:kept] + added
    file.unlink()
    if damage != "gone":
        file.write_bytes(content)
    words = (sys.executable, "-c", _SHOW, plain.place, by, id)
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=PROJECT)
    lines = said.stdout.splitlines()
    assert said.returncode == 0, said.stderr
    assert lines[1] == f"error the object `{id}` is missing or damaged in the repository `{plain.history.folder}/.git`"
    assert lines[2].startswith("error")
    assert lines[3].startswith("error")


def test_a_reference_that_holds_nothing(plain: Form, repository: Repository) -> None:
    broken = Path(repository.folder, LABEL)
    broken.parent.mkdir(parents=True)
    broken.touch()
    with pytest.raises(OutsideError, match=f"the reference `{LABEL}` is damaged"):
        repository.reference(LABEL)


def test_objects_that_a_partial_clone_cannot_fetch(tmp_path: Path) -> None:
    form = FORMS["partial"](tmp_path)
    repository = repository_around(form.place)
    assert repository
    head = repository.commit_of("HEAD")
    assert head
    (tmp_path / "source").rename(tmp_path / "moved")
    with pytest.raises(OutsideError, match="is not here") as told:
        repository.read(head, "f")
    assert told.value.hint
    (tmp_path / "moved").rename(tmp_path / "source")
    assert repository.read(head, "f") == b"3\n"


def test_repositories_of_others_are_told_with_what_to_do(tmp_path: Path) -> None:
    folder = with_history(tmp_path / "theirs").folder
    for place in (folder, *folder.rglob("*")):
        os.chown(place, 12345, 12345, follow_symlinks=False)
    with pytest.raises(OutsideError, match="belongs to another user") as told:
        repository_around(folder)
    assert told.value.hint == f"`git config --global --add safe.directory {folder}` where you trust what is in it"


def test_settings_of_the_environment_count(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COUNT": "1", "KEY_0": "user.name", "VALUE_0": "Ada"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert opened(repository.folder, Library).setting("user.name") == "Ada"
    assert opened(repository.folder, Program).setting("user.name") == "Ada"


@pytest.mark.full
@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_references_in_tables(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{newer_git()}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setitem(AMBIENT, "PATH", path)
    history = with_history(tmp_path / "tables", "--ref-format=reftable", f"--object-format={form}")
    repository = repository_around(history.folder)
    assert isinstance(repository, Program)
    subject = Form(place=history.folder, history=history)
    check_reading(repository, subject)
    check_writing(repository, subject)
