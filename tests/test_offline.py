"""Without network: with a full cache everything works and no socket is opened; else what is missing is named."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from envlock.system.cache import FORM
from tests.support.projects import Project
from tests.support.services import require, require_root
from tests.support.strace import internet_sockets, socket_recorder
from tests.support.tiny_debian import TinyDebian, tiny_debian
from tests.support.tiny_project import PYTHON, TOOL, TinyProject, failure, tiny_project

P = TypeVar("P", bound=Project)
FILES = (PYTHON.file_name, TOOL.file_name, "alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl")
HINT = "hint: run it once without\n"
RECORDS = f"records/{FORM}"


COMMANDS = (
    ("lock",),
    ("lock", "--upgrade"),
    ("check",),
    ("install",),
    ("run", "--", "tool"),
    ("build",),
    ("build", "--no-cache", "--output", "image.tar"),
)


@pytest.fixture
def online(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as project:
        yield project


@pytest.fixture
def full(online: TinyProject) -> TinyProject:
    """Everything that was ever needed is in the cache."""
    for words in (("lock",), ("install",), ("build",)):
        online.must(*words)
    return online


def unplugged(project: P) -> P:
    """On a machine without network, told so."""
    require_root("a network of its own")
    return project.through(require("unshare", "util-linux"), "-n")


def test_with_a_full_cache(full: TinyProject, tmp_path: Path) -> None:
    log, project = tmp_path / "strace.log", unplugged(full)
    for words in COMMANDS:
        expected = full.must(*words)
        result = project.through(*socket_recorder(log)).call("--offline", *words)
        assert (result.code, result.stdout) == (0, expected), (words, result)
        assert internet_sockets(log) == [], words


def test_sockets_are_seen_where_there_are_some(online: TinyProject, tmp_path: Path) -> None:
    log = tmp_path / "strace.log"
    online.through(*socket_recorder(log)).must("lock")
    assert internet_sockets(log)


def test_prefix_and_image_made_anew(full: TinyProject) -> None:
    """From downloads alone."""
    prefix, image = full.must("install"), full.must("build")
    for name in ("prefixes", "image", "conda-packages", f"{RECORDS}/images", f"{RECORDS}/layers"):
        shutil.rmtree(full.cache / name)
    project = unplugged(full)
    assert project.must("--offline", "install") == prefix
    assert project.must("--offline", "build") == image


@pytest.mark.parametrize("words", [("install",), ("run", "--", "tool"), ("build",)], ids=" ".join)
def test_packages_that_are_missing_are_named(full: TinyProject, words: tuple[str, ...]) -> None:
    for name in ("packages", "prefixes", f"{RECORDS}/images", f"{RECORDS}/layers"):
        shutil.rmtree(full.cache / name)
    result = unplugged(full).call("--offline", *words)
    listed = "".join(f"  `{file}` is not in the cache, and this is --offline\n" for file in FILES)
    assert (result.code, failure(result)) == (3, f"error: 4 packages cannot be had\n{listed}{HINT}")


def test_packages_of_layers_that_are_there_are_not_missed(full: TinyProject) -> None:
    image = full.must("build")
    for name in ("packages", f"{RECORDS}/images"):
        shutil.rmtree(full.cache / name)
    assert unplugged(full).must("--offline", "build") == image


def test_nothing_to_lock_with(online: TinyProject) -> None:
    result = unplugged(online).call("--offline", "lock")
    # py-rattler asks for both of a channel's indexes at once, and names the one that failed first
    words = [f"the index {online.channel_url}/{each}/ is not in the cache" for each in ("linux-64", "noarch")]
    assert result.code == 3
    assert failure(result) in [f"error: {each}, and this is --offline\n{HINT}" for each in words]
    assert not online.lockfile.exists()


def test_no_wheels_to_lock_with(online: TinyProject) -> None:
    online.write(conda=())
    result = unplugged(online).call("--offline", "lock")
    first, *uv, last = failure(result).splitlines(keepends=True)
    assert (result.code, first, last) == (
        3,
        "error: what [pip] asks for is not in the cache, and this is --offline\n",
        HINT,
    )
    assert "alpha was not found in the cache" in "".join(uv)


@pytest.mark.parametrize(
    ("forgotten", "words"),
    [
        ("conda-announced", f"{FILES[0]}`, `{FILES[1]}`: not in the cache, and this is --offline"),
        ("wheel-metadata", f"{FILES[2]}` is not in the cache, and this is --offline"),
    ],
)
def test_packages_that_cannot_be_looked_into(online: TinyProject, forgotten: str, words: str) -> None:
    online.must("lock")
    shutil.rmtree(online.cache / RECORDS / forgotten)
    result = unplugged(online).call("--offline", "lock", "--upgrade")
    assert (result.code, failure(result)) == (3, f"error: `{words}\n{HINT}")


def test_a_channel_on_this_machine_needs_no_cache(tmp_path: Path) -> None:
    with tiny_project(tmp_path, over_http=False) as project:
        project.write(pip=())
        for words in (("lock",), ("install",), ("build",)):
            unplugged(project).must("--offline", *words)


def test_a_base_that_was_pulled_once(online: TinyProject, base_reference: str) -> None:
    online.write(base=base_reference)
    online.must("lock")
    image = online.must("build")
    shutil.rmtree(online.cache / RECORDS / "images")
    project = unplugged(online)
    assert project.must("--offline", "build", "--no-cache") == image
    project.must("--offline", "lock", "-P", "alpha")
    shutil.rmtree(online.cache / "image")
    result = project.call("--offline", "build", "--no-cache")
    words = f"base `{base_reference}` is not in the cache, and this is --offline"
    assert (result.code, failure(result)) == (3, f"error: {words}\n{HINT}")


@pytest.fixture
def over_debian(tmp_path: Path) -> Iterator[TinyDebian]:
    with tiny_debian(tmp_path) as project:
        project.must("lock")
        yield project


def test_over_debian_with_a_full_cache(over_debian: TinyDebian, tmp_path: Path) -> None:
    image, log = over_debian.must("build"), tmp_path / "strace.log"
    project = unplugged(over_debian)
    for words in (("lock", "--upgrade"), ("check",), ("build",), ("build", "--no-cache")):
        result = project.through(*socket_recorder(log)).call("--offline", *words)
        assert (result.code, result.stdout) == (0, image if words[0] == "build" else ""), (words, result)
        assert internet_sockets(log) == [], words


def test_over_debian_what_is_missing_is_named(over_debian: TinyDebian) -> None:
    result = unplugged(over_debian).call("--offline", "build")
    debs = sorted(deb.name for deb in over_debian.archive.pool() if not deb.name.startswith("other_"))
    listed = "".join(f"  `{deb}` is not in the cache, and this is --offline\n" for deb in debs)
    assert (result.code, failure(result)) == (3, f"error: {len(debs)} packages cannot be had\n{listed}{HINT}")
    shutil.rmtree(over_debian.cache)
    result = unplugged(over_debian).call("--offline", "lock", "--upgrade")
    words = "the release of `bookworm` is not in the cache, and this is --offline"
    assert (result.code, failure(result)) == (3, f"error: {words}\n{HINT}")
