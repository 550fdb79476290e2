"""Where locked packages are found again, in which order, and what is said of those that are not."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.spec import Index
from envlock.model.wheel_metadata import WheelMetadata
from envlock.sources.fetch import PLACES, fetch
from envlock.sources.index import find_wheel
from envlock.sources.metadata import wheel_metadata
from envlock.sources.places import Sources, channel_url
from envlock.sources.supply import Listed, Supply
from envlock.system.cache import Cache
from envlock.system.http import Http
from tests.conftest import IndexServers
from tests.support import conda_package
from tests.support.conda_channel import write_channel
from tests.support.http_server import FileServer, Response, serve_folder
from tests.support.index_server import JSON, IndexServer
from tests.support.tiny_wheels import write_wheel

ALPHA = "alpha-1.0-py3-none-any.whl"


@dataclass(frozen=True)
class World:
    """An index with one wheel, a channel with one package, both in order; and how to get at them."""

    index: IndexServer
    channel: FileServer
    folder: Path
    supply: Supply

    @property
    def wheel(self) -> PipPackage:
        return locked_wheel(self.folder / "wheels" / ALPHA)

    @property
    def conda(self) -> CondaPackage:
        file = self.folder / "channel/linux-64/tool-1.0-0.conda"
        return CondaPackage(
            name="tool",
            version="1.0",
            build="0",
            subdir="linux-64",
            file=file.name,
            sha256=sha256(file),
            size=file.stat().st_size,
            channel="ours",
        )

    @property
    def url(self) -> str:
        return f"{self.index.server.url}/files/{ALPHA}"

    def remember(self, url: str) -> None:
        self.supply.cache.keep(PLACES, self.wheel.sha256, url)

    def asked(self) -> list[str]:
        return [path for _, path in self.index.requests]


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def locked_wheel(file: Path) -> PipPackage:
    name, version = file.name.split("-")[:2]
    size = file.stat().st_size
    return PipPackage(name=name, version=version, file=file.name, sha256=sha256(file), size=size, index="test")


@pytest.fixture
def world(tmp_path: Path, index_server: IndexServers) -> Iterator[World]:
    write_wheel(tmp_path / "wheels", "alpha", requires=["beta; extra == 'x'"], extras=["x"], requires_python=">=3.8")
    write_channel(tmp_path / "channel", [conda_package.CondaPackage(name="tool")])
    index = index_server(tmp_path / "wheels", yanked={ALPHA: "broken"})
    http = Http()
    with serve_folder(tmp_path / "channel") as channel:
        supply = Supply(
            sources=Sources(channels={"ours": channel.url}, indexes={"test": index.url}),
            cache=Cache(tmp_path / "cache"),
            offline=False,
            http=lambda: http,
            find_wheel=find_wheel,
        )
        yield World(index, channel, tmp_path, supply)


def offline(supply: Supply) -> Supply:
    http = Http(offline=True)
    return replace(supply, offline=True, http=lambda: http)


def failure(package: CondaPackage | PipPackage, supply: Supply) -> str:
    with pytest.raises(OutsideError) as error:
        fetch(package, supply)
    return error.value.message


# fetching


def test_what_is_in_the_cache_is_asked_of_nobody(world: World) -> None:
    path = fetch(world.wheel, world.supply)
    world.index.requests.clear()
    assert fetch(world.wheel, world.supply) == path
    assert fetch(world.wheel, offline(world.supply)) == path
    assert world.asked() == []


def test_the_index_says_where_a_file_is_though_it_was_yanked(world: World) -> None:
    assert fetch(world.wheel, world.supply).read_bytes() == (world.folder / "wheels" / ALPHA).read_bytes()
    assert world.asked() == ["/simple/alpha/", f"/files/{ALPHA}"]


def test_a_remembered_place_is_tried_first(world: World) -> None:
    world.remember(world.url)
    fetch(world.wheel, world.supply)
    assert world.asked() == [f"/files/{ALPHA}"]


@pytest.mark.parametrize("answer", [404, 410, 403, b"other bytes", Response(content=b"x" * 9, breaks_off_after=4)])
def test_a_remembered_place_that_is_no_good_any_more(world: World, answer: int | bytes | Response) -> None:
    world.index.server.overrides["/old/place"] = answer
    world.remember(f"{world.index.server.url}/old/place")
    fetch(world.wheel, world.supply)
    assert list(dict.fromkeys(world.asked())) == ["/old/place", "/simple/alpha/", f"/files/{ALPHA}"]


def test_where_the_index_does_not_help_the_first_failure_counts(world: World) -> None:
    world.remember(world.url)
    world.index.server.overrides[f"/files/{ALPHA}"] = b"other"
    world.index.server.overrides["/simple/alpha/"] = 403
    assert "is not what the lock names" in failure(world.wheel, world.supply)


def test_a_remembered_file_that_is_gone(world: World) -> None:
    world.remember((world.folder / "gone.whl").as_uri())
    fetch(world.wheel, world.supply)
    assert world.asked() == ["/simple/alpha/", f"/files/{ALPHA}"]


def test_a_remembered_file_needs_no_network(world: World) -> None:
    world.remember((world.folder / "wheels" / ALPHA).as_uri())
    fetch(world.wheel, offline(world.supply))
    assert world.asked() == []


def test_a_wheel_that_is_gone(world: World) -> None:
    wheel = world.wheel
    world.remember(world.url)
    (world.folder / "wheels" / ALPHA).unlink()
    assert failure(wheel, world.supply) == (
        f"`{ALPHA}` (sha256 {wheel.sha256}) is no longer to be had from `test`, "
        f"tried {world.url}, {world.index.url}alpha/"
    )


def test_a_wheel_that_was_replaced_by_another_of_its_name(world: World) -> None:
    wheel = world.wheel
    write_wheel(world.folder / "wheels", "alpha", files={"alpha.py": "changed"})
    assert failure(wheel, world.supply) == (
        f"`{ALPHA}` (sha256 {wheel.sha256}) is no longer to be had from `test`, tried {world.index.url}alpha/"
    )
    assert world.asked() == ["/simple/alpha/"]


def test_a_wheel_that_is_served_with_other_bytes_is_named_by_both_hashes(world: World) -> None:
    world.remember(world.url)
    world.index.server.overrides[f"/files/{ALPHA}"] = b"other"
    found = hashlib.sha256(b"other").hexdigest()
    assert failure(world.wheel, world.supply) == (
        f"`{ALPHA}` is not what the lock names: sha256 {found}, locked {world.wheel.sha256}"
    )
    assert not [path for path in (world.supply.cache.root / "packages").rglob("*") if path.is_file()]


@pytest.mark.parametrize("remembered", [False, True])
def test_offline_what_is_missing_is_named(world: World, remembered: bool) -> None:
    if remembered:
        world.remember(world.url)
    assert failure(world.wheel, offline(world.supply)) == f"`{ALPHA}` is not in the cache, and this is --offline"
    assert failure(world.conda, offline(world.supply)) == (
        "`tool-1.0-0.conda` is not in the cache, and this is --offline"
    )
    assert (world.asked(), world.channel.requests) == ([], [])


@pytest.mark.parametrize("over_http", [True, False])
def test_a_conda_package_is_where_its_channel_is(world: World, over_http: bool) -> None:
    url = world.channel.url if over_http else (world.folder / "channel").as_uri()
    supply = replace(world.supply, sources=Sources(channels={"ours": url}))
    gone = replace(world.conda, file="tool-2.0-0.conda")
    assert fetch(world.conda, supply).read_bytes() == (world.folder / "channel/linux-64/tool-1.0-0.conda").read_bytes()
    assert failure(replace(gone, sha256="0" * 64), supply) == (
        f"`tool-2.0-0.conda` (sha256 {'0' * 64}) is no longer to be had from `ours`, "
        f"tried {url}/linux-64/tool-2.0-0.conda, {url}/linux-64/repodata.json"
    )


def test_two_who_want_one_package_fetch_it_once(world: World) -> None:
    world.remember(world.url)
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: fetch(world.wheel, world.supply), range(4)))
    assert len(paths) == 1
    assert world.asked() == [f"/files/{ALPHA}"]


# index pages


def found(world: World, **changes: str) -> Listed | None:
    asked = {"name": "alpha", "file": ALPHA, "sha256": world.wheel.sha256} | changes
    return find_wheel(world.supply.http(), world.index.url, **asked)


def listed(world: World, hashes: dict[str, str], url: str) -> None:
    document = {"meta": {"api-version": "1.0"}, "name": "alpha"}
    page = document | {"files": [{"filename": ALPHA, "url": url, "hashes": hashes}]}
    world.index.server.overrides["/simple/alpha/"] = Response(
        content=json.dumps(page).encode(), headers={"Content-Type": JSON}
    )


def test_a_file_on_an_index_page(world: World) -> None:
    assert found(world) == found(world, name="Alpha") == Listed(world.url, "broken")
    assert found(world, sha256="0" * 64) is None
    assert found(world, file="alpha-2.0-py3-none-any.whl") is None
    assert found(world, name="nothing") is None


def test_pages_of_the_older_kind(world: World) -> None:
    page = f'<a href="../../files/{ALPHA}#sha256={world.wheel.sha256}" data-yanked="x">{ALPHA}</a>'
    headers = {"Content-Type": "text/html"}
    world.index.server.overrides["/simple/alpha/"] = Response(content=page.encode(), headers=headers)
    assert found(world) == Listed(world.url, "x")
    assert found(world, sha256="0" * 64) is None


@pytest.mark.parametrize("hashes", [{}, {"md5": "0" * 32}])
def test_where_an_index_gives_no_sha256_the_bytes_decide(world: World, hashes: dict[str, str]) -> None:
    listed(world, hashes, "https://files.acme.test/alpha.whl")
    assert found(world) == Listed("https://files.acme.test/alpha.whl")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (403, "{page} answers 403 Forbidden"),
        (401, "{page} answers 401 Unauthorized"),
        (
            Response(content=b"x", headers={"Content-Type": "text/plain"}),
            "the index of `alpha` speaks a language that is not understood: "
            "Response from {page} has unsupported Content-Type 'text/plain'",
        ),
    ],
)
def test_an_index_that_does_not_answer_the_question(world: World, answer: int | Response, message: str) -> None:
    world.index.server.overrides["/simple/alpha/"] = answer
    with pytest.raises(OutsideError) as error:
        found(world)
    assert error.value.message == message.format(page=f"{world.index.url}alpha/")


# metadata


def test_metadata_is_read_beside_the_wheel(world: World) -> None:
    expected = WheelMetadata(
        name="alpha",
        version="1.0",
        requires_dist=("beta; extra == 'x'",),
        requires_python=">=3.8",
        provides_extra=("x",),
    )
    assert wheel_metadata(world.wheel, world.url, world.supply) == expected
    assert world.asked() == [f"/files/{ALPHA}.metadata"]
    assert wheel_metadata(world.wheel, world.url, offline(world.supply)) == expected  # it is asked for once


def test_without_it_the_whole_wheel_is_fetched(world: World) -> None:
    world.index.server.overrides[f"/files/{ALPHA}.metadata"] = 404
    assert wheel_metadata(world.wheel, world.url, world.supply).requires_python == ">=3.8"
    assert world.supply.cache.package(world.wheel.sha256, ALPHA)


def test_a_wheel_that_is_here_is_asked_itself(world: World) -> None:
    fetch(world.wheel, world.supply)
    world.index.requests.clear()
    assert wheel_metadata(world.wheel, world.url, world.supply).name == "alpha"
    assert world.asked() == []


def test_a_wheel_by_its_path(world: World) -> None:
    place = (world.folder / "wheels" / ALPHA).as_uri()
    world.remember(place)
    assert wheel_metadata(world.wheel, place, offline(world.supply)).version == "1.0"


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n", f"`{ALPHA}` says that it is other 1.0"),
        ("Metadata-Version: 2.1\nName: alpha\nVersion: 2.0\n", f"`{ALPHA}` says that it is alpha 2.0"),
        ("Metadata-Version: 2.1\nVersion: 1.0\n", "METADATA names no distribution"),
        ("Metadata-Version: 2.1\nName: alpha\nVersion: one\n", "METADATA names no valid version: `one`"),
    ],
)
def test_metadata_of_something_else_is_refused_and_not_kept(world: World, metadata: str, words: str) -> None:
    world.index.server.overrides[f"/files/{ALPHA}.metadata"] = metadata.encode()
    for _ in range(2):
        with pytest.raises(OutsideError) as error:
            wheel_metadata(world.wheel, world.url, world.supply)
        assert words in error.value.message
    del world.index.server.overrides[f"/files/{ALPHA}.metadata"]
    assert wheel_metadata(world.wheel, world.url, world.supply).version == "1.0"


@pytest.mark.parametrize("members", [None, {}, {"deep/alpha-1.0.dist-info/METADATA": "Name: alpha\nVersion: 1.0\n"}])
def test_what_is_no_wheel(world: World, members: dict[str, str] | None) -> None:
    path = world.folder / "wheels" / ALPHA
    path.write_bytes(b"not a zip file")
    if members is not None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
    world.remember(path.as_uri())
    with pytest.raises(OutsideError) as error:
        wheel_metadata(world.wheel, path.as_uri(), world.supply)
    assert error.value.message == f"`{ALPHA}` is not a wheel: it has no METADATA"


# places


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("acme", "https://conda.anaconda.org/acme"),
        ("acme/label/dev", "https://conda.anaconda.org/acme/label/dev"),
        ("https://conda.acme.test/main/", "https://conda.acme.test/main"),
        ("file:///srv/channel", "file:///srv/channel"),
        ("/srv/a channel", "file:///srv/a%20channel"),
    ],
)
def test_the_place_of_a_channel(tmp_path: Path, name: str, url: str) -> None:
    assert channel_url(name, tmp_path) == url


@pytest.mark.parametrize("name", ["./channel", "../here/channel"])
def test_a_channel_by_path_lies_where_the_manifest_says(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    assert channel_url(name, folder) == (tmp_path / "here/channel").as_uri()


def test_the_places_of_a_manifest(tmp_path: Path) -> None:
    sources = Sources.of(("acme",), (Index(name="ours", url="https://pip.acme.test/simple"),), tmp_path)
    assert sources.indexes == {"pypi": None, "ours": "https://pip.acme.test/simple"}
    assert sources.conda_url("acme", "noarch", "a-1!2+b-0.conda") == (
        "https://conda.anaconda.org/acme/noarch/a-1%212%2Bb-0.conda"
    )
