"""env.toml, rightly written: what becomes of it."""

from pathlib import Path

import pytest

from envlock.manifest.reader import read_manifest
from envlock.model.platform import System
from envlock.model.spec import CondaSpec, DebianSpec, EnvSpec, ImageSpec, Index, LockSpec, PipSpec, Wants

EVERYTHING = """\
name = "train"
description = \"\"\"
Trains,
nightly\"\"\"
python = "3.11"
platforms = ["linux-64"]

[conda]
channels = ["conda-forge", "https://conda.acme.test/main/", "./channel/", "../shared", "/srv/channel", "file:///srv/c"]
channel-priority = "flexible"
dependencies = ["Numpy >= 1.26 , <2", "conda-forge::pandas=2.2", "python"]

[pip]
dependencies = ["Flask_Login[b,A] >=0.6 ; python_version<'4'", "lightgbm"]

[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test/simple/"
default = true

[[pip.indexes]]
name = "pypi"

[variables]
OMP_NUM_THREADS = "1"
EMPTY = ""

[image]
base = "oci:./bases/../base"
repository = "ghcr.test/acme/train"
user = "1000:1000"
workdir = "/srv/app/"
entrypoint = []
cmd = ["sh", "-c", "a\\nb"]
labels = { "org.acme.team" = "ml", "a" = "b" }

[platform.linux-64]
glibc = "2.36"
linux = "5.10"
cuda = "12.4"
archspec = "x86_64_v3"
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """An env.toml, still to be written, in a folder inside a repository."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "envs" / "score"
    folder.mkdir(parents=True)
    return folder / "env.toml"


def test_everything(manifest: Path) -> None:
    manifest.write_text(EVERYTHING)
    assert read_manifest(manifest) == EnvSpec(
        name="train",
        description="Trains,\nnightly",
        python="3.11",
        platforms=("linux-64",),
        systems=(("linux-64", System(glibc="2.36", linux="5.10", cuda="12.4", archspec="x86_64_v3")),),
        conda=CondaSpec(
            channels=(
                "conda-forge",
                "https://conda.acme.test/main",
                "./channel",
                "../shared",
                "/srv/channel",
                "file:///srv/c",
            ),
            channel_priority="flexible",
            dependencies=("conda-forge::pandas 2.2.*", "numpy <2,>=1.26", "python"),
        ),
        pip=PipSpec(
            dependencies=('flask-login[a,b]>=0.6; python_version < "4"', "lightgbm"),
            indexes=(Index(name="acme", url="https://pip.acme.test/simple", default=True), Index(name="pypi")),
        ),
        variables=(("EMPTY", ""), ("OMP_NUM_THREADS", "1")),
        image=ImageSpec(
            base="oci:base",
            repository="ghcr.test/acme/train",
            user="1000:1000",
            workdir="/srv/app",
            entrypoint=(),
            cmd=("sh", "-c", "a\nb"),
            labels=(("a", "b"), ("org.acme.team", "ml")),
        ),
    )


def test_nothing_written_means_the_defaults(manifest: Path) -> None:
    manifest.write_text("")
    assert read_manifest(manifest) == EnvSpec(name="score")


def test_other_orders_and_spellings_are_the_same(manifest: Path) -> None:
    manifest.write_text('[conda]\ndependencies = ["b  >=1,<2", "a"]\n[pip]\ndependencies = ["D>1,<2", "c"]\n')
    first = read_manifest(manifest)
    manifest.write_text('pip.dependencies = ["c", "d <2, >1"]\n[conda]\ndependencies = ["A", "b<2,>=1"] # why\n')
    assert read_manifest(manifest) == first


