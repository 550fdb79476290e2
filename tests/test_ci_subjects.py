"""What `ci` is about: environments held against the right commit, in repositories of every shape."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import EnvlockError, UserInputError
from envlock.forges.nowhere import Nowhere
from envlock.forges.table import forge_of
from envlock.history.checkout import checkout_around
from envlock.lockfile.reader import read_lock
from envlock.model.ci_event import Event, Kind
from envlock.model.digest import image_key
from envlock.system.cache import Cache
from envlock.workflows.ci import CiOptions, wants_push
from envlock.workflows.ci_event import event_at
from envlock.workflows.context import Context
from tests.support.ci_repository import Checkout, Shared, one, pull_request, shared, states, to_default
from tests.support.processes import run

SAME = {"envs/serve serve": "same", "envs/train train": "same"}
ITSELF = "held against `main` at {} itself: "
SHALLOW = "this clone is shallow; with all of the history (`fetch-depth: 0`) it would be held against where it left"


@pytest.fixture
def forge(tmp_path: Path) -> Shared:
    return shared(tmp_path / "forge")


def at(place: Checkout, **options: str) -> Event:
    """The event on a laptop."""
    context = Context(cache=Cache(place.folder.parent / "cache"))
    return event_at(Nowhere(), CiOptions(**options), place.folder, context)  # type: ignore[arg-type]


def proposed(forge: Shared) -> tuple[str, str]:
    """A branch that changes `train`, adds `new` and removes `serve`, while main goes on; the tips of both."""
    forge.branch("topic")
    forge.work.environment("envs/train", value="2")
    forge.work.environment("envs/new")
    forge.work.remove("envs/serve")
    head = forge.push(to="topic")
    forge.work.git("checkout", "--quiet", "main")
    forge.work.environment("envs/other")
    return head, forge.push()


CHANGED = {"envs/new new": "new", "envs/serve serve": "removed", "envs/train train": "changed"}


def test_a_whole_clone_is_held_against_where_the_branch_left(forge: Shared) -> None:
    begin = forge.work.git("rev-parse", "HEAD")
    head, main = proposed(forge)
    place = forge.checked_out("refs/heads/topic", depth=None)
    found = place.subjects(pull_request(head, main))
    assert (states(found), found.commit, found.base, found.reproduce) == (CHANGED, head, begin, head)
    assert found.notes == ()
    train = one(found, "train")
    assert train.key == image_key(read_lock(place.folder / "envs/train/env.lock"))
    assert train.was
    assert train.was != train.key
    assert train.comparison
    assert (train.comparison.before.commit, train.comparison.after.commit) == (begin, None)
    assert train.comparison.changes
    assert (one(found, "new").was, one(found, "serve").key, one(found, "serve").project) == (None, None, None)
    assert [each.problems for each in found.subjects] == [(), (), ()]


def test_what_is_not_committed_is_reproduced_from_nothing(forge: Shared) -> None:
    proposed(forge)
    place = forge.checked_out("refs/heads/topic", depth=None)
    manifest = place.folder / "envs/new/env.toml"
    text = manifest.read_bytes()

    def found(*names: str) -> tuple[bool, bool]:
        told = place.subjects(at(place), environments=names)
        return told.is_committed, told.reproduce is not None

    manifest.write_bytes(b"# another\n" + text)
    assert (found(), found("train")) == ((False, False), (True, True))
    manifest.write_bytes(text.replace(b"\n", b"\r\n"))  # written anew, and the same
    assert found() == (True, True)
    (place.folder / "envs/train/env.lock").unlink()
    assert found() == (False, False)
    place.git("checkout", "--quiet", "envs/train")
    place.git("rm", "--quiet", "--cached", "envs/train/env.lock")
    assert found() == (True, True)
    (place.folder / "envs/other").mkdir()
    (place.folder / "envs/other/env.toml").write_bytes(text)
    assert found() == (False, False)


def test_a_merge_that_is_tried_is_held_against_what_it_was_merged_into(forge: Shared) -> None:
    head, main = proposed(forge)
    merge = forge.merged(7, head)
    place = forge.checked_out("refs/pull/7/merge")
    found = place.subjects(pull_request(head, "0" * 39 + "1", merge))
    assert (found.commit, found.base) == (merge, main)
    assert states(found) == {**CHANGED, "envs/other other": "same"}
    assert (found.reproduce, found.notes) == (head, ())
    assert checkout_around(place.folder).is_shallow  # type: ignore[union-attr]


@pytest.mark.parametrize("depth", [2, None])
def test_a_merge_of_the_author_s_own_hides_nothing(forge: Shared, depth: int | None) -> None:
    """Made to look like the forge's: of what it was pushed as, and of a commit that has all that it changes."""
    begin = forge.work.git("rev-parse", "HEAD")
    forge.branch("topic")
    (forge.work.folder / "notes").write_text("nothing of interest")
    told = forge.push(to="topic")
    forge.work.git("checkout", "--quiet", "-b", "hidden", begin)
    forge.work.environment("envs/train", value="evil")
    forge.work.commit()
    forge.work.git("merge", "--quiet", "--no-ff", "--no-edit", told)
    head = forge.work.git("rev-parse", "HEAD")
    forge.work.git("push", "--quiet", "origin", "HEAD:refs/heads/topic")
    assert forge.work.git("rev-parse", "HEAD^2") == told
    place = forge.checked_out("refs/heads/topic", depth=depth)
    for event in (pull_request(told, begin, "1" * 40), pull_request(head, begin), pull_request(told, begin)):
        found = place.subjects(event)
        assert (states(found), found.base) == ({**SAME, "envs/train train": "changed"}, begin)


