"""Numbers that clones agree on: real bare repositories, and real processes at once."""

from pathlib import Path

import pytest

from tests.support.processes import run_here
from tests.support.team import Clone, joined, team

BEFORE = "registered before: the lock is the same\n"
Team = tuple[Clone, ...]


@pytest.fixture
def pair(tmp_path: Path) -> Team:
    return team(tmp_path, "Sam")


def numbers(clones: Team, *words: str) -> list[str]:
    """What all of them get, who register at once."""
    started = [clone.start("register", *words) for clone in clones]
    ended = [(*process.communicate(), process.returncode) for process in started]
    assert [code for _, _, code in ended] == [0] * len(clones), ended
    return [printed.split()[1] for printed, _, _ in ended]


def all_can_fetch(clones: Team) -> None:
    """Without a word, and all have the same afterwards, which is what the remote has."""
    for clone in clones:
        assert clone.git("fetch", "--tags") == ""
    far = run_here("git", "-C", clones[0].git("remote", "get-url", "origin"), "for-each-ref", "refs/tags")
    assert {clone.git("for-each-ref", "refs/tags") for clone in clones} == {far.strip()}


def test_pushed_and_known_elsewhere(pair: Team) -> None:
    kim, sam = pair
    assert kim.call("register", "--push").stderr == "pushed to origin\n"
    assert kim.call("register", "--push").stderr == f"{BEFORE}origin has it already\n"
    assert sam.call("register").stderr == BEFORE  # also without a push it asks what there is
    assert sam.message("1") == kim.message("1")
    sam.another_lock("8.4")
    assert sam.must("register", "--push", "--as", "rc1").startswith("train rc1 ")
    assert sam.must("register", "--push").startswith("train 2 ")
    assert kim.tags() == ["env/train/1"]
    kim.another_lock("8.5")
    assert kim.must("register").startswith("train 3 ")
    assert kim.tags() == ["env/train/1", "env/train/2", "env/train/3", "env/train/rc1"]


def test_what_was_registered_before_there_was_a_push(pair: Team) -> None:
    kim, _ = pair
    kim.must("register")
    assert kim.call("register", "--push").stderr == f"{BEFORE}pushed to origin\n"
    all_can_fetch((kim,))


def test_of_two_with_one_number_the_second_gets_another(pair: Team) -> None:
    kim, sam = pair
    kim.another_lock("8.4")
    kim.must("register")
    mine = kim.git("rev-parse", "HEAD")
    sam.another_lock("8.5")
    sam.must("register", "--push")
    result = kim.call("register", "--push")
    assert result.stdout.startswith(f"train 2   env/train/2 → {mine[:7]} ")
    assert result.stderr == (
        "warning: `train 1` in `origin` is another: the one here, never pushed, is `train 2` now\n"
        f"{BEFORE}pushed to origin\n"
    )
    assert kim.git("rev-parse", "env/train/2^{commit}") == mine
    all_can_fetch(pair)


def test_of_two_with_one_number_and_one_lock_the_first_is_taken(pair: Team) -> None:
    kim, sam = pair
    kim.must("register")
    sam.must("register", "--push")
    result = kim.call("register", "--push")
    assert result.stdout.startswith("train 1 ")
    assert result.stderr == (
        f"warning: `origin` has the same lock as `train 1`: that one is taken\n{BEFORE}origin has it already\n"
    )
    all_can_fetch(pair)


def test_a_name_that_another_has_pushed(pair: Team) -> None:
    kim, sam = pair
    kim.must("register", "--as", "rc1")
    sam.another_lock("8.4")
    sam.must("register", "--as", "rc1", "--push")
    result = kim.call("register", "--as", "rc1", "--push")
    assert result.code == 2
    assert result.stderr.splitlines()[:2] == [
        "warning: `train rc1` is another version in `origin`; `git tag -d env/train/rc1` removes the one here",
        f"error: `train@rc1` is there already, at {sam.git('rev-parse', '--short=7', 'HEAD')}, with another lock",
    ]


def test_tags_of_others_are_not_renumbered(pair: Team) -> None:
    kim, sam = pair
    kim.another_lock("8.4")
    kim.must("register")
    kim.git("config", "user.email", "kim@other.test")
    sam.must("register", "--push")
    kim.another_lock("8.5")
    result = kim.call("register", "--push")
    assert "`git tag -d env/train/1` removes the one here" in result.stderr
    assert result.stdout.startswith("train 2 ")


def test_what_was_pushed_elsewhere_is_not_renumbered(pair: Team, tmp_path: Path) -> None:
    kim, sam = pair
    run_here("git", "init", "--quiet", "--bare", tmp_path / "fork.git")
    kim.git("remote", "add", "fork", tmp_path / "fork.git")
    kim.another_lock("8.4")
    assert kim.call("register", "--push", "--remote", "fork").stderr == "pushed to fork\n"
    sam.must("register", "--push")
    result = kim.call("register", "--push")
    assert "`git tag -d env/train/1` removes the one here" in result.stderr
    assert result.stdout.startswith("train 2 ")
    assert kim.git("ls-remote", "fork") != ""