@pytest.mark.parametrize("encoded", [b"\xef\xbb\xbf%b", b"%b"], ids=["bom", "plain"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_bom_and_crlf_are_accepted(manifest: Path, encoded: bytes, end: bytes) -> None:
    manifest.write_text(EVERYTHING)
    expected = read_manifest(manifest)
    manifest.write_bytes(encoded % EVERYTHING.encode().replace(b"\n", end))
    assert read_manifest(manifest) == expected


def test_markers_let_one_package_stand_twice(manifest: Path) -> None:
    manifest.write_text(
        """pip.dependencies = ["numpy<2; python_version < '3.12'", "numpy>=2; python_version >= '3.12'"]"""
    )
    assert read_manifest(manifest).pip.dependencies == (
        'numpy<2; python_version < "3.12"',
        'numpy>=2; python_version >= "3.12"',
    )


def test_channels_let_one_package_stand_twice(manifest: Path) -> None:
    manifest.write_text('conda.dependencies = ["numpy >=1", "acme::numpy <2"]')
    assert read_manifest(manifest).conda.dependencies == ("acme::numpy <2", "numpy >=1")


@pytest.mark.parametrize("python", ["3.8", "3.11", "3.11.0", "3.14.12"])
def test_versions_of_python(manifest: Path, python: str) -> None:
    manifest.write_text(f'python = "{python}"')
    assert read_manifest(manifest).python == python


@pytest.mark.parametrize(
    "base",
    ["scratch", "debian", "python:3.12-slim", "localhost:5000/a/b", "ghcr.test/acme/base@sha256:" + "0" * 64],
)
def test_bases(manifest: Path, base: str) -> None:
    manifest.write_text(f'image.base = "{base}"')
    assert read_manifest(manifest).image.base == base


def test_outside_git_paths_stay_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / "env.toml").write_text('conda.channels = ["./channel"]')
    assert read_manifest(folder / "env.toml").conda.channels == ("./channel",)


def test_a_repository_behind_a_symbolic_link(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(manifest.parent)
    manifest.write_text('name = "e"\nimage.base = "oci:../base"')
    assert read_manifest(tmp_path / "link" / "env.toml").image.base == "oci:../base"


def test_the_key_path_is_as_written_for_inline_tables_too(manifest: Path) -> None:
    manifest.write_text("platform = { linux-64 = { cuda = '12' } }\nimage = { user = 'me', labels = {} }")
    spec = read_manifest(manifest)
    assert (spec.system("linux-64").cuda, spec.system("linux-64").glibc) == ("12", "2.28")
    assert spec.image == ImageSpec(user="me")


GROUPS = """
platforms = ["win-64", "linux-64"]
[pip]
dependencies = ["a"]
[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test"
packages = ["tools", "acme-*"]
[groups.dev.pip]
dependencies = ["Pytest >8", "a <2"]
[groups.dev.conda]
dependencies = ["cmake=3"]
[groups.docs]
[platform.win-64.pip]
dependencies = ["a >1", "b @ ./b"]
[platform.win-64]
windows = "10.0"
[lock]
exclude-newer = "2026-01-31T12:00:00+02:00"
pip-resolver = "pip-tools"
conda-solver = "conda-lock"
"""


def test_groups_platforms_and_how_to_lock(manifest: Path) -> None:
    manifest.write_text(GROUPS)
    spec = read_manifest(manifest)
    assert spec.platforms == ("linux-64", "win-64")
    assert spec.groups == (("dev", Wants(conda=("cmake 3.*",), pip=("a<2", "pytest>8"))), ("docs", Wants()))
    assert spec.platform_wants == (("win-64", Wants(pip=("a>1", "b @ ./b"))),)
    assert spec.wants("win-64").pip == ("a", "a>1", "b @ ./b")
    assert spec.system("win-64").windows == "10.0"
    assert spec.pip.indexes[0].packages == ("acme-*", "tools")
    assert spec.lock == LockSpec(
        exclude_newer="2026-01-31T10:00:00Z", pip_resolver="pip-tools", conda_solver="conda-lock"
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("7d", "7d"),
        ("2w", "2w"),
        ("12h", "12h"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T00:30:15+01:00", "2026-01-30T23:30:15Z"),
        ("0900-01-01", "0900-01-01T00:00:00Z"),
    ],
)
def test_cutoffs(manifest: Path, text: str, kept: str) -> None:
    manifest.write_text(f"lock.exclude-newer = '{text}'")
    assert read_manifest(manifest).lock.exclude_newer == kept


def test_a_base_of_debian_s_packages(manifest: Path) -> None:
    """In one spelling, whatever is written: sorted, without slash at the end, paths that begin with a dot."""
    manifest.write_text(
        """\
[image.debian]
suite = "bookworm"
packages = ["libgomp1(>=12)", "git", "curl = 7.88.1-10+deb12u14"]
components = ["main", "contrib"]
mirror = "https://mirror.test/debian/"
snapshot = "./a/../snapshot"
keys = "keys/archive.asc"
docs = false
"""
    )
    spec = read_manifest(manifest)
    assert spec.image.debian == DebianSpec(
        suite="bookworm",
        packages=("curl (= 7.88.1-10+deb12u14)", "git", "libgomp1 (>= 12)"),
        components=("contrib", "main"),
        mirror="https://mirror.test/debian",
        snapshot="./snapshot",
        keys="./keys/archive.asc",
        docs=False,
    )
    assert spec.base is None
    # for what is not Linux it says nothing
    manifest.write_text('platforms = ["osx-64"]\nimage.debian.suite = "sid"')
    assert read_manifest(manifest).image.debian == DebianSpec(suite="sid")
