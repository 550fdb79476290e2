"""Locking a base of Debian's packages: whole commands, on archives made by Debian's own tools."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from envlock.model.debian_base import BASE_GROUP
from envlock.model.lock import DebianPackage
from tests.support.conda_channel import write_channel
from tests.support.debian_archive import Archive, copied, publish, tiny_archive, unlist
from tests.support.debian_debs import Tiny
from tests.support.debian_projects import debian_manifest, debian_project
from tests.support.debian_servers import TAKEN, serve_mirror, serve_snapshot
from tests.support.http_server import FileServer
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import Project, Result
from tests.support.tiny_project import NO_PROXY, PYTHON, TOOL
from tests.support.tiny_wheels import write_wheel

LIBC = "2.36-9+deb12u10"
DATE = "Mon, 16 Jun 2025 07:00:00 UTC"  # later than all that the archives of the tests are of


def both(name: str, version: str, **more: str) -> list[Tiny]:
    """A package as each architecture has it."""
    return [Tiny(name=name, version=version, architecture=each, **more) for each in ("amd64", "arm64")]  # type: ignore[typeddict-item]


GROUP = [
    *both("base-files", "12.4", depends="awk"),
    *both("base-passwd", "3.6.1", depends="libc6 (>= 2.34)"),
    *both("libc6", LIBC),
    *both("libstdc++6", "12.2.0-14", depends="libc6 (>= 2.36)"),
    *both("dash", "0.5.12-2", pre_depends="libc6 (>= 2.36)"),
    *both("mawk", "1.3.4-3.1", pre_depends="libc6", provides="awk"),
]
PACKAGES = [
    *GROUP,
    *both("tool", "1:2.0-1", depends="liba (>= 1), libb | libc", recommends="other"),
    *both("liba", "1.0-1", depends="libc6"),
    *both("libb", "1.0-1"),
    *both("libc", "1.0-1"),
    Tiny(name="other", version="1.0-1", architecture="all"),
    Tiny(name="python3", version="3.11.2-1", architecture="all", depends="python3.11 (>= 3.11.2-1~)"),
    *both("python3.11", "3.11.2-6+deb12u6", depends="libc6 (>= 2.36), libb"),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Shared by all tests of this module: `copied` is for what is to be changed."""
    return tiny_archive(tmp_path_factory.mktemp("archive"), PACKAGES, security=both("liba", "1.0-1+deb12u1"))


@pytest.fixture
def archive(tiny: Archive, tmp_path: Path) -> Archive:
    return copied(tiny, tmp_path / "archive")


@pytest.fixture
def mirror(archive: Archive) -> Iterator[FileServer]:
    with serve_mirror(archive) as server:
        yield server


def project_of(root: Path, archive: Archive, packages: Sequence[str] = ("tool",), **more: object) -> Project:
    manifest = debian_manifest(archive, packages, **more)  # type: ignore[arg-type]
    return debian_project(root / "train", archive, manifest, cache=root / "cache").given(**NO_PROXY)


@pytest.fixture
def project(archive: Archive, mirror: FileServer, tmp_path: Path) -> Project:
    """Locked already, over HTTP."""
    found = project_of(tmp_path, archive, mirror=f"{mirror.url}/debian")
    found.must("lock")
    mirror.requests.clear()
    return found


def versions(project: Project, platform: str = "linux-64") -> dict[str, str]:
    """What is locked beyond the base group."""
    locked = project.lock().platform(platform)
    assert locked
    return {p.name: p.version for p in locked.debian if p.name not in BASE_GROUP}


def dates(project: Project) -> dict[str, str]:
    return dict(project.locked().base.dates)


def failure(result: Result) -> str:
    """What a command said in the end."""
    return result.stderr[result.stderr.index("error: ") :]


