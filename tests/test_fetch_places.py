"""Channels that keep packages elsewhere, places that went bad, connections that break, and files without an end."""

import io
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.sources import fetch as fetching
from envlock.sources.fetch import PLACES, fetch
from envlock.sources.places import Sources
from envlock.system.conda.child import ask
from envlock.system.http import Http
from envlock.system.http_connections import TIMEOUT
from envlock.system.side_by_side import side_by_side
from tests.support.conda_channel import write_channel
from tests.support.http_server import FileServer, Request, Response, serve, serve_folder
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON, TOOL, tiny_project
from tests.test_sources import ALPHA, World, world

__all__ = ["world"]

# channels that name another place for their packages (CEP 15)


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[FileServer]:
    """A channel of which only the index is where it says, and the packages in `moved`."""
    write_channel(tmp_path / "channel", (PYTHON, TOOL))
    (tmp_path / "channel" / "moved").mkdir()
    with serve_folder(tmp_path / "channel") as server:
        for subdir in ("linux-64", "noarch"):
            for package in (tmp_path / "channel" / subdir).glob("*.conda"):
                package.rename(tmp_path / "channel" / "moved" / package.name)
            say_base_url(tmp_path / "channel" / subdir / "repodata.json", f"{server.url}/moved")
        yield server


def say_base_url(index: Path, url: str) -> None:
    document = json.loads(index.read_bytes())
    document["info"]["base_url"] = url
    index.write_text(json.dumps(document))


def tiny(root: Path, channel: FileServer) -> Project:
    text = manifest_text(conda=["tool"], channels=[channel.url])
    return new_project(root / "small", text, cache=root / "cache-lock")


def test_packages_that_a_channel_keeps_elsewhere(tmp_path: Path, channel: FileServer) -> None:
    project = tiny(tmp_path, channel)
    project.must("lock")
    assert {p.channel for p in project.locked().conda} == {channel.url}
    project.must("install")
    channel.requests.clear()
    # on another machine nothing is remembered
    project.given(ENVLOCK_CACHE_DIR=str(tmp_path / "cold")).must("install")
    assert ("GET", f"/moved/{TOOL.file_name}") in channel.requests


def test_a_secret_in_the_place_of_packages_is_used_and_written_nowhere(tmp_path: Path, channel: FileServer) -> None:
    for subdir in ("linux-64", "noarch"):
        secret = channel.url.replace("://", "://bob:s3cret@")
        say_base_url(tmp_path / "channel" / subdir / "repodata.json", f"{secret}/moved")
    project = tiny(tmp_path, channel)
    results = [project.call("lock"), project.call("install")]
    assert [result.code for result in results] == [0, 0], results
    assert "s3cret" not in project.lockfile.read_text()
    assert "s3cret" not in "".join(result.stdout + result.stderr for result in results)
    records = tmp_path / "cache-lock" / "records"
    assert b"s3cret" not in b"".join(path.read_bytes() for path in records.rglob("*") if path.is_file())


def test_a_channel_that_is_not_the_manifests_is_named(tmp_path: Path) -> None:
    sources = Sources.of(("./channel",), (), tmp_path)
    with pytest.raises(OutsideError) as error:
        sources.conda_url("https://conda.acme.test/x", "noarch", "a-1-0.conda")
    assert error.value.message == (
        "`a-1-0.conda` is locked from `https://conda.acme.test/x`, which is no channel of env.toml"
    )


# remembered places


def test_a_remembered_place_that_failed_is_forgotten(world: World) -> None:
    for url in ("http://127.0.0.1:9/alpha.whl", f"{world.index.server.url}/gone"):
        world.remember(url)
        path = fetch(world.wheel, world.supply)
        assert world.supply.cache.record(PLACES, world.wheel.sha256) is None
        path.unlink()


def test_a_remembered_place_of_a_conda_package_that_failed(world: World) -> None:
    world.channel.overrides["/old"] = b"other bytes"
    world.supply.cache.keep(PLACES, world.conda.sha256, f"{world.channel.url}/old")
    fetch(world.conda, world.supply)
    assert world.channel.requests == [("GET", "/old"), ("GET", "/linux-64/tool-1.0-0.conda")]


def test_the_error_of_a_remembered_place_is_told_where_there_is_no_other(world: World) -> None:
    world.remember(f"{world.index.server.url}/old")
    world.index.server.overrides["/old"] = 403
    wheel = world.wheel
    (world.folder / "wheels" / ALPHA).unlink()
    with pytest.raises(OutsideError, match="/old answers 403 Forbidden"):
        fetch(wheel, world.supply)


# broken connections, and too much


