"""Packages whose bytes are not those that the lock names: refused, wherever they were changed."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.tiny_debian import tiny_debian
from tests.support.tiny_project import TinyProject, failure, sha256, tiny_project

FILES = {"alpha": "alpha-1.0-py3-none-any.whl", "tool": "tool-1.0-0.conda"}
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "of the same size": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "longer": lambda data: data + b"x",
    "cut off": lambda data: data[: len(data) // 2],
    "empty": lambda data: data[:0],
}
COMMANDS = dict(zip(CHANGES, ("install", "build", "build", "install"), strict=True))
LOGIN_HINT = "hint: a login goes into netrc, or into the file that RATTLER_AUTH_FILE names\n"
HINT = "hint: the file was changed where it is kept; get the locked one, or lock anew with `envlock lock --upgrade`\n"


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TinyProject]:
    """Locked, with nothing else in its cache than what locking brought there."""
    with tiny_project(tmp_path, over_http=getattr(request, "param", "http") == "http") as made:
        made.must("lock")
        yield made


def forget_packages(project: Project) -> None:
    for name in ("packages", "conda-packages"):
        shutil.rmtree(project.cache / name, ignore_errors=True)


def serve(project: TinyProject, name: str, content: bytes) -> None:
    """Gives other bytes for a package, of which the index and the channel still say what they said before."""
    if name == "alpha":
        project.index.server.overrides[f"/files/{FILES[name]}"] = content
    else:
        project.served(name).write_bytes(content)


@pytest.mark.parametrize(
    ("project", "name"), [("http", "alpha"), ("http", "tool"), ("file", "tool")], indirect=["project"]
)
def test_changed_where_it_is_served(project: TinyProject, name: str) -> None:
    served = project.served(name)
    locked, original = sha256(served), served.read_bytes()
    for kind, change in CHANGES.items():
        changed = change(original)
        serve(project, name, changed)
        forget_packages(project)
        result = project.call(COMMANDS[kind])
        found = hashlib.sha256(changed).hexdigest()
        words = f"`{served.name}` is not what the lock names: sha256 {found}, locked {locked}"
        assert (result.code, failure(result)) == (3, f"error: {words}\n{HINT}"), kind
        kept = [path.name for path in (project.cache / "packages").rglob("*") if path.is_file()]
        assert not [file for file in kept if file == served.name or file.startswith(".")]
    serve(project, name, original)
    assert project.must("run", "--", "tool") == "it works\n"


def test_a_file_without_end_is_not_read_to_its_end(project: TinyProject) -> None:
    served = project.served("alpha")
    size = served.stat().st_size
    serve(project, "alpha", served.read_bytes() + bytes(17 << 20))
    forget_packages(project)
    result = project.call("install")
    url = f"{project.index.server.url}/files/{served.name}"
    assert (result.code, failure(result)) == (
        3,
        f"error: {url} sends more than the {size + (16 << 20)} bytes it should\n",
    )


@pytest.mark.parametrize("status", [404, 410])
def test_gone(project: TinyProject, status: int) -> None:
    forget_packages(project)
    locked = {name: sha256(project.served(name)) for name in FILES}
    urls = {
        "alpha": f"{project.index.server.url}/files/{FILES['alpha']}",
        "tool": f"{project.channel_url}/linux-64/{FILES['tool']}",
    }
    project.index.server.overrides[f"/files/{FILES['alpha']}"] = status
    project.channel_server.overrides[f"/linux-64/{FILES['tool']}"] = status
    result = project.call("install")
    assert (result.code, failure(result)) == (
        3,
        "error: 2 packages cannot be had\n"
        f"  `{FILES['tool']}` (sha256 {locked['tool']}) is no longer to be had from `{project.channel_url}`, "
        f"tried {urls['tool']}\n"
        f"  `{FILES['alpha']}` (sha256 {locked['alpha']}) is no longer to be had from `test`, tried {urls['alpha']}\n"
        "hint: `envlock lock -P tool` chooses what is there now\n",
    )


@pytest.mark.parametrize(
    ("status", "reason"), [(403, f"Forbidden\n{LOGIN_HINT}"), (500, "Internal Server Error\n")], ids=["403", "500"]
)
def test_a_server_that_refuses(project: TinyProject, status: int, reason: str) -> None:
    forget_packages(project)
    project.channel_server.overrides[f"/linux-64/{FILES['tool']}"] = status
    result = project.call("build")
    url = f"{project.channel_url}/linux-64/{FILES['tool']}"
    assert (result.code, failure(result)) == (3, f"error: {url} answers {status} {reason}")


def damaged(path: Path, old: bytes, new: bytes) -> None:
    """Changes bytes of a read-only file in the cache, as a disk or a careless program may; its size stays."""
    data = path.read_bytes()
    assert old in data
    assert len(old) == len(new)
    path.chmod(0o644)
    path.write_bytes(data.replace(old, new))
    path.chmod(0o444)


def in_cache(project: TinyProject, name: str) -> Path:
    (found,) = (project.cache / "packages").glob(f"*/{FILES[name]}")
    return found


@pytest.mark.parametrize("name", FILES)
def test_damaged_in_the_cache(project: TinyProject, name: str) -> None:
    """Noticed when it is unpacked again, and fetched anew; in an image stands what was locked."""
    image = project.must("build")
    original = in_cache(project, name).read_bytes()
    damaged(in_cache(project, name), original[200:210], bytes(10))
    offline = project.call("--offline", "build", "--no-cache")
    words = f"`{FILES[name]}` is not in the cache, and this is --offline"
    assert (offline.code, failure(offline)) == (3, f"error: {words}\nhint: run it once without\n")
    assert project.must("build", "--no-cache") == image
    assert in_cache(project, name).read_bytes() == original


def test_damaged_after_the_linker_unpacked_it(project: TinyProject) -> None:
    image = project.must("build")
    (unpacked,) = (project.cache / "conda-packages").glob("tool-*/bin/tool")
    damaged(unpacked, b"works", b"fails")
    assert project.must("build", "--no-cache") == image
    assert project.must("run", "--", "tool") == "it works\n"


def test_a_package_of_debian_changed_where_it_is_served(tmp_path: Path) -> None:
    with tiny_debian(tmp_path) as project:
        project.must("lock")
        served = project.archive.deb("tool")
        alone = project.given(ENVLOCK_DEBIAN_SNAPSHOT="")
        for kind, change in CHANGES.items():
            changed = change(served.read_bytes())
            project.mirror.overrides[project.path(served)] = changed
            found = hashlib.sha256(changed).hexdigest()
            lie = f"`{served.name}` is not what the lock names: sha256 {found}, locked {sha256(served)}"
            result = alone.call("build")
            assert (result.code, failure(result)) == (3, f"error: {lie}\n{HINT}"), kind
            assert not [*(project.cache / "packages").rglob(f"{served.name}*")]
            assert not [*(project.cache / "image").glob("blobs/sha256/*")]
        # what the mirror changed, the snapshot archive still has
        image = project.must("build")
        project.mirror.overrides.clear()
        forget_packages(project)
        assert project.must("build", "--no-cache") == image


def test_a_package_of_debian_damaged_in_the_cache(tmp_path: Path) -> None:
    with tiny_debian(tmp_path) as project:
        project.must("lock")
        image = project.must("build")
        (kept,) = (project.cache / "packages").glob("*/tool_*.deb")
        original = kept.read_bytes()
        damaged(kept, original[200:210], bytes(10))
        offline = project.call("--offline", "build", "--no-cache")
        words = f"`{kept.name}` is not in the cache, and this is --offline"
        assert (offline.code, failure(offline)) == (3, f"error: {words}\nhint: run it once without\n")
        assert project.must("build", "--no-cache") == image
        assert kept.read_bytes() == original
