"""Packages by URL and by path, also where git-LFS keeps them; files that an index has yanked."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.sources.fetch import fetch
from envlock.sources.places import Sources
from envlock.sources.supply import Supply
from envlock.system.login import Login
from envlock.system.secrets import Secret
from tests.test_sources import ALPHA, World, offline, sha256, world

__all__ = ["world"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with the wheel in a folder of its own."""
    folder = tmp_path / "repository"
    (folder / "wheels").mkdir(parents=True)
    git(folder, "init", "--quiet")
    return folder


def git(folder: Path, *words: str) -> None:
    author = ("-c", "user.name=kim", "-c", "user.email=kim@acme.test")
    subprocess.run(["git", "-C", folder, *author, *words], check=True)


def by_path(world: World, repository: Path) -> tuple[PipPackage, Supply]:
    """The wheel, as it would be locked by its path, in a project inside the repository."""
    shutil.copy(world.folder / "wheels" / ALPHA, repository / "wheels" / ALPHA)
    (repository / "project").mkdir()
    package = replace(world.wheel, index=None, path=f"../wheels/{ALPHA}")
    return package, replace(offline(world.supply), sources=Sources(folder=repository / "project"))


def failed(package: PipPackage, supply: Supply) -> tuple[str, str | None]:
    with pytest.raises(OutsideError) as error:
        fetch(package, supply)
    return error.value.message, error.value.hint


def test_a_wheel_by_its_path_needs_no_network(world: World, repository: Path) -> None:
    package, supply = by_path(world, repository)
    assert sha256(fetch(package, supply)) == package.sha256


def test_a_wheel_by_its_path_that_was_changed(world: World, repository: Path) -> None:
    package, supply = by_path(world, repository)
    (repository / "wheels" / ALPHA).write_bytes(b"\0other")
    message, _ = failed(package, supply)
    assert message.startswith(f"`{ALPHA}` is not what the lock names: sha256 ")
    assert message.endswith(f", locked {package.sha256}")


def test_a_wheel_by_its_path_that_is_gone(world: World, repository: Path) -> None:
    package, supply = by_path(world, repository)
    (repository / "wheels" / ALPHA).unlink()
    assert failed(package, supply) == (
        f"`{ALPHA}` (sha256 {package.sha256}) is no longer to be had from `../wheels/{ALPHA}`, tried ../wheels/{ALPHA}",
        "get it back, or take it out of env.toml",
    )


def pointed(wheel: Path) -> str:
    """Puts a git-LFS pointer in the place of a file; its sha256."""
    oid, size = sha256(wheel), wheel.stat().st_size
    wheel.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n")
    return oid


def kept_by_lfs(git_folder: Path, wheel: Path) -> None:
    """Moves a file to where git-LFS keeps it, and leaves a pointer."""
    content = wheel.read_bytes()
    oid = pointed(wheel)
    place = git_folder / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    place.parent.mkdir(parents=True)
    place.write_bytes(content)


def test_a_wheel_that_git_lfs_keeps(world: World, repository: Path) -> None:
    package, supply = by_path(world, repository)
    kept_by_lfs(repository / ".git", repository / "wheels" / ALPHA)
    assert sha256(fetch(package, supply)) == package.sha256


def test_a_wheel_that_git_lfs_keeps_for_another_work_tree(world: World, repository: Path, tmp_path: Path) -> None:
    package, supply = by_path(world, repository)
    kept_by_lfs(repository / ".git", repository / "wheels" / ALPHA)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "all")
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "other"))
    (tmp_path / "other" / "project").mkdir()
    there = replace(supply, sources=Sources(folder=tmp_path / "other" / "project"))
    assert sha256(fetch(package, there)) == package.sha256


def test_a_wheel_of_which_only_the_pointer_is_here(
    world: World, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, supply = by_path(world, repository)
    pointed(repository / "wheels" / ALPHA)
    monkeypatch.chdir(repository)
    assert failed(package, supply) == (
        f"of `wheels/{ALPHA}` (sha256 {package.sha256}) only the git-LFS pointer is here",
        "`git lfs pull` gets the file",
    )


def test_a_wheel_by_its_url(world: World) -> None:
    package = replace(world.wheel, index=None, url=world.url)
    assert sha256(fetch(package, world.supply)) == package.sha256
    assert world.asked() == [f"/files/{ALPHA}"]


def test_a_wheel_by_its_url_that_is_gone(world: World) -> None:
    package = replace(world.wheel, index=None, url=f"{world.index.server.url}/gone/{ALPHA}")
    assert failed(package, world.supply) == (
        f"`{ALPHA}` (sha256 {package.sha256}) is no longer to be had from `{package.url}`, tried {package.url}",
        "give another address in env.toml",
    )
    assert failed(package, offline(world.supply))[0] == f"`{ALPHA}` is not in the cache, and this is --offline"


def test_a_wheel_by_its_url_with_other_bytes(world: World) -> None:
    world.index.server.overrides[f"/files/{ALPHA}"] = b"other"
    message, _ = failed(replace(world.wheel, index=None, url=world.url), world.supply)
    assert message.startswith(f"`{ALPHA}` is not what the lock names: ")


def test_a_wheel_that_was_yanked_is_fetched_and_said(world: World) -> None:
    said: list[str] = []
    fetch(world.wheel, replace(world.supply, told=said.append))
    assert said == [f"warning: `{ALPHA}` was yanked from `test`: broken"]


def test_an_index_that_env_toml_does_not_know_is_not_taken_for_the_usual_one(world: World) -> None:
    """An internal name must not be asked of a public index."""
    message, _ = failed(replace(world.wheel, index="internal"), world.supply)
    assert message == f"`{ALPHA}` is locked from `internal`, which is no index of env.toml"
    assert world.asked() == []


def test_a_login_goes_to_no_other_place(world: World) -> None:
    """Each place is asked as the function for logins says."""
    asked: list[str] = []

    def login(_package: object, url: str) -> Login:
        asked.append(url)
        return Login("basic", Secret("w"), "kim")

    fetch(world.wheel, replace(world.supply, login=login))
    assert asked == [world.url]