def test_what_has_the_tip_of_the_branch_in_it_is_held_against_that(forge: Shared) -> None:
    head, main = proposed(forge)
    forge.merged(7, head)
    event = replace(pull_request(head, main), has_secrets=True)  # of a merge, the forge says nothing then
    found = forge.checked_out("refs/pull/7/merge").subjects(event)
    assert (states(found), found.base) == ({**CHANGED, "envs/other other": "same"}, main)
    assert "held against" not in "".join(found.notes)


@pytest.mark.parametrize(
    ("forge_name", "where"), [("github", "refs/pull/7/merge"), ("gitlab", "refs/merge-requests/7/merge")]
)
def test_what_the_merge_alone_has_is_reproduced_from_the_merge(forge: Shared, forge_name: str, where: str) -> None:
    forge.branch("topic")
    forge.work.environment("envs/train", value="2")
    head = forge.push(to="topic")
    forge.work.git("checkout", "--quiet", "main")
    text = (forge.work.folder / "envs/train/env.toml").read_text()
    (forge.work.folder / "envs/train/env.toml").write_text(f"# of the team\n{text}")
    main, merge = forge.push(), forge.merged(7, head)
    event = replace(pull_request(head, main, merge), forge=forge_name)
    found = forge.checked_out("refs/pull/7/merge").subjects(event)
    assert (states(found)["envs/train train"], found.base, found.reproduce) == ("changed", main, merge)
    assert found.notes == (f"`{merge[:7]}` is a merge for trying: `git fetch origin {where}` brings it",)


def test_nothing_is_fetched_to_reproduce_what_did_not_change(forge: Shared) -> None:
    forge.branch("topic")
    (forge.work.folder / "notes").write_text("new")
    head = forge.push(to="topic")
    merge = forge.merged(7, head)
    place = forge.checked_out("refs/pull/7/merge")
    found = place.subjects(pull_request(head, None, merge))
    assert (states(found), found.reproduce, found.notes) == (SAME, None, ())
    assert Checkout(place.folder).git("cat-file", "--batch-all-objects", "--batch-check").count("commit") == 2


def test_of_a_branch_alone_a_shallow_clone_knows_no_common_commit(forge: Shared) -> None:
    head, main = proposed(forge)
    found = forge.checked_out("refs/heads/topic").subjects(pull_request(head, main))
    assert states(found) == {**CHANGED, "envs/other other": "removed"}
    assert found.base == main
    assert found.notes == (f"{ITSELF.format(main[:7])}{SHALLOW} that branch",)


def test_where_the_forge_says_where_it_left_nothing_is_to_be_said(forge: Shared) -> None:
    begin = forge.work.git("rev-parse", "HEAD")
    head, _ = proposed(forge)
    event = Event(kind=Kind.PULL_REQUEST, forge="gitlab", target="main", base=begin, left=begin, head=head)
    found = forge.checked_out("refs/heads/topic").subjects(event)
    assert (states(found), found.base, found.notes) == (CHANGED, begin, ())


