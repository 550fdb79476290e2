"""`register` disturbed: killed anywhere, a full disk, references that others hold, what may not be written, no key."""

import random
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.processes import Command, run_here
from tests.support.projects import Project
from tests.support.repository import History
from tests.support.services import require, require_root
from tests.support.strace import Point, points, recorder
from tests.support.team import Clone, alone, team

SAMPLE = 6  # how many points are tried, without --full
FULL_DISK = "error=ENOSPC"
KILL = "signal=KILL"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A clone and its remote from which each try starts, always at the same path, and where it may be disturbed."""

    before: Path
    tried: Path
    points: tuple[Point, ...]

    def start(self) -> Clone:
        shutil.rmtree(self.tried, ignore_errors=True)
        shutil.copytree(self.before, self.tried, symlinks=True)
        return of(self.tried)


def of(root: Path) -> Clone:
    """The clone of a team below a folder."""
    return Clone(
        project=Project(folder=root / "Kim" / "train", cache=root / "cache"), history=History(root / "Kim", words=())
    )


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    root = tmp_path_factory.mktemp("trial")
    (kim,) = team(root / "tried")
    kim.must("check")
    shutil.copytree(root / "tried", root / "before", symlinks=True)
    log = root / "log"
    disturbed(kim, recorder(log)).must("register", "--push")
    return Trial(before=root / "before", tried=root / "tried", points=points(log))


def disturbed(kim: Clone, starter: Command) -> Clone:
    return replace(kim, project=replace(kim.project, command=(*starter, *kim.project.command)))


def whole_or_not_at_all(kim: Clone) -> None:
    """What there is after a fault: no tag, or the whole of it; and what the next call makes of it."""
    far = kim.git("remote", "get-url", "origin")
    for folder in (kim.project.folder.parent, Path(far)):
        tags = run_here("git", "-C", folder, "for-each-ref", "--format=%(objecttype) %(contents:subject)", "refs/tags")
        assert tags in ("", "tag train 1\n")
        run_here("git", "-C", folder, "fsck", "--strict")
    result = kim.call("register", "--push")
    if result.code == 3:  # git itself was killed: it says which file it left, and what to do
        for left in re.findall(r"'([^']+\.lock)': File exists", result.stderr):
            Path(left).unlink()
        for left in Path(far).rglob("*.lock"):
            left.unlink()
        result = kim.call("register", "--push")
    assert (result.code, result.stdout.split()[:2]) == (0, ["train", "1"]), result
    assert kim.git("ls-remote", "--tags", "--refs", "origin").split()[1:] == ["refs/tags/env/train/1"]
    assert re.fullmatch(
        r"train 1\n\nEnvironment: train\nLock-Hash: .*\nEnvironment-Hash: [0-9a-f]{64}", kim.message("1")
    )
    assert kim.git("fetch", "--tags") == ""


def disturb(trial: Trial, point: Point, fault: str) -> None:
    kim = trial.start()
    result = disturbed(kim, point.starter(fault)).call("register", "--push")
    if result.code == 0:  # then it is true
        assert kim.git("ls-remote", "--tags", "--refs", "origin").endswith("refs/tags/env/train/1"), point
    whole_or_not_at_all(kim)


@pytest.mark.parametrize("fault", [KILL, FULL_DISK])
def test_disturbed(trial: Trial, fault: str) -> None:
    for point in random.Random(7).sample(trial.points, min(SAMPLE, len(trial.points))):
        disturb(trial, point, fault)


@pytest.mark.full
@pytest.mark.parametrize("fault", [KILL, FULL_DISK])
def test_disturbed_anywhere(trial: Trial, fault: str) -> None:
    for point in trial.points:
        disturb(trial, point, fault)


def test_a_tag_that_another_process_holds(tmp_path: Path) -> None:
    kim = alone(tmp_path / "Kim")
    lock = tmp_path / "Kim" / ".git" / "refs" / "tags" / "env" / "train" / "1.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    result = kim.call("register")
    assert result.code == 3
    assert result.stderr.startswith("error: the tag `env/train/1` cannot be made:\n")
    assert f"Unable to create '{lock}': File exists." in result.stderr
    lock.unlink()
    kim.must("register")


def test_a_repository_that_cannot_be_written(tmp_path: Path) -> None:
    require_root("a mount of its own")
    kim = alone(tmp_path / "Kim")
    git = tmp_path / "Kim" / ".git"
    mount = f'mount --bind "{git}" "{git}" && mount -o remount,bind,ro "{git}" && exec "$0" "$@"'
    starter = (require("unshare", "util-linux"), "--mount", "sh", "-c", mount)
    for words in (("register",), ("label", "train@HEAD", "dev")):
        result = disturbed(kim, starter).call(*words)
        assert (result.code, result.stdout) == (3, "")
        assert result.stderr.startswith("error: ")
        assert "ead-only file system" in result.stderr
    assert kim.tags() == []


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_signed_where_git_signs_tags(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kim = alone(tmp_path / "Kim")
    for key, value in (("tag.gpgSign", "true"), ("gpg.format", form), ("user.signingKey", str(tmp_path / "key"))):
        kim.git("config", key, value)
    keys = tmp_path / "gpg"
    keys.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(keys))
    result = kim.call("register")
    assert (result.code, kim.tags()) == (3, [])
    assert result.stderr.endswith(
        "hint: git is told to sign tags (`tag.gpgSign`), and cannot: see `user.signingKey` and `gpg.format`\n"
    )
    try:
        sign_with_a_new_key(kim, form, tmp_path / "key")
        kim.must("register")
        run_here("git", "-C", tmp_path / "Kim", "tag", "--verify", "env/train/1", GNUPGHOME=str(keys))
        again = kim.call("register")
        assert again.stderr == "registered before: the lock is the same\n"  # what is signed is read all the same
    finally:
        run_here(require("gpgconf", "gpg"), "--kill", "gpg-agent", GNUPGHOME=str(keys))


def sign_with_a_new_key(kim: Clone, form: str, key: Path) -> None:
    if form == "ssh":
        run_here(require("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", key)
        allowed = key.with_name("allowed")
        allowed.write_text(f"kim@acme.test {key.with_suffix('.pub').read_text()}")
        kim.git("config", "gpg.ssh.allowedSignersFile", allowed)
        return
    made = ("--batch", "--passphrase", "", "--quick-generate-key", "kim@acme.test", "ed25519", "sign", "never")
    run_here(require("gpg", "gpg"), *made)
    kim.git("config", "user.signingKey", "kim@acme.test")