def test_the_first_lock(tiny: Archive, tmp_path: Path) -> None:
    project = project_of(tmp_path, tiny)
    result = project.call("lock")
    assert (result.code, result.stdout) == (0, "")
    first, second, third, fourth = result.stderr.splitlines()
    assert first == "linux-64: Debian bookworm packages"
    assert second == "linux-64: looking at scripts of 9 Debian packages"
    assert third == "  linux-64  Debian bookworm, 9 packages"
    assert fourth.startswith("wrote env.lock: 9 packages, ")
    assert versions(project) == {"tool": "1:2.0-1", "liba": "1.0-1+deb12u1", "libb": "1.0-1"}
    locked = project.locked()
    assert {p.name for p in locked.debian} >= set(BASE_GROUP)
    assert (locked.base.suite, locked.base.glibc, locked.base.shell) == ("bookworm", "2.36", "/bin/sh")
    assert (locked.base.reference, locked.base.interpreter, locked.base.python) == (None, None, None)
    assert [*dates(project)] == ["bookworm", "bookworm-security", "bookworm-updates"]
    assert project.call("check") == (0, "", "")
    assert project.call("lock") == (0, "", "env.lock answers env.toml: nothing to do\n")


def test_what_is_locked_of_a_package(tiny: Archive, tmp_path: Path) -> None:
    project = project_of(tmp_path, tiny)
    project.must("lock")
    found = {p.name: p for p in project.locked().debian}
    tool, path = found["tool"], tiny.deb("tool")
    assert tool == DebianPackage(
        name="tool",
        version="1:2.0-1",
        architecture="amd64",
        file="pool/main/tool/tool_2.0-1_amd64.deb",
        sha256=tool.sha256,
        size=path.stat().st_size,
        requires=("liba (>= 1)", "libb | libc"),
    )
    assert (found["liba"].archive, found["mawk"].provides) == ("security", ("awk",))


def test_the_same_bytes_in_whichever_order_packages_are_asked_for(tiny: Archive, tmp_path: Path) -> None:
    one = project_of(tmp_path / "one", tiny, ["tool", "other", "libc (>= 1)"])
    two = project_of(tmp_path / "two", tiny, ["libc(>=1)", "other", "tool"])
    one.must("lock")
    two.must("lock")
    assert one.lockfile.read_bytes() == two.lockfile.read_bytes()
    one.lockfile.unlink()
    one.must("lock")
    assert one.lockfile.read_bytes() == two.lockfile.read_bytes()


def test_offline_with_what_is_in_the_cache(project: Project) -> None:
    before = project.lockfile.read_bytes()
    project.lockfile.unlink()
    project.must("--offline", "lock")
    assert project.lockfile.read_bytes() == before
    elsewhere = Project(folder=project.folder, cache=project.cache / "empty", variables=project.variables)
    project.lockfile.unlink()
    result = elsewhere.call("--offline", "lock")
    assert (result.code, project.lockfile.exists()) == (3, False)
    assert "is not in the cache, and this is --offline" in failure(result)


def test_every_platform_has_packages_of_its_own(tiny: Archive, tmp_path: Path) -> None:
    platforms = ("linux-64", "linux-aarch64", "osx-arm64")
    project = project_of(tmp_path, tiny, ["tool", "other"], platforms=platforms, python="3.11")
    project.must("lock")
    assert versions(project) == versions(project, "linux-aarch64")
    for platform, architecture in (("linux-64", "amd64"), ("linux-aarch64", "arm64")):
        locked = project.lock().platform(platform)
        assert locked
        found = {p.name: p.architecture for p in locked.debian}
        assert {*found.values()} == {architecture, "all"}
        assert found["other"] == "all"
    mac = project.lock().platform("osx-arm64")
    assert mac
    assert (mac.debian, mac.base.suite, mac.python) == ((), None, "3.11.0")
    assert project.call("check") == (0, "", "")


# --- pins --------------------------------------------------------------------------------------------------------


def test_no_server_is_asked_for_what_still_holds(project: Project, mirror: FileServer) -> None:
    project.manifest.write_text(project.manifest.read_text() + '\n[variables]\nA = "1"\n')
    project.must("lock")
    assert mirror.requests == []


def test_pins_stay_where_another_package_comes(project: Project, archive: Archive) -> None:
    before, seen = versions(project), dates(project)
    publish(archive, both("liba", "1.0-1+deb12u2"), suite="bookworm-security", date=DATE)
    project.change("['tool']", "['other', 'tool']")
    assert project.call("check").code == 1
    result = project.call("lock")
    assert result.stderr.splitlines()[-2:] == [
        "  other  + 1.0-1  linux-64",
        "wrote env.lock: 1 package changed, 9 kept",
    ]
    assert versions(project) == {**before, "other": "1.0-1"}
    assert dates(project) == {**seen, "bookworm-security": "2025-06-16T07:00:00Z"}