@dataclass
class Breaking:
    """Answers that break off, as many as are left; then the whole."""

    content: bytes
    left: int
    asked: list[str] = field(default_factory=list)

    def page(self, request: Request) -> Response:
        self.asked.append(request.path)
        self.left -= 1
        return Response(content=self.content, breaks_off_after=4 if self.left >= 0 else None)


@pytest.mark.parametrize(("breaks", "arrives"), [(2, True), (3, False)])
def test_a_download_that_breaks_off_is_begun_anew(breaks: int, arrives: bool) -> None:
    pages = Breaking(b"0123456789", breaks)
    target = io.BytesIO()
    with serve(pages.page) as server:
        if arrives:
            assert Http().download(f"{server.url}/x", target, limit=10)
            assert target.getvalue() == b"0123456789"
        else:
            with pytest.raises(OutsideError, match="/x broke off before its end"):
                Http().download(f"{server.url}/x", target, limit=10)
    assert pages.asked == ["/x"] * 3


def test_a_package_that_cannot_be_looked_into_is_named(world: World) -> None:
    path = "/linux-64/tool-1.0-0.conda"
    world.channel.overrides[path] = Response(content=b"x" * 9, breaks_off_after=4)
    with pytest.raises(OutsideError) as error:
        ask("read", {"packages": [f"{world.channel.url.replace('://', '://me:word@')}{path}"]})
    assert error.value.message.startswith(f"{world.channel.url}{path} cannot be read: ")
    assert "word" not in error.value.message


@pytest.mark.parametrize("place", ["file", "http"])
@pytest.mark.parametrize("size", [None, 5])
def test_no_file_is_without_limit(world: World, monkeypatch: pytest.MonkeyPatch, place: str, size: int | None) -> None:
    monkeypatch.setattr(fetching, "_SLACK", 10)
    monkeypatch.setattr(fetching, "_MOST", 20)
    world.remember((world.folder / "wheels" / ALPHA).as_uri() if place == "file" else world.url)
    world.index.server.overrides["/simple/alpha/"] = 404
    with pytest.raises(OutsideError, match=f"more than the {(size or 20) + 10} bytes it should"):
        fetch(replace(world.wheel, size=size), world.supply)


def test_a_conda_package_whose_channel_gives_no_size(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SLACK", 0)
    assert fetch(replace(world.conda, size=0), world.supply).is_file()


# Ctrl-C


def test_what_is_under_way_ends_when_it_is_no_longer_wanted() -> None:
    stopped = threading.Event()
    begun, large = threading.Event(), b"x" * (64 << 20)

    class Target(io.BytesIO):
        def write(self, _piece: object) -> int:
            begun.set()
            stopped.wait()
            return 0

    http = Http(stopped=stopped)

    def interrupt(url: str) -> None:
        if url:
            http.download(url, Target(), limit=None)
        begun.wait()
        raise KeyboardInterrupt

    with serve(lambda _request: Response(content=large)) as server, pytest.raises(KeyboardInterrupt):
        # the second is what a person does while the first is at its first piece
        side_by_side(interrupt, ["", f"{server.url}/large"], stop=stopped.set)
    assert stopped.is_set()
    with pytest.raises(OutsideError, match="is no longer wanted"):
        http.read(f"{server.url}/more")


def test_a_silent_server_keeps_nobody_after_ctrl_c(tmp_path: Path) -> None:
    with tiny_project(tmp_path) as project, ExitStack() as running:
        project.must("lock")
        asked, over = threading.Event(), threading.Event()
        running.callback(over.set)

        def silent(_request: Request) -> None:
            asked.set()
            over.wait()

        server = running.enter_context(serve(silent))
        cold = project.given(ENVLOCK_MIRROR_TEST=f"{server.url}/simple", ENVLOCK_CACHE_DIR=str(tmp_path / "cold"))
        words, environment = [*project.command, "install"], cold.environment()
        process = subprocess.Popen(words, cwd=project.folder, env=environment, stderr=subprocess.PIPE, text=True)
        running.callback(process.kill)
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        # less than a server is given to say its next byte
        _, said = process.communicate(timeout=TIMEOUT[1] - 20)
    assert (process.returncode, said.splitlines()[-1]) == (130, "interrupted")


def test_a_failure_stops_nobody_else() -> None:
    stopped = threading.Event()

    def work(number: int) -> int:
        if number == 5:
            raise OutsideError("no")
        return number * 2

    with pytest.raises(OutsideError, match="no"):
        side_by_side(work, range(10), stop=stopped.set)
    assert not stopped.is_set()
    assert side_by_side(work, range(5), stop=stopped.set) == [0, 2, 4, 6, 8]
