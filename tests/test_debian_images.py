"""Images of Debian's packages and PyPI's, made without executing anything, at work in a Docker engine."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest
from debian_inspector.debcon import Debian822  # type: ignore[import-untyped]
from debian_inspector.deps import parse_depends  # type: ignore[import-untyped]

from envlock.model.lock import DebianPackage
from tests.conftest import IndexServers
from tests.support import container_programs as programs
from tests.support.containers import built_everywhere, loaded, same_everywhere, started
from tests.support.debian_archive import Archive
from tests.support.debian_packages import WANTED
from tests.support.debian_projects import MINOR, debian_manifest, debian_project
from tests.support.docker_engine import Engine
from tests.support.http_server import FileServer
from tests.support.oci_contents import image_members, read_below
from tests.support.projects import Project, cache_with_downloads
from tests.support.wheels import VERSIONS

NUMERIC = ("flask", "lightgbm", "numpy", "pandas", "scikit-learn")
TOOLS = ("bash", "ca-certificates", "coreutils", "curl", "git", "grep", "libc-bin", "libgomp1", "openssl", "tzdata")
# what the loader does not find by itself, by pattern of the path, and why nothing is amiss
FOUND_OTHERWISE = {
    "*/scipy.libs/libgfortran-*": "its wheel: what needs it has loaded the libquadmath beside it before",
}


@dataclass(frozen=True, kw_only=True)
class Numeric:
    """Makes environments of numpy and what stands on it, over Debian's Python; not locked yet."""

    archive: Archive
    index: str
    shared: Path

    def project(self, folder: Path, packages: Sequence[str] = TOOLS, **changes: str) -> Project:
        pins = [f"{name}=={VERSIONS[name]}" for name in NUMERIC]
        manifest = debian_manifest(self.archive, packages, python=MINOR, pip=pins, index=self.index, **changes)
        cache = cache_with_downloads(folder.with_name(f"{folder.name}-cache"), self.shared)
        return debian_project(folder, self.archive, manifest, cache=cache)


@pytest.fixture
def numeric(shared_cache: Path, debian_archive: Archive, real_wheels: Path, index_server: IndexServers) -> Numeric:
    return Numeric(archive=debian_archive, index=index_server(real_wheels).url, shared=shared_cache)


def test_a_whole_image_works(
    tmp_path: Path, numeric: Numeric, debian_mirror: FileServer, docker_engine: Engine
) -> None:
    image_settings = 'user = "1000"\nworkdir = "/srv"'
    project = numeric.project(tmp_path / "train", mirror=f"{debian_mirror.url}/debian", image=image_settings)
    project.must("lock")
    assert project.call("check") == (0, "", "")
    image = built_everywhere(project, docker_engine, tmp_path)

    def says(*command: str, user: str | None = None) -> str:
        return started(docker_engine, image, *command, user=user)

    assert says("python", "-c", programs.FIT) == programs.FITTED
    assert says("sh", "-c", "id -u; pwd; stat -c '%a %u' /tmp /srv /root") == "1000\n/srv\n1777 0\n755 0\n700 0\n"
    assert says("bash", "-c", programs.GIT) == "first\n"
    assert says("bash", "-c", programs.HTTPS) == programs.ANSWERED
    assert says("python", "-c", programs.TRUSTED) == "True\n"
    assert says("python", "-c", programs.TIMES) == "2:00:00 True\n"
    assert says("sh", "-c", "TZ=Asia/Tokyo date +%z; LC_ALL=C.UTF-8 locale charmap") == "+0900\nUTF-8\n"
    assert says("sh", "-c", programs.AS_PACKAGED, user="0") == "all\n"
    every_library_is_found(says("python", "-c", programs.UNFOUND, user="0"), at_least=300)
    assert {"numpy", "lightgbm", "scikit-learn"} < same_everywhere(project, docker_engine, image).keys()
    read_by_another_project(project, tmp_path / "layout")
    fetched_once(debian_mirror)


def every_library_is_found(said: str, *, at_least: int) -> None:
    found = json.loads(said)
    amiss = {path for path in found["unfound"] if not any(fnmatch(path, each) for each in FOUND_OTHERWISE)}
    assert (amiss, found["looked"] >= at_least) == (set(), True), found