def test_a_remote_that_is_not_there(pair: Team, tmp_path: Path) -> None:
    kim, _ = pair
    (tmp_path / "far.git").rename(tmp_path / "moved.git")
    said = f"`origin` cannot be read: '{tmp_path / 'far.git'}' does not appear to be a git repository\n"
    alone = "the number comes from this clone alone: another may give the same\n"
    assert kim.call("register", "--push").stderr == f"error: {said}"
    assert kim.tags() == []
    result = kim.call("register")
    assert (result.code, result.stderr) == (0, f"warning: {said}{alone}")
    offline = "warning: with --offline the number comes from this clone alone: another may give the same\n"
    assert kim.call("register", "--offline").stderr == f"{offline}{BEFORE}"
    assert kim.call("register", "--offline", "--push").stderr == "error: a version cannot be pushed with --offline\n"


def test_secrets_in_addresses_are_not_shown(pair: Team) -> None:
    kim, _ = pair
    kim.git("remote", "set-url", "origin", "https://kim:hunter2@nowhere.test/acme.git")
    result = kim.call("register")
    assert "hunter2" not in result.stderr
    assert "https://nowhere.test/acme.git" in result.stderr
    assert "hunter2" not in kim.call("register", "--push", "--remote", "https://kim:hunter2@nowhere.test/x").stderr


def test_over_ssh(pair: Team, tmp_path: Path) -> None:
    """With a program in place of ssh, as git calls it: it runs on this machine what it is to run there."""
    kim, _ = pair
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    kim.git("config", "core.sshCommand", ssh)
    kim.git("remote", "set-url", "origin", f"ssh://git@acme.test{tmp_path / 'far.git'}")
    assert kim.call("register", "--push").stderr == "pushed to origin\n"
    assert kim.call("register", "--push").stderr == f"{BEFORE}origin has it already\n"
    ssh.write_text("#!/bin/sh\necho 'git@acme.test: Permission denied (publickey).' >&2\nexit 255\n")
    denied = "error: `origin` cannot be read: git@acme.test: Permission denied (publickey).\n"
    assert kim.call("register", "--push") == (3, "", denied)


def test_no_remote_to_push_to(pair: Team) -> None:
    kim, _ = pair
    kim.git("remote", "remove", "origin")
    assert kim.call("register", "--push").stderr == (
        "error: there is no remote to push to\nhint: `git remote add origin URL` adds one\n"
    )


def test_which_remote(pair: Team, tmp_path: Path) -> None:
    """As git has it: of the branch, else the one for pushes, else that of the branch, else `origin`."""
    kim, _ = pair
    for name in ("a", "b", "c"):
        run_here("git", "init", "--quiet", "--bare", tmp_path / name)
        kim.git("remote", "add", name, tmp_path / name)
    for key, name in (("branch.main.remote", "a"), ("remote.pushDefault", "b"), ("branch.main.pushRemote", "c")):
        kim.git("config", key, name)
        assert kim.call("register", "--push").stderr.endswith(f"pushed to {name}\n")
    assert kim.call("register", "--push", "--remote", "origin").stderr.endswith("pushed to origin\n")


def test_a_hook_that_refuses(pair: Team, tmp_path: Path) -> None:
    kim, _ = pair
    hook = tmp_path / "far.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no versions on Sundays\nexit 1\n")
    hook.chmod(0o755)
    assert kim.call("register", "--push") == (
        3,
        "",
        "error: `origin` refuses `train 1`: pre-receive hook declined\n  no versions on Sundays\n",
    )
    assert kim.tags() == []
    hook.unlink()
    kim.must("register", "--push")


def test_a_hook_of_ones_own_that_refuses(pair: Team) -> None:
    kim, _ = pair
    hook = kim.project.folder.parent / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    result = kim.call("register", "--push")
    assert result.code == 3
    assert "not today" in result.stderr
    assert "`train 1` is registered here" in result.stderr
    hook.unlink()
    assert kim.call("register", "--push").stderr == f"{BEFORE}pushed to origin\n"


def test_a_shallow_clone_knows_what_is_registered(pair: Team, tmp_path: Path) -> None:
    kim, _ = pair
    kim.must("register", "--push")
    kim.history.commit("of something else")
    kim.git("push", "--quiet")
    robot = joined(tmp_path, "Robot", "--depth=1", "--no-tags")
    assert robot.tags() == []
    assert robot.call("register", "--push").stderr == f"{BEFORE}origin has it already\n"
    robot.another_lock("8.4")
    assert robot.must("register", "--push").startswith("train 2 ")
    all_can_fetch((kim, robot))


@pytest.mark.parametrize("rounds", [2, pytest.param(60, marks=pytest.mark.full)])
def test_clones_that_register_at_once(tmp_path: Path, rounds: int) -> None:
    clones = team(tmp_path, "Sam", "Ann")
    given = 0
    for attempt in range(rounds):
        for number, clone in enumerate(clones):
            clone.another_lock(f"9.{attempt}.{number}")
        assert sorted(map(int, numbers(clones, "--push"))) == [given + 1, given + 2, given + 3]
        for clone in clones:
            clone.another_lock(f"10.{attempt}")  # each in a commit of its own
        assert numbers(clones, "--push") == [str(given + 4)] * 3
        given += 4
        all_can_fetch(clones)
    kim = clones[0]
    assert len(kim.tags()) == given
    ids = {kim.git("rev-parse", f"{tag}^{{commit}}") for tag in kim.tags()}
    assert len(ids) == given


def test_one_clone_in_which_several_register_at_once(pair: Team) -> None:
    kim, _ = pair
    assert numbers((kim,) * 4, "--push") == ["1"] * 4
    assert kim.tags() == ["env/train/1"]
    kim.another_lock("8.4")
    assert numbers((kim,) * 4) == ["2"] * 4
    kim.must("register", "--push")
    all_can_fetch((kim,))
