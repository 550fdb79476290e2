"""A repository with a long history, made in seconds: branches and merges, many environments, registered versions.

Main is a line of commits that each change a source or the lock of an environment; now and then a branch leaves it and
is merged: some branches change a lock, some the one that main changes meanwhile, and some an environment whose folder
main renames meanwhile. Everything is the same in every run.
"""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path

from envlock.lockfile.writer import lock_text
from envlock.model.digest import environment_hash, lock_hash
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import System
from envlock.model.trailers import message
from tests.support.cache import AMBIENT, made_once, recipe_key
from tests.support.processes import run

MAIN = "refs/heads/main"
START, HOUR = 1_600_000_000, 3600
PEOPLE = ("kim", "sam", "Zoë Å", "robin")
PLATFORM = "linux-64"
PACKAGES = ("click", "flask", "jinja2", "markupsafe", "numpy", "pandas")
MANIFEST = """name = "{name}"
python = "3.11"

[pip]
dependencies = {packages}

[image]
base = "scratch"
"""
# of ten commits, so many change a lock; a branch leaves main so often, and has so many commits
LOCKED, EVERY, LONG = 2, 12, 3


@dataclass(frozen=True)
class Size:
    """How much of everything; a part of the environments have another folder in the end."""

    commits: int
    environments: int
    versions: int

    @property
    def renamed(self) -> int:
        return max(2, self.environments // 10)


SMALL = Size(commits=1_500, environments=12, versions=60)
LARGE = Size(commits=50_000, environments=200, versions=3_000)


def large_history(size: Size) -> Path:
    """The work tree of main, shared by all: `copied` is for what is to be changed."""
    key = recipe_key(Path(__file__), repr(size), lock_text(_lock((0,) * len(PACKAGES))))
    return made_once(f"history-{size.commits}-{key}", lambda folder: _make(folder, size))


def copied(history: Path, folder: Path) -> Path:
    """A repository of its own with the same history, all tags and a work tree."""
    run(("git", "clone", "--quiet", "--local", history, folder))
    return folder


def names(size: Size) -> tuple[str, ...]:
    """The names of all environments."""
    return tuple(f"env{number}" for number in range(size.environments))


def _make(folder: Path, size: Size) -> None:
    run(("git", "init", "--quiet", "--initial-branch=main", folder))
    stream = b"".join(_Story(size).told())
    git = ("git", "-C", str(folder))
    done = subprocess.run((*git, "fast-import", "--quiet"), input=stream, env=AMBIENT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    run((*git, "pack-refs", "--all"))
    run((*git, "reset", "--quiet", "--hard"))


@dataclass
class _Environment:
    name: str
    folder: str
    state: tuple[int, ...] = (0,) * len(PACKAGES)
    registered: int = 0

    def changed(self, chance: random.Random) -> tuple[int, ...]:
        """Another state, in which one package is of another version."""
        at = chance.randrange(len(PACKAGES))
        return (*self.state[:at], self.state[at] + 1, *self.state[at + 1 :])


@dataclass
class _Story:
    size: Size
    chance: random.Random = field(default_factory=lambda: random.Random(6))
    marks: Iterator[int] = field(default_factory=lambda: count(1))
    tags: list[bytes] = field(default_factory=list)
    made: int = 0
    head: int = 0

    def told(self) -> Iterator[bytes]:
        found = [_Environment(name, f"envs/team{at % 10}/{name}") for at, name in enumerate(names(self.size))]
        first = [line for each in found for line in (_manifest(each), _locked(each.folder, each.state))]
        yield self.commit("start", first)
        while self.made < self.size.commits:
            rest = self.size.commits - self.made
            if self.made % EVERY == 0 and rest > 2 * LONG + 2:
                yield from self.branched(self.chance.choice(found))
            else:
                yield self.step(self.chance.choice(found))
        for each in found:
            while each.registered < self.size.versions // self.size.environments:
                self.register(each)
        yield from self.tags

    def step(self, environment: _Environment) -> bytes:
        if self.chance.randrange(10) >= LOCKED:
            return self.commit("work", [self.source()])
        environment.state = environment.changed(self.chance)
        made = self.commit(f"lock {environment.name}", [_locked(environment.folder, environment.state)])
        # now and then what is registered is a commit after that which locked
        more = self.commit("notes", [self.source()]) if self.chance.randrange(4) == 0 else b""
        self.register(environment)
        return made + more

    def branched(self, environment: _Environment) -> Iterator[bytes]:
        """Main and a branch go on side by side, and become one."""
        fork, theirs, old = self.head, environment.changed(self.chance), environment.folder
        side, kind = fork, self.chance.randrange(6)
        for at in range(LONG):
            lines = [_locked(old, theirs)] if at == 1 and kind < 4 else [self.source(f"side{at}")]
            yield self.commit("on a branch", lines, parent=side)
            side, self.head = self.head, fork if at < LONG - 1 else self.head
        self.head = fork
        merged = theirs if kind < 4 else environment.state
        if kind == 0:  # both change it
            ours = environment.changed(self.chance)
            yield self.commit("beside it", [_locked(old, ours)])
            merged = tuple(map(max, ours, theirs))
        elif kind == 1 and self.is_renamed(environment):
            environment.folder = f"moved/{environment.name}-{self.made}"
            yield self.commit("move", [f"R {old} {environment.folder}\n".encode()])
        else:
            yield self.commit("beside it", [self.source("beside")])
        environment.state = merged
        yield self.commit("merge", [_locked(environment.folder, merged)], merged=side)

    def is_renamed(self, environment: _Environment) -> bool:
        return int(environment.name.removeprefix("env")) < self.size.renamed

    def source(self, name: str | None = None) -> bytes:
        path = f"src/{name or f'part{self.chance.randrange(40)}/file{self.chance.randrange(40)}'}.py"
        return _file(path, f"value = {self.made}\n".encode())

    def register(self, environment: _Environment) -> None:
        """As many as there are to be, as evenly as that can be had."""
        quota = self.size.versions // self.size.environments
        if environment.registered >= min(quota, 1 + quota * self.made / self.size.commits):
            return
        environment.registered += 1
        lock, number = _lock(environment.state), environment.registered
        trailers = (
            ("Environment", environment.name),
            ("Lock-Hash", f"{PLATFORM} {lock_hash(lock, lock.platforms[0])}"),
            ("Environment-Hash", environment_hash(lock)),
        )
        text = _data(message(f"{environment.name} {number}", trailers).encode())
        head = f"tag env/{environment.name}/{number}\nfrom :{self.head}\ntagger {self.who()}\n"
        self.tags.append(head.encode() + text)

    def commit(
        self, subject: str, lines: list[bytes], *, parent: int | None = None, merged: int | None = None
    ) -> bytes:
        mark, came_from = next(self.marks), parent if parent is not None else self.head
        self.made += 1
        words = [f"commit {MAIN}\nmark :{mark}\nauthor {self.who()}\ncommitter {self.who()}\n".encode()]
        words.append(_data(f"{subject}\n".encode()))
        words += [f"from :{came_from}\n".encode()] if came_from else []
        words += [f"merge :{merged}\n".encode()] if merged is not None else []
        self.head = mark
        return b"".join((*words, *lines, b"\n"))

    def who(self) -> str:
        name = PEOPLE[self.made % len(PEOPLE)]
        return f"{name} <{name.split()[0].lower()}@acme.test> {START + HOUR * self.made} +0200"


def _manifest(environment: _Environment) -> bytes:
    return _file(
        f"{environment.folder}/env.toml", MANIFEST.format(name=environment.name, packages=[*PACKAGES]).encode()
    )


def _locked(folder: str, state: tuple[int, ...]) -> bytes:
    return _file(f"{folder}/env.lock", _text(state))


def _file(path: str, content: bytes) -> bytes:
    return f"M 100644 inline {path}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


@cache
def _text(state: tuple[int, ...]) -> bytes:
    return lock_text(_lock(state)).encode()


def _lock(state: tuple[int, ...]) -> Lock:
    packages = tuple(_package(name, number) for name, number in zip(PACKAGES, state, strict=True))
    locked = PlatformLock(platform=PLATFORM, base=Base(reference="scratch", python="3.11.0"), pip=packages)
    return replace(_EMPTY, platforms=(locked,))


def _package(name: str, number: int) -> PipPackage:
    version = f"{1 + number // 20}.{number % 20}"
    return PipPackage(
        name=name,
        version=version,
        file=f"{name}-{version}-py3-none-any.whl",
        sha256=recipe_key(name, version) * 4,
        size=1000 * (number + 1),
        index="pypi",
    )


_EMPTY = Lock(
    inputs=Inputs(
        python="3.11",
        platforms=(PLATFORM,),
        systems=((PLATFORM, System()),),
        channels=(),
        channel_priority="strict",
        conda=(),
        pip=PACKAGES,
        indexes=(),
        base="scratch",
        interpreter=None,
    ),
    image=ImageSettings(),
    platforms=(),
)
