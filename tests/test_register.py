"""`envlock register`: versions as tags of real repositories, in whole commands."""

import json
import re
import shutil
from pathlib import Path

import pytest

from envlock.model.digest import environment_hash, image_key, image_tag, lock_hash
from envlock.workflows.committed import uncommitted_context
from tests.support.processes import run_here
from tests.support.repository import History
from tests.support.team import Clone, alone, team
from tests.support.tiny_project import tiny_project

NO_COMMIT = "error: the repository has no commit yet\nhint: commit env.toml and env.lock first\n"
UNCOMMITTED = "error: `train` is not in git as it is here\n{}hint: commit it first\n"
BEFORE = "registered before: the lock is the same\n"


@pytest.fixture
def kim(tmp_path: Path) -> Clone:
    return alone(tmp_path / "Kim")


def line(kim: Clone, version: str, commit: str) -> str:
    """What is printed of a version at a commit that has the lock of the work tree."""
    return f"train {version}   env/train/{version} → {commit[:7]}   {image_tag(image_key(kim.project.lock()))}\n"


def test_a_version_is_an_annotated_tag_that_says_what_it_is_of(kim: Clone) -> None:
    head, lock = kim.git("rev-parse", "HEAD"), kim.project.lock()
    assert kim.call("register", "train") == (0, line(kim, "1", head), "")
    assert kim.git("cat-file", "-t", "env/train/1") == "tag"
    assert kim.git("rev-parse", "env/train/1^{commit}") == head
    assert kim.message("1") == (
        f"train 1\n\nEnvironment: train\nLock-Hash: linux-64 {lock_hash(lock, lock.platforms[0])}\n"
        f"Environment-Hash: {environment_hash(lock)}"
    )
    assert kim.git("for-each-ref", "--format=%(contents:trailers:key=Environment,valueonly)", "refs/tags") == "train"


def test_what_did_not_change_keeps_its_version(kim: Clone) -> None:
    first = kim.git("rev-parse", "HEAD")
    kim.must("register")
    kim.history.commit("of something else")
    assert kim.call("register") == (0, line(kim, "1", first), BEFORE)
    second = kim.another_lock("8.4")
    assert kim.must("register") == line(kim, "2", second)
    kim.git("revert", "--no-edit", "HEAD")
    assert kim.call("register") == (0, line(kim, "1", first), BEFORE)
    assert kim.tags() == ["env/train/1", "env/train/2"]


def test_as_json(kim: Clone) -> None:
    lock = kim.project.lock()
    assert json.loads(kim.must("register", "--json")) == {
        "environment": "train",
        "version": "1",
        "tag": "env/train/1",
        "commit": kim.git("rev-parse", "HEAD"),
        "lock": image_tag(image_key(lock)),
        "lock_hashes": {"linux-64": lock_hash(lock, lock.platforms[0])},
        "environment_hash": environment_hash(lock),
        "image": None,
        "new": True,
        "remote": None,
        "pushed": False,
    }


def test_names_beside_numbers(kim: Clone) -> None:
    first = kim.git("rev-parse", "HEAD")
    kim.must("register")
    assert kim.must("register", "--as", "2026.1") == line(kim, "2026.1", first)
    assert kim.call("register", "--as", "2026.1") == (0, line(kim, "2026.1", first), BEFORE)
    kim.another_lock("8.4")
    result = kim.call("register", "--as", "2026.1")
    assert result == (
        2,
        "",
        f"error: `train@2026.1` is there already, at {first[:7]}, with another lock\n"
        "hint: versions never move: choose another name; for names that do, there is `envlock label`\n",
    )
    assert kim.must("register").startswith("train 2 ")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("7", "numbers are given by `envlock register` itself"),
        ("latest", "it stands for the highest number"),
        ("lock-3f9a", "such names stand for lock hashes"),
        ("HEAD", "it is a name of git's"),
        ("1..2", "git refuses two dots, and a last `.` or `.lock`"),
        ("x.lock", "git refuses two dots, and a last `.` or `.lock`"),
        ("a/b", "letters, digits and `.`, `_`, `+`, `-` after the first make a name, 100 at most"),
        ("-x", "letters, digits and `.`, `_`, `+`, `-` after the first make a name, 100 at most"),
        ("a b", "letters, digits and `.`, `_`, `+`, `-` after the first make a name, 100 at most"),
        ("é", "letters, digits and `.`, `_`, `+`, `-` after the first make a name, 100 at most"),
        ("x" * 101, "letters, digits and `.`, `_`, `+`, `-` after the first make a name, 100 at most"),
    ],
)
def test_names_that_cannot_be(kim: Clone, name: str, reason: str) -> None:
    assert kim.call("register", f"--as={name}") == (2, "", f"error: no version can be called `{name}`: {reason}\n")
    assert kim.tags() == []


