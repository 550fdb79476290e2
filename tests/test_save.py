"""`save`: the definition in a folder of its own, which works by itself, equal each time, and whole or not there."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.workflows.saved_formats import FORMATS
from envlock.workflows.saved_names import FORMAT_NAMES
from tests.support.built_projects import commit
from tests.support.processes import run
from tests.support.projects import MINOR, Project, new_project
from tests.support.strace import Point, points, recorder
from tests.support.tiny_project import NO_PROXY, failure, tree
from tests.support.tiny_wheels import write_wheel

MANIFEST = f"""# the environment that trains
extends = "../../shared/base.toml"
name = "train"
python = "{MINOR}"  # kept

[pip]
dependencies = ["gamma @ ./wheels/gamma-1.0-py3-none-any.whl"]
editable = ["./own"]

[image]
base = "scratch"
workdir = "/srv"
copy = ["src", "../../shared/tool.sh"]
"""
FILES = {
    "envlock-saved.json",
    *("envs/train/env.toml", "envs/train/env.lock", "envs/train/wheels/gamma-1.0-py3-none-any.whl"),
    *("envs/train/own/pyproject.toml", "envs/train/own/own.py"),
    *("envs/train/src/model.py", "envs/train/src/link.py"),
    *("shared/base.toml", "shared/tool.sh"),
}


def written(place: Path, text: str, mode: int = 0o644) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())
    place.chmod(mode)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An environment with files of every kind, some of them beside its folder; locked and committed."""
    root = tmp_path_factory.mktemp("save") / "repository"
    run(("git", "init", "--quiet", root))
    for key, value in (("user.name", "kim"), ("user.email", "kim@example.test")):
        run(("git", "-C", root, "config", key, value))
    project = new_project(root / "envs" / "train", MANIFEST, cache=root.parent / "cache", git=False)
    written(root / "shared/base.toml", '[variables]\nMODE = "training"\n')
    written(root / "shared/tool.sh", "#!/bin/sh\n", 0o755)
    written(project.folder / "src/model.py", "print('model')\n")
    (project.folder / "src/link.py").symlink_to("model.py")
    written(project.folder / "own/pyproject.toml", '[project]\nname = "own"\nversion = "1"\n')
    written(project.folder / "own/own.py", "")
    written(root / ".gitignore", "*.log\n")
    written(project.folder / "src/debug.log", "of no part")
    written(project.folder / "notes.txt", "of no part")
    write_wheel(project.folder / "wheels", "gamma")
    project = replace(project, variables=NO_PROXY)
    project.must("lock")
    commit(project)
    return project


@pytest.fixture
def project(original: Project, tmp_path: Path) -> Project:
    """The same in a repository that a test may change."""
    root = original.folder.parents[1]
    shutil.copytree(root, tmp_path / "repository", symlinks=True)
    shutil.copytree(original.cache, tmp_path / "cache", symlinks=True)
    return replace(original, folder=tmp_path / "repository/envs/train", cache=tmp_path / "cache")


def files(folder: Path) -> set[str]:
    return {place.relative_to(folder).as_posix() for place in folder.rglob("*") if not place.is_dir()}


def in_folder(project: Project, folder: Path) -> Project:
    """The environment that was saved there, on a machine that has never seen it."""
    return replace(project, folder=folder, cache=folder.parent / "other-cache")


def test_all_that_it_names_is_there_and_nothing_else(project: Project, tmp_path: Path) -> None:
    saved = project.call("save", "train", tmp_path / "saved")
    assert saved.code == 0, saved
    assert files(tmp_path / "saved") == FILES
    for path in FILES - {"envlock-saved.json"}:
        assert (tmp_path / "saved" / path).read_bytes() == (tmp_path / "repository" / path).read_bytes()
    assert "/saved: 9 files, " in saved.stderr


def test_the_folder_works_by_itself(project: Project, tmp_path: Path) -> None:
    project.must("save", "train", tmp_path / "elsewhere" / "saved")
    shutil.rmtree(tmp_path / "repository")
    there = in_folder(project, tmp_path / "elsewhere" / "saved")
    assert there.call("check").code == 0
    there.must("--offline", "build", "--output", tmp_path / "image")
    manifest = there.folder / "envs/train/env.toml"
    manifest.write_text(manifest.read_text().replace('workdir = "/srv"', 'workdir = "/app"'))
    assert there.call("check").code == 1
    there.must("lock")
    assert there.call("check").code == 0


def test_two_saves_are_equal_wherever_they_are_made(project: Project, tmp_path: Path) -> None:
    project.must("save", "train", tmp_path / "one")
    other = replace(project, folder=tmp_path, cache=tmp_path / "cache-2")
    shutil.copytree(tmp_path / "repository", tmp_path / "clone", symlinks=True)
    for place in (tmp_path / "clone").rglob("*"):
        if not place.is_symlink() and ".git" not in place.parts:
            place.chmod(0o700 if place.is_dir() or place.stat().st_mode & 0o100 else 0o600)
    before = os.umask(0o077)
    try:
        other.must("save", "clone/envs/train", "two")
    finally:
        os.umask(before)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert str(tmp_path).encode() not in b"".join(p.read_bytes() for p in (tmp_path / "one").rglob("*") if p.is_file())