def test_dates_stay_where_no_package_changes(project: Project, archive: Archive) -> None:
    before = project.lockfile.read_bytes()
    publish(archive, both("unrelated", "1"), suite="bookworm-security", date=DATE)
    assert project.call("lock", "--upgrade").stderr.splitlines()[-1] == "env.lock answers env.toml: nothing to do"
    assert project.lockfile.read_bytes() == before


def test_dates_that_a_merge_has_lost_are_recorded_anew(project: Project) -> None:
    before = project.lockfile.read_text()
    start, end = before.index("[platform.linux-64.base.dates]"), before.index("[[platform.linux-64.debian]]")
    project.lockfile.write_text(before[:start] + before[end:])
    assert project.call("check").code == 1
    project.must("lock")
    assert project.lockfile.read_text() == before


def test_a_pin_that_the_archive_has_no_more_stays(project: Project, archive: Archive) -> None:
    """As after weeks on a mirror; its file is for a snapshot archive to have."""
    before = versions(project)
    publish(archive, both("tool", "1:2.0-2", depends="liba"), date=DATE)
    unlist(archive, [archive.folder("bookworm") / f"pool/main/tool/tool_2.0-1_{a}.deb" for a in ("amd64", "arm64")])
    project.change("['tool']", "['other', 'tool']")
    project.must("lock")
    assert versions(project) == {**before, "other": "1.0-1"}


def test_what_is_asked_for_no_more_goes_with_all_that_it_brought(project: Project) -> None:
    project.change("['tool']", "['other']")
    result = project.call("lock")
    assert result.stderr.splitlines()[-5:] == [
        "  liba   − 1.0-1+deb12u1  linux-64",
        "  libb   − 1.0-1          linux-64",
        "  other  + 1.0-1          linux-64",
        "  tool   − 1:2.0-1        linux-64",
        "wrote env.lock: 4 packages changed, 6 kept",
    ]


def test_no_server_is_asked_where_packages_only_go(project: Project, archive: Archive, mirror: FileServer) -> None:
    seen = dates(project)
    publish(archive, both("mawk", "1.3.4-9", provides="awk"), date=DATE)
    project.change("['tool']", "[]")
    result = project.call("lock")
    assert result.stderr.splitlines() == [
        "  liba  − 1.0-1+deb12u1  linux-64",
        "  libb  − 1.0-1          linux-64",
        "  tool  − 1:2.0-1        linux-64",
        "wrote env.lock: 3 packages changed, 6 kept",
    ]
    assert (mirror.requests, dates(project)) == ([], seen)
    assert project.call("check") == (0, "", "")


def test_a_component_that_there_is_not_is_refused_though_no_package_of_it_is_needed(project: Project) -> None:
    project.change("[image.debian]", "[image.debian]\ncomponents = ['main', 'nonfre']")
    before = project.lockfile.read_bytes()
    result = project.call("lock")
    assert result.code == 2
    assert "has no component `nonfre`" in failure(result)
    assert project.lockfile.read_bytes() == before


def test_of_alternatives_the_second_goes_where_the_first_is_asked_for(project: Project) -> None:
    project.change("['tool']", "['libc', 'tool']")
    project.must("lock")
    kept = versions(project)
    project.lockfile.unlink()
    project.must("lock")
    assert versions(project) == kept


