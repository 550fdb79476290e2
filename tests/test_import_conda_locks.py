"""Locks of conda's world taken over with every pin: completed from channels, and the same environment again."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from envlock.model.digest import lock_hash
from envlock.model.lock import Lock
from envlock.workflows import pinned_conda
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage, PackageFile
from tests.support.export_contents import LINUX
from tests.support.foreign_locks import MD5, NAMES, conda_lock, pixi_lock, read
from tests.support.http_server import FileServer, Response, folder_pages, serve, serve_folder
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import MINOR, Project, Result, manifest_text, new_project
from tests.support.tiny_project import PYTHON, tree
from tests.support.tiny_wheels import write_wheel

# --- the same environment again


@dataclass(frozen=True, kw_only=True)
class World:
    """A channel on a server, and a project that is locked from it; `names` of its packages' files."""

    root: Path
    channel: Path
    server: FileServer
    project: Project

    @property
    def url(self) -> str:
        return f"{self.server.url}/channel"

    def importing(self, folder: Path, text: str, *options: str, name: str = "given.txt") -> tuple[Project, Result]:
        """What an import of a text comes to, with a cache of its own."""
        folder.mkdir()
        (folder / name).write_text(text)
        project = Project(folder=folder, cache=folder / "cache")
        return project, project.call("import", name, "--name", "small", "--base", "scratch", *options)


PACKAGES = (
    CondaPackage(
        name="app", depends=("lib >=1", "tool"), files={"bin/app": PackageFile(content=b"#!", executable=True)}
    ),
    CondaPackage(name="lib", version="1!1.2+x", constrains=("other <2",), files={"lib/lib.so": b"1"}),
    CondaPackage(name="lib", version="1!1.2+x", platform="osx-arm64", files={"lib/lib.dylib": b"1"}),
    CondaPackage(name="tool", noarch="generic", files={"share/tool": b"2"}),
    CondaPackage(name="app", platform="osx-arm64", depends=("lib >=1", "tool"), files={"bin/app": b"mac"}),
    CondaPackage(name="lint", noarch="generic", depends=("tool",), files={"share/lint": b"3"}),
)
MANIFEST = """name = "small"
platforms = ["linux-64", "osx-arm64"]
[conda]
channels = ["CHANNEL"]
dependencies = ["app"]
[image]
base = "scratch"
"""
GROUP = '[groups.dev.conda]\ndependencies = ["lint"]\n'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("world")
    channel = write_channel(root / "served" / "channel", PACKAGES)
    with serve_folder(root / "served") as server:
        text = MANIFEST.replace("CHANNEL", f"{server.url}/channel")
        project = new_project(root / "project", text + GROUP, cache=root / "cache")
        project.must("lock")
        yield World(root=root, channel=channel, server=server, project=project)


def without_times(lock: Lock) -> Lock:
    """What is exported to pixi.lock does not say when packages were built."""
    return replace(
        lock,
        platforms=tuple(
            replace(each, conda=tuple(replace(p, uploaded=None) for p in each.conda)) for each in lock.platforms
        ),
    )


def test_a_conda_lock_file_is_the_same_lock_again(world: World, tmp_path: Path) -> None:
    text = world.project.must("export", "--format", "conda-lock", "--group", "dev")
    project, done = world.importing(tmp_path / "new", text)
    assert (done.code, "pins kept" in done.stderr) == (0, True), done
    before, after = world.project.lock(), project.lock()
    assert after == before
    assert [lock_hash(after, p) for p in after.platforms] == [lock_hash(before, p) for p in before.platforms]
    assert project.must("check").strip() == ""
    assert "dev" in project.manifest.read_text()


@pytest.fixture(scope="module")
def without_groups(world: World) -> Lock:
    """What is locked without the group that exports leave out."""
    text = MANIFEST.replace("CHANNEL", world.url)
    wanted = new_project(world.root / "wanted", text, cache=world.project.cache)
    wanted.must("lock")
    return wanted.lock()