def test_a_target_without_a_commit_is_fetched_by_its_name(forge: Shared) -> None:
    head, main = proposed(forge)
    event = Event(kind=Kind.PULL_REQUEST, forge="jenkins", target="main")
    found = forge.checked_out("refs/heads/topic").subjects(event)
    assert (found.base, found.commit) == (main, head)


def test_what_cannot_be_fetched_makes_all_count_as_changed(forge: Shared) -> None:
    head, main = proposed(forge)
    place = forge.checked_out("refs/heads/topic")
    forge.origin.rename(forge.root / "away")
    found = place.subjects(pull_request(head, main))
    assert states(found) == {"envs/new new": "new", "envs/train train": "new"}
    assert found.base is None
    assert len(found.notes) == 2
    assert found.notes[0].startswith("`main` is not here, and cannot be fetched: ")
    assert found.notes[1] == "there is nothing to hold this against: every environment counts as changed"
    assert all(each.comparison and each.key for each in found.subjects)


# what is done on `topic` (t) and on `main` (m): a commit (+), or the other one merged into it (<)
HISTORIES = (
    "",
    "m+",
    "t+",
    "t+ m+",
    "t+ m+ t< m+ t+",
    "m+ t< m+",
    "t+ m< m+ t+",
    "t+ m+ m< t+ m+",
    "t+ m+ t< m+ t< m+ m+ t+",
)


@pytest.mark.parametrize("history", HISTORIES)
def test_the_base_is_what_git_says(forge: Shared, history: str) -> None:
    work = forge.work
    work.git("branch", "topic")
    for at, done in enumerate(history.split()):
        here, other = ("topic", "main") if done.startswith("t") else ("main", "topic")
        work.git("checkout", "--quiet", here)
        if done.endswith("<"):
            work.git("merge", "--quiet", "--no-edit", other)
        else:
            (work.folder / f"{here}-{at}").write_text("new")
            work.commit()
    work.git("push", "--quiet", "origin", "main", "topic")
    head, main = work.git("rev-parse", "topic"), work.git("rev-parse", "main")
    found = forge.checked_out("refs/heads/topic", depth=None).subjects(pull_request(head, main))
    assert (found.base, found.notes) == (work.git("merge-base", "main", "topic"), ())
    assert states(found) == SAME


def test_of_two_best_common_commits_one_is_taken(forge: Shared) -> None:
    """Two branches that were merged into one another."""
    work = forge.work
    forge.branch("a")
    work.environment("envs/train", value="a")
    a = forge.push(to="a")
    work.git("checkout", "--quiet", "-b", "b", "main")
    work.environment("envs/serve", value="b")
    b = forge.push(to="b")
    work.git("merge", "--quiet", "--no-edit", a)
    head = forge.push(to="b")
    work.git("checkout", "--quiet", "a")
    work.git("merge", "--quiet", "--no-edit", b)
    tip = forge.push(to="a")
    found = forge.checked_out("refs/heads/b", depth=None).subjects(pull_request(head, tip))
    assert {*work.git("merge-base", "--all", tip, head).split()} == {a, b}
    assert found.base in (a, b)
    assert found.notes == ()
    assert sorted(states(found).values()) == ["changed", "same"]


def test_histories_that_have_nothing_in_common_are_held_against_the_tip(forge: Shared) -> None:
    main = forge.work.git("rev-parse", "HEAD")
    forge.work.git("checkout", "--quiet", "--orphan", "topic")
    forge.work.environment("envs/train", value="2")
    head = forge.push(to="topic")
    found = forge.checked_out("refs/heads/topic", depth=None).subjects(pull_request(head, main))
    assert states(found) == {"envs/serve serve": "same", "envs/train train": "changed"}
    assert found.notes == (f"{ITSELF.format(main[:7])}they have no commit in common",)


