"""Requirements that name their own source: how they are locked, what moves them, what is refused; and sdists."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from envlock.model.lock import PipPackage
from envlock.system.local_files import tree_sha256
from tests.conftest import IndexServers
from tests.support.http_server import serve_folder
from tests.support.index_server import IndexServer
from tests.support.processes import run
from tests.support.projects import MINOR, Project, manifest_text, new_project
from tests.support.tiny_sources import write_project, write_sdist
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    write_wheel(tmp_path / "wheels", "beta", "1.0")
    write_wheel(tmp_path / "wheels", "beta", "2.0")
    write_wheel(tmp_path / "wheels", "gamma", "1.0")
    return index_server(tmp_path / "wheels")


@pytest.fixture
def project(tmp_path: Path, index: IndexServer) -> Project:
    return new_project(tmp_path / "small", manifest_text(pip=[], index=index.url), cache=tmp_path / "cache")


def want(project: Project, index: IndexServer, *pip: str, more: str = "") -> None:
    project.manifest.write_text(manifest_text(pip=[*pip], index=index.url, more=more))


def locked(project: Project) -> dict[str, PipPackage]:
    project.must("lock")
    project.must("check")
    assert str(project.folder) not in project.lockfile.read_text()
    return {p.name: p for p in project.locked().pip}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git(folder: Path, *words: str) -> str:
    person = ("-c", "user.name=A", "-c", "user.email=a@b.test")
    return run(("git", "-C", folder, *person, *words)).strip()


def test_a_local_wheel(project: Project, index: IndexServer) -> None:
    wheel = write_wheel(
        project.folder / "vendor", "own", requires=["beta<2", "gamma; extra == 'more'"], extras=["more"]
    )
    want(project, index, "own[more] @ ./vendor/own-1.0-py3-none-any.whl ; python_version > '3'")
    found = locked(project)
    assert found["own"] == PipPackage(
        name="own",
        version="1.0",
        path="./vendor/own-1.0-py3-none-any.whl",
        file=wheel.name,
        sha256=sha256(wheel),
        size=wheel.stat().st_size,
        extras=("more",),
        requires=("beta<2", 'gamma ; extra == "more"'),
    )
    assert found["beta"].version == "1.0"
    assert found["gamma"].index == "ours"


def test_a_path_for_one_platform_beside_a_bound_index(tmp_path: Path, index: IndexServer) -> None:
    """Where a package is bound, uv reads a project's file, in which no requirement may have a relative path."""
    asked = ["own @ ./vendor/own-1.0-py3-none-any.whl ; sys_platform == 'linux'", "beta"]
    text = manifest_text(pip=asked, index=index.url)
    other = index.url.replace("127.0.0.1", "localhost")
    bound = f'[[pip.indexes]]\nname = "bound"\nurl = "{other}"\npackages = ["beta"]\n'
    manifest = f'platforms = ["linux-64", "win-64"]\n{text}\n{bound}'
    project = new_project(tmp_path / "two", manifest, cache=tmp_path / "cache")
    write_wheel(project.folder / "vendor", "own")
    project.must("lock")
    project.must("check")
    found = {platform.platform: [p.name for p in platform.pip] for platform in project.lock().platforms}
    assert found == {"linux-64": ["beta", "own"], "win-64": ["beta"]}


def test_paths_go_from_env_toml_wherever_one_stands(tmp_path: Path, index: IndexServer) -> None:
    run(("git", "init", "--quiet", tmp_path / "repository"))
    write_wheel(tmp_path / "repository" / "vendor", "own")
    manifest = manifest_text(pip=["own @ ../vendor/own-1.0-py3-none-any.whl"], index=index.url)
    project = new_project(tmp_path / "repository" / "small", manifest, cache=tmp_path / "cache", git=False)
    assert locked(project)["own"].path == "../vendor/own-1.0-py3-none-any.whl"
    before = project.lockfile.read_bytes()
    away = (*project.command, "lock", "--upgrade", project.folder)
    subprocess.run(away, cwd="/", env=project.environment(), check=True)
    assert project.lockfile.read_bytes() == before