@pytest.fixture(scope="module")
def moved_once(tiny: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("moved")
    archive = copied(tiny, folder / "archive")
    project_of(folder, archive).must("lock")
    publish(archive, both("liba", "1.0-1+deb12u2"), suite="bookworm-security", date=DATE)
    publish(archive, both("libb", "1.0-2"), suite="bookworm-updates", date=DATE)
    publish(archive, [*both("tool", "1:2.0-2", depends="liba (>= 1), libb"), *both("mawk", "1.3.5", provides="awk")])
    return folder


@pytest.fixture
def moved(moved_once: Path, tmp_path: Path) -> Project:
    """Since it was locked, all that it has came out anew."""
    for name in ("train", "cache"):
        shutil.copytree(moved_once / name, tmp_path / name)
    return Project(folder=tmp_path / "train", cache=tmp_path / "cache")


NEW = {"tool": "1:2.0-2", "liba": "1.0-1+deb12u2", "libb": "1.0-2", "mawk": "1.3.5"}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["-P", "liba"], ["liba"]),
        (["-P", "debian:liba"], ["liba"]),
        (["-P", "debian:tool", "-P", "libb"], ["tool", "libb"]),
        (["-P", "tool==1:2.0-2"], ["tool"]),
        (["-P", "debian:liba==1.0-1"], []),
        (["-P", "base"], [*NEW]),
        (["-P", "debian"], [*NEW]),
        (["--upgrade"], [*NEW]),
    ],
)
def test_what_moves(moved: Project, arguments: list[str], names: list[str]) -> None:
    before = {p.name: p.version for p in moved.locked().debian}
    moved.must("lock", *arguments)
    exactly = {"liba": "1.0-1"} if "debian:liba==1.0-1" in arguments else {}
    expected = {**before, **{name: NEW[name] for name in names}, **exactly}
    assert {p.name: p.version for p in moved.locked().debian} == expected
    assert moved.call("check") == (0, "", "")
    # and there it stays
    locked = moved.lockfile.read_bytes()
    moved.manifest.write_text(moved.manifest.read_text() + "\n# the same\n")
    moved.must("lock")
    assert moved.lockfile.read_bytes() == locked


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("debian:tol", "`debian:tol` is not locked, so it cannot be upgraded\nhint: did you mean `debian:tool`?"),
        ("pip:tool", "`pip:tool` is not locked, so it cannot be upgraded\nhint: did you mean `debian:tool`?"),
        ("tol", "`tol` is not locked, so it cannot be upgraded\nhint: did you mean `tool`?"),
        (
            "debian==12",
            "the base has no version\nhint: `-P debian` takes the newest of all its packages, "
            "`-P debian:NAME==VERSION` moves one of them",
        ),
        ("tool==2_0", "`-P tool==2_0`: `2_0` is no version of a Debian package"),
    ],
)
def test_what_cannot_move(project: Project, word: str, message: str) -> None:
    before = project.lockfile.read_bytes()
    result = project.call("--quiet", "lock", "-P", word)
    assert (result.code, result.stdout, result.stderr.rstrip("\n")) == (2, "", f"error: {message}")
    assert project.lockfile.read_bytes() == before


def test_a_version_that_is_not_there(project: Project) -> None:
    before = project.lockfile.read_bytes()
    result = project.call("--quiet", "lock", "-P", "tool==9")
    assert result.code == 2
    assert "`tool (= 9)`" in result.stderr
    assert "-P tool==9" in result.stderr
    assert project.lockfile.read_bytes() == before


def test_another_suite_takes_nothing_along(project: Project, archive: Archive) -> None:
    for suite in ("trixie", "trixie-updates", "trixie-security"):
        newer = [*both("libc6", "2.41-12"), *both("tool", "1:1.0-1")] if suite == "trixie" else []
        kept = [package for package in GROUP if package["name"] != "libc6"] if suite == "trixie" else []
        publish(archive, [*newer, *kept], suite=suite)
    project.change('suite = "bookworm"', 'suite = "trixie"')
    result = project.call("lock")
    assert [line for line in result.stderr.splitlines() if line.startswith("  ")][:3] == [
        "  base   Debian bookworm → Debian trixie  linux-64",
        "  liba   − 1.0-1+deb12u1                  linux-64",
        "  libb   − 1.0-1                          linux-64",
    ]
    assert versions(project) == {"tool": "1:1.0-1"}
    assert (project.locked().base.suite, project.locked().base.glibc) == ("trixie", "2.41")


# --- Python, wheels and conda packages ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    write_wheel(folder, "alpha", requires=["beta ; python_version < '3.12'", "gamma ; python_version >= '3.12'"])
    write_wheel(folder, "beta")
    write_wheel(folder, "gamma")
    return folder


