"""What is refused of Debian's archives, as people see it: whole commands, every word, and nothing left behind."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.debian_archive import Archive, back_dated, copied, resigned, unlist
from tests.support.hand_made_debs import STANZA, Entry, deb, link, tar
from tests.support.projects import Result
from tests.support.tiny_debian import TinyDebian, tiny_debian
from tests.support.tiny_project import failure, tree

OLD = "Sat, 01 Jun 2024 09:30:00 UTC"
LAGS = "hint: its mirror lags behind, or somebody replays an old one: name another mirror\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyDebian]:
    """Locked."""
    with tiny_debian(tmp_path_factory.mktemp("shared")) as made:
        made.must("lock")
        yield made


@dataclass(frozen=True)
class World:
    """A project of its own, over a mirror that is a folder to be changed."""

    project: TinyDebian
    archive: Archive

    def refused(self, *words: str) -> tuple[int, str]:
        """Code and words of a call that leaves everything as it was."""
        before = tree(self.project.folder)
        result: Result = self.project.call(*words)
        assert (tree(self.project.folder), result.stdout) == (before, "")
        assert not [*(self.project.cache / "image").glob("blobs/sha256/*")]
        assert not [*(self.project.cache).rglob(".envlock-part-*")]
        return result.code, failure(result).replace(self.archive.root.as_uri(), "ROOT")


@pytest.fixture
def world(shared: TinyDebian, tmp_path: Path) -> World:
    archive = copied(shared.archive, tmp_path / "archive")
    given = {"ENVLOCK_DEBIAN_MIRROR": archive.mirror.as_uri(), "ENVLOCK_DEBIAN_SNAPSHOT": ""}
    return World(shared.elsewhere(tmp_path).given(**given), archive)


def test_a_suite_with_its_nearest_name(world: World) -> None:
    world.project.change('"bookworm"', '"bookwurm"')
    assert world.refused("lock") == (
        2,
        "error: `ROOT/debian` has no suite `bookwurm`: it has `bookworm`\nhint: did you mean `bookworm`?\n",
    )


def test_a_package_with_its_nearest_name(world: World) -> None:
    world.project.write("tol")
    assert world.refused("lock") == (2, "error: no `tol` (env.toml:7) in Debian bookworm\nhint: did you mean `tool`?\n")


def test_an_architecture_that_the_archive_has_not(world: World) -> None:
    resigned(world.archive, "bookworm", lambda text: text.replace("amd64 arm64", "amd64"))
    world.project.change('"linux-64"', '"linux-64", "linux-aarch64"')
    assert world.refused("lock") == (
        3,
        "error: `ROOT/debian/dists/bookworm/InRelease` has nothing for `arm64`: it has `amd64`\n",
    )


def test_a_release_that_is_older_than_the_one_another_platform_is_locked_from(world: World) -> None:
    back_dated(world.archive, "bookworm", date=OLD)
    world.project.change('"linux-64"', '"linux-64", "linux-aarch64"')
    code, said = world.refused("lock")
    assert code == 3
    assert "is of 2024-06-01T09:30:00Z, older than the one that env.lock was" in said


@pytest.mark.parametrize("suite", ["bookworm", "bookworm-updates", "bookworm-security"])
@pytest.mark.parametrize("cold", [False, True])
def test_one_release_of_three_that_is_older_than_the_one_locked(world: World, suite: str, cold: bool) -> None:
    back_dated(world.archive, suite, date=OLD)
    if cold:
        shutil.rmtree(world.project.cache)
    recorded = dict(world.project.locked().base.dates)[suite]
    part = "debian-security" if suite.endswith("security") else "debian"
    assert world.refused("lock", "--upgrade") == (
        3,
        f"error: `ROOT/{part}/dists/{suite}/InRelease` is of 2024-06-01T09:30:00Z, older than the one that env.lock was"
        f" made from ({recorded})\n{LAGS}",
    )


def test_what_another_project_believes_is_not_believed_here(shared: TinyDebian, tmp_path: Path) -> None:
    """Though its releases and indexes are in the same cache."""
    project = shared.elsewhere(tmp_path)
    project.change('keys = "./archive.asc"\n', "")
    for options in ((), ("--offline",)):
        code, said = World(project, shared.archive).refused(*options, "lock", "--upgrade")
        assert code == 3
        assert "is signed by `" in said
        assert "`: no key that is believed\n" in said


def hostile(*entries: Entry, more: bytes = b"") -> bytes:
    stanza = STANZA.replace(b": tiny", b": mawk") + more
    return deb(*entries, control=tar(Entry("./control", stanza)))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "out of the root": (lambda: hostile(Entry("./../../owned")), "`./../../owned` leaves its folder by `..`"),
    "a whiteout": (
        lambda: hostile(Entry("./etc/.wh.passwd")),
        "`./etc/.wh.passwd` has a name that begins with `.wh.`, which in a layer hides files of others",
    ),
    "a link": (
        lambda: hostile(link("./srv", "/"), Entry("./srv/x")),
        "`srv/x` runs through `srv`, which is a symbolic link",
    ),
    "a bomb": (lambda: hostile(Entry("./big", bytes(65 << 20))), "its `data.tar.xz` unpacks to more than 64 MiB, from"),
    "a forged list": (
        lambda: hostile(Entry("./var/lib/dpkg/status.d/forged", STANZA)),
        "`var/lib/dpkg/status.d/forged` is in the way of `var/lib/dpkg/status.d`, where packages are listed",
    ),
    "a forged paragraph": (
        lambda: hostile(more=b" \nMore: forged\n"),
        "its control file does not describe one package",
    ),
    "hidden": (
        lambda: hostile(more=b"Status: deinstall ok not-installed\n"),
        "its control file has a field `Status`, which only packages have that are installed",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_package_that_its_archive_vouches_for(world: World, case: str) -> None:
    make, message = HOSTILE[case]
    file = world.archive.deb("mawk")
    file.unlink()
    file.write_bytes(make())
    unlist(world.archive, [])
    world.project.lockfile.unlink()
    world.project.must("lock")
    code, said = world.refused("build")
    assert (code, said.startswith(f"error: `mawk_1.0_amd64.deb` is refused: {message}")) == (3, True), said
    assert len(said.splitlines()) == 1
    assert not [*(world.project.cache / "stages").iterdir()]