def test_line_ends_of_a_checkout_do_not_matter(project: Project, tmp_path: Path) -> None:
    project.must("save", "train", tmp_path / "one")
    for path in ("envs/train/env.toml", "shared/base.toml", "envs/train/src/model.py", "envs/train/env.lock"):
        place = tmp_path / "repository" / path
        place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
    project.must("save", "train", tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_version_and_another_repository_are_saved_equal(project: Project, tmp_path: Path) -> None:
    project.must("save", "train", tmp_path / "now")
    project.must("register")
    project.change('workdir = "/srv"', 'workdir = "/app"')
    project.must("lock")
    commit(project)
    project.must("save", "train@1", tmp_path / "version")
    elsewhere = replace(project, folder=tmp_path, cache=tmp_path / "third-cache")
    elsewhere.must("save", f"{tmp_path / 'repository'}#train@1", tmp_path / "fetched")
    assert tree(tmp_path / "now") == tree(tmp_path / "version") == tree(tmp_path / "fetched")


def test_overwriting_leaves_nothing_of_before(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    project.must("save", "train", folder)
    (project.folder / "src/more.py").write_text("")
    again = project.call("save", "train", folder)
    assert (again.code, failure(again)) == (
        2,
        f"error: `{folder}` is saved already\nhint: `--overwrite` replaces it\n",
    )
    project.must("save", "train", folder, "--overwrite")
    assert (folder / "envs/train/src/more.py").exists()
    (project.folder / "src/more.py").unlink()
    project.must("save", "train", folder, "--overwrite")
    project.must("save", "train", tmp_path / "fresh")
    assert tree(folder) == tree(tmp_path / "fresh")


def test_what_save_did_not_write_is_never_replaced(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own"
    written(own / "thesis.tex", "years of work")
    refused = project.call("save", "train", own, "--overwrite")
    assert (refused.code, failure(refused)) == (
        2,
        f"error: `{own}` is not empty, and no folder that `envlock save` wrote\nhint: name another place\n",
    )
    project.must("save", "train", tmp_path / "saved")
    written(tmp_path / "saved/thesis.tex", "years of work")
    refused = project.call("save", "train", tmp_path / "saved", "--overwrite")
    assert refused.code == 2
    assert "has what `envlock save` did not write: `thesis.tex`" in refused.stderr
    assert (own / "thesis.tex").read_text() == (tmp_path / "saved/thesis.tex").read_text() == "years of work"


def test_a_folder_within_the_environment_is_refused(project: Project, tmp_path: Path) -> None:
    for place in (project.folder / "own/saved", project.folder / "src/deeper/saved"):
        refused = project.call("save", "train", place)
        assert refused.code == 2
        assert "is a part of what is to be saved" in refused.stderr
    assert not [*project.folder.rglob("envlock-saved.json")]


def test_a_dockerfile_is_saved_with_what_it_may_copy(tmp_path: Path) -> None:
    manifest = 'name = "docked"\n[image]\ndockerfile = "docker/Dockerfile"\n'
    project = new_project(tmp_path / "docked", manifest, cache=tmp_path / "cache")
    written(project.folder / "docker/Dockerfile", "FROM debian:trixie-slim\r\nCOPY a b /\r\n")
    written(project.folder / "docker/.dockerignore", "data\nDockerfile\n")
    for name in ("a", "b", "data/huge"):
        written(project.folder / "docker" / name, name)
    written(project.folder / ".gitignore", "docker/b\ndocker/data\n")
    result = project.call("save", "docked", tmp_path / "saved")
    assert "note: there is no env.lock" in result.stderr
    assert (
        "note: what git ignores is saved, as the Dockerfile may copy it: `docker/b`; `.dockerignore` leaves it out\n"
        in result.stderr
    )
    assert files(tmp_path / "saved") == {
        *("env.toml", "docker/Dockerfile", "docker/.dockerignore", "docker/a", "docker/b", "envlock-saved.json")
    }
    # the lock knows the bytes of it as they lie there
    assert (tmp_path / "saved/docker/Dockerfile").read_bytes().count(b"\r\n") == 2


@pytest.fixture(scope="module")
def trial(original: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path, list[Point]]:
    """A folder that was saved, an environment that has changed since, and the points of saving it again."""
    root = tmp_path_factory.mktemp("killed")
    shutil.copytree(original.folder.parents[1], root / "repository", symlinks=True)
    project = replace(original, folder=root / "repository/envs/train", cache=root / "cache")
    project.must("save", "train", root / "old")
    (project.folder / "src/more.py").write_text("")
    shutil.copytree(root / "old", root / "saved", symlinks=True)
    project.through(*recorder(root / "log")).must("save", "train", root / "saved", "--overwrite")
    found = [p for p in points(root / "log") if not p.everywhere]
    return project, root, found


@pytest.mark.parametrize("many", [2, pytest.param(12, marks=pytest.mark.full)])
def test_killed_at_any_point_the_old_folder_or_the_new_one_is_there(
    trial: tuple[Project, Path, list[Point]], many: int
) -> None:
    project, root, found = trial
    old, new = tree(root / "old"), tree(root / "saved")
    assert old != new
    for point in found[-1 :: -max(1, len(found) // many)][:many]:
        shutil.rmtree(root / "saved")
        shutil.copytree(root / "old", root / "saved", symlinks=True)
        killed = project.through(*point.starter()).call("save", "train", root / "saved", "--overwrite")
        assert killed.code in (-9, 0), (point, killed)
        assert tree(root / "saved") in (old, new), point
        project.must("save", "train", root / "saved", "--overwrite")
        assert tree(root / "saved") == new
        assert not [*root.glob(".envlock-part-*")]


@pytest.mark.parametrize("copied", [".", pytest.param("..", marks=pytest.mark.full)])
def test_what_save_adds_is_no_part_of_what_is_copied(copied: str, tmp_path: Path) -> None:
    run(("git", "init", "--quiet", tmp_path / "repository"))
    manifest = f'name = "all"\n[image]\nbase = "scratch"\nworkdir = "/srv"\ncopy = ["{copied}"]\n'
    project = new_project(tmp_path / "repository/env", manifest, cache=tmp_path / "cache", git=False)
    written(project.folder / "model.py", "")
    project.must("lock")
    project.must("save", "all", tmp_path / "saved", "--with-packages")
    there = in_folder(project, tmp_path / "saved")
    assert there.call("check").code == 0
    # a repository that ignores the folder has no say in it
    run(("git", "init", "--quiet", tmp_path))
    written(tmp_path / ".gitignore", "saved\n")
    assert there.call("check").code == 0
    there.must("save", ".", tmp_path / "again", "--with-packages")
    assert tree(tmp_path / "saved") == tree(tmp_path / "again")


def test_an_unknown_environment_and_a_missing_file_are_named(project: Project, tmp_path: Path) -> None:
    assert "no environment `other`" in project.call("save", "other", tmp_path / "saved").stderr
    (project.folder / "wheels/gamma-1.0-py3-none-any.whl").unlink()
    refused = project.call("save", "train", tmp_path / "saved")
    assert refused.code == 2
    assert "gamma-1.0-py3-none-any.whl" in refused.stderr
    assert not (tmp_path / "saved").exists()


def test_git_is_asked_for_nothing_that_it_ignores(project: Project, tmp_path: Path) -> None:
    run(("git", "-C", project.folder, "add", "--force", "src/debug.log"))
    project.must("save", "train", tmp_path / "saved")
    assert (tmp_path / "saved/envs/train/src/debug.log").exists()


def test_of_a_channel_links_are_saved_and_of_git_nothing(tmp_path: Path) -> None:
    manifest = 'name = "own"\n[conda]\nchannels = ["./"]\ndependencies = ["tool"]\n'
    project = new_project(tmp_path / "own", manifest, cache=tmp_path / "cache")
    written(project.folder / "files/noarch/repodata.json", "{}")
    (project.folder / "noarch").symlink_to("files/noarch")
    project.must("save", ".", tmp_path / "saved")
    assert files(tmp_path / "saved") == {"envlock-saved.json", "own/env.toml", "own/files/noarch/repodata.json"}
    assert (tmp_path / "saved/own/noarch").is_symlink()


def test_every_format_is_known_by_its_name() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


ODD = ("new\nline", "back\\slash", "esc\x1b[31m", "\N{SNOWMAN} .:*?")


def test_odd_names_come_back_and_none_leads_out(tmp_path: Path) -> None:
    manifest = 'name = "odd"\n[image]\nbase = "scratch"\nworkdir = "/srv"\ncopy = ["src"]\n'
    project = new_project(tmp_path / "odd", manifest, cache=tmp_path / "cache")
    for name in ODD:
        written(project.folder / "src" / name, name)
    project.must("lock")
    project.must("save", ".", tmp_path / "saved")
    there = replace(project, folder=tmp_path)
    there.must("load", "saved", "--to", "loaded")
    assert {place.name: place.read_text() for place in (tmp_path / "loaded/src").iterdir()} == {n: n for n in ODD}
    # a lock that somebody wrote by hand names a file of somebody else
    written(tmp_path / "secret", "mine")
    package = '[[platform.linux-64.pip]]\nname = "gamma"\nversion = "1.0"\nfile = "gamma-1.0-py3-none-any.whl"\n'
    with project.lockfile.open("a") as lock:
        lock.write(f'{package}sha256 = "{"0" * 64}"\npath = "./../secret"\n')
    refused = project.call("save", ".", tmp_path / "again")
    assert refused.code == 2
    assert "`./../secret`, which the environment is made of, leaves the repository" in refused.stderr
