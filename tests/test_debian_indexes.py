"""Getting the indexes of a Debian suite: once, verified, and only what changed; and mirrors that lie, lag, or die."""

import gzip
import hashlib
import lzma
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.sources.archive_files import SLOTS
from envlock.system.side_by_side import side_by_side
from envlock.workflows.debian_indexes import Indexes, indexes
from tests.support.debian_archive import (
    Archive,
    back_dated,
    copied,
    public_key,
    publish,
    resigned,
    tiny_archive,
)
from tests.support.debian_indexes import World
from tests.support.debian_packages import SUITE, SUITES
from tests.support.debian_servers import conditional, serve_mirror, serve_snapshot
from tests.support.http_server import Request, Response, folder_pages, serve

RELEASES = [
    f"/debian-security/dists/{SUITE}-security/InRelease",
    f"/debian/dists/{SUITE}-updates/InRelease",
    f"/debian/dists/{SUITE}/InRelease",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return tiny_archive(
        tmp_path_factory.mktemp("archive"),
        [{"name": "alpha"}, {"name": "alpha", "architecture": "arm64"}, {"name": "common", "architecture": "all"}],
        updates=[{"name": "alpha", "version": "1.1"}],
        security=[{"name": "alpha", "version": "1.0+deb12u1"}],
    )


@pytest.fixture
def world(tiny: Archive, tmp_path: Path) -> Iterator[World]:
    archive = copied(tiny, tmp_path / "archive")
    (tmp_path / "archive.asc").write_bytes(archive.keys.read_bytes())
    with serve_mirror(archive) as server:
        yield World(archive=archive, server=server, root=tmp_path)


def stanzas(found: Indexes) -> dict[str, str]:
    """By suite and architecture what the index says."""
    return {f"{i.suite} {i.architecture}": lzma.decompress(i.path.read_bytes()).decode() for i in found.files}


def test_the_verified_indexes_of_all_three_releases(world: World) -> None:
    found = indexes(world.task())
    texts = stanzas(found)
    assert list(texts) == [f"{suite} amd64" for suite in SUITES]
    assert [i.archive for i in found.files] == ["main", "main", "security"]
    assert all(hashlib.sha256(i.path.read_bytes()).hexdigest() == i.sha256 for i in found.files)
    for version, text in zip(("1.0", "1.1", "1.0+deb12u1"), texts.values(), strict=True):
        assert f"Version: {version}\n" in text
    assert "Package: common" in texts[f"{SUITE} amd64"]
    assert found.dates == (
        ("bookworm", "2025-06-07T09:30:00Z"),
        ("bookworm-security", "2025-06-14T00:53:02Z"),
        ("bookworm-updates", "2025-06-15T08:11:10Z"),
    )
    asked = world.asked()
    by_hash = [path for path in asked if path not in RELEASES]
    assert all(f"/binary-amd64/by-hash/SHA256/{i.sha256}" in "".join(by_hash) for i in found.files)
    assert len(by_hash) == 3
    assert sorted(set(asked) - set(by_hash)) == RELEASES
    assert len(world.lines) == 1
    assert world.lines[0].startswith("linux-64: fetching 3 indexes of bookworm, 0.0 MB")


def test_with_nothing_changed_only_the_releases_are_asked_for(world: World) -> None:
    first = indexes(world.task())
    world.asked()
    world.lines.clear()
    assert indexes(world.task()) == first
    assert world.asked() == RELEASES
    assert world.lines == []


def test_a_release_is_asked_for_once_a_run(world: World) -> None:
    context = world.context()
    tasks = [world.task(name, context) for name in ("linux-64", "linux-aarch64")]
    found = side_by_side(indexes, tasks, stop=lambda: None)
    assert [i.architecture for one in found for i in one.files] == ["amd64"] * 3 + ["arm64"] * 3
    assert [path for path in world.asked() if path.endswith("InRelease")] == RELEASES


def test_only_what_changed_is_fetched(world: World) -> None:
    indexes(world.task())
    world.asked()
    date = "Mon, 16 Jun 2025 00:00:00 UTC"
    publish(world.archive, [{"name": "beta"}], suite=f"{SUITE}-security", date=date)
    found = indexes(world.task())
    assert "Package: beta" in stanzas(found)[f"{SUITE}-security amd64"]
    assert dict(found.dates)[f"{SUITE}-security"] == "2025-06-16T00:00:00Z"
    new = [path for path in world.asked() if path not in RELEASES]
    assert [path.rpartition("/")[0] for path in new] == [
        f"/debian-security/dists/{SUITE}-security/main/binary-amd64/by-hash/SHA256"
    ]


def test_offline_what_is_kept_is_used_and_its_age_said(world: World) -> None:
    first = indexes(world.task())
    world.asked()
    world.lines.clear()
    assert indexes(world.task(context=world.context(offline=True))) == first
    assert world.asked() == []
    (said,) = world.lines
    assert re.fullmatch(r"Debian bookworm as it was on 20\d\d-\d\d-\d\d \(--offline\)", said)
    error = world.refusal(world.task("linux-aarch64", world.context(offline=True)))
    assert error.message == ("the index of `bookworm` (main, arm64) is not in the cache, and this is --offline")
    (world.root / "cache").rename(world.root / "elsewhere")
    error = world.refusal(world.task(context=world.context(offline=True)))
    assert error.message == "the release of `bookworm` is not in the cache, and this is --offline"
    assert error.hint == "run it once without"


def test_an_archive_that_is_a_folder_needs_no_network(world: World) -> None:
    (world.root / "an other #1").symlink_to(world.archive.root)
    for mirror in (world.archive.mirror.as_uri(), "./archive/debian", "./an other #1/debian"):
        found = indexes(world.task(mirror=mirror, context=world.context(offline=True)))
        assert len(found.files) == 3
    assert world.asked() == []


@pytest.mark.parametrize("ending", [".gz", ""])
def test_the_smallest_form_that_there_is(world: World, ending: str) -> None:
    """Some mirrors keep fewer forms than their release names; ".xz" is what all others are tried before."""
    for suite in SUITES:
        folder = world.archive.release(suite) / "main" / "binary-amd64"
        plain = gzip.decompress((folder / "Packages.gz").read_bytes())
        for path in folder.glob("by-hash/*/*"):
            path.unlink()
        (folder / "Packages.xz").unlink()
        if not ending:
            (folder / "Packages.gz").unlink()
            (folder / "Packages").write_bytes(plain)
    found = indexes(world.task())
    assert [i.path.name for i in found.files] == [f"Packages{ending}"] * 3


def test_a_damaged_index_is_fetched_again(world: World) -> None:
    found = indexes(world.task()).files[0]
    found.path.chmod(0o644)
    found.path.write_bytes(b"damaged")
    world.asked()
    assert indexes(world.task()).files[0] == found
    assert hashlib.sha256(found.path.read_bytes()).hexdigest() == found.sha256
    assert len(world.asked()) == len(RELEASES) + 1


def test_at_most_four_at_a_time(world: World) -> None:
    """Of a mirror that gives no index before four are asked for, and then looks whether there is room for a fifth."""
    gate, asked, room = threading.Condition(), [0], []
    pages = conditional(folder_pages(world.archive.root))

    def page(request: Request) -> Response | None:
        if "by-hash" not in request.path:
            return pages(request)
        with gate:
            asked[0] += 1
            if asked[0] == 4:
                room.append(SLOTS.acquire(blocking=False))
            gate.notify_all()
            assert gate.wait_for(lambda: asked[0] >= 4, timeout=30)
        return pages(request)

    with serve(page) as server:
        context = world.context()
        mirror = f"{server.url}/debian"
        tasks = [world.task(name, context, mirror=mirror) for name in ("linux-64", "linux-aarch64")]
        side_by_side(indexes, tasks, stop=lambda: None)
    assert room == [False]


# mirrors that lie, lag, or die

OLD, NEW = "Sat, 07 Jun 2025 00:00:00 UTC", "Mon, 16 Jun 2025 00:00:00 UTC"


def test_a_release_that_somebody_else_signed(world: World) -> None:
    resigned(world.archive, SUITE, key="other")
    error = world.refusal(world.task())
    assert error.message.startswith(f"`{world.server.url}/debian/dists/bookworm/InRelease` is signed by `")
    assert not [path for path in world.asked() if path.endswith("Packages.xz")]
    # without `keys`, only Debian's own are believed
    error = world.refusal(world.task(keys=None))
    assert error.message.endswith(": no key that is believed")


def test_keys_that_env_toml_names_are_the_only_ones(world: World) -> None:
    (world.root / "archive.asc").write_bytes(public_key("other").read_bytes())
    error = world.refusal(world.task())
    assert error.message.endswith(": no key that is believed")


def test_an_old_release_is_not_believed_again(world: World) -> None:
    recorded = indexes(world.task()).dates
    indexes(world.task(recorded=recorded))
    back_dated(world.archive, date=OLD)
    error = world.refusal(world.task(recorded=recorded))
    assert error.message == (
        f"`{world.server.url}/debian/dists/bookworm/InRelease` is of 2025-06-07T00:00:00Z,"
        " older than the one that env.lock was made from (2025-06-07T09:30:00Z)"
    )
    # who has no lock of it cannot know
    assert dict(indexes(world.task()).dates)[SUITE] == "2025-06-07T00:00:00Z"


def test_a_release_past_its_time(world: World) -> None:
    back_dated(world.archive, f"{SUITE}-security", date=NEW, valid_until="Mon, 23 Jun 2025 00:00:00 UTC")
    error = world.refusal(world.task())
    assert error.message == (
        f"`{world.server.url}/debian-security/dists/bookworm-security/InRelease` was valid until 2025-06-23T00:00:00Z:"
        " its mirror is not kept up"
    )
    # nor is it kept for later
    error = world.refusal(world.task(context=world.context(offline=True)))
    assert error.message == "the release of `bookworm-security` is not in the cache, and this is --offline"


def test_a_release_from_the_future(world: World) -> None:
    back_dated(world.archive, date="Sat, 01 Jan 2095 00:00:00 UTC")
    error = world.refusal(world.task())
    assert error.message.endswith("is of 2095-01-01T00:00:00Z, which is still to come")


def test_an_index_that_was_tampered_with(world: World) -> None:
    """Nothing of it is kept; the releases are asked for once more, as the mirror might be changing."""
    for path in world.archive.release().rglob("*"):
        if path.is_file() and "binary-amd64" in str(path):
            path.write_bytes(path.read_bytes() + b"more")
    error = world.refusal(world.task())
    folder = f"{world.server.url}/debian/dists/bookworm/main/binary-amd64"
    assert error.message.startswith(f"`{folder}/Packages.xz` is not what its release names: sha256 ")
    assert error.hint == "the mirror is changing, or was changed: try later, or name another one"
    assert "linux-64: a mirror of Debian changed meanwhile, asking once more" in world.lines
    assert [path for path in world.asked() if path.endswith("InRelease")] == sorted([*RELEASES, *RELEASES])
    # the other two, whole; nothing half-written
    kept = [path for path in (world.root / "cache" / "packages").rglob("*") if path.is_file()]
    assert sorted(path.name for path in kept) == [*["InRelease"] * 3, *["Packages.xz"] * 2]


def test_a_mirror_that_changes_meanwhile(world: World, tiny: Archive, tmp_path: Path) -> None:
    """Its release is the old one the first time that it is asked for, and all its files are new."""
    old = (world.archive.release() / "InRelease").read_bytes()
    publish(world.archive, [{"name": "beta"}], date=NEW)
    pages, first = folder_pages(world.archive.root), [Response(content=old)]

    def page(request: Request) -> Response | None:
        return first.pop() if request.path.endswith("/bookworm/InRelease") and first else pages(request)

    with serve(page) as server:
        found = indexes(world.task(mirror=f"{server.url}/debian"))
    assert "Package: beta" in stanzas(found)[f"{SUITE} amd64"]
    assert dict(found.dates)[SUITE] == "2025-06-16T00:00:00Z"
    assert "linux-64: a mirror of Debian changed meanwhile, asking once more" in world.lines


def test_an_index_that_is_nowhere(world: World) -> None:
    for path in (world.archive.release() / "main" / "binary-amd64").rglob("*"):
        if path.is_file():
            path.unlink()
    error = world.refusal(world.task())
    assert error.message.endswith("/main/binary-amd64/Packages.xz` is not there, though its release names it")


@pytest.mark.parametrize("part", ["InRelease", "Packages.xz"])
def test_a_mirror_that_dies_midway(world: World, part: str) -> None:
    """Every answer breaks off: an error, nothing half-written, and it goes on from there when the mirror is back."""
    for path in world.archive.release().rglob("*"):
        if path.is_file() and (part == path.name or (part == "Packages.xz" and "SHA256" in path.parts)):
            shown = f"/debian/{path.relative_to(world.archive.mirror)}"
            content = path.read_bytes()
            world.server.overrides[shown] = Response(content=content, breaks_off_after=len(content) // 2)
    error = world.refusal(world.task())
    assert error.message.endswith(" broke off before its end")
    packages = world.root / "cache" / "packages"
    assert not [path for path in packages.rglob(".*")]
    for path in packages.rglob("*"):
        assert path.is_dir() or hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name
    world.server.overrides.clear()
    assert len(indexes(world.task()).files) == 3


def test_a_bomb_that_was_signed(world: World) -> None:
    """What unpacks into more than is listed is not even unpacked to its end."""
    folder = world.archive.release() / "main" / "binary-amd64"
    bomb = lzma.compress(bytes(8 << 20), preset=0)
    old = (folder / "Packages.xz").read_bytes()
    (folder / "Packages.xz").write_bytes(bomb)

    def edit(text: str) -> str:
        was, now = (f" {hashlib.sha256(d).hexdigest()} {len(d):16d} " for d in (old, bomb))
        assert was in text
        return text.replace(was, now)

    resigned(world.archive, SUITE, edit)
    error = world.refusal(world.task())
    assert "/main/binary-amd64/Packages.xz` unpacks into more than the " in error.message


# what there is not


def test_a_suite_that_there_is_not_and_those_that_there_are(world: World) -> None:
    error = world.refusal(world.task(suite="bookwurm"))
    assert error.message == f"`{world.server.url}/debian` has no suite `bookwurm`"
    assert error.hint == "did you mean `bookworm`?"
    error = world.refusal(world.task(mirror=world.root.as_uri() + "/none"))
    assert error.message == f"`{world.root.as_uri()}/none` has no suite `bookworm`"
    assert error.hint == "an archive's address is that of the folder with `dists` and `pool` in it"
    error = world.refusal(world.task(suite="bookwurm", mirror=world.archive.mirror.as_uri()))
    assert error.message == f"`{world.archive.mirror.as_uri()}` has no suite `bookwurm`: it has `bookworm`"
    page = '<a href="../">..</a> <a href="bookworm/">bookworm/</a> <a href="bookworm-updates/"> <a href="sid/">'
    world.server.overrides["/debian/dists/"] = page.encode()
    error = world.refusal(world.task(suite="six"))
    assert error.message == f"`{world.server.url}/debian` has no suite `six`: it has `bookworm`, `sid`"
    assert error.hint == "did you mean `sid`?"
    assert error.exit_code == 2


@pytest.mark.parametrize("ending", ["-updates", "-security"])
def test_a_mirror_without_one_of_the_three(world: World, ending: str) -> None:
    (world.archive.release(f"{SUITE}{ending}") / "InRelease").unlink()
    error = world.refusal(world.task())
    assert error.message.endswith(f"has no `bookworm{ending}`, which `bookworm` is not whole without")


def test_what_is_developed_has_no_updates(world: World) -> None:
    for path in ("Release", "InRelease"):
        assert (world.archive.release() / path).is_file()
    world.archive.release().rename(world.archive.release("sid"))
    resigned(world.archive, "sid", lambda text: text.replace("Codename: bookworm", "Codename: sid"))
    found = indexes(world.task(suite="sid"))
    assert found.dates == (("sid", "2025-06-07T09:30:00Z"),)


def test_a_suite_by_a_name_that_moves(world: World) -> None:
    world.archive.release().rename(world.archive.release("trixie"))
    error = world.refusal(world.task(suite="trixie"))
    assert error.message.endswith("/dists/trixie/InRelease` is of `bookworm`, not of `trixie`")


def test_a_component_and_an_architecture_that_there_are_not(world: World) -> None:
    error = world.refusal(world.task(components=("main", "extra")))
    assert error.message.endswith("/dists/bookworm/InRelease` has no component `extra`: it has `main`")
    resigned(world.archive, SUITE, lambda text: text.replace("amd64 arm64", "amd64 riscv64"))
    error = world.refusal(world.task("linux-aarch64"))
    assert error.message.endswith("/InRelease` has nothing for `arm64`: it has `amd64`, `riscv64`")


# snapshots


def test_with_a_limit_the_indexes_of_then(world: World) -> None:
    """Neither an expired release nor one that is older than the lock's is refused: the past was asked for."""
    recorded = indexes(world.task()).dates
    back_dated(world.archive, f"{SUITE}-security", date=OLD, valid_until="Sat, 14 Jun 2025 00:00:00 UTC")
    world.asked()
    with serve_snapshot(world.archive) as snapshot:
        found = indexes(world.task(snapshot=snapshot.url, cutoff="2026-01-31T12:00:00Z", recorded=recorded))
        asked = {path for _, path in snapshot.requests}
    assert dict(found.dates)[f"{SUITE}-security"] == "2025-06-07T00:00:00Z"
    assert "/archive/debian/20260131T120000Z/dists/bookworm/InRelease" in asked
    assert "/archive/debian-security/20260131T120000Z/dists/bookworm-security/InRelease" in asked
    assert world.asked() == []
    assert not [line for line in world.lines if line.startswith("warning")]


def test_a_snapshot_of_later_than_the_limit(world: World) -> None:
    pages = folder_pages(world.archive.root)

    def page(request: Request) -> Response | None:
        _, _, name, _, path = request.path.split("/", 4)
        return pages(Request("GET", f"/{name}/{path}", {}))

    with serve(page) as snapshot:
        error = world.refusal(world.task(snapshot=snapshot.url, cutoff="2025-06-14T12:00:00Z"))
    assert error.message.endswith(
        "/dists/bookworm-updates/InRelease` is of 2025-06-15T08:11:10Z,"
        " later than `exclude-newer` (2025-06-14T12:00:00Z)"
    )


def test_without_a_snapshot_archive_it_is_said_that_the_limit_does_not_hold(world: World) -> None:
    context = world.context()
    for name in ("linux-64", "linux-aarch64"):
        indexes(world.task(name, context, cutoff="2024-01-31T12:00:00Z"))
    assert [line for line in world.lines if line.startswith("warning")] == [
        "warning: `exclude-newer` does not hold for Debian's packages: no snapshot archive is named"
        " (`snapshot` in `[image.debian]`, or ENVLOCK_DEBIAN_SNAPSHOT)"
    ]


# logins


def test_a_login_is_used_and_neither_shown_nor_kept(world: World) -> None:
    pages, told = folder_pages(world.archive.root), set()

    def page(request: Request) -> Response | None:
        told.add(request.headers.get("Authorization"))
        known = request.headers.get("Authorization") == "Basic a2ltOnMzY3JldA=="  # kim:s3cret
        return pages(request) if known else Response(status=401)

    with serve(page) as server:
        mirror = server.url.replace("://", "://kim:s3cret@") + "/debian"
        context = world.context(ENVLOCK_DEBIAN_MIRROR=mirror)
        assert len(indexes(world.task(mirror=None, context=context)).files) == 3
        assert told == {"Basic a2ltOnMzY3JldA=="}
        error = world.refusal(world.task(mirror=f"{server.url}/debian"))
        assert error.message == f"{server.url}/debian/dists/bookworm/InRelease answers 401 Unauthorized"
        assert error.hint == "a login goes into ENVLOCK_DEBIAN_MIRROR (`https://USER:PASSWORD@…`), or netrc"
        (world.archive.release() / "InRelease").unlink()
        gone = world.refusal(world.task(mirror=None, context=world.context(ENVLOCK_DEBIAN_MIRROR=mirror)))
    assert gone.message == f"`{server.url}/debian` has no suite `bookworm`"
    kept = b"".join(path.read_bytes() for path in (world.root / "cache" / "records").rglob("*") if path.is_file())
    assert b"s3cret" not in kept
    assert "s3cret" not in "".join(world.lines)


def test_netrc_is_asked(world: World, isolated_home: Path) -> None:
    pages = folder_pages(world.archive.root)

    def page(request: Request) -> Response | None:
        known = request.headers.get("Authorization") == "Basic a2ltOnMzY3JldA=="
        return pages(request) if known else Response(status=401)

    (isolated_home / ".netrc").write_text("machine 127.0.0.1 login kim password s3cret\n")
    (isolated_home / ".netrc").chmod(0o600)
    with serve(page) as server:
        assert len(indexes(world.task(mirror=f"{server.url}/debian")).files) == 3