def test_names_that_are_taken(kim: Clone) -> None:
    kim.must("register", "--as", "rc1")
    kim.must("label", "train@rc1", "prod")
    assert kim.call("register", "--as", "RC1").stderr == (
        "error: no version can be called `RC1`: there is `rc1`, which some file systems do not tell from it\n"
    )
    assert kim.call("register", "--as", "prod").stderr == (
        "error: `train@prod` is a label, which may move\nhint: see `envlock label train`\n"
    )


def test_numbers_that_others_have_given_by_hand_are_taken(kim: Clone) -> None:
    kim.git("tag", "env/train/7")
    kim.git("tag", "--annotate", "--message=by hand", "env/train/0011")
    kim.git("tag", "env/training/80")
    assert kim.must("register").startswith("train 12 ")
    kim.git("tag", "env/train/999999")
    kim.another_lock("8.4")
    assert kim.call("register").stderr == "error: numbers end with 999999\nhint: `--as NAME` registers under a name\n"


def test_a_stale_lock_is_refused(kim: Clone) -> None:
    kim.project.change("flask >=3", "flask >=4")
    kim.history.commit("stale")
    result = kim.call("register")
    assert (result.code, result.stderr.splitlines()[0]) == (1, "error: env.lock does not answer env.toml")
    assert kim.tags() == []


def test_what_is_not_committed_is_refused(kim: Clone) -> None:
    kim.project.change("flask >=3", "flask>=3")
    assert kim.call("register").stderr == UNCOMMITTED.format("  `train/env.toml` has changes that are not committed\n")
    kim.git("add", "--all")  # staged is not committed
    assert kim.call("register").code == 1
    kim.history.commit("two")
    kim.git("rm", "--quiet", "--cached", "train/env.lock")
    (kim.project.folder.parent / ".gitignore").write_text("*.lock\n")
    kim.history.commit("without a lock")
    assert kim.call("register").stderr == UNCOMMITTED.format("  `train/env.lock` is not committed\n")
    assert kim.tags() == []


def test_what_the_lock_rests_on_must_be_committed(kim: Clone) -> None:
    folder = kim.project.folder
    (folder / "src").mkdir()
    (folder / "src" / "score.py").write_text("1\n")
    kim.project.manifest.write_text('name = "train"\n[image]\nbase = "scratch"\nworkdir = "/srv"\ncopy = ["src"]\n')
    kim.must("lock")
    kim.git("add", "train/env.toml", "train/env.lock")
    kim.git("commit", "--quiet", "--message=without what is copied")
    assert kim.call("register").stderr == UNCOMMITTED.format(
        "  `train/src` is not committed\n  `train/src/score.py` is not committed\n"
    )
    kim.history.commit("with it")
    assert kim.must("register").startswith("train 1 ")
    (folder / "notes.txt").write_text("of no interest\n")
    kim.must("register")


def test_what_a_dockerfile_may_copy_must_be_committed(kim: Clone) -> None:
    folder = kim.project.folder
    (folder / "docker").mkdir()
    (folder / "docker" / "Dockerfile").write_text("FROM scratch\nCOPY a /a\n")
    (folder / "docker" / "a").write_text("1\n")
    (folder / "docker" / ".dockerignore").write_text("left-out\n")
    (folder / "docker" / "left-out").write_text("1\n")
    kim.history.commit("a context")
    context = folder / "docker" / "a"
    context.write_text("2\n")
    (folder / "docker" / "left-out").write_text("2\n")
    assert [*uncommitted_context(folder, "docker/Dockerfile", folder.parent)] == [
        ("train/docker/a", "has changes that are not committed")
    ]


