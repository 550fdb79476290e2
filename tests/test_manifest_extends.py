"""`extends`: values of another env.toml, overridden."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from envlock.model.spec import DebianSpec, Index, LockSpec, Wants
from tests.support.manifests import read, refused


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is that of an environment in a repository."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "env").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "env")


BASE = """\
name = "base"
description = "what all have"
python = "3.11"
platforms = ["linux-64", "osx-arm64"]
[conda]
channels = ["./channel", "conda-forge"]
channel-priority = "flexible"
dependencies = ["python", "numpy >=1.26", "acme::scipy"]
[pip]
dependencies = ["flask >=3", "tool @ ./tools/tool", "rich; os_name == 'nt'"]
[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test"
packages = ["acme-*"]
[groups.dev.pip]
dependencies = ["pytest", "ruff"]
[platform.osx-arm64]
macos = "14.0"
[platform.osx-arm64.pip]
dependencies = ["appnope"]
[variables]
A = "base"
B = "base"
[image]
base = "oci:images/base"
cmd = ["python"]
labels = { team = "maps", level = "1" }
[lock]
exclude-newer = "7d"
pip-resolver = "pip-tools"
"""


def test_everything_is_inherited_but_name_and_description() -> None:
    spec = read("extends = '../base/env.toml'", {"../base/env.toml": BASE})
    assert (spec.name, spec.description, spec.python) == ("e", "", "3.11")
    assert spec.platforms == ("linux-64", "osx-arm64")
    assert spec.conda.channels == ("../base/channel", "conda-forge")
    assert spec.conda.channel_priority == "flexible"
    assert spec.conda.dependencies == ("acme::scipy", "numpy >=1.26", "python")
    assert spec.pip.dependencies == ("flask>=3", 'rich; os_name == "nt"', "tool @ ../base/tools/tool")
    assert [index.name for index in spec.pip.indexes] == ["acme"]
    assert spec.groups == (("dev", Wants(pip=("pytest", "ruff"))),)
    assert spec.platform_wants == (("osx-arm64", Wants(pip=("appnope",))),)
    assert spec.system("osx-arm64").macos == "14.0"
    assert spec.variables == (("A", "base"), ("B", "base"))
    assert (spec.image.base, spec.image.cmd) == ("oci:../base/images/base", ("python",))
    assert spec.lock == LockSpec(exclude_newer="7d", pip_resolver="pip-tools")
    assert spec.files == ("../base/env.toml",)


OVERRIDING = """\
extends = "../base/env.toml"
python = "3.12"
platforms = ["linux-64"]
[conda]
channels = ["bioconda"]
dependencies = ["Numpy <2", "scipy <2", "pandas"]
[pip]
dependencies = ["Flask <4", "rich", "tool @ ./tool"]
[[pip.indexes]]
name = "mine"
url = "https://mine.test"
[[pip.indexes]]
name = "acme"
url = "https://acme.test"
[groups.dev.pip]
dependencies = ["ruff <1"]
[groups.docs.pip]
dependencies = ["sphinx"]
[variables]
B = "own"
[image]
cmd = ["sh", "-c"]
labels = { level = "2" }
[lock]
exclude-newer = "1d"
"""


def test_what_is_written_again_overrides() -> None:
    spec = read(OVERRIDING, {"../base/env.toml": BASE})
    assert (spec.python, spec.platforms) == ("3.12", ("linux-64",))
    assert spec.conda.channels == ("bioconda",)
    assert spec.conda.dependencies == ("numpy <2", "pandas", "python", "scipy <2")
    assert spec.pip.dependencies == ("flask<4", "rich", "tool @ ./tool")
    assert spec.pip.indexes == (
        Index(name="mine", url="https://mine.test"),
        Index(name="acme", url="https://acme.test"),
    )
    assert spec.groups == (("dev", Wants(pip=("pytest", "ruff<1"))), ("docs", Wants(pip=("sphinx",))))
    assert spec.variables == (("A", "base"), ("B", "own"))
    assert (spec.image.base, spec.image.cmd) == ("oci:../base/images/base", ("sh", "-c"))
    assert spec.image.labels == (("level", "2"), ("team", "maps"))
    assert spec.lock == LockSpec(exclude_newer="1d", pip_resolver="pip-tools")


def test_several_levels() -> None:
    files = {
        "../a.toml": "extends = 'base/b.toml'\n[pip]\ndependencies = ['x >1', 'z @ ./z']",
        "../base/b.toml": "python = '3.11'\n[pip]\ndependencies = ['x', 'y @ ./y', 'z']\neditable = ['./p[a]', './q']\n"
        "from = 'requirements.in'",
        "../base/requirements.in": "rich\n./w-1.0-py3-none-any.whl",
        "../base/p/pyproject.toml": "project = { name = 'p', optional-dependencies = { a = ['in-a'] } }",
        "../base/q/pyproject.toml": "project = { name = 'q', dependencies = ['in-q'] }",
        "q/pyproject.toml": "project = { name = 'own-q', dependencies = ['in-own-q'] }",
    }
    spec = read("extends = '../a.toml'\npip.editable = ['./q']", files)
    wanted = ("rich", "w @ ../base/w-1.0-py3-none-any.whl", "x>1", "y @ ../base/y", "z @ ../z")
    assert (spec.python, spec.pip.dependencies) == ("3.11", wanted)
    assert [(p.path, p.dependencies) for p in spec.pip.editable] == [
        ("../base/p", ("in-a",)),
        ("../base/q", ("in-q",)),
        ("./q", ("in-own-q",)),
    ]
    assert spec.files == (
        "../a.toml", "../base/b.toml", "../base/p/pyproject.toml", "../base/q/pyproject.toml",
        "../base/requirements.in", "q/pyproject.toml",
    )  # fmt: skip


def test_a_folder_behind_a_symbolic_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repository" / "link").symlink_to("env")
    monkeypatch.chdir(tmp_path / "repository" / "link")
    spec = read("extends = '../base/env.toml'", {"../base/env.toml": BASE})
    assert spec.conda.channels == ("../base/channel", "conda-forge")
    assert spec.files == ("../base/env.toml",)


DEBIAN_BASE = """\
[image]
user = "1000"
[image.debian]
suite = "bookworm"
packages = ["git", "curl=7.88.1-10+deb12u14", "libgomp1"]
components = ["main", "contrib"]
mirror = "./mirror"
snapshot = "file:///srv/snapshot"
keys = "keys/archive.asc"
docs = false
"""


def test_a_base_of_debian_s_packages_is_inherited_with_its_places() -> None:
    spec = read("extends = '../base/env.toml'", {"../base/env.toml": DEBIAN_BASE})
    assert spec.image.debian == DebianSpec(
        suite="bookworm",
        packages=("curl (= 7.88.1-10+deb12u14)", "git", "libgomp1"),
        components=("contrib", "main"),
        mirror="../base/mirror",
        snapshot="file:///srv/snapshot",
        keys="../base/keys/archive.asc",
        docs=False,
    )


def test_debian_s_packages_are_overridden_by_name() -> None:
    own = "extends = '../base/env.toml'\n[image.debian]\npackages = ['curl', 'tini', 'git (>= 1:2)']\n"
    own += "components = ['main']\nmirror = './mirror'\nkeys = './own.asc'\ndocs = true"
    spec = read(own, {"../base/env.toml": DEBIAN_BASE})
    assert spec.image.debian == DebianSpec(
        suite="bookworm",
        packages=("curl", "git (>= 1:2)", "libgomp1", "tini"),
        mirror="./mirror",
        snapshot="file:///srv/snapshot",
        keys="./own.asc",
    )


def test_a_range_of_a_debian_package_is_overridden_as_a_whole() -> None:
    ranged = "[image.debian]\nsuite = 'bookworm'\npackages = ['git (>= 1)', 'curl (<< 9)', 'curl (>= 8)', 'git (<< 3)']"
    own = "extends = 'a.toml'\n[image.debian]\npackages = ['git (<< 4)']"
    spec = read(own, {"a.toml": ranged})
    assert spec.image.debian == DebianSpec(suite="bookworm", packages=("curl (<< 9)", "curl (>= 8)", "git (<< 4)"))


def test_one_base_takes_the_place_of_the_other() -> None:
    image = read("extends = '../base/env.toml'\nimage.base = 'scratch'", {"../base/env.toml": DEBIAN_BASE}).image
    assert (image.base, image.debian, image.user) == ("scratch", None, "1000")
    base = "[image]\nbase = 'oci:image'\ninterpreter = '/usr/bin/python3'\nuser = '1000'"
    image = read("extends = 'a.toml'\nimage.debian.suite = 'bookworm'", {"a.toml": base}).image
    assert (image.base, image.interpreter, image.user) == (None, None, "1000")
    assert image.debian == DebianSpec(suite="bookworm")


def test_a_dockerfile_takes_the_place_of_bases_and_they_of_it() -> None:
    files = {
        "../base/env.toml": "[image]\ndockerfile = 'docker/Dockerfile'\nworkdir = '/srv'\ncopy = ['src', '../tool']"
    }
    inherited = read("extends = '../base/env.toml'", files)
    assert (inherited.image.dockerfile, inherited.base) == ("../base/docker/Dockerfile", None)
    assert inherited.image.copy == ("../base/src", "../tool")
    own = read("extends = '../base/env.toml'\nimage.base = 'scratch'\nimage.copy = ['.']", files)
    assert (own.image.dockerfile, own.base, own.image.copy) == (None, "scratch", ("./",))
    own = read("extends = '../base/env.toml'\nimage.debian.suite = 'bookworm'", files)
    assert (own.image.dockerfile, own.image.debian) == (None, DebianSpec(suite="bookworm"))
    for lower in ("base = 'scratch'", "debian.suite = 'bookworm'"):
        own = read("extends = 'a.toml'\nimage.dockerfile = 'Dockerfile'", {"a.toml": f"[image]\n{lower}"})
        assert (own.image.dockerfile, own.image.base, own.image.debian) == ("Dockerfile", None, None)


BROKEN_BASE = """\
python = 3
pip.dependencies = [
    "flask",
    "rich >",
]
conda.channels = ["../../c"]
image.colour = "red"
"""

ROWS: list[tuple[str, Mapping[str, str], str]] = [
    ("extends = 3", {}, "env.toml:2: `extends`: expected a string, got an integer: put it in quotes"),
    ("extends = '../base'", {}, "env.toml:2: `extends`: expected a file such as `../base/env.toml`, got `../base`"),
    (
        "extends = '/base/env.toml'",
        {},
        "env.toml:2: `extends`: expected a path relative to this file, got `/base/env.toml`",
    ),
    ("extends = '../../env.toml'", {}, "env.toml:2: `extends`: `../../env.toml` leaves the repository"),
    ("extends = 'out/env.toml'", {}, "env.toml:2: `extends`: `out/env.toml` leaves the repository"),
    ("extends = 'no.toml'", {}, "env.toml:2: `extends`: `no.toml` does not exist"),
    ("extends = 'env.toml'", {}, "env.toml:2: `extends`: `env.toml` leads back to where it began"),
    (
        "extends = 'a.toml'",
        {"a.toml": "extends = './b.toml'", "b.toml": "\nextends = 'a.toml'"},
        "b.toml:2: `extends`: `a.toml` leads back to where it began",
    ),
    ("extends = 'a.toml'", {"a.toml": "\na = x\n"}, "env.toml:2: `extends`: a.toml:2: not valid TOML: invalid value"),
    (
        "extends = 'a.toml'",
        {"a.toml": "conda = 3\nextends = 'b.toml'", "b.toml": "extends = ['c']"},
        "a.toml:1: `conda`: expected a table, got an integer\nb.toml:1: `extends`: expected a string, got an array",
    ),
    (
        "extends = 'a.toml'\n[conda]\ndependencies = ['a >']",
        {"a.toml": BROKEN_BASE},
        "env.toml:4: `conda.dependencies[0]`: expected a match spec such as `numpy >=1.26,<2`, got `a >`: "
        "`>` is not a version\n"
        "a.toml:1: `python`: expected a string, got an integer: put it in quotes\n"
        "a.toml:4: `pip.dependencies[1]`: expected a requirement such as `flask>=3,<4`, got `rich >`\n"
        "a.toml:6: `conda.channels[0]`: `../../c` leaves the repository\n"
        "a.toml:7: `image.colour`: unknown key",
    ),
    (
        "extends = 'a.toml'\n[[pip.indexes]]\nname = 'x'\nurl = 'https://x.test'\ndefault = true",
        {"a.toml": "[[pip.indexes]]\nname = 'y'\nurl = 'https://y.test'\ndefault = true"},
        "a.toml:4: `pip.indexes[0].default`: `default = true` stands in `env.toml:6` already: keep one",
    ),
    (
        "extends = 'a.toml'\nimage.debian.packages = ['git']",
        {"a.toml": "\nimage.debian = { suite = 'stable', packages = ['git >= 1', 'git (>= 1)', 3], keys = '/k' }"},
        "a.toml:2: `image.debian.packages[0]`: expected a name, `NAME (>= VERSION)` or `NAME=VERSION`, got `git >= 1`\n"
        "a.toml:2: `image.debian.packages[2]`: expected a string, got an integer: put it in quotes\n"
        "a.toml:2: `image.debian.suite`: expected a codename such as `bookworm`, got `stable`: "
        "the next release of Debian gives that name to another suite\n"
        "a.toml:2: `image.debian.keys`: expected a path relative to this file, got `/k`",
    ),
    (
        "extends = 'a.toml'\nimage.interpreter = '/usr/bin/python3'",
        {"a.toml": "image.debian.suite = 'bookworm'"},
        "env.toml:3: `image.interpreter`: not together with `image.debian`: the suite's Python is where Debian puts it",
    ),
    (
        "extends = 'a.toml'\n[[pip.indexes]]\nname = 'x'\nurl = 'https://x.test'",
        {"a.toml": "[[pip.indexes]]\nurl = 'https://y.test'"},
        "a.toml:1: `pip.indexes[0].name`: missing",
    ),
    (
        "extends = 'a.toml'\n[[pip.indexes]]\nname = ['x']\nurl = 'https://x.test'",
        {"a.toml": "[[pip.indexes]]\nname = 'y'\nurl = 'https://y.test'"},
        "env.toml:4: `pip.indexes[0].name`: expected a string, got an array",
    ),
]


@pytest.mark.parametrize(("manifest", "files", "message"), ROWS, ids=range(len(ROWS)))
def test_refused(manifest: str, files: Mapping[str, str], message: str) -> None:
    Path("out").symlink_to("../..")
    assert refused(manifest, files) == message


def test_a_file_that_is_none(tmp_path: Path) -> None:
    os.mkfifo("pipe.toml")
    assert refused("extends = 'pipe.toml'") == "env.toml:2: `extends`: `pipe.toml` is not a regular file"


def test_an_environment_of_its_own_can_be_extended_too() -> None:
    """What one file says of itself alone is not taken over, and not complained of either."""
    base = "name = 'Not A Name'\ndescription = 3\nworkspace.exclude = ['x']\npython = '3.11'"
    assert read("extends = 'a.toml'", {"a.toml": base}).python == "3.11"


def test_conda_packages_of_a_platform_that_is_not_asked_for() -> None:
    """They are nobody's: Python and the base stay those of wheels."""
    base = 'platforms = ["linux-64", "osx-arm64"]\n[pip]\ndependencies = ["flask"]\n'
    base += '[platform.osx-arm64.conda]\ndependencies = ["tool"]\n'
    one = read("extends = 'base.toml'\nplatforms = ['linux-64']", {"base.toml": base})
    assert (one.has_conda, one.base, one.wants("linux-64").conda) == (False, "python:3.12-slim", ())
    assert read("extends = 'base.toml'", {"base.toml": base}).has_conda