def read_by_another_project(project: Project, layout: Path) -> None:
    """What debian-inspector finds in the image is what is locked, and it understands what each package needs."""
    locked = {package.name: package for package in project.locked().debian}
    records = read_below(layout, "var/lib/dpkg/status.d")
    assert records.keys() == locked.keys() | {f"{name}.md5sums" for name in locked}
    for name, package in locked.items():
        stanza = Debian822(records[name].decode())
        said = (stanza["package"], stanza["version"], stanza["architecture"])
        assert said == (name, package.version, package.architecture)
        if "depends" in stanza:
            named = {name.partition(":")[0] for name in parse_depends(stanza["depends"]).names}
            assert named <= set(needed(package))


def needed(package: DebianPackage) -> Iterator[str]:
    """The names of all packages that it may need, alternatives among them."""
    for item in package.requires:
        yield from (one.split()[0].partition(":")[0] for one in item.split("|"))


def fetched_once(mirror: FileServer) -> None:
    """As apt does: the index once, and then each file that is needed, once."""
    asked = [path for method, path in mirror.requests if method == "GET"]
    assert sorted(set(asked)) == sorted(asked)
    assert not [path for path in asked if "arm64" in path]


@pytest.mark.full
def test_two_builds_of_an_environment_are_one_image(tmp_path: Path, numeric: Numeric) -> None:
    """In another folder, with another cache, order, umask, language and time zone."""
    one = numeric.project(tmp_path / "one")
    other = numeric.project(tmp_path / "other", TOOLS[::-1]).given(TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    digests = [one.must("lock") + one.must("build")]
    before = os.umask(0o077)
    try:
        digests.append(other.must("lock") + other.must("build"))
    finally:
        os.umask(before)
    assert digests[0] == digests[1]
    assert one.lockfile.read_bytes() == other.lockfile.read_bytes()


def test_a_small_image_without_python_and_documentation(
    tmp_path: Path, debian_archive: Archive, docker_engine: Engine
) -> None:
    manifest = debian_manifest(debian_archive, ["less"], image='user = "nobody"', debian="docs = false")
    project = debian_project(tmp_path / "small", debian_archive, manifest, cache=tmp_path / "cache")
    project.must("lock")
    project.must("build", "--output", tmp_path / "layout")
    image = loaded(project, docker_engine)
    command = ("sh", "-c", ". /etc/os-release; echo $ID $VERSION_CODENAME; awk 'BEGIN { print 6 * 7 }'; less --version")
    said = started(docker_engine, image, *command, user=None).splitlines()
    assert said[:2] == ["debian bookworm", "42"]
    assert said[2].startswith("less ")
    assert docker_engine.client.images.get(image).attrs["Config"]["Cmd"] == ["/bin/sh"]
    paths = {member.name for member, _ in image_members(tmp_path / "layout") if member.isreg()}
    folders = ("usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/share/locale/")
    left = {path for path in paths if path.startswith(folders) and not path.endswith("/copyright")}
    assert left <= {"usr/share/info/dir", "usr/share/locale/locale.alias"}  # Debian's slim images have them too
    assert "usr/share/doc/less/copyright" in paths


@pytest.mark.full
def test_every_package_of_the_archive_at_once(tmp_path: Path, debian_archive: Archive, docker_engine: Engine) -> None:
    """Setuid programs, all locales, Perl, PAM, D-Bus, sudo, apt itself: whole, and every library is found."""
    manifest = debian_manifest(debian_archive, WANTED["amd64"])
    project = debian_project(tmp_path / "all", debian_archive, manifest, cache=tmp_path / "cache")
    project.must("lock")
    image = built_everywhere(project, docker_engine, tmp_path)

    def says(*command: str) -> str:
        return started(docker_engine, image, *command, user="0")

    assert says("sh", "-c", programs.AS_PACKAGED) == "all\n"
    every_library_is_found(says("python3", "-c", programs.UNFOUND), at_least=800)
    german = "import locale; locale.setlocale(locale.LC_ALL, 'de_DE.UTF-8'); print(locale.str(1.5))"
    assert says("python3", "-c", german) == "1,5\n"
    assert says("perl", "-MPOSIX", "-e", 'print "$^V\\n"').startswith("v5.")
    assert says("stat", "-c", "%a %U %G", "/usr/bin/sudo", "/usr/bin/passwd").splitlines() == ["4755 root root"] * 2
    assert says("getent", "passwd", "nobody").startswith("nobody:x:65534:65534:")
    for program in ("editor", "pager", "awk", "vi", "nc"):
        assert says("sh", "-c", f"readlink -e $(command -v {program})").startswith("/usr/bin/")
    read_by_another_project(project, tmp_path / "layout")
