"""The same command twice at once, on a cold cache: both do it, with one result."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.tiny_debian import TinyDebian, tiny_debian
from tests.support.tiny_project import TinyProject, tiny_project, tree

AT_ONCE = 2


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as made:
        yield made


def together(project: Project, *words: str) -> set[str]:
    """What the two print."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda _: project.call(*words), range(AT_ONCE)))
    assert [result.code for result in results] == [0] * AT_ONCE, results
    return {result.stdout for result in results}


def alone(project: Project, root: Path, *words: str) -> Project:
    """The same from the same state, by one process."""
    undisturbed = project.elsewhere(root / "alone")
    undisturbed.must(*words)
    return undisturbed


def test_lock(project: TinyProject, tmp_path: Path) -> None:
    undisturbed = alone(project, tmp_path, "lock")
    together(project, "lock")
    assert tree(project.folder) == tree(undisturbed.folder)


def test_install(project: TinyProject) -> None:
    project.must("lock")
    (printed,) = together(project, "install")
    assert [str(path) for path in (project.cache / "prefixes").iterdir()] == [printed.strip()]
    assert project.must("run", "--", "tool") == "it works\n"


@pytest.mark.parametrize("output", ["image", "image.tar"])
def test_build(project: TinyProject, tmp_path: Path, output: str) -> None:
    project.must("lock")
    undisturbed = alone(project, tmp_path, "build", "--output", output)
    (_,) = together(project, "build", "--output", output)
    assert tree(project.folder) == tree(undisturbed.folder)


@pytest.fixture
def over_debian(tmp_path: Path) -> Iterator[TinyDebian]:
    with tiny_debian(tmp_path) as made:
        yield made


def test_lock_over_debian(over_debian: TinyDebian, tmp_path: Path) -> None:
    undisturbed = alone(over_debian, tmp_path, "lock")
    over_debian.mirror.requests.clear()
    together(over_debian, "lock")
    assert tree(over_debian.folder) == tree(undisturbed.folder)
    # what one of them fetches, the other waits for
    fetched = [path for _, path in over_debian.mirror.requests if "/by-hash/" in path]
    assert len(fetched) == len(set(fetched))


def test_build_over_debian(over_debian: TinyDebian, tmp_path: Path) -> None:
    over_debian.must("lock")
    undisturbed = alone(over_debian, tmp_path, "build", "--output", "image")
    (_,) = together(over_debian, "build", "--output", "image")
    assert tree(over_debian.folder) == tree(undisturbed.folder)