def test_a_history_with_two_beginnings_is_no_matter(forge: Shared) -> None:
    forge.work.git("checkout", "--quiet", "--orphan", "vendor")
    forge.work.git("rm", "-r", "--quiet", "--force", ".")
    forge.work.environment("vendor/lib")
    forge.push(to="vendor")
    forge.work.git("checkout", "--quiet", "main")
    base = forge.work.git("rev-parse", "HEAD")
    forge.work.git("merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "vendor")
    head = forge.push(to="topic")
    found = forge.checked_out("refs/heads/topic", depth=None).subjects(pull_request(head, base))
    assert (states(found), found.base) == ({**SAME, "vendor/lib lib": "new"}, base)


def renamed(work: Checkout) -> None:
    work.move("envs/train", "models/train")


def renamed_and_changed(work: Checkout) -> None:
    work.move("envs/train", "models/moved")
    work.environment("models/moved", "train", value="2")


def called_otherwise(work: Checkout) -> None:
    work.environment("envs/train", "learn")


def swapped(work: Checkout) -> None:
    work.environment("envs/train", "serve", value="2")
    work.environment("envs/serve", "train")


def taken_over(work: Checkout) -> None:
    """Its folder is another one's now."""
    work.move("envs/train", "models/train")
    work.environment("envs/train", "fresh")


def remarked(work: Checkout) -> None:
    (work.folder / "envs/train/env.toml").write_text("# new\n" + (work.folder / "envs/train/env.toml").read_text())


def unlocked(work: Checkout) -> None:
    (work.folder / "envs/train/env.lock").unlink()


def made_top(work: Checkout) -> None:
    work.environment(".", "top")


def excluded(work: Checkout) -> None:
    (work.folder / "env.toml").write_text('[workspace]\nexclude = ["envs/train"]\n')
    (work.folder / "envs/train/env.toml").write_text("name = \n")


SERVE = {"envs/serve serve": "same"}
MOVES = {
    renamed: {**SERVE, "models/train train": "same-image"},
    renamed_and_changed: {**SERVE, "models/moved train": "changed"},
    called_otherwise: {**SERVE, "envs/train learn": "same-image"},
    swapped: {"envs/serve train": "same-image", "envs/train serve": "changed"},
    taken_over: {**SERVE, "envs/train fresh": "new", "models/train train": "same-image"},
    remarked: {**SERVE, "envs/train train": "same-image"},
    unlocked: {**SERVE, "envs/train train": "changed"},
    made_top: {**SAME, "top": "new"},
    excluded: SERVE,
}


@pytest.mark.parametrize("move", MOVES)
def test_an_environment_is_found_again(forge: Shared, move: object) -> None:
    assert callable(move)
    base = forge.work.git("rev-parse", "HEAD")
    move(forge.work)
    head = forge.work.commit()
    found = forge.work.subjects(pull_request(head, base))
    assert states(found) == MOVES[move]
    assert all(each.comparison is None for each in found.subjects if each.state == "same-image")


def test_what_is_not_committed_counts(forge: Shared) -> None:
    forge.work.environment("envs/train", value="2")
    forge.work.environment("envs/new")
    found = forge.work.subjects(at(forge.work))
    assert states(found) == {"envs/new new": "new", **SAME, "envs/train train": "changed"}
    assert found.base == found.commit


def test_files_that_only_look_changed_are_the_same(forge: Shared) -> None:
    """Other times, and other ends of lines."""
    for path in forge.work.folder.glob("envs/*/env.*"):
        data = path.read_bytes()
        path.write_bytes(data.replace(b"\n", b"\r\n") if path.parent.name == "serve" else data)
        os.utime(path, (time.time() + 60, time.time() + 60))
    assert states(forge.work.subjects(at(forge.work))) == SAME


@pytest.mark.parametrize("is_outside", [False, True])
def test_a_link_is_held_against_what_it_led_to(forge: Shared, is_outside: bool) -> None:
    work = forge.work
    place = forge.root if is_outside else work.folder
    for name in ("env.toml", "env.lock"):
        link = work.folder / "envs/train" / name
        link.rename(place / f"of-{name}")
        link.symlink_to(place / f"of-{name}" if is_outside else f"../../of-{name}")
    base = forge.push()
    # what lies outside, git does not know
    same, other = ("new", "new") if is_outside else ("same", "changed")
    assert states(work.subjects(pull_request(base, base))) == {**SAME, "envs/train train": same}
    work.environment("new", "train", value="2")
    for name in ("env.toml", "env.lock"):
        (work.folder / "new" / name).rename(place / f"of-{name}")
    found = work.subjects(pull_request(work.commit(), base))
    assert states(found) == {**SAME, "envs/train train": other}


def test_a_lock_of_the_base_that_cannot_be_read_is_a_note(forge: Shared) -> None:
    (forge.work.folder / "envs/train/env.lock").write_text("lock-version = 99\n")
    (forge.work.folder / "envs/serve/env.lock").write_bytes(b"\xff")
    base = forge.push()
    forge.work.environment("envs/train")
    forge.work.remove("envs/serve")
    found = forge.work.subjects(pull_request(forge.work.commit(), base))
    assert states(found) == {"envs/train train": "changed", "envs/serve serve": "removed"}
    assert one(found, "train").comparison is None
    assert len(found.notes) == 2
    assert found.notes[0].startswith("`train` cannot be compared: ")
    assert found.notes[1] == (
        f"`serve`, which is removed, cannot be shown: `{base[:7]}:envs/serve/env.lock` is not UTF-8 text"
        " (byte 0 cannot be decoded)"
    )


def test_what_was_wrong_before_is_told_from_what_is_wrong_now(forge: Shared) -> None:
    for name in ("envs/train", "envs/serve"):
        path = forge.work.folder / name / "env.toml"
        path.write_text(path.read_text().replace("flask >=3", "flask >=4"))
    base = forge.push()
    path = forge.work.folder / "envs/serve/env.toml"
    path.write_text(path.read_text().replace("flask >=4", "flask >=5"))
    forge.work.move("envs/train", "moved/train")
    found = forge.work.subjects(pull_request(forge.work.commit(), base))
    assert {each.name: (bool(each.problems), each.was_stale) for each in found.subjects} == {
        "serve": (True, False),
        "train": (True, True),
    }


def test_a_push_is_held_against_what_was_before(forge: Shared) -> None:
    before = forge.work.git("rev-parse", "HEAD")
    for value in "23":
        forge.work.environment("envs/train", value=value)
        head = forge.push()
    found = forge.checked_out("refs/heads/main").subjects(to_default(before))
    assert (states(found), found.base, found.reproduce) == (
        {"envs/serve serve": "same", "envs/train train": "changed"},
        before,
        head,
    )
    # all are wanted, for an earlier run may have failed: so all have their keys
    assert all(each.key for each in found.subjects)
    assert one(found, "serve").key == one(found, "serve").was


@pytest.mark.parametrize("before", [None, "1" * 40], ids=["new", "forced away"])
def test_a_push_without_a_before_is_held_against_the_last_commit(forge: Shared, before: str | None) -> None:
    parent = forge.work.git("rev-parse", "HEAD")
    forge.work.environment("envs/train", value="2")
    forge.push()
    found = forge.checked_out("refs/heads/main").subjects(to_default(before))
    assert found.base == parent
    assert [note.startswith("`1111111` is not here, and cannot be fetched: ") for note in found.notes] == (
        [True] if before else []
    )


def test_a_branch_that_would_be_merged_into_itself_is_held_against_the_last_commit(forge: Shared) -> None:
    """Where a server does not say that it is the default one."""
    parent = forge.work.git("rev-parse", "HEAD")
    forge.work.environment("envs/train", value="2")
    head = forge.push()
    variables = {"JENKINS_URL": "https://ci.test/", "GIT_BRANCH": "origin/main", "GIT_COMMIT": head}
    event = event_at(forge_of(variables), CiOptions(), forge.work.folder, Context(cache=Cache(forge.root / "cache")))
    assert (event.branch, event.target, event.is_default) == ("main", "main", False)
    found = forge.work.subjects(event)
    assert (found.base, states(found)) == (parent, {**SAME, "envs/train train": "changed"})


def test_a_first_commit_is_held_against_nothing(tmp_path: Path) -> None:
    found = shared(tmp_path / "forge").work.subjects(to_default(None))
    assert (found.base, found.notes) == (None, ())
    assert set(states(found).values()) == {"new"}


def test_a_pushed_branch_is_held_against_the_default_one(forge: Shared) -> None:
    begin = forge.work.git("rev-parse", "HEAD")
    head, main = proposed(forge)
    event = Event(kind=Kind.BRANCH, forge="github", branch="topic", target="main", head=head)
    whole = forge.checked_out("refs/heads/topic", depth=None).subjects(event)
    assert (states(whole), whole.base) == (CHANGED, begin)
    assert forge.checked_out("refs/heads/topic").subjects(event).base == main


def test_another_revision_can_be_named(forge: Shared) -> None:
    first = forge.work.git("rev-parse", "HEAD")
    for value in "23":
        forge.work.environment("envs/train", value=value)
        forge.push()
    event = pull_request(forge.work.git("rev-parse", "HEAD"), None)
    assert forge.work.subjects(event, base="HEAD~2").base == first
    place = forge.checked_out("refs/heads/main")
    assert place.subjects(event, base=first).base == first
    assert place.subjects(event, base="main").base == place.git("rev-parse", "HEAD")
    with pytest.raises(UserInputError, match="`--base no-such` is no git revision"):
        place.subjects(event, base="no-such")
    with pytest.raises(UserInputError, match="`--base --output=x` is no git revision"):
        forge.work.subjects(at(forge.work), base="--output=x")


@pytest.mark.parametrize("depth", [1, None])
def test_a_branch_of_the_same_name_is_not_taken_for_the_base(forge: Shared, depth: int | None) -> None:
    """As a fork's may be called."""
    begin = forge.work.git("rev-parse", "HEAD")
    head, main = proposed(forge)
    place = forge.checked_out("refs/heads/topic", depth=depth)
    place.git("checkout", "--quiet", "-B", "main")
    assert place.subjects(pull_request(head, None), base="main").base == (main if depth else begin)


def test_some_environments_are_asked_for(forge: Shared) -> None:
    base = forge.work.git("rev-parse", "HEAD")
    forge.work.environment("envs/new")
    forge.work.remove("envs/serve")
    event = pull_request(forge.work.commit(), base)
    for words, wanted in (
        (("train",), ["train"]),
        (("envs/train", "new"), ["new", "train"]),
        (("serve",), ["serve"]),
        (("envs/serve", "envs/new/env.toml"), ["new", "serve"]),
    ):
        assert [each.name for each in forge.work.subjects(event, environments=words).subjects] == wanted
    with pytest.raises(UserInputError, match="no environment `nothing`"):
        forge.work.subjects(event, environments=("nothing",))


def test_it_is_of_the_whole_repository_from_wherever_it_is_called(forge: Shared) -> None:
    assert states(forge.work.subjects(at(forge.work), start="envs/train")) == SAME


def registered(forge: Shared, name: str, version: str) -> str:
    forge.work.git("tag", "--annotate", "--message", "x", f"env/{name}/{version}")
    forge.work.git("push", "--quiet", "origin", f"env/{name}/{version}")
    return forge.work.git("rev-parse", "HEAD")


def test_the_environment_of_a_pushed_tag_is_as_it_was_there(forge: Shared) -> None:
    commit = registered(forge, "train", "1")
    key = image_key(read_lock(forge.work.folder / "envs/train/env.lock"))
    forge.work.environment("envs/train", value="2")
    forge.push()
    event = Event(kind=Kind.TAG, forge="github", tag="env/train/1", head=commit)
    for place in (forge.checked_out("refs/tags/env/train/1"), forge.checked_out("refs/heads/main"), forge.work):
        found = place.subjects(event)
        (train,) = found.subjects
        assert (train.name, train.folder, train.key, found.commit) == ("train", "envs/train", key, commit)
        assert train.project
        assert train.project.at
        assert train.project.at.version == "1"
        assert found.reproduce == "1"
        assert place.subjects(event, environments=("serve",)).subjects == ()


def test_a_version_is_held_against_the_number_before_it(forge: Shared) -> None:
    versions = ("1", "9", "10", "test", "11", "12")
    commits = {}
    for version in versions:
        forge.work.environment("envs/train", value=version.replace("12", "11"))
        forge.push()
        commits[version] = registered(forge, "train", version)
    forge.work.git("tag", "env/train/8", f"{commits['9']}:envs")  # leads to no commit
    forge.work.git("push", "--quiet", "origin", "env/train/8")
    for version, before, state in (
        ("11", "10", "changed"),
        ("10", "9", "changed"),
        ("12", "11", "same"),
        ("9", None, "same"),
        ("1", None, "same"),
        ("test", None, "same"),
    ):
        event = Event(kind=Kind.TAG, forge="github", tag=f"env/train/{version}", head=commits[version])
        for place in (forge.work, forge.checked_out(f"refs/tags/env/train/{version}")):
            found = place.subjects(event)
            assert (states(found), found.commit) == ({"envs/train train": state}, commits[version])
            assert found.base == (commits[before] if before else None)
            (train,) = found.subjects
            assert bool(train.comparison) == (train.was != train.key) == (state == "changed")
            if train.comparison:
                assert (train.comparison.before.text, train.comparison.after.text) == (before, version)


def test_versions_are_asked_for(forge: Shared) -> None:
    registered(forge, "train", "1")
    registered(forge, "serve", "1")
    event = at(forge.work, version="1")
    assert (event.kind, event.tag, event.branch) == (Kind.TAG, None, None)
    assert states(forge.work.subjects(event, version="1")) == SAME
    assert states(forge.work.subjects(event, version="1", environments=("train",))) == {"envs/train train": "same"}
    with pytest.raises(UserInputError, match="`9` is no version of `serve`"):
        forge.work.subjects(event, version="9")
    place = forge.checked_out("refs/heads/main")  # where no tag is
    assert states(place.subjects(replace(event, forge="github"), version="1")) == SAME
    assert states(place.subjects(pull_request(None, None), version="1")) == SAME


def test_a_lock_that_cannot_be_read_is_compared_with_nothing(forge: Shared) -> None:
    base = forge.work.git("rev-parse", "HEAD")
    (forge.work.folder / "envs/train/env.lock").write_text("<<<<<<< \n")
    train = one(forge.work.subjects(pull_request(forge.work.commit(), base)), "train")
    assert (str(train.state), train.comparison, train.key) == ("changed", None, None)
    assert [problem.kind for problem in train.problems] == ["unreadable"]


FORMS = ("worktree", "sha256", "partial", "submodule")


@pytest.mark.parametrize("form", FORMS)
def test_repositories_of_every_form(tmp_path: Path, form: str) -> None:
    forge = shared(tmp_path / "forge", *(["--object-format=sha256"] if form == "sha256" else []))
    begin = forge.work.git("rev-parse", "HEAD")
    head, main = proposed(forge)
    place = forge.work
    if form == "worktree":
        place = Checkout(tmp_path / "tree")
        forge.work.git("worktree", "add", "--quiet", place.folder, "topic")
    elif form == "partial":
        run(("git", "-C", forge.origin, "config", "uploadpack.allowFilter", "true"))
        place = Checkout(tmp_path / "clone")
        words = ("git", "clone", "--quiet", "--filter=blob:none", "--branch=topic", f"file://{forge.origin}")
        run((*words, place.folder))
    elif form == "submodule":
        place = Checkout(tmp_path / "clone")
        run(("git", "clone", "--quiet", "--branch=topic", f"file://{forge.origin}", place.folder))
        place.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{forge.origin}", "sub")
    else:
        place.git("checkout", "--quiet", "topic")
    found = place.subjects(pull_request(head, main))
    assert (states(found), found.base) == (CHANGED, begin)
    assert one(found, "train").comparison


def test_outside_of_git_every_environment_is_new(tmp_path: Path) -> None:
    place = Checkout(tmp_path / "alone")
    place.environment(".", "alone")
    found = place.subjects(at(place))
    assert (states(found), found.commit, found.base) == ({"alone": "new"}, None, None)
    with pytest.raises(UserInputError, match="is in no git repository"):
        place.subjects(at(place, version="1"), version="1")
    with pytest.raises(UserInputError, match="`--base x` is a git revision, and this is in no git repository"):
        at(place, base="x")


def test_before_the_first_commit_every_environment_is_new(tmp_path: Path) -> None:
    place = Checkout(tmp_path / "alone")
    run(("git", "init", "--quiet", place.folder))
    place.environment("train")
    assert states(place.subjects(at(place))) == {"train train": "new"}


def test_where_there_is_no_environment_that_is_said_unless_one_was_removed(forge: Shared) -> None:
    forge.work.remove("envs")
    assert set(states(forge.work.subjects(at(forge.work))).values()) == {"removed"}
    forge.push()
    with pytest.raises(UserInputError, match=r"no env\.toml"):
        forge.work.subjects(at(forge.work))


def test_a_checkout_of_another_user_is_refused_with_what_to_do(forge: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(EnvlockError) as refused:
        at(forge.work)
    assert refused.value.message.startswith(f"the repository `{forge.work.folder}` belongs to another user")
    assert refused.value.hint
    assert f"--add safe.directory {forge.work.folder}" in refused.value.hint


def test_on_a_laptop_it_is_as_for_a_pull_request(forge: Shared) -> None:
    begin = forge.work.git("rev-parse", "HEAD")
    proposed(forge)
    forge.work.git("checkout", "--quiet", "topic")
    event = at(forge.work)
    assert (event.kind, event.branch, event.target) == (Kind.PULL_REQUEST, "topic", "main")
    assert states(forge.work.subjects(event)) == CHANGED
    assert forge.work.subjects(event).base == begin
    pushed = at(forge.work, push="true")
    assert (pushed.kind, pushed.branch, pushed.is_default) == (Kind.BRANCH, "topic", False)
    forge.work.git("checkout", "--quiet", "main")
    pushed = at(forge.work, push="true")
    assert (pushed.kind, pushed.branch, pushed.is_default, pushed.base) == (Kind.BRANCH, "main", True, None)


def test_the_default_branch_is_what_the_remote_says(forge: Shared) -> None:
    forge.work.git("push", "--quiet", "origin", "HEAD:refs/heads/trunk")
    forge.work.git("fetch", "--quiet", "origin")
    forge.work.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert at(forge.work).target == "trunk"


def test_what_is_not_of_the_branch_is_not_taken_for_it(forge: Shared) -> None:
    """A workflow may check out what somebody proposes, and be run for the default branch."""
    main = forge.work.git("rev-parse", "HEAD")
    head, _ = proposed(forge)
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": main,
        "GITHUB_EVENT_PATH": str(forge.root / "event.json"),
    }
    (forge.root / "event.json").write_text('{"repository": {"default_branch": "main"}}')
    for commit, taken in ((main, True), (head, False)):
        place = forge.checked_out(commit)
        place.git("checkout", "--quiet", "-B", "main")  # as the branch of a fork may be called
        place.git("update-ref", "refs/remotes/origin/main", "HEAD")
        event = event_at(forge_of(variables), CiOptions(), place.folder, Context(cache=Cache(forge.root / "cache")))
        assert (event.branch, event.is_default) == (("main", True) if taken else (None, False))


def test_what_a_sparse_checkout_leaves_out_is_not_removed(forge: Shared) -> None:
    base = forge.work.git("rev-parse", "HEAD")
    forge.work.environment("envs/serve", value="2")
    forge.work.environment("envs/train", value="2")
    head = forge.push()
    forge.work.git("sparse-checkout", "set", "--no-cone", "/envs/train")
    assert not (forge.work.folder / "envs/serve").exists()
    assert states(forge.work.subjects(pull_request(head, base))) == {"envs/train train": "changed"}


def test_on_a_laptop_no_version_is_pushed_unasked(forge: Shared) -> None:
    event = at(forge.work, version="1")
    assert [wants_push(event, CiOptions(push=push)) for push in ("auto", "true", "false")] == [False, True, False]
    assert wants_push(replace(event, forge="github"), CiOptions())


ODD = ("é x", "a\nb", 'a"b', "$(x)", "-x", os.fsdecode(b"\xff"), "[a]", "*", ":(top)")


def test_folders_may_have_any_name(forge: Shared) -> None:
    for at, name in enumerate(ODD):
        forge.work.environment(f"{name}/env", f"e{at}")
    base = forge.push()
    for at, name in enumerate(ODD):
        forge.work.environment(f"{name}/env", f"e{at}", value="2")
    forge.push(to="topic")
    head = forge.work.git("rev-parse", "HEAD")
    found = forge.checked_out("refs/heads/topic", depth=2).subjects(pull_request(head, base))
    changed = {each.folder for each in found.subjects if each.state == "changed"}
    assert changed == {f"{name}/env" for name in ODD}
    assert all(each.comparison and not each.problems for each in found.subjects if each.state == "changed")


def test_that_a_pull_request_is_not_checked_out_is_said(forge: Shared) -> None:
    head, main = proposed(forge)
    event = replace(pull_request(head, main), has_secrets=True, is_trusted=False)
    said = "the pull request is not checked out: this is of the branch that it is to be merged into"
    for depth in (1, None):
        of_main = forge.checked_out("refs/heads/main", depth=depth).subjects(event)
        assert (of_main.base, of_main.notes) == (main, (said,))
    assert forge.checked_out("refs/heads/topic", depth=None).subjects(event).notes == ()
