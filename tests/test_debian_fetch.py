"""Getting Debian's packages: from the pool, from a snapshot archive, by name or by time; and looking into them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from envlock.errors import EnvlockError
from envlock.model.lock import Base, DebianPackage, PlatformLock
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.debian_packages import debian_supply, fetch_debian, peek_debian
from envlock.workflows.project import Project
from tests.support.debian_archive import Archive, copied, fields, tiny_archive
from tests.support.debian_packages import SUITE
from tests.support.debian_servers import serve_mirror, serve_snapshot
from tests.support.http_server import FileServer, Response

DATES = (("bookworm", "2025-06-07T09:30:00Z"), ("bookworm-security", "2025-06-14T20:00:00Z"))


def package_of(archive: Archive, path: Path) -> DebianPackage:
    """A package as a lock has it."""
    part, _, file = str(path.relative_to(archive.root)).partition("/")
    stated, data = fields(path), path.read_bytes()
    return DebianPackage(
        name=stated["Package"],
        version=stated["Version"],
        architecture=stated["Architecture"],
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        archive="security" if part.endswith("-security") else "main",
    )


@dataclass(frozen=True, kw_only=True)
class World:
    """A locked platform, its archive on loopback, and what was said."""

    archive: Archive
    server: FileServer
    project: Project
    locked: PlatformLock
    lines: list[str] = field(default_factory=list)

    def context(self, *, offline: bool = False, snapshot: str | None = None, **variables: str) -> Context:
        if snapshot:
            variables["ENVLOCK_DEBIAN_SNAPSHOT"] = snapshot
        return Context(
            cache=Cache(self.project.folder / "cache"),
            environment={"ENVLOCK_DEBIAN_MIRROR": f"{self.server.url}/debian", **variables},
            offline=offline,
            progress=self.lines.append,
        )

    def fetch(self, **settings: str | bool) -> dict[str, Path]:
        return fetch_debian(self.locked, self.project, self.context(**settings))  # type: ignore[arg-type]

    def refusal(self, **settings: str | bool) -> EnvlockError:
        with pytest.raises(EnvlockError) as error:
            self.fetch(**settings)
        return error.value

    def package(self, name: str) -> DebianPackage:
        return next(p for p in self.locked.debian if p.name == name)

    def path(self, name: str) -> Path:
        package = self.package(name)
        folder = self.archive.folder(SUITE if package.archive == "main" else f"{SUITE}-security")
        return folder / package.file

    def drop(self, *names: str) -> None:
        """The mirror no longer has these."""
        for name in names:
            package = self.package(name)
            part = "debian-security" if package.archive == "security" else "debian"
            self.server.overrides[f"/{part}/{package.file}"] = 404


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return tiny_archive(
        tmp_path_factory.mktemp("archive"),
        [{"name": "alpha", "version": "1:2.0~rc1-1+b1"}, {"name": "common", "architecture": "all"}],
        security=[{"name": "openssl", "version": "3.0-1"}],
    )


@pytest.fixture
def world(tiny: Archive, tmp_path: Path) -> Iterator[World]:
    archive = copied(tiny, tmp_path / "archive")
    paths = [*archive.pool(), *archive.pool(f"{SUITE}-security")]
    packages = sorted((package_of(archive, path) for path in paths), key=lambda package: package.name)
    locked = PlatformLock(platform="linux-64", base=Base(suite=SUITE, dates=DATES), debian=tuple(packages))
    with serve_mirror(archive) as server:
        yield World(archive=archive, server=server, project=Project(tmp_path), locked=locked)


def test_packages_of_both_archives(world: World) -> None:
    found = world.fetch()
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found.values()} == {
        p.file_name: p.sha256 for p in world.locked.debian
    }
    assert sorted(path for _, path in world.server.requests) == [
        "/debian-security/pool/main/openssl/openssl_3.0-1_amd64.deb",
        "/debian/pool/main/alpha/alpha_2.0~rc1-1+b1_amd64.deb",
        "/debian/pool/main/common/common_1.0_all.deb",
    ]
    assert world.lines == ["linux-64, Debian: fetching 3 packages, 0.0 MB"]


def test_what_is_here_is_not_asked_for(world: World) -> None:
    first = world.fetch()
    world.server.requests.clear()
    # without a mirror, too
    assert fetch_debian(world.locked, world.project, Context(cache=world.context().cache)) == first
    assert world.fetch(offline=True) == first
    assert world.server.requests == []


def test_a_mirror_that_is_a_folder(world: World) -> None:
    place = world.project.folder / "an other #1"
    world.archive.root.rename(place)
    assert len(world.fetch(offline=True, ENVLOCK_DEBIAN_MIRROR=str(place / "debian"))) == 3
    assert world.server.requests == []


def test_offline_what_is_missing_is_named(world: World) -> None:
    error = world.refusal(offline=True)
    assert error.message.splitlines() == [
        "3 packages cannot be had",
        "  `alpha_2.0~rc1-1+b1_amd64.deb` is not in the cache, and this is --offline",
        "  `common_1.0_all.deb` is not in the cache, and this is --offline",
        "  `openssl_3.0-1_amd64.deb` is not in the cache, and this is --offline",
    ]


def test_what_env_toml_says_of_the_mirror(world: World) -> None:
    (world.project.manifest).write_text(
        f'name = "x"\n[image.debian]\nsuite = "{SUITE}"\nmirror = "{world.server.url}/debian"\n'
    )
    context = Context(cache=world.context().cache)
    assert len(fetch_debian(world.locked, world.project, context)) == 3


# files that are gone


def test_what_is_gone_is_found_by_name_in_a_snapshot_archive(world: World) -> None:
    world.drop("alpha", "common", "openssl")
    with serve_snapshot(world.archive) as snapshot:
        assert len(world.fetch(snapshot=snapshot.url)) == 3
        asked = [path for _, path in snapshot.requests]
    assert "/mr/binary/alpha/1:2.0~rc1-1+b1/binfiles" in asked
    assert len([path for path in asked if path.startswith("/file/")]) == 3


@pytest.mark.parametrize(
    "answer", [404, b"no JSON", b"[]", b'{"result": [{"architecture": "amd64", "hash": "../../x"}]}']
)
def test_what_cannot_be_found_by_name_is_found_by_time(world: World, answer: int | bytes) -> None:
    """At the time of the release that it was chosen from, or else a day later: this one looks at the mirror then."""
    world.drop("alpha", "openssl")
    with serve_snapshot(world.archive) as snapshot:
        snapshot.overrides["/mr/binary/alpha/1:2.0~rc1-1+b1/binfiles"] = answer
        snapshot.overrides["/mr/binary/openssl/3.0-1/binfiles"] = answer
        late = replace(world.locked.base, dates=(("bookworm", "2025-06-15T12:00:00Z"), DATES[1]))
        locked = replace(world.locked, base=late)
        assert len(fetch_debian(locked, world.project, world.context(snapshot=snapshot.url))) == 3
        asked = [path for _, path in snapshot.requests]
    assert "/archive/debian/20250615T120000Z/pool/main/alpha/alpha_2.0~rc1-1+b1_amd64.deb" in asked
    security = "pool/main/openssl/openssl_3.0-1_amd64.deb"
    assert f"/archive/debian-security/20250614T200000Z/{security}" in asked
    assert not [path for path in asked if ".." in path]


def test_of_several_builds_the_one_of_the_locked_size(world: World) -> None:
    world.drop("alpha")
    package = world.package("alpha")
    with serve_snapshot(world.archive) as snapshot:
        sha1 = hashlib.sha1(world.path("alpha").read_bytes(), usedforsecurity=False).hexdigest()
        other = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
        foreign = {"architecture": "arm64", "hash": "0" * 40}
        result = [foreign, *({"architecture": "amd64", "hash": each} for each in (other, sha1))]
        told = {other: [{"size": 0}], sha1: [{"size": package.size}]}
        answer = json.dumps({"result": result, "fileinfo": told}).encode()
        snapshot.overrides[f"/mr/binary/alpha/{package.version}/binfiles"] = answer
        world.fetch(snapshot=snapshot.url)
        assert [path for _, path in snapshot.requests if path.startswith("/file/")] == [f"/file/{sha1}"]


def test_a_snapshot_archive_that_is_a_folder(world: World) -> None:
    place = world.project.folder / "snapshot" / "archive" / "debian" / "20250607T093000Z"
    place.parent.mkdir(parents=True)
    world.archive.mirror.rename(place)
    world.drop("alpha", "common")
    assert len(world.fetch(snapshot=str(world.project.folder / "snapshot"))) == 3


def test_what_is_nowhere_is_named_with_all_that_was_tried(world: World) -> None:
    world.drop("alpha")
    package = world.package("alpha")
    error = world.refusal()
    place = f"{world.server.url}/debian/pool/main/alpha/alpha_2.0~rc1-1%2Bb1_amd64.deb"
    assert error.message == (
        f"`alpha_2.0~rc1-1+b1_amd64.deb` (sha256 {package.sha256}) is no longer to be had from"
        f" Debian's main archive, tried {place}"
    )
    assert error.hint == (
        "`envlock lock -P alpha` chooses what is there now; a snapshot archive has old files"
        " (`snapshot` in `[image.debian]`)"
    )
    with serve_snapshot(copied(world.archive, world.project.folder / "other")) as snapshot:
        (world.project.folder / "other" / "debian" / package.file).unlink()
        error = world.refusal(snapshot=snapshot.url)
        assert len([path for _, path in snapshot.requests if package.file in path]) == 2
    assert f"{snapshot.url}/mr/binary/alpha/1%3A2.0~rc1-1%2Bb1/binfiles" in error.message
    assert f"{snapshot.url}/archive/debian/20250607T093000Z/pool/main/alpha/" in error.message


def test_a_snapshot_archive_is_asked_for_no_day_after_the_last(world: World) -> None:
    world.drop("alpha")
    base = replace(world.locked.base, dates=(("bookworm", "9999-12-31T23:59:59Z"),))
    last = replace(world, locked=replace(world.locked, base=base))
    with serve_snapshot(copied(world.archive, world.project.folder / "other")) as snapshot:
        snapshot.overrides["/mr/binary/alpha/1:2.0~rc1-1+b1/binfiles"] = 404
        assert last.fetch(snapshot=snapshot.url)
        assert [path for _, path in snapshot.requests if "/99991231T235959Z/" in path]


# files that are others


def test_a_package_that_was_tampered_with(world: World) -> None:
    """Its sha256 decides, wherever it comes from; another place may have the right one."""
    package = world.package("alpha")
    other = world.path("alpha").read_bytes()[:-1] + b"x"
    world.server.overrides[f"/debian/{package.file}"] = other
    error = world.refusal()
    assert error.message == (
        f"`{package.file_name}` is not what the lock names: sha256 {hashlib.sha256(other).hexdigest()},"
        f" locked {package.sha256}"
    )
    assert world.context().cache.package(package.sha256, package.file_name) is None
    with serve_snapshot(world.archive) as snapshot:
        assert len(world.fetch(snapshot=snapshot.url)) == 3


def test_a_package_without_end(world: World) -> None:
    package = world.package("alpha")
    world.server.overrides[f"/debian/{package.file}"] = bytes(package.size + (17 << 20))
    assert f"sends more than the {package.size + (16 << 20)} bytes it should" in world.refusal().message


def test_a_mirror_that_dies_midway_leaves_nothing_half_written(world: World) -> None:
    package = world.package("alpha")
    content = world.path("alpha").read_bytes()
    world.server.overrides[f"/debian/{package.file}"] = Response(content=content, breaks_off_after=100)
    assert world.refusal().message.endswith(" broke off before its end")
    files = [path for path in (world.project.folder / "cache" / "packages").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["common_1.0_all.deb", "openssl_3.0-1_amd64.deb"]
    world.server.overrides.clear()
    world.server.requests.clear()
    world.fetch()
    assert world.server.requests == [("GET", f"/debian/{package.file}")]


def test_a_mirror_that_wants_a_login(world: World) -> None:
    package = world.package("alpha")
    world.server.overrides[f"/debian/{package.file}"] = 401
    error = world.refusal()
    assert error.message.endswith("answers 401 Unauthorized")
    assert error.hint == "a login goes into ENVLOCK_DEBIAN_MIRROR (`https://USER:PASSWORD@…`), or netrc"


# how packages begin


def peeked(world: World, name: str, **settings: str | bool) -> bytes | None:
    supply = debian_supply(world.locked, world.project, world.context(**settings))  # type: ignore[arg-type]
    return peek_debian(world.package(name), supply)


def test_the_beginning_of_a_package(world: World) -> None:
    content = world.path("alpha").read_bytes()
    assert peeked(world, "alpha") == content
    assert peeked(world, "alpha", offline=True) is None
    assert peeked(world, "alpha", offline=True, ENVLOCK_DEBIAN_MIRROR=str(world.archive.mirror)) == content
    world.fetch()
    assert peeked(world, "alpha", offline=True) == content


def test_no_more_than_the_beginning_is_asked_for(world: World) -> None:
    large = replace(world.package("alpha"), size=1 << 20, file="pool/large.deb")
    content = bytes(range(256)) * 4096
    world.server.overrides["/debian/pool/large.deb"] = Response(content=content)
    supply = debian_supply(world.locked, world.project, world.context())
    assert peek_debian(large, supply) == content[: 64 << 10]


def test_what_is_gone_is_looked_into_in_a_snapshot_archive(world: World) -> None:
    world.drop("alpha")
    assert peeked(world, "alpha") is None
    with serve_snapshot(world.archive) as snapshot:
        assert peeked(world, "alpha", snapshot=snapshot.url) == world.path("alpha").read_bytes()