@pytest.mark.parametrize("kind", ["explicit", "pixi"])
def test_without_its_groups_a_lock_is_the_same_again(
    world: World, without_groups: Lock, tmp_path: Path, kind: str
) -> None:
    one = ("--platform", LINUX) if kind == "explicit" else ()
    text = world.project.must("export", "--format", kind, *one)
    project, done = world.importing(tmp_path / "new", text)
    assert done.code == 0, done
    before, after = without_groups, project.lock()
    if kind == "explicit":
        before = replace(before, platforms=before.platforms[:1], inputs=after.inputs)
        assert after.inputs.conda == ("app",)
    assert without_times(after) == without_times(before)
    assert [lock_hash(after, p) for p in after.platforms] == [lock_hash(before, p) for p in before.platforms]


# what is installed follows from the lock, which is compared above
@pytest.mark.full
@pytest.mark.parametrize("kind", NAMES)
def test_the_rebuilt_prefix_is_the_same(world: World, tmp_path: Path, kind: str) -> None:
    text = world.project.must("export", "--format", kind, "--platform", LINUX)
    project, _ = world.importing(tmp_path / "new", text)
    prefix = tmp_path / "prefix"  # the same place for both: where it lies stands in some files
    world.project.must("install", "--prefix", prefix)
    wanted = tree(prefix)
    shutil.rmtree(prefix)
    project.must("install", "--prefix", prefix)
    assert {"bin/app", "lib/lib.so", "share/tool"} <= wanted.keys()
    assert tree(prefix) == wanted


@pytest.fixture(scope="module")
def with_wheels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """A locked project of conda packages, one of which brings a distribution, and wheels; and the index of these."""
    root = tmp_path_factory.mktemp("wheels")
    for name, requires in (("lib", ()), ("app", ("lib", "brought"))):
        write_wheel(root / "wheels", name, requires=requires)
    brought = f"lib/python{MINOR}/site-packages/brought-1.5.dist-info/METADATA"
    package = CondaPackage(name="b", depends=("python",), files={brought: b"Name: brought\nVersion: 1.5\n"})
    channel = write_channel(root / "channel", (PYTHON, package)).as_uri()
    with serve_index(WheelFolders((root / "wheels",))) as index:
        text = manifest_text(conda=["b"], channels=[channel], pip=["app"], index=index.url)
        project = new_project(root / "project", text, cache=root / "cache")
        project.must("lock")
        yield project, index.url


@pytest.mark.parametrize("kind", ["pixi", "conda-lock"])
def test_distributions_come_with_the_packages_of_conda(
    with_wheels: tuple[Project, str], tmp_path: Path, kind: str
) -> None:
    """What conda brings is not installed twice; what the file does not say of an index is asked for by its URL."""
    origin, index = with_wheels
    origin.must("export", "--format", kind, "--output", tmp_path / NAMES[kind])
    before = origin.lock()
    project = replace(origin, folder=tmp_path)
    done = project.call("import", NAMES[kind], "--name", "small", "--base", "scratch")
    assert (done.code, "does not fit" in done.stderr) == (0, False), done
    (was,), (now,) = before.platforms, project.lock().platforms
    assert now.base == was.base
    assert [replace(p, uploaded=None) for p in now.conda] == [replace(p, uploaded=None) for p in was.conda]
    assert [(p.name, p.version, p.file, p.sha256, p.requires) for p in now.pip] == [
        (p.name, p.version, p.file, p.sha256, p.requires) for p in was.pip
    ]
    assert f'python = "{MINOR}"' in project.manifest.read_text()
    if kind == "pixi":
        assert index.rstrip("/") in project.manifest.read_text()
        assert [lock_hash(project.lock(), now)] == [lock_hash(before, was)]


