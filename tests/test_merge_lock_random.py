"""Random pairs of branches, merged by real git with the drivers and without: a lock that is wrong is never accepted."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from envlock.errors import UserInputError
from envlock.lockfile.reader import lock_of
from envlock.model.lock import Node
from envlock.system.cache import Cache
from envlock.workflows.check import check
from envlock.workflows.merge_driver import driver_settings
from envlock.workflows.project import Project
from tests.support.branches import Land, State, faults, write_world
from tests.support.projects import ENVLOCK, Result

PAIRS, BY_DEFAULT = 200, 12
DRIVER = [word for key, value in driver_settings(ENVLOCK).items() for word in ("-c", f"{key}={value}")]
FILES = {"env.toml": "manifest", "env.lock": "lock"}


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Land:
    root = tmp_path_factory.mktemp("land")
    (root / "locking").mkdir()
    return Land(world=write_world(root / "world"), folder=root / "locking", cache=Cache(root / "cache"))


@dataclass(frozen=True)
class Repository:
    """Two branches, `ours` (which is here) and `theirs`."""

    folder: Path
    land: Land

    def git(self, *words: str, fails: bool = False) -> Result:
        identity = ("-c", "user.name=Kim", "-c", "user.email=kim@envlock.test", "-c", "init.defaultBranch=ours")
        variables = {**self.land.mirrors, "ENVLOCK_CACHE_DIR": str(self.land.cache.root)}
        command = ("git", "-C", str(self.folder), *identity, *words)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **variables}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert fails or done.returncode == 0, done
        return Result(done.returncode, done.stdout, done.stderr)

    def commit(self, state: State) -> None:
        for name, part in FILES.items():
            (self.folder / name).write_text(getattr(state, part))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")

    def is_accepted(self) -> bool:
        """Whether `check` is content; and never with what the tables say is wrong."""
        try:
            good = check(Project(self.folder), self.land.cache) == ()
        except UserInputError:
            return False
        if good:
            assert faults(self.folder) == []
        return good

    def in_conflict(self) -> set[str]:
        return set(self.git("diff", "--name-only", "--diff-filter=U").stdout.split())


def repository(folder: Path, land: Land, base: State, ours: State, theirs: State) -> Repository:
    folder.mkdir()
    made = Repository(folder, land)
    made.git("init", "--quiet")
    (folder / ".gitattributes").write_text("env.lock text eol=lf merge=envlock\nenv.toml text merge=envlock\n")
    made.commit(base)
    made.git("checkout", "--quiet", "-b", "theirs")
    made.commit(theirs)
    made.git("checkout", "--quiet", "ours")
    made.commit(ours)
    return made


def identities(text: str) -> dict[tuple[str, Node], str]:
    lock = lock_of("env.lock", text)
    return {(p.platform, package.node): package.identity for p in lock.platforms for package in p.packages}


def both_had(ours: State, theirs: State) -> Iterator[tuple[tuple[str, Node], str]]:
    had = identities(theirs.lock)
    yield from ((key, found) for key, found in identities(ours.lock).items() if had.get(key) == found)


def of_full(number: int) -> object:
    return pytest.param(number, marks=[pytest.mark.full] if number >= BY_DEFAULT else [])


@pytest.mark.parametrize("number", [of_full(number) for number in range(PAIRS)])
def test_a_pair_of_branches(land: Land, tmp_path: Path, number: int) -> None:
    """Wheels alone, or with conda packages, groups and two platforms."""
    chance = Random(number)
    base = land.start(chance, conda=number % 2 == 1)
    ours, theirs = land.branch(base, chance), land.branch(base, chance)
    made = repository(tmp_path / "repository", land, base, ours, theirs)

    before = made.git("rev-parse", "HEAD").stdout.strip()
    made.git("merge", "--quiet", "--no-edit", "theirs", fails=True)
    made.is_accepted()
    made.git("reset", "--quiet", "--hard", before)

    said = made.git(*DRIVER, "merge", "--no-edit", "theirs", fails=True)
    accepted, conflicts = made.is_accepted(), made.in_conflict()
    assert "not merged" not in said.stderr, said
    if "env.lock" in conflicts:
        assert "\n>>>>>>> theirs\n" in (made.folder / "env.lock").read_text()
    if "env.toml" in conflicts or len({base.lock, ours.lock, theirs.lock}) < 3:
        return
    if land.locked((made.folder / "env.toml").read_text()) is None:
        assert not accepted
        return
    assert accepted, said
    assert not conflicts, said
    merged = identities((made.folder / "env.lock").read_text())
    lost = [key for key, found in both_had(ours, theirs) if merged.get(key, found) != found]
    for _, (kind, name) in lost:
        assert f"`{name}` is " in said.stderr, (kind, said)