def test_a_wheel_in_git_lfs(project: Project, index: IndexServer) -> None:
    """The pointer stands for the wheel, whose bytes are in git-LFS's own store, or are not here."""
    wheel = write_wheel(project.folder / "vendor", "own", requires=["beta"])
    want(project, index, "own @ ./vendor/own-1.0-py3-none-any.whl")
    plain = locked(project)
    oid, size = sha256(wheel), wheel.stat().st_size
    kept = project.folder / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
    kept.parent.mkdir(parents=True)
    shutil.move(wheel, kept)
    wheel.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n")
    project.lockfile.unlink()
    assert locked(project) == plain
    kept.unlink()
    project.lockfile.unlink()
    shutil.rmtree(project.cache)
    refused = project.call("lock")
    assert refused.code == 3
    assert "git-LFS pointer" in refused.stderr
    assert "git lfs pull" in refused.stderr


def test_a_wheel_by_url(project: Project, index: IndexServer, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "elsewhere", "own", requires=["beta"])
    with serve_folder(tmp_path / "elsewhere") as server:
        url = f"{server.url}/{wheel.name}"
        want(project, index, f"own @ {url}")
        own = locked(project)["own"]
        assert (own.url, own.file, own.sha256, own.size) == (url, wheel.name, sha256(wheel), wheel.stat().st_size)
        assert (own.index, own.builds, own.requires) == (None, False, ("beta",))
    # what is there is not asked for again
    want(project, index, f"own @ {url}", "gamma")
    assert locked(project)["own"] == own


