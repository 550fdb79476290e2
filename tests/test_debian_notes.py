"""Whole commands name the Debian packages whose scripts would do more than building does: at lock, and at build."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.support.debian_archive import Archive, publish, tiny_archive
from tests.support.debian_debs import Tiny
from tests.support.debian_projects import debian_manifest, debian_project
from tests.support.debian_servers import serve_mirror
from tests.support.http_server import FileServer, Response
from tests.support.projects import Project
from tests.support.tiny_project import NO_PROXY

LATER = "Mon, 16 Jun 2025 07:00:00 UTC"


def scripted(name: str, script: str, **more: object) -> Tiny:
    return Tiny(name=name, version="1.0-1", scripts={"postinst": f"#!/bin/sh\nset -e\n{script}\n"}, **more)  # type: ignore[typeddict-item,no-any-return]


GROUP = [
    Tiny(name="base-files", version="12.4"),
    Tiny(name="base-passwd", version="3.6.1"),
    Tiny(name="libc6", version="2.36-9", files={"usr/lib/libc.so.6": "libc"}),
    Tiny(name="libstdc++6", version="12.2.0-14"),
    Tiny(name="dash", version="0.5.12-2", files={"usr/bin/dash": "dash"}),
    Tiny(name="mawk", version="1.3.4-3.1"),
]
PACKAGES = [
    *GROUP,
    scripted("bus", "adduser --system --home /run/bus bus\nchown bus /var/lib/bus\nmkdir /var/lib/bus\nbus-setup"),
    scripted("quiet", "ldconfig\nupdate-alternatives --install /usr/bin/q q /usr/bin/quiet 10"),
    scripted("words", "locale-gen"),
    *(scripted(f"more{number}", "tool --setup") for number in range(7)),
]
BUS = (
    "note: `bus`: its scripts would also create the user `bus`; change the owner of `/var/lib/bus`;"
    " make `/var/lib/bus`; and more, which building does not"
)
WORDS = "note: `words`: its scripts would also run `locale-gen`, which building does not"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return tiny_archive(tmp_path_factory.mktemp("archive"), PACKAGES)


@pytest.fixture
def mirror(archive: Archive) -> Iterator[FileServer]:
    with serve_mirror(archive) as server:
        yield server


def project_of(place: Path, archive: Archive, mirror: FileServer, *packages: str) -> Project:
    manifest = debian_manifest(archive, packages, mirror=f"{mirror.url}/debian")
    return debian_project(place / "train", archive, manifest, cache=place / "cache").given(**NO_PROXY)


def notes(project: Project, *arguments: str) -> list[str]:
    """What a command that must succeed says of scripts."""
    result = project.call(*arguments)
    assert result.code == 0, result.stderr
    return [line for line in result.stderr.splitlines() if line.startswith("note: ")]


def debs(mirror: FileServer) -> list[str]:
    return [path for _, path in mirror.requests if path.endswith(".deb")]


def test_lock_and_build_say_the_same(archive: Archive, mirror: FileServer, tmp_path: Path) -> None:
    project = project_of(tmp_path, archive, mirror, "bus", "quiet", "words")
    assert notes(project, "lock") == [BUS, WORDS]
    assert notes(project, "build") == [BUS, WORDS]
    assert notes(project, "build") == [BUS, WORDS]  # made before


def test_lock_names_packages_that_are_new(archive: Archive, mirror: FileServer, tmp_path: Path) -> None:
    project = project_of(tmp_path, archive, mirror, "bus")
    assert notes(project, "lock") == [BUS]
    mirror.requests.clear()
    project.change("['bus']", "['bus', 'words']")
    assert notes(project, "lock") == [WORDS]
    assert [path.rpartition("/")[2] for path in debs(mirror)] == ["words_1.0-1_amd64.deb"]
    assert notes(project, "lock") == []


def test_what_was_read_is_not_asked_for_again(archive: Archive, mirror: FileServer, tmp_path: Path) -> None:
    project = project_of(tmp_path, archive, mirror, "bus")
    project.must("lock")
    mirror.requests.clear()
    project.lockfile.unlink()
    assert notes(project, "lock") == [BUS]
    assert debs(mirror) == []
    project.lockfile.unlink()
    assert notes(project, "lock", "--offline") == [BUS]


def test_a_mirror_that_gives_no_packages_is_no_fault_of_a_lock(
    archive: Archive, mirror: FileServer, tmp_path: Path
) -> None:
    project = project_of(tmp_path, archive, mirror, "bus", "words")
    paths = [f"/debian/{path.relative_to(archive.mirror)}" for path in archive.pool()]
    mirror.overrides.update({path: Response(status=HTTPStatus.NOT_FOUND) for path in paths})
    assert notes(project, "lock") == []
    assert len(set(debs(mirror))) <= 4  # those that were under way when the first was refused
    mirror.overrides.clear()
    assert notes(project, "build") == [BUS, WORDS]


def test_tampered_packages_are_passed_over_until_they_are_fetched(
    archive: Archive, mirror: FileServer, tmp_path: Path
) -> None:
    project = project_of(tmp_path, archive, mirror, "bus", "words")
    bus = f"/debian/{archive.deb('bus').relative_to(archive.mirror)}"
    mirror.overrides[bus] = b"!<arch>\n" + b"x" * archive.deb("bus").stat().st_size
    assert notes(project, "lock") == [WORDS]
    refused = project.call("build")
    assert refused.code == 3
    assert "bus_1.0-1_amd64.deb" in refused.stderr


def test_many_are_named_in_one_line(archive: Archive, mirror: FileServer, tmp_path: Path) -> None:
    project = project_of(tmp_path, archive, mirror, "bus", *(f"more{number}" for number in range(7)))
    told = notes(project, "lock")
    more = [f"note: `more{n}`: its scripts would also run `tool`, which building does not" for n in range(4)]
    rest = "note: scripts of 3 more Debian packages would do what building does not: `more4`, `more5`, `more6`"
    assert told == [BUS, *more, rest]
    assert notes(project, "build") == told


def test_an_upgrade_is_a_new_package(tmp_path: Path) -> None:
    made = tiny_archive(tmp_path / "archive", [*GROUP, scripted("bus", "true")])
    with serve_mirror(made) as mirror:
        project = project_of(tmp_path, made, mirror, "bus")
        assert notes(project, "lock") == []
        newer = scripted("bus", "locale-gen")
        publish(made, [{**newer, "version": "1.0-2"}], suite="bookworm-updates", date=LATER)
        told = "note: `bus`: its scripts would also run `locale-gen`, which building does not"
        assert notes(project, "lock", "-P", "debian:bus") == [told]
