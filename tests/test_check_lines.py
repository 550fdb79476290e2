"""The line of env.toml that a reason is about, where one is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from tests.support.answering_lock import pip
from tests.support.projects import Project, new_project
from tests.test_check_workflow import reasons

MANIFEST = """name = "small"
python = "3.11"
platforms = ["linux-64"]

[pip]
dependencies = ["flask>=3"]

[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test/simple"
packages = ["acme-*"]

[groups.dev.pip]
dependencies = ["acme-tool"]

[platform.linux-64]
cuda-arch = "8.6"

[platform.linux-64.pip]
dependencies = ["tzdata>=2024"]

[lock]
exclude-newer = "2026-01-01T00:00:00Z"

[image]
base = "scratch"
"""
PACKAGES = (
    pip("acme-tool", "1.0", file="acme_tool-1.0-py3-none-any.whl", index="acme", groups=("dev",)),
    pip("flask", "3.0", uploaded="2025-06-01T00:00:00Z"),
    pip("tzdata", "2025.1"),
)
Edit = Callable[[PipPackage], PipPackage]


def lock(project: Project, **edits: Edit) -> None:
    """Writes a lock that answers, but for packages that were edited."""
    spec = read_manifest(project.manifest)
    packages = tuple(edits[p.name.replace("-", "_")](p) if p.name.replace("-", "_") in edits else p for p in PACKAGES)
    locked = PlatformLock(platform="linux-64", base=Base(reference="scratch", python="3.11.0"), pip=packages)
    whole = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(whole))


def but(**changes: object) -> Edit:
    return lambda package: replace(package, **changes)  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = new_project(tmp_path / "small", MANIFEST, cache=tmp_path / "cache")
    lock(project)
    assert reasons(project) == []
    return project


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({"flask": but(uploaded="2026-02-01T00:00:00Z")}, [
            "`flask` 3.0 was uploaded 2026-02-01T00:00:00Z, after `exclude-newer` 2026-01-01T00:00:00Z (env.toml:23)"
        ]),
        ({"acme_tool": but(index="pypi")}, [
            "`acme-tool` is locked from `pypi`: it is to come from `acme` alone (env.toml:8)"
        ]),
        ({"tzdata": but(version="2023.1", file="tzdata-2023.1-py3-none-any.whl")}, [
            "`tzdata>=2024` is not met: 2023.1 is locked (env.toml:20)"
        ]),
        ({"acme_tool": but(groups=("main",))}, [
            "`acme-tool` is needed by group `dev` and locked for group `main` (env.toml:14)"
        ]),
    ],
)  # fmt: skip
def test_a_lock_that_was_edited(project: Project, edits: dict[str, Edit], expected: list[str]) -> None:
    lock(project, **edits)
    assert reasons(project) == [f"linux-64: {reason}" for reason in expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"8.6"', '"9.0"', "linux-64: `cuda-arch` is now `9.0`: the lock was made for `8.6` (env.toml:17)"),
        ('packages = ["acme-*"]', 'packages = ["acme-*", "core"]',
         "package index `acme` is now for `acme-*`, `core` alone: the lock was made for `acme-*` alone (env.toml:8)"),
        ('["acme-tool"]', '["acme-tool>=1"]',
         "`acme-tool>=1` was `acme-tool` in group `dev` when this was locked (env.toml:14)"),
        ("tzdata>=2024", "tzdata>=2025",
         "`tzdata>=2025` was `tzdata>=2024` on `linux-64` when this was locked (env.toml:20)"),
        ('"2026-01-01T00:00:00Z"', '"2026-01-02"',
         "`exclude-newer` is now `2026-01-02T00:00:00Z`: the lock was made for `2026-01-01T00:00:00Z` (env.toml:23)"),
        ("[groups.dev.pip]", "[groups.more]\n\n[groups.dev.pip]", "group `more` is new (env.toml:13)"),
    ],
)  # fmt: skip
def test_a_manifest_that_was_changed(project: Project, old: str, new: str, expected: str) -> None:
    project.change(old, new)
    assert reasons(project) == [expected]