def test_a_folder_by_its_content(project: Project, index: IndexServer, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    source = write_project(project.folder / "own", "own", requires=["beta<2"], ran=ran)
    want(project, index, "own @ ./own")
    first = locked(project)["own"]
    tree = tree_sha256(source)
    assert (first.path, first.tree, first.builds, first.version) == ("./own", tree, True, "1.0")
    assert first.requires == ("beta<2",)
    assert ran.exists()  # only building tells what it requires
    assert sorted(p.name for p in source.iterdir()) == ["backend.py", "own.py", "pyproject.toml"]
    (source / "own.py").write_text("changed = True\n")
    assert locked(project)["own"].tree == tree_sha256(source) != tree


def test_what_a_folder_says_without_being_run_is_believed(project: Project, index: IndexServer, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    write_project(project.folder / "own", "own", "3.1", requires=["beta<2"], static=True, ran=ran)
    want(project, index, "own @ ./own")
    own = locked(project)["own"]
    assert (own.version, own.requires) == ("3.1", ("beta<2",))
    assert not ran.exists()


def test_a_local_sdist(project: Project, index: IndexServer, tmp_path: Path) -> None:
    sdist = write_sdist(project.folder / "vendor", write_project(tmp_path / "own", "own", requires=["beta"]), "own")
    want(project, index, f"own @ ./vendor/{sdist.name}")
    own = locked(project)["own"]
    assert (own.path, own.file, own.sha256) == (f"./vendor/{sdist.name}", sdist.name, sha256(sdist))
    assert (own.builds, own.requires) == (True, ("beta",))


def test_sources_whose_names_tell_no_version(project: Project, index: IndexServer, tmp_path: Path) -> None:
    """As archives of tags are named by the servers of git repositories."""
    sdist = write_sdist(tmp_path / "made", write_project(tmp_path / "source", "own", requires=["gamma"]), "own")
    (project.folder / "vendor").mkdir()
    shutil.copy(sdist, project.folder / "vendor" / "own-main.tar.gz")
    shutil.copy(sdist, tmp_path / "made" / "v1.0.tar.gz")
    with serve_folder(tmp_path / "made") as server:
        for source in ("./vendor/own-main.tar.gz", f"{server.url}/v1.0.tar.gz"):
            want(project, index, f"own @ {source}")
            own = locked(project)["own"]
            assert (own.version, own.file, own.builds) == ("1.0", source.rpartition("/")[2], True)


def test_a_source_that_env_toml_does_not_name_is_not_taken(
    project: Project, index: IndexServer, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path / "elsewhere", "far")
    with serve_folder(tmp_path / "elsewhere") as server:
        far = f"far @ {server.url}/{wheel.name}"
        write_project(project.folder / "own", "own", requires=[far], static=True)
        want(project, index, "own @ ./own")
        result = project.call("lock")
        assert result.code == 2
        assert f"`far` is asked for from {server.url}/{wheel.name}" in result.stderr
        assert not project.lockfile.exists()
        want(project, index, "own @ ./own", far)
        assert locked(project)["far"].url == f"{server.url}/{wheel.name}"


def test_an_extra_that_there_is_not_is_told(project: Project, index: IndexServer) -> None:
    want(project, index, "beta[nope]")
    assert project.call("lock").stderr.count("warning: `beta` 2.0 has no extra `nope`") == 1
    project.must("check")


def test_a_wheel_that_lies_shows_no_folder_of_ours(project: Project, index: IndexServer) -> None:
    wheel = write_wheel(project.folder / "vendor", "other")
    wheel.rename(wheel.with_name("own-1.0-py3-none-any.whl"))
    want(project, index, "own @ ./vendor/own-1.0-py3-none-any.whl")
    result = project.call("lock")
    assert "./vendor/own-1.0-py3-none-any.whl" in result.stderr
    assert str(project.cache) not in result.stderr


def test_no_python_is_said_with_its_platform(project: Project, index: IndexServer) -> None:
    want(project, index, "beta")
    project.change(f'python = "{MINOR}"', 'platforms = ["osx-arm64"]')
    result = project.call("lock")
    assert result.code == 2
    assert "[pip] needs a Python on osx-arm64\nhint: say which: `python = " in result.stderr


def test_a_folder_that_is_no_project(project: Project, index: IndexServer) -> None:
    (project.folder / "own").mkdir()
    want(project, index, "own @ ./own")
    refused = project.call("lock")
    assert refused.code == 2
    assert "`own` could not be built to see what it requires" in refused.stderr
    assert "`./own` does not appear to be a Python project" in refused.stderr
    assert str(project.cache) not in refused.stderr


# git


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository with a project in a folder of it."""
    folder = tmp_path / "upstream"
    write_project(folder / "python", "own", requires=["beta<2"], static=True)
    run(("git", "init", "--quiet", "--initial-branch", "main", folder))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def test_a_commit_is_kept_until_it_is_to_move(project: Project, index: IndexServer, upstream: Path) -> None:
    address = f"git+file://{upstream}"
    want(project, index, f"own @ {address}@main#subdirectory=python")
    first = locked(project)["own"]
    head = git(upstream, "rev-parse", "HEAD")
    assert (first.git, first.commit, first.subdirectory) == (f"{address}@main", head, "python")
    assert (first.builds, first.version, first.requires) == (True, "1.0", ("beta<2",))

    write_project(upstream / "python", "own", "2.0", static=True)
    git(upstream, "commit", "--quiet", "-am", "second")
    git(upstream, "tag", "v2")
    want(project, index, f"own @ {address}@main#subdirectory=python", "gamma")
    assert locked(project)["own"].commit == head
    project.must("lock", "-P", "own")
    assert locked(project)["own"].version == "2.0"

    write_project(upstream / "python", "own", "3.0", static=True)
    git(upstream, "commit", "--quiet", "-am", "third")
    want(project, index, f"own @ {address}@v2#subdirectory=python", "gamma")
    assert locked(project)["own"].version == "2.0"
    want(project, index, f"own @ {address}@{head}#subdirectory=python", "gamma")
    assert locked(project)["own"].commit == head


def test_a_repository_that_is_not_there(project: Project, index: IndexServer, tmp_path: Path) -> None:
    want(project, index, f"own @ git+file://{tmp_path}/nowhere")
    refused = project.call("lock")
    assert refused.code in (2, 3)
    assert "own" in refused.stderr
    assert not project.lockfile.exists()


# sdists of an index


def test_an_sdist_only_where_no_version_that_fits_has_a_wheel(
    project: Project, index: IndexServer, tmp_path: Path
) -> None:
    folder = tmp_path / "wheels"
    write_sdist(folder, write_project(tmp_path / "beta", "beta", "3.0", ran=tmp_path / "ran"), "beta", "3.0")
    want(project, index, "beta")
    assert locked(project)["beta"].version == "2.0"
    assert not (tmp_path / "ran").exists()

    sdist = write_sdist(folder, write_project(tmp_path / "old", "old", "0.9", requires=["beta<2"]), "old", "0.9")
    want(project, index, "beta", "old")
    done = project.call("lock", "--upgrade")
    assert done.code == 0, done
    assert "`old` 0.9 is locked as an sdist: installing it runs its code" in done.stderr
    found = locked(project)
    assert found["beta"].version == "1.0"
    old = found["old"]
    assert (old.file, old.sha256, old.index, old.builds) == (sdist.name, sha256(sdist), "ours", True)
    assert old.requires == ("beta<2",)

    # a pin that holds stays, though there is a wheel of another version now
    write_wheel(folder, "old", "1.0")
    want(project, index, "beta", "gamma", "old")
    assert locked(project)["old"] == old
    sdist.unlink()
    want(project, index, "beta", "old")
    assert locked(project)["old"].file == "old-1.0-py3-none-any.whl"


def test_an_sdist_that_cannot_be_built(project: Project, index: IndexServer, tmp_path: Path) -> None:
    source = write_project(tmp_path / "bad", "bad")
    (source / "backend.py").write_text("raise SystemExit('no way')\n")
    write_sdist(tmp_path / "wheels", source, "bad")
    want(project, index, "bad")
    refused = project.call("lock")
    assert refused.code == 2
    first, *_ = refused.stderr.splitlines()[-40:]
    assert "`bad` has no wheel for Python" in refused.stderr, first
    assert "no way" in refused.stderr


# limits in time, what was yanked, editable projects


LIMIT = '[lock]\nexclude-newer = "2026-02-01"\n'


def test_nothing_newer_than_the_limit(tmp_path: Path, index_server: IndexServers) -> None:
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0", "3.0"):
        write_wheel(folder, "beta", version)
    times = {"beta-2.0-py3-none-any.whl": "2026-02-02T00:00:00Z", "beta-3.0-py3-none-any.whl": "2030-01-01T00:00:00Z"}
    server = index_server(folder, uploaded=times)
    project = new_project(tmp_path / "small", manifest_text(pip=["beta"], index=server.url), cache=tmp_path / "cache")
    assert locked(project)["beta"].version == "3.0"
    want(project, server, "beta", more=LIMIT)
    assert locked(project)["beta"].version == "1.0"
    want(project, server, "beta>=2", more=LIMIT)
    refused = project.call("lock")
    assert refused.code == 2
    assert "exclude-newer" in refused.stderr


@pytest.mark.parametrize("resolver", ["uv", "pip-tools"])
def test_the_limit_itself_is_too_late_for_every_resolver(
    tmp_path: Path, index_server: IndexServers, resolver: str
) -> None:
    times = {"1.0": "2026-01-01T11:59:59Z", "2.0": "2026-01-01T12:00:00Z", "3.0": "2026-01-01T12:00:00.500000Z"}
    names = {write_wheel(tmp_path / "wheels", "beta", version).name: time for version, time in times.items()}
    index = index_server(tmp_path / "wheels", uploaded=names)
    more = f'[lock]\nexclude-newer = "2026-01-01T12:00:00Z"\npip-resolver = "{resolver}"\n'
    manifest = manifest_text(pip=["beta"], index=index.url, more=more)
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    assert locked(project)["beta"].version == "1.0"


def test_an_index_that_tells_no_times(tmp_path: Path, index_server: IndexServers) -> None:
    write_wheel(tmp_path / "wheels", "beta")
    server = index_server(tmp_path / "wheels", times=False)
    manifest = manifest_text(pip=["beta"], index=server.url, more=LIMIT)
    refused = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache").call("lock")
    assert refused.code == 2
    assert "what has no time does not" in refused.stderr


def test_a_pin_that_was_yanked_stays_and_is_said(tmp_path: Path, index_server: IndexServers) -> None:
    folder, yanked = tmp_path / "wheels", {"beta-2.0-py3-none-any.whl": "broken"}
    write_wheel(folder, "beta", "1.0")
    write_wheel(folder, "beta", "2.0")
    write_wheel(folder, "gamma", "1.0")
    with_pin = index_server(folder)
    project = new_project(tmp_path / "a", manifest_text(pip=["beta"], index=with_pin.url), cache=tmp_path / "cache")
    assert locked(project)["beta"].version == "2.0"
    after = index_server(folder, yanked=yanked)
    want(project, after, "beta", "gamma")
    done = project.call("lock")
    assert done.code == 0
    assert "warning: `beta` 2.0 was yanked from `ours`: broken" in done.stderr
    assert project.versions() == {"beta": "2.0", "gamma": "1.0"}
    project.must("lock", "--upgrade")
    assert project.versions() == {"beta": "1.0", "gamma": "1.0"}


def test_an_editable_project_counts_as_there(project: Project, index: IndexServer, tmp_path: Path) -> None:
    write_project(project.folder / "mine", "mine", requires=["beta<2"], static=True)
    write_wheel(tmp_path / "wheels", "plugin", requires=["mine>=0.5"])
    project.manifest.write_text(
        manifest_text(pip=["plugin"], index=index.url).replace("[pip]\n", '[pip]\neditable = ["./mine"]\n')
    )
    project.must("lock")
    assert project.versions() == {"beta": "1.0", "plugin": "1.0"}
    project.must("check")