@pytest.mark.parametrize("python", ["3.11", "3.11.2", None])
def test_wheels_stand_on_the_python_of_the_suite(
    tiny: Archive, wheels: Path, tmp_path: Path, python: str | None
) -> None:
    with serve_index(WheelFolders((wheels,))) as index:
        project = project_of(tmp_path, tiny, ["other"], python=python, pip=("alpha",), index=index.url)
        result = project.call("lock")
        assert result.code == 0, result
        assert "  linux-64  Debian bookworm, 9 packages  python 3.11.2  2 pip" in result.stderr
        before = project.lockfile.read_bytes()
        project.manifest.write_text(project.manifest.read_text().replace("['alpha']", "['alpha', 'gamma']"))
        project.must("lock")
    base = project.locked().base
    assert (base.interpreter, base.python) == ("/usr/bin/python3.11", "3.11.2")
    assert {p.name for p in project.locked().pip} == {"alpha", "beta", "gamma"}
    assert versions(project) == {"other": "1.0-1", "python3.11": "3.11.2-6+deb12u6", "libb": "1.0-1"}
    assert project.call("check") == (0, "", "")
    assert project.lockfile.read_bytes() != before


def test_python_alone_brings_the_interpreter(tiny: Archive, tmp_path: Path) -> None:
    project = project_of(tmp_path, tiny, (), python="3.11")
    project.must("lock")
    assert versions(project) == {"python3.11": "3.11.2-6+deb12u6", "libb": "1.0-1"}
    project.change('python = "3.11"\n', "")
    project.must("lock")
    assert (versions(project), project.locked().base.python) == ({}, None)


def test_with_conda_the_base_has_no_python(tiny: Archive, tmp_path: Path) -> None:
    write_channel(tmp_path / "channel", (PYTHON, TOOL))
    project = project_of(tmp_path, tiny, ["other"], python=PYTHON.version)
    conda = f"\n[conda]\nchannels = ['{(tmp_path / 'channel').as_uri()}']\ndependencies = ['tool']\n"
    project.manifest.write_text(project.manifest.read_text() + conda)
    result = project.call("lock")
    assert result.code == 0, result
    assert f"  linux-64  Debian bookworm, 7 packages  python {PYTHON.version}  2 conda" in result.stderr
    assert (versions(project), project.locked().base.python) == ({"other": "1.0-1"}, None)
    assert project.call("check") == (0, "", "")


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("3.13", "no Python 3.13 in Debian bookworm: it has 3.11.2"),
        ("3.11.9", "no Python 3.11.9 in Debian bookworm: it has 3.11.2"),
    ],
)
def test_a_python_that_the_suite_has_not(tiny: Archive, tmp_path: Path, python: str, message: str) -> None:
    project = project_of(tmp_path, tiny, (), python=python)
    result = project.call("--quiet", "lock")
    hint = "take another `python`, another `suite`, or Python from conda"
    assert (result.code, result.stderr) == (2, f"error: {message}\nhint: {hint}\n")
    assert not project.lockfile.exists()


def newer_python(archive: Archive) -> None:
    """The suite's `python3` is another one, and the one that there was is gone."""
    new = both("python3.12", "3.12.1-1", depends="libc6 (>= 2.36), libb")
    python3 = Tiny(name="python3", version="3.12.1-1", architecture="all", depends="python3.12")
    publish(archive, [*new, python3], date=DATE)
    unlist(archive, [path for path in archive.pool("bookworm") if path.name.startswith("python3.11_")], date=DATE)


@pytest.mark.parametrize("python", [None, "3.11", "3.11.2"])
def test_the_python_that_is_locked_stays(archive: Archive, wheels: Path, tmp_path: Path, python: str | None) -> None:
    with serve_index(WheelFolders((wheels,))) as index:
        project = project_of(tmp_path, archive, (), python=python, pip=("beta",), index=index.url)
        project.must("lock")
        newer_python(archive)
        project.change("packages = []", "packages = ['other']")
        result = project.call("lock")
        assert result.code == 0, result
        assert project.locked().base.python == "3.11.2"
        moved = project.call("lock", "-P", "base")
    if python is None:
        assert project.locked().base.python == "3.12.1"
    else:
        assert f"no Python {python} in Debian bookworm: it has 3.12.1" in moved.stderr
    assert project.call("check") == (0, "", "")