def test_one_platform_environment_and_group_are_taken() -> None:
    assert [pinned.platform for pinned in read(conda_lock(1), platforms=(LINUX,)).pinned] == [LINUX]
    found = read(pixi_lock(6), groups=("test",))
    assert [remark.what for remark in found.remarks] == ["environments.default"]
    only_main = read(conda_lock(1), groups=("dev",))
    assert {p.name for p in only_main.pinned[0].conda} == {"a", "b_c"}


def test_a_channel_of_the_repository_is_a_relative_path(tmp_path: Path) -> None:
    text = MANIFEST.replace("CHANNEL", "./channel")
    project = new_project(tmp_path / "project", text, cache=tmp_path / "cache")
    write_channel(project.folder / "channel", PACKAGES)
    project.must("lock")
    project.must("export", "--format", "pixi", "--output", "pixi.lock")
    project.must("import", "pixi.lock", "--name", "small", "--base", "scratch", "--to", "envs/small")
    moved = replace(project, folder=project.folder / "envs" / "small")
    assert 'channels = ["../../channel"]' in moved.manifest.read_text()
    packages = [package for locked in project.lock().platforms for package in locked.conda]
    assert [package for locked in moved.lock().platforms for package in locked.conda] == [
        replace(package, channel="../../channel", uploaded=None) for package in packages
    ]


# --- what a file does not say


def explicit(world: World, *lines: str) -> str:
    return "\n".join([f"# platform: {LINUX}", "@EXPLICIT", *(f"{world.url}/{line}" for line in lines), ""])


def hash_of(world: World, file: str, kind: str) -> str:
    return hashlib.new(kind, (world.channel / file).read_bytes(), usedforsecurity=False).hexdigest()


TOOL = "noarch/tool-1.0-0.conda"


@pytest.mark.parametrize("kind", ["md5", pytest.param("sha256", marks=pytest.mark.full), None])
def test_what_is_missing_is_the_channels_to_say(world: World, tmp_path: Path, kind: str | None) -> None:
    stated = f"#{hash_of(world, TOOL, kind)}" if kind else ""
    project, done = world.importing(tmp_path / "new", explicit(world, f"{TOOL}{stated}"))
    assert done.code == 0, done
    (package,) = project.locked().conda
    (same,) = (p for p in world.project.lock().platforms[0].conda if p.name == "tool")
    assert package == replace(same, groups=("main",))
    assert ("`1 package`: without a hash" in done.stderr) == (kind is None), done


@pytest.mark.parametrize("kind", ["md5", pytest.param("sha256", marks=pytest.mark.full)])
def test_another_file_than_the_pinned_one_is_refused_and_both_named(world: World, tmp_path: Path, kind: str) -> None:
    wrong = "0" * len(hash_of(world, TOOL, kind))
    _, done = world.importing(tmp_path / "new", explicit(world, f"{TOOL}#{wrong}"))
    assert done.code == 2, done
    assert f"`tool-1.0-0.conda` is pinned with {kind} {wrong}" in done.stderr
    assert f"`{world.url}` has it with {hash_of(world, TOOL, kind)}" in done.stderr
    assert not (tmp_path / "new" / "env.toml").exists()


@pytest.fixture
def unlisted(world: World, tmp_path: Path) -> Iterator[World]:
    """The same channel, whose index has lost everything while its files are still there."""
    served = shutil.copytree(world.root / "served", tmp_path / "served")
    for repodata in served.rglob("repodata.json"):
        found = json.loads(repodata.read_text())
        repodata.write_text(json.dumps({**found, "packages.conda": {}}))
    with serve_folder(served) as server:
        yield replace(world, channel=served / "channel", server=server)


def test_what_has_left_the_index_says_itself_what_it_is(unlisted: World, tmp_path: Path) -> None:
    files = {"linux-64/app-1.0-0.conda": "md5", TOOL: "sha256", "linux-64/lib-1!1.2+x-0.conda": "md5"}
    lines = [f"{file}#{hash_of(unlisted, file, kind)}" for file, kind in files.items()]
    project, done = unlisted.importing(tmp_path / "new", explicit(unlisted, *lines))
    assert done.code == 0, done
    wanted = {p.name: replace(p, groups=("main",)) for p in unlisted.project.lock().platforms[0].conda}
    for package in project.locked().conda:
        assert replace(package, channel=wanted[package.name].channel) == wanted[package.name]


