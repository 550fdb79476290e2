"""The archives that tests of Debian's packages use, judged by apt itself."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.support.debian_archive import (
    Archive,
    back_dated,
    copied,
    fields,
    public_key,
    publish,
    resigned,
    tiny_archive,
    unlist,
)
from tests.support.debian_packages import SUITE, SUITES
from tests.support.debian_servers import TAKEN, serve_mirror, serve_snapshot
from tests.support.http_server import FileServer, fetched
from tests.support.processes import CommandError, run


def apt(url: str, archive: Archive, folder: Path, *command: str) -> str:
    """What apt says that uses this archive alone."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    signed = f"[signed-by={archive.keys} arch=amd64 check-valid-until=yes check-date=yes]"
    lines = (f"deb {signed} {url}/{archive.folder(suite).name} {suite} main\n" for suite in SUITES)
    (folder / "sources.list").write_text("".join(lines))
    settings = {
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
        "Acquire::http::Proxy": "DIRECT",
        "Dir::Cache": folder / "cache",
        "Dir::Etc": folder,
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    return run(("apt-get", "-q", *options, "update")) + run(("apt-get", "-q", *options, *command))


def test_apt_installs_from_the_archive_of_real_packages(
    tmp_path: Path, debian_archive: Archive, debian_mirror: FileServer
) -> None:
    wanted = ("python3", "git", "curl", "adduser", "libgomp1")
    said = apt(debian_mirror.url, debian_archive, tmp_path, "install", "--simulate", *wanted)
    assert "Inst python3.11-minimal" in said
    assert any("/by-hash/SHA256/" in path for _, path in debian_mirror.requests)


@pytest.mark.parametrize(("name", "suite"), [("tzdata", f"{SUITE}-updates"), ("libssl3", f"{SUITE}-security")])
def test_updates_and_security_have_newer_real_packages(debian_archive: Archive, name: str, suite: str) -> None:
    versions = [fields(debian_archive.deb(name, suite=each))["Version"] for each in (SUITE, suite)]
    run(("dpkg", "--compare-versions", versions[0], "lt", versions[1]))


def test_a_tiny_archive_can_change(tmp_path: Path) -> None:
    made = tiny_archive(
        tmp_path / "archive",
        [{"name": "alpha", "depends": "beta (>= 2)", "files": {"usr/bin/alpha": "alpha"}}, {"name": "beta"}],
        security=[{"name": "beta", "version": "2.0-1"}],
    )
    url = f"file://{made.root}"
    said = apt(url, made, tmp_path / "apt", "install", "--simulate", "alpha")
    assert "Inst beta (2.0-1 " in said
    publish(made, [{"name": "beta", "version": "3.0"}], suite=f"{SUITE}-security", date="Mon, 16 Jun 2025 00:00:00 UTC")
    unlist(made, [made.deb("alpha")], date="Mon, 16 Jun 2025 00:00:00 UTC")
    assert "Inst beta (3.0 " in apt(url, made, tmp_path / "apt", "install", "--simulate", "beta")
    assert [path.name for path in made.pool()] == ["beta_1.0_amd64.deb"]


@pytest.mark.parametrize("change", ["back-dated", "another key", "tampered"])
def test_apt_refuses_what_is_made_to_be_refused(tmp_path: Path, change: str) -> None:
    made = copied(tiny_archive(tmp_path / "first", [{"name": "alpha"}]), tmp_path / "archive")
    if change == "back-dated":
        back_dated(made, date="Sat, 01 Jan 2022 00:00:00 UTC", valid_until="Sat, 08 Jan 2022 00:00:00 UTC")
    elif change == "another key":
        resigned(made, SUITE, key="stranger")
        assert public_key("stranger").read_bytes() != made.keys.read_bytes()
    else:
        release = made.release() / "InRelease"
        release.write_text(release.read_text().replace("A test archive", "Another archive"))
    with pytest.raises(CommandError):
        apt(f"file://{made.root}", made, tmp_path / "apt", "install", "--simulate", "alpha")


def test_a_snapshot_archive_finds_what_a_mirror_no_longer_has(tmp_path: Path) -> None:
    made = tiny_archive(tmp_path, [{"name": "alpha", "version": "1:2.0-1"}])
    gone = made.deb("alpha")
    with serve_snapshot(made) as server:
        _, answer = fetched(f"{server.url}/mr/binary/alpha/1:2.0-1/binfiles?fileinfo=1")
        (file,) = json.loads(answer)["result"]
        status, content = fetched(f"{server.url}/file/{file['hash']}")
        assert (file["architecture"], status, content) == ("amd64", 200, gone.read_bytes())
        release = (made.release() / "InRelease").read_bytes()
        for time, expected in ((TAKEN, (200, release)), ("20300101T000000Z", (200, release))):
            assert fetched(f"{server.url}/archive/debian/{time}/dists/{SUITE}/InRelease") == expected
        assert fetched(f"{server.url}/archive/debian/20200101T000000Z/dists/{SUITE}/InRelease")[0] == 404
        assert fetched(f"{server.url}/mr/binary/alpha/2.0-1/binfiles")[0] == 404


def test_a_mirror_tells_who_has_a_file_already(tmp_path: Path) -> None:
    made = tiny_archive(tmp_path, [{"name": "alpha"}])
    release = (made.release() / "InRelease").read_bytes()
    tag = f'"{hashlib.sha256(release).hexdigest()[:32]}"'
    with serve_mirror(made) as server:
        url = f"{server.url}/debian/dists/{SUITE}/InRelease"
        assert fetched(url) == (200, release)
        assert fetched(url, **{"If-None-Match": tag}) == (304, b"")
