"""A base that a Dockerfile makes: what it is made of is held against the lock."""

from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PlatformLock
from envlock.workflows.later_local import context_sha256
from tests.support.projects import Project, new_project

MANIFEST = """
name = "made"

[image]
dockerfile = "docker/Dockerfile"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An environment of which what the Dockerfile makes was locked."""
    project = new_project(tmp_path / "made", MANIFEST, cache=tmp_path / "cache")
    (project.folder / "docker").mkdir()
    (project.folder / "docker/Dockerfile").write_text("FROM debian:trixie-slim\nCOPY a /a\n")
    (project.folder / "docker/a").write_text("a")
    locked(project, Base(context=context_sha256(project.folder, "docker/Dockerfile"), glibc="2.41", shell="/bin/sh"))
    return project


def locked(
    project: Project, made: Base, *, dockerfile: str | None = "docker/Dockerfile", base: str | None = None
) -> Lock:
    spec = read_manifest(project.manifest)
    lock = Lock(
        inputs=replace(Inputs.of(spec), dockerfile=dockerfile, base=base),
        image=ImageSettings.of(spec),
        platforms=(PlatformLock(platform="linux-64", base=made),),
    )
    project.lockfile.write_text(lock_text(lock))
    return lock


def reasons(project: Project) -> list[str]:
    result = project.call("check")
    assert result.code == 1, result
    return [line.strip() for line in result.stdout.splitlines()[1:]]


def test_as_long_as_it_is_made_of_the_same(project: Project) -> None:
    for _ in range(2):  # the second time by the verdict
        assert project.call("check") == (0, "", "")


@pytest.mark.parametrize("name", ["Dockerfile", "a", "new"])
def test_what_it_may_copy_has_changed(project: Project, name: str) -> None:
    assert project.call("check") == (0, "", "")
    (project.folder / "docker" / name).write_text("FROM other\n")
    assert reasons(project) == ["the base of `docker/Dockerfile`: what it is made of has changed (env.toml:5)"]


def test_it_is_gone(project: Project) -> None:
    (project.folder / "docker/Dockerfile").unlink()
    (said,) = reasons(project)
    assert said.startswith("the base of `docker/Dockerfile`: ")


def test_another_base_is_locked(project: Project) -> None:
    """In the inputs, as when env.toml was changed, and only in the platform, as when branches are merged."""
    image = Base(reference="debian:trixie-slim", digest=f"sha256:{'1' * 64}", glibc="2.41")
    made = locked(project, image)
    assert made.inputs.dockerfile
    assert reasons(project) == [
        "linux-64: what `docker/Dockerfile` makes is asked for: base `debian:trixie-slim` is locked (env.toml:5)"
    ]
    locked(project, image, dockerfile=None, base="debian:trixie-slim")
    assert "the base is now `docker/Dockerfile`: the lock was made for `debian:trixie-slim` (env.toml:5)" in reasons(
        project
    )


def test_another_dockerfile(project: Project) -> None:
    lock = project.lock()
    locked(project, lock.platforms[0].base, dockerfile="Dockerfile")
    assert reasons(project) == [
        "`dockerfile` is now `docker/Dockerfile`: the lock was made for `Dockerfile` (env.toml:5)"
    ]


def test_it_is_shown(project: Project) -> None:
    context = project.lock().platforms[0].base.context
    assert context
    shown = project.call("show", "--platform", "linux-64")
    assert f"base       what a Dockerfile makes of {context[:16]}…" in shown.stderr
