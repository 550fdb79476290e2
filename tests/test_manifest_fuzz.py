"""Whatever stands in env.toml, the answer is an EnvSpec or a UserInputError; what is written is read back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import (
    CondaSpec,
    DebianSpec,
    EditableProject,
    EnvSpec,
    ImageSpec,
    Index,
    LockSpec,
    PipSpec,
    Wants,
)

KEYS = [
    "name", "description", "python", "platforms", "conda", "channels", "channel-priority",
    "dependencies", "pip", "indexes", "url", "default", "packages", "variables",
    "image", "base", "interpreter", "repository", "user", "workdir", "entrypoint",
    "cmd", "labels", "platform", "linux-64", "glibc", "linux", "cuda",
    "archspec", "lock", "extends", "groups", "copy", "from", "editable", "exclude-newer", "dev", "osx-arm64",
    "debian", "suite", "components", "mirror", "snapshot", "keys", "docs",
]  # fmt: skip
WORDS = [
    "3.11", "linux-64", "conda-forge", "./c", "../..", "https://x.test/c", "https://[", "numpy >=1", "a[b",
    "flask<3", "a; b", "pypi", "scratch", "oci:", "oci:../base", "debian:trixie", "/usr/bin/python", "1000:1000",
    "2.28", "\x00", "a\nb", "\ud7ff", "/", "", "strict",
    "./p[x]", "x @ ./x", "./x-1.0-py3-none-any.whl", "git+https://x.test/a", "a.yml", "a.in", "b.toml", "env.toml",
    "bookworm", "stable", "git (>= 1)", "git=1", "main", "file:///x", "keys.asc",
    "7d", "0001-01-01T00:00:00+01:00", "pyproject.toml[x]",
]  # fmt: skip

scalars = st.sampled_from(WORDS) | st.text(max_size=10) | st.integers() | st.booleans() | st.floats() | st.datetimes()
keys = st.sampled_from(KEYS) | st.text(max_size=5)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=4) | st.dictionaries(keys, v, max_size=6), max_leaves=20)
sections = st.sampled_from(["conda", "pip", "image", "variables", "platform", "lock", "groups"])
lists = st.dictionaries(keys, st.lists(st.sampled_from(WORDS), max_size=3) | st.sampled_from(WORDS), max_size=6)
debian_tables = lists.map(lambda table: {"image": {"debian": table}})
documents = st.dictionaries(keys, values, max_size=8) | st.dictionaries(sections, lists, max_size=6) | debian_tables


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("env") / "env.toml"


def read(manifest: Path) -> EnvSpec | None:
    try:
        return read_manifest(manifest)
    except UserInputError as error:
        lines = error.message.splitlines()
        assert lines
        assert all(line.isprintable() for line in lines)
        return None


@given(text=st.text() | st.text(st.sampled_from(list("[]{}=\"'.,#\n \\ab1_-"))))
@settings(deadline=None, max_examples=200)
def test_any_text(manifest: Path, text: str) -> None:
    manifest.write_text(text, newline="")
    read(manifest)


@given(data=st.binary())
@settings(deadline=None, max_examples=100)
def test_any_bytes(manifest: Path, data: bytes) -> None:
    manifest.write_bytes(data)
    read(manifest)


@given(document=documents)
@settings(deadline=None, max_examples=200)
def test_any_document(manifest: Path, document: dict[str, Any]) -> None:
    manifest.write_text(tomlkit.dumps(document), newline="")
    read(manifest)


def sets(*items: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(items)).map(lambda chosen: tuple(sorted(chosen)))


def maybe(*items: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(items)


prose = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
debian = st.builds(
    DebianSpec,
    suite=st.sampled_from(["bookworm", "sid"]),
    packages=sets("curl (= 7.88.1-10+deb12u14)", "git", "libgomp1 (>= 12)"),
    components=sets("contrib", "main", "non-free-firmware").filter(bool),
    docs=st.booleans(),
    mirror=maybe("https://mirror.test/debian", "./mirror", "file:///srv/debian"),
    snapshot=maybe("https://snapshot.test", "./snapshot"),
    keys=maybe("./keys/archive.asc", "./archive.gpg"),
)
images = st.builds(
    ImageSpec,
    base=maybe("scratch", "debian:trixie-slim", "oci:base"),
    debian=st.none() | debian,
    repository=maybe("ghcr.test/acme/train"),
    user=maybe("me", "1000:1000"),
    workdir=maybe("/srv"),
    entrypoint=st.none() | st.lists(prose, max_size=3).map(tuple),
    cmd=st.none() | st.lists(prose, max_size=3).map(tuple),
    labels=st.dictionaries(line, prose, max_size=3).map(lambda labels: tuple(sorted(labels.items()))),
).map(lambda image: replace(image, base=None) if image.debian else image)
indexes = st.sampled_from(
    [
        (),
        (Index(name="pypi"),),
        (Index(name="acme", url="https://pip.acme.test", default=True), Index(name="pypi")),
        (Index(name="acme", url="https://pip.acme.test", packages=("acme-*", "other")),),
    ]
)
wants = st.builds(
    Wants,
    conda=sets("numpy <2,>=1", "lib"),
    pip=sets("flask<4", 'a; python_version < "4"', "b @ ./b-1-py3-none-any.whl"),
)
systems = {
    "linux-64": st.builds(System, cuda=maybe("12"), cuda_arch=maybe("8.6")),
    "osx-arm64": st.builds(replace, st.just(PLATFORMS["osx-arm64"].system), macos=st.sampled_from(["12.0", "14.2"])),
    "win-64": st.builds(replace, st.just(PLATFORMS["win-64"].system), windows=st.just("10.0.19041")),
}
PROJECT = EditableProject(path="./project", name="project", extras=("web",), dependencies=("alpha>=1", "flask<4"))


PYPROJECT = """\
[project]
name = "project"
version = "1"
dependencies = ["alpha>=1"]
optional-dependencies = {web = ["flask<4"], other = ["other"]}
"""


def by_name(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(values.items()))


def _of_its_platforms(spec: EnvSpec) -> EnvSpec:
    """What is declared for a platform that is not among `platforms` would be refused."""
    return replace(
        spec,
        systems=tuple((name, system) for name, system in spec.systems if name in spec.platforms),
        platform_wants=tuple((name, wants) for name, wants in spec.platform_wants if name in spec.platforms),
    )


specs = st.builds(
    EnvSpec,
    name=st.sampled_from(["a", "train-2.x"]),
    description=prose,
    python=maybe("3.8", "3.11.7"),
    platforms=st.sampled_from([("linux-64",), tuple(sorted(PLATFORMS)), ("osx-arm64", "win-64")]),
    systems=st.fixed_dictionaries({}, optional=systems).map(by_name),
    conda=st.builds(
        CondaSpec,
        channels=st.sampled_from([("conda-forge",), ("./channel", "https://conda.acme.test/main")]),
        channel_priority=st.sampled_from(["strict", "flexible"]),
        dependencies=sets("numpy <2,>=1", "python", 'a[build_number="2"]'),
    ),
    pip=st.builds(
        PipSpec,
        dependencies=sets("flask<4", 'a; python_version < "4"', "b @ https://files.acme.test/b-1-py3-none-any.whl"),
        indexes=indexes,
        editable=st.sampled_from([(), (PROJECT,)]),
    ),
    platform_wants=st.dictionaries(st.sampled_from(sorted(PLATFORMS)), wants.filter(bool), max_size=2).map(by_name),
    groups=st.dictionaries(st.sampled_from(["dev", "test", "a.b"]), wants, max_size=2).map(by_name),
    lock=st.builds(
        LockSpec,
        exclude_newer=maybe("7d", "2026-01-31T12:00:00Z"),
        pip_resolver=st.sampled_from(["uv", "pip-tools"]),
        conda_solver=st.sampled_from(["rattler", "conda-lock"]),
    ),
    variables=st.dictionaries(st.sampled_from(["A", "_b"]), line).map(lambda v: tuple(sorted(v.items()))),
    image=images,
).map(_of_its_platforms)


@given(spec=specs)
@settings(deadline=None, max_examples=200)
def test_a_new_manifest_is_read_back(manifest: Path, spec: EnvSpec) -> None:
    project = manifest.parent / "project"
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_text(PYPROJECT)
    text = new_manifest(spec)
    manifest.write_text(text, newline="")
    found = read_manifest(manifest)
    assert replace(found, files=(), systems=()) == replace(spec, systems=())
    assert [found.system(name) for name in spec.platforms] == [spec.system(name) for name in spec.platforms]
    assert read_manifest(manifest, text) == found
