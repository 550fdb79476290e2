"""Whatever is edited and locked in whatever order: the lock answers, or nothing has changed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.manifest.dependency_edits import Edit, entries
from envlock.model.spec import EnvSpec
from envlock.system.cache import Cache
from envlock.workflows.check import check
from envlock.workflows.context import Context
from envlock.workflows.dependencies import Wish, added, removed
from envlock.workflows.edit import How, edit
from envlock.workflows.lock import lock
from envlock.workflows.project import Project
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.debian_archive import Archive, tiny_archive
from tests.support.debian_projects import MINOR as DEBIAN_MINOR
from tests.support.index_server import WheelFolders, serve_index
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel
from tests.test_debian_lock import PACKAGES, both

MANIFEST = """\
# an environment
name = "small"
python = "{minor}"
platforms = ["linux-64", "osx-arm64"]  # two

[conda]
channels = ["./channel"]
# by hand
dependencies = {conda}

[pip]
dependencies = [
    "gamma",  # stays
]

[[pip.indexes]]
name = "ours"
url = "{index}"
default = true

# [image]
# base = "debian:trixie-slim"
[image{base}
"""
SCRATCH = """]
base = "scratch"\
"""
DEBIAN = """.debian]
suite = "bookworm"
mirror = "{mirror}"  # ours
keys = "./archive.asc"
packages = ['other', "tool"]  # of Debian's\
"""
MINOR = PYTHON.version.rpartition(".")[0]
WHEELS = {
    "alpha": {"1.0": ["beta<2"], "1.5": ["beta"], "2.0": ["beta>=2"]},
    "beta": {"1.0": [], "2.0": ["zeta; extra == 'fast'"]},
    "gamma": {"1.0": ["alpha<2"], "2.0": []},
    "zeta": {"1.0": [], "1.1": ["beta; sys_platform == 'linux'"]},
}
CONDA: dict[str, dict[str, tuple[str, ...]]] = {
    "tool": {"1.0": ("lib <2",), "2.0": ("lib >=2",)},
    "lib": {"1.0": (), "2.1": ()},
}
DEBS = ("alpha", "liba", "libb", "other", "tool")


@dataclass(frozen=True)
class World:
    """A channel, an index, an archive of Debian packages, a cache, and a new folder for each sequence."""

    root: Path
    index: str
    archive: Archive
    numbers: Iterator[int]

    def project(self, kind: str) -> Project:
        folder = self.root / str(next(self.numbers))
        folder.mkdir()
        (folder / "channel").symlink_to(self.root / "channel")
        (folder / "archive.asc").write_bytes(self.archive.keys.read_bytes())
        listed = '["python"]' if kind == "conda" else "[]"
        minor, base = MINOR, SCRATCH
        if kind == "debian":
            minor, base = DEBIAN_MINOR, DEBIAN.format(mirror=self.archive.mirror.as_uri())
        (folder / "env.toml").write_text(MANIFEST.format(minor=minor, index=self.index, conda=listed, base=base))
        return Project(folder)

    def context(self) -> Context:
        return Context(cache=Cache(self.root / "cache"), environment=dict(os.environ))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("world")
    for name, versions in WHEELS.items():
        for version, requires in versions.items():
            extras = ["fast"] if name == "beta" else []
            write_wheel(root / "wheels", name, version, requires=requires, extras=extras)
    packages = [PYTHON] + [
        CondaPackage(name=name, version=version, depends=depends)
        for name, versions in CONDA.items()
        for version, depends in versions.items()
    ]
    write_channel(root / "channel", packages)
    write_channel(root / "channel", [_for_mac(package) for package in packages])
    (root / ".git").mkdir()  # one repository: projects may share what is beside them
    debs = [*PACKAGES, *both("tool", "1:3.0-1", depends="liba (>= 2)"), *both("alpha", "1.0-1", conflicts="libb")]
    archive = tiny_archive(root / "archive", debs, updates=both("liba", "2.0-1"))
    with serve_index(WheelFolders((root / "wheels",))) as server:
        yield World(root, server.url, archive, count())


def _for_mac(package: CondaPackage) -> CondaPackage:
    return CondaPackage(
        name=package.name, version=package.version, depends=package.depends, files=package.files, platform="osx-arm64"
    )


@dataclass(frozen=True)
class Step:
    """An `add` or a `remove`, with its options."""

    does: Callable[[str, EnvSpec, Wish, Path], tuple[str, tuple[Edit, ...]]]
    text: str
    kind: str
    group: str | None
    platforms: tuple[str, ...]
    locks: bool

    def take(self, project: Project, context: Context) -> None:
        wish = Wish(
            texts=(self.text,), folder=project.folder, kind=self.kind, group=self.group, platforms=self.platforms
        )
        edit(project, context, lambda text, spec: self.does(text, spec, wish, project.folder), How(lock=self.locks))


@st.composite
def debian_steps(draw: st.DrawFn) -> Step:
    name = draw(st.sampled_from(DEBS))
    bound = draw(st.sampled_from(["", "", " (>= 1)", "(<< 1:3)", " (>= 9)", "=1.0-1"]))
    adds = draw(st.sampled_from([True, True, False]))
    locks = draw(st.sampled_from([True, True, False]))
    return Step(added if adds else removed, f"{name}{bound}" if adds else name, "debian", None, (), locks=locks)


@st.composite
def steps(draw: st.DrawFn, conda: bool) -> Step:
    kind = draw(st.sampled_from(["pip", "pip", "conda"] if conda else ["pip"]))
    name = draw(st.sampled_from(sorted(CONDA if kind == "conda" else WHEELS)))
    bound = draw(st.sampled_from(["", "", " >=1", " <2", " >=2", " >=9"]))
    extra = "[fast]" if kind == "pip" and name == "beta" and draw(st.booleans()) else ""
    marker = draw(st.sampled_from(["", "", "; sys_platform == 'darwin'"])) if kind == "pip" else ""
    adds = draw(st.sampled_from([True, True, False]))
    group = draw(st.sampled_from([None, None, "dev", "test"]))
    platforms = () if group else draw(st.sampled_from([(), (), ("linux-64",), ("osx-arm64",)]))
    text = f"{name}{extra}{bound}{marker}" if adds else name
    return Step(
        added if adds else removed, text, kind, group, platforms, locks=draw(st.sampled_from([True, True, False]))
    )


sequences = st.booleans().flatmap(
    lambda conda: st.tuples(st.just("conda" if conda else "pip"), st.lists(steps(conda), min_size=2, max_size=6))
)
debian_sequences = st.tuples(
    st.just("debian"), st.lists(debian_steps() | debian_steps() | steps(conda=False), min_size=2, max_size=6)
)


def files(project: Project) -> tuple[bytes, bytes | None]:
    return project.manifest.read_bytes(), project.lockfile.read_bytes() if project.lockfile.exists() else None


def is_answered(project: Project, context: Context) -> None:
    """The lock answers, has one form, and locking again changes nothing."""
    assert check(project, context.cache) == ()
    text = project.lockfile.read_text()
    assert lock_text(read_lock(project.lockfile)) == text
    before = files(project)
    lock(project, context)
    assert files(project) == before


def followed(world: World, kind: str, sequence: list[Step]) -> None:
    project = world.project(kind)
    lock(project, world.context())
    for step in sequence:
        context, before = world.context(), files(project)
        try:
            step.take(project, context)
        except UserInputError:
            assert files(project) == before
            continue
        if step.locks:
            is_answered(project, context)
        else:
            assert files(project)[1] == before[1]
    before = files(project)
    try:
        lock(project, world.context())
    except UserInputError:  # edits that were not locked, and cannot be
        assert files(project) == before
        return
    assert project.manifest.read_bytes() == before[0]
    is_answered(project, world.context())
    comes_and_goes(project, world.context())


def comes_and_goes(project: Project, context: Context) -> None:
    """What is added and removed again leaves the bytes that were there."""
    before = files(project)
    for kind, name, group in (("pip", "zeta", "late"), ("pip", "beta", None), ("debian", "libb", None)):
        there = {e.name for e in entries(before[0].decode()) if e.place.kind == kind and e.place.group == group}
        if name in there:
            continue
        for does in (added, removed):
            try:
                Step(does, name, kind, group, (), locks=True).take(project, context)
            except UserInputError:
                break
        assert files(project) == before


COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.generate, Phase.shrink)}


@given(drawn=sequences)
@settings(max_examples=4, derandomize=True, **COMMON)  # type: ignore[arg-type]
def test_some_sequences(world: World, drawn: tuple[str, list[Step]]) -> None:
    followed(world, *drawn)


@given(drawn=debian_sequences)
@settings(max_examples=3, derandomize=True, **COMMON)  # type: ignore[arg-type]
def test_some_sequences_over_debian(world: World, drawn: tuple[str, list[Step]]) -> None:
    followed(world, *drawn)


@pytest.mark.full
@given(drawn=sequences | debian_sequences)
@settings(max_examples=80, **COMMON)  # type: ignore[arg-type]
def test_many_sequences(world: World, drawn: tuple[str, list[Step]]) -> None:
    followed(world, *drawn)