def test_the_image_that_was_built_here_is_named(tmp_path: Path) -> None:
    with tiny_project(tmp_path) as tiny:
        tiny.write(conda=(), pip=("beta",))
        tiny.change("[image]\n", '[image]\nrepository = "registry.test/acme/tiny"\n')
        tiny.must("lock")
        run_here("git", "init", "--quiet", tiny.folder)
        for key, value in (("user.name", "Kim"), ("user.email", "kim@acme.test")):
            run_here("git", "-C", tiny.folder, "config", key, value)
        kim = Clone(project=tiny, history=History(tiny.folder, words=()))
        kim.history.commit("one")
        kim.must("register", "--as", "unbuilt")
        assert "Image:" not in run_here("git", "-C", tiny.folder, "for-each-ref", "--format=%(contents)")
        reference = kim.must("build").strip()
        assert re.fullmatch(r"registry\.test/acme/tiny@sha256:[0-9a-f]{64}", reference)
        assert json.loads(kim.must("register", "--json"))["image"] == reference
        said = run_here("git", "-C", tiny.folder, "for-each-ref", "--format=%(contents)", "refs/tags/env/tiny/1")
        assert f"\nImage: {reference}\n" in said


def test_before_the_first_commit(tmp_path: Path) -> None:
    kim = alone(tmp_path / "Kim")
    shutil.rmtree(tmp_path / "Kim" / ".git")
    result = kim.call("register")
    assert result == (
        2,
        "",
        f"error: `{kim.project.folder}` is in no git repository\nhint: `git init`, and commit first\n",
    )
    run_here("git", "init", "--quiet", tmp_path / "Kim")
    assert kim.call("register") == (2, "", NO_COMMIT)


def test_git_must_know_who_registers(kim: Clone) -> None:
    kim.git("config", "user.useConfigOnly", "true")
    kim.git("config", "--unset", "user.email")
    for words in (("register",), ("label", "train@HEAD", "dev")):
        assert kim.call(*words) == (
            2,
            "",
            "error: git does not know who you are\nhint: tell it with `git config --global user.name NAME` and "
            "`git config --global user.email ADDRESS`\n",
        )
    assert kim.tags() == []


def test_a_past_commit(kim: Clone) -> None:
    first = kim.git("rev-parse", "HEAD")
    old = line(kim, "1", first)
    kim.another_lock("8.4")
    kim.project.change("flask >=3", "flask >=4")  # the work tree does not matter
    assert kim.must("register", "train@HEAD~1") == old
    assert kim.call("register", "train@1") == (0, old, BEFORE)


def test_detached_and_in_another_work_tree(kim: Clone, tmp_path: Path) -> None:
    kim.git("worktree", "add", "--quiet", "--detach", tmp_path / "second")
    (tmp_path / "second" / "train" / "env.toml").touch()
    printed = run_here("git", "-C", tmp_path / "second", "status", "--short")
    assert printed == ""
    assert kim.must("register", tmp_path / "second" / "train").startswith("train 1 ")
    assert kim.tags() == ["env/train/1"]


def test_a_bare_repository(tmp_path: Path) -> None:
    (kim,) = team(tmp_path)
    far = tmp_path / "far.git"
    for key in ("name", "email"):
        run_here("git", "-C", far, "config", f"user.{key}", kim.git("config", f"user.{key}"))
    bare = Clone(project=type(kim.project)(folder=far, cache=kim.project.cache), history=History(far, words=()))
    head = bare.git("rev-parse", "main")
    assert bare.must("register", "train@main") == line(kim, "1", head)
    assert bare.must("label", "train", "prod") == f"prod   train@1 → {head[:7]}\n"


def test_a_repository_of_sha256(tmp_path: Path) -> None:
    kim, sam = team(tmp_path, "Sam", form="sha256")
    head = kim.git("rev-parse", "HEAD")
    assert len(head) == 64
    assert kim.call("register", "--push") == (0, line(kim, "1", head), "pushed to origin\n")
    sam.another_lock("8.4")
    assert sam.must("register", "--push").startswith("train 2 ")
    assert kim.must("label", "train@1", "prod") == f"prod   train@1 → {head[:7]}\n"
    assert re.match(r"prod +train@1 +", kim.must("label").splitlines()[1])