def test_a_mac_beside_debian_is_to_say_which_python(tiny: Archive, wheels: Path, tmp_path: Path) -> None:
    with serve_index(WheelFolders((wheels,))) as index:
        project = project_of(tmp_path, tiny, pip=("beta",), index=index.url, platforms=("linux-64", "osx-arm64"))
        result = project.call("--quiet", "lock")
    hint = "say by `python` which: on Linux it is the one of Debian bookworm"
    assert (result.code, result.stderr) == (2, f"error: [pip] needs a Python on osx-arm64\nhint: {hint}\n")


def test_a_mac_alone_has_nothing_of_debian(tiny: Archive, wheels: Path, tmp_path: Path) -> None:
    with serve_index(WheelFolders((wheels,))) as index:
        project = project_of(
            tmp_path, tiny, python="3.11", pip=("beta",), index=index.url, platforms=("osx-arm64",), mirror="./nowhere"
        )
        lines = project.call("lock").stderr.splitlines()
    assert lines[:2] == ["osx-arm64: wheels", "  osx-arm64  python 3.11.0  1 pip"]
    assert project.call("check") == (0, "", "")


def test_a_suite_that_is_too_old_for_what_is_declared(tiny: Archive, tmp_path: Path) -> None:
    project = project_of(tmp_path, tiny)
    project.manifest.write_text(project.manifest.read_text() + '\n[platform.linux-64]\nglibc = "2.39"\n')
    assert project.call("--quiet", "lock") == (
        2,
        "",
        "error: Debian bookworm has glibc 2.36, and packages are chosen for glibc 2.39\n"
        'hint: choose a newer suite, or declare `glibc = "2.36"` in [platform.linux-64]\n',
    )


@pytest.mark.parametrize(
    ("packages", "words"),
    [
        (["tol"], ["`tol`", "bookworm", "`tool`"]),
        (["tool (>= 3:1)"], ["`tool (>= 3:1)`", "1:2.0-1"]),
        (["tool", "liba (<< 1)"], ["liba (<< 1)", "1.0-1"]),
    ],
)
def test_what_cannot_be_had_is_said(tiny: Archive, tmp_path: Path, packages: list[str], words: list[str]) -> None:
    project = project_of(tmp_path, tiny, packages)
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout, project.lockfile.exists()) == (2, "", False)
    for word in words:
        assert word in result.stderr


# --- as it was at a time -----------------------------------------------------------------------------------------


def test_exclude_newer_with_a_snapshot_archive(archive: Archive, tmp_path: Path) -> None:
    """What was locked of a later time is chosen again from what there was then."""
    then = tmp_path / "then"
    shutil.copytree(archive.root, then, symlinks=True)
    publish(archive, both("liba", "1.0-1+deb12u2"), suite="bookworm-security", date="Mon, 15 Jun 2026 07:00:00 UTC")
    with serve_snapshot(Archive(root=then, keys=archive.keys)) as snapshot:
        project = project_of(tmp_path, archive, debian=f'snapshot = "{snapshot.url}"')
        project.must("lock")
        assert versions(project)["liba"] == "1.0-1+deb12u2"
        limit = f"{TAKEN[:4]}-12-31T00:00:00Z"
        project.manifest.write_text(f'{project.manifest.read_text()}\n[lock]\nexclude-newer = "{limit}"\n')
        project.must("lock")
        assert versions(project)["liba"] == "1.0-1+deb12u1"
        assert max(dates(project).values()) < limit
        snapshot.requests.clear()
        project.manifest.write_text(project.manifest.read_text() + '\n[variables]\nA = "1"\n')
        project.must("lock")
        assert snapshot.requests == []
    assert project.call("check") == (0, "", "")


def test_a_platform_on_which_nothing_is_wanted(tiny: Archive, tmp_path: Path) -> None:
    """There is a base for images alone; the lock says so of the other one, too."""
    project = project_of(tmp_path, tiny, platforms=("linux-64", "osx-arm64"))
    project.must("lock")
    mac = project.lock().platform("osx-arm64")
    assert mac
    assert mac.packages == ()
    assert project.call("check") == (0, "", "")