def test_what_has_left_the_index_is_compared_as_well(unlisted: World, tmp_path: Path) -> None:
    _, done = unlisted.importing(tmp_path / "new", explicit(unlisted, f"{TOOL}#{MD5}"))
    assert done.code == 2, done
    assert f"is pinned with md5 {MD5}, and" in done.stderr
    assert hash_of(unlisted, TOOL, "md5") in done.stderr


def test_a_time_that_no_calendar_has_is_the_last_one() -> None:
    assert pinned_conda._uploaded((1 << 53) - 1) == "9999-12-31T23:59:59Z"


def test_without_a_connection_what_is_not_known_is_named(world: World, tmp_path: Path) -> None:
    text = explicit(world, f"{TOOL}#{hash_of(world, TOOL, 'md5')}")
    project, done = world.importing(tmp_path / "new", text, "--offline")
    assert (done.code, "`tool-1.0-0.conda` is pinned without a sha256" in done.stderr) == (3, True), done
    assert "--offline" in done.stderr
    project.must("import", "given.txt", "--name", "small", "--base", "scratch")
    asked = len(world.server.requests)
    project.must("import", "given.txt", "--name", "small", "--base", "scratch", "--overwrite", "--offline")
    assert len(world.server.requests) == asked


def test_of_a_complete_lock_no_index_is_asked_for(world: World, tmp_path: Path) -> None:
    text = world.project.must("export", "--format", "pixi", "--platform", LINUX)
    asked = len(world.server.requests)
    world.importing(tmp_path / "new", text)
    assert not [path for _, path in world.server.requests[asked:] if "repodata" in path]


LOGIN = "https://kim:s3cr3t@files.test/x"
NONE_BUT_LINKS = f"""version: 6
environments:
  default:
    channels: []
    find-links: [{{path: "{LOGIN}"}}]
    packages: {{linux-64: []}}
packages: []
"""


@pytest.mark.parametrize(("packages", "code"), [("[]", 0), (f"[{{pypi: '{LOGIN}'}}]", 2)])
def test_a_login_in_any_text_of_the_file_is_not_shown(tmp_path: Path, packages: str, code: int) -> None:
    (tmp_path / "pixi.lock").write_text(NONE_BUT_LINKS.replace("linux-64: []", f"linux-64: {packages}"))
    project = Project(folder=tmp_path, cache=tmp_path / "cache")
    done = project.call("import", "pixi.lock", "--name", "small", "--base", "scratch")
    assert (done.code, "https://files.test/x`" in done.stderr) == (code, True), done
    assert "s3cr3t" not in done.stderr


def test_a_token_is_taken_out_and_said(world: World, tmp_path: Path) -> None:
    def page(request: Any) -> Response | None:
        path = request.path.replace("/t/s3cr3t-t0ken", "")
        return folder_pages(world.root / "served")(replace(request, path=path))

    with serve(page) as server:
        with_token = server.url.replace("://", "://kim:s3cr3t-pass@") + "/t/s3cr3t-t0ken/channel"
        sha256 = hash_of(world, TOOL, "sha256")
        text = f"# platform: {LINUX}\n@EXPLICIT\n{with_token}/{TOOL}#{sha256}\n"
        project, done = world.importing(tmp_path / "new", text)
    assert done.code == 0, done
    assert f"`{server.url}/channel`: its credentials are taken out" in done.stderr
    said = [done.stdout, done.stderr, *(p.read_text() for p in (project.manifest, project.lockfile))]
    assert not any("s3cr3t" in text for text in said)
    kept = (path for path in (tmp_path / "new" / "cache").rglob("*") if path.is_file())
    assert not any(b"s3cr3t" in path.read_bytes() for path in kept)
