"""A base of Debian's packages in show, tree, why, diff and export."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from tests.support.answering_lock import pip
from tests.support.debian_lock import GROUP, PYTHON, base_lock, debian, relock
from tests.support.projects import Project, new_project

MANIFEST = """name = "small"
python = "3.11"

[pip]
dependencies = ["tool"]

[image.debian]
suite = "bookworm"
packages = ["tool", "less (>= 500)"]
"""
TOOL = debian("tool", "1:2.0-1", "libc6 (>= 2.36)", "libtool (>= 1.5)", "pager | less")
LIBTOOL = debian("libtool", "1.6-1+b2", "libc6 (>= 2.14)")
LESS = debian("less", "590-2.1", "libc6 (>= 2.34)", provides=("pager",))
WHEEL = pip("tool", "1.5")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """With a wheel of the same name as a package of the base."""
    found = new_project(tmp_path / "small", MANIFEST, cache=tmp_path / "cache")
    relock(found, TOOL, LIBTOOL, LESS, *PYTHON, interpreter="python3.11", pip=[WHEEL])
    return found


def test_show(project: Project) -> None:
    result = project.call("show")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["NAME", "VERSION", "KIND", "SIZE", "FROM"]
    assert ["libc6", "2.36-9+deb12u10", "debian", "1.0", "kB", "main"] in rows
    assert rows[-2:] == [
        ["tool", "1:2.0-1", "debian", "1.0", "kB", "main"],
        ["tool", "1.5", "pip", "1", "B", "pypi"],
    ]
    (shown,) = json.loads(project.must("show", "--json"))
    assert result.stderr.splitlines() == [
        "linux-64: 13 packages (12 debian, 1 pip), 12 kB to download",
        "python     3.11.2",
        "base       Debian bookworm, 12 packages",
        f"lock hash  {shown['lock_hash']}",
    ]


def test_show_as_json(project: Project) -> None:
    (shown,) = json.loads(project.must("show", "--json"))
    assert (shown["base"], shown["base_digest"], shown["suite"], shown["python"]) == (None, None, "bookworm", "3.11.2")
    (less,) = [package for package in shown["packages"] if package["name"] == "less"]
    assert less == {
        "name": "less",
        "version": "590-2.1",
        "kind": "debian",
        "build": "",
        "source": "main",
        "architecture": "amd64",
        "file": "pool/main/l/less/less_590-2.1_amd64.deb",
        "sha256": LESS.sha256,
        "size": 1000,
        "archive": "main",
        "requires": ["libc6 (>= 2.34)"],
        "provides": ["pager"],
        "conflicts": [],
    }


def test_show_of_several_platforms(tmp_path: Path) -> None:
    manifest = MANIFEST.replace('python = "3.11"', 'platforms = ["linux-64", "linux-aarch64"]').replace('"tool", ', "")
    project = new_project(tmp_path / "small", manifest.replace('dependencies = ["tool"]', ""), cache=tmp_path / "cache")
    packages = (*GROUP, LESS)
    foreign = (
        replace(p, architecture="arm64", file=p.file.replace("amd64", "arm64"), sha256=f"{n:064}")
        for n, p in enumerate(packages)
    )
    relock(project, LESS, *foreign)
    assert project.call("check") == (0, "", "")
    result = project.call("show")
    titles, *lines = [line.split() for line in result.stderr.splitlines()]
    assert titles == ["PLATFORM", "DEBIAN", "CONDA", "PIP", "DOWNLOAD", "PYTHON", "LOCK", "HASH", "BASE"]
    assert [(*line[:4], *line[-2:]) for line in lines] == [
        (platform, "8", "0", "0", "Debian", "bookworm") for platform in ("linux-64", "linux-aarch64")
    ]


TREE = """\
python
└── python3.11 3.11.2-6+deb12u6  debian
    ├── libc6 2.36-9+deb12u10
    │   └── libgcc-s1 12.2.0-14
    │       └── libc6 2.36-9+deb12u10  (*)
    └── python3.11-minimal 3.11.2-6+deb12u6
        └── libc6 2.36-9+deb12u10  (*)
[pip]
└── tool 1.5
[image.debian]
├── less 590-2.1
│   └── libc6 2.36-9+deb12u10  (*)
└── tool 1:2.0-1
    ├── less 590-2.1  pager | less  (*)
    ├── libc6 2.36-9+deb12u10  (*)
    └── libtool 1.6-1+b2
        └── libc6 2.36-9+deb12u10  (*)
base
├── base-files 12.4+deb12u11
│   └── mawk 1.3.4.20200120-3.1  awk
│       └── libc6 2.36-9+deb12u10  (*)
├── base-passwd 3.6.1
│   └── libc6 2.36-9+deb12u10  (*)
├── dash 0.5.12-2
│   └── libc6 2.36-9+deb12u10  (*)
├── libc6 2.36-9+deb12u10  (*)
├── libstdc++6 12.2.0-14
│   ├── libc6 2.36-9+deb12u10  (*)
│   └── libgcc-s1 12.2.0-14  (*)
└── mawk 1.3.4.20200120-3.1  (*)
"""
INVERTED = """\
libtool 1.6-1+b2  debian
└── tool 1:2.0-1  libtool (>= 1.5)
    └── tool  [image.debian]
"""


def test_tree(project: Project) -> None:
    assert project.call("tree") == (0, TREE, "(*): shown above\n")
    assert project.call("tree", "--invert", "libtool") == (0, INVERTED, "")
    sections = json.loads(project.must("tree", "--json", "--depth", "0"))
    assert [section["place"] for section in sections] == ["python", "[pip]", "[image.debian]", "base"]


WHY = """\
libc6 2.36-9+deb12u10 (debian)
  env.toml:2  python3.11
    python3.11 3.11.2-6+deb12u6 needs libc6 (>= 2.36)
  env.toml:9  less (>= 500)
    less 590-2.1 needs libc6 (>= 2.34)
  env.toml:9  tool
    tool 1:2.0-1 needs libc6 (>= 2.36)
  base  base-files
    base-files 12.4+deb12u11 needs awk
      mawk 1.3.4.20200120-3.1 needs libc6 (>= 2.14)
  base  base-passwd
    base-passwd 3.6.1 needs libc6 (>= 2.34)
  base  dash
    dash 0.5.12-2 needs libc6 (>= 2.36)
  base  libc6
  base  libstdc++6
    libstdc++6 12.2.0-14 needs libc6 (>= 2.36)
  base  mawk
    mawk 1.3.4.20200120-3.1 needs libc6 (>= 2.14)
"""
OF_THE_BASE = "tool 1:2.0-1 (debian)\n  env.toml:9  tool\n"
OF_PIP = "tool 1.5 (pip)\n  env.toml:5  tool\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libc6", WHY),
        ("tool", OF_THE_BASE + OF_PIP),
        ("debian:tool", OF_THE_BASE),
        ("pip:tool", OF_PIP),
        ("debian:LESS", "less 590-2.1 (debian)\n  env.toml:9  less (>= 500)\n"),
    ],
)
def test_why(project: Project, name: str, expected: str) -> None:
    if name == "debian:LESS":  # `tool` asks for it, too
        expected += "  env.toml:9  tool\n    tool 1:2.0-1 needs pager | less\n"
    assert project.call("why", name) == (0, expected, "")


def test_why_as_json(project: Project) -> None:
    (found,) = json.loads(project.must("why", "libtool", "--json"))
    (way,) = found["ways"]
    assert (way["requirement"], way["table"], way["file"], way["line"]) == ("tool", "[image.debian]", "env.toml", 9)
    assert [(step["kind"], step["name"]) for step in way["steps"]] == [("debian", "tool"), ("debian", "libtool")]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("libtol", "did you mean `libtool`?"),
        ("pip:libtool", "did you mean `libtool`?"),
        ("awk", "`mawk` provides it"),
        ("debian:pager", "`less` provides it"),
    ],
)
def test_why_of_what_is_not_locked(project: Project, name: str, hint: str) -> None:
    assert project.call("why", name) == (2, "", f"error: no package `{name}` is locked\nhint: {hint}\n")


# --- diff --------------------------------------------------------------------------------------------------------

SECURITY = debian("tool", "1:2.0-1+deb12u1", *TOOL.requires, archive="security")
DIFF = """\
CHANGE      NAME     BEFORE          AFTER                          SIZE
downgraded  libtool  1.6-1+b2        1.6-1
added       more                     1                           +1.0 kB
upgraded    tool     1:2.0-1 (main)  1:2.0-1+deb12u1 (security)
"""


@pytest.fixture
def changed(project: Project) -> Project:
    """As `old.lock`, and later: other packages, of other dates."""
    shutil.copy(project.lockfile, project.folder / "old.lock")
    packages = (SECURITY, LESS, debian("libtool", "1.6-1", *LIBTOOL.requires), debian("more", "1"), *PYTHON)
    lock = base_lock(read_manifest(project.manifest), *GROUP, *packages, interpreter="python3.11", pip=[WHEEL])
    (platform,) = lock.platforms
    later = tuple((suite, date.replace("2025", "2026")) for suite, date in platform.base.dates)
    platform = replace(platform, base=replace(platform.base, dates=later))
    project.lockfile.write_text(lock_text(replace(lock, platforms=(platform,))))
    return project


def test_diff(changed: Project) -> None:
    assert changed.call("diff", "old.lock", "env.lock") == (
        0,
        DIFF,
        "old.lock → env.lock: 1 added, 1 upgraded, 1 downgraded\nlinux-64  13 → 14 packages  12 kB → 13 kB (+1.0 kB)\n",
    )
    found = json.loads(changed.must("diff", "old.lock", "env.lock", "--json"))
    assert (found["base"], found["python"], found["kept"]) == ([], [], 11)
    assert [(p["name"], p["change"], p["differs"]) for p in found["packages"]] == [
        ("libtool", "downgraded", ["version"]),
        ("more", "added", []),
        ("tool", "upgraded", ["version", "source"]),
    ]
    assert {p["after"]["kind"] for p in found["packages"]} == {"debian"}


def test_diff_in_markdown(changed: Project) -> None:
    lines = changed.must("diff", "old.lock", "env.lock", "--markdown").splitlines()
    assert "| upgraded | `tool` | `1:2.0-1 (main)` | `1:2.0-1+deb12u1 (security)` |  |" in lines


def test_dates_alone_are_no_difference(changed: Project) -> None:
    shutil.copy(changed.lockfile, changed.folder / "old.lock")
    changed.lockfile.write_text(changed.lockfile.read_text().replace('"2026-', '"2027-'))
    assert changed.call("diff", "old.lock", "env.lock").stdout == ""


def test_another_suite_is_one_row(project: Project) -> None:
    shutil.copy(project.lockfile, project.folder / "old.lock")
    text = project.lockfile.read_text()
    changes = {"bookworm": "trixie", "2.36-9+deb12u10": "2.41-12", 'glibc = "2.36"': 'glibc = "2.41"'}
    for old, new in changes.items():
        text = text.replace(old, new)
    project.lockfile.write_text(text)
    assert project.call("diff", "old.lock", "env.lock").stdout.splitlines()[1:] == [
        "changed   base   Debian bookworm  Debian trixie",
        "upgraded  libc6  2.36-9+deb12u10  2.41-12",
    ]
    (base,) = json.loads(project.must("diff", "old.lock", "env.lock", "--json"))["base"]
    assert (base["before"]["suite"], base["after"]["suite"]) == ("bookworm", "trixie")
    assert base["after"]["dates"]["trixie-security"] == "2025-06-14T00:53:02Z"


def test_a_package_of_the_base_that_became_a_wheel_is_two(project: Project) -> None:
    shutil.copy(project.lockfile, project.folder / "old.lock")
    spec = read_manifest(project.manifest)
    wheels = [WHEEL, pip("libtool", "2")]
    lock = base_lock(spec, *GROUP, TOOL, LESS, *PYTHON, interpreter="python3.11", pip=wheels)
    project.lockfile.write_text(lock_text(lock))
    found = json.loads(project.must("diff", "old.lock", "env.lock", "--json"))
    assert [(p["name"], p["change"]) for p in found["packages"]] == [("libtool", "removed"), ("libtool", "added")]


# --- export ------------------------------------------------------------------------------------------------------


def test_an_export_has_the_wheels_and_says_what_it_has_not(project: Project) -> None:
    hashed = f"tool==1.5 \\\n    --hash=sha256:{WHEEL.sha256}\n"
    assert project.call("export", "--format", "requirements") == (
        0,
        f"# Python 3.11 on linux-64; made by `envlock export`\n{hashed}",
        "note: 12 Debian packages left out: they are the image's base\nnote: what is exported is for Python 3.11\n",
    )
    result = project.call("export", "--format", "environment.yml")
    assert "- python=3.11\n" in result.stdout
    assert "note: 12 Debian packages left out: they are the image's base\n" in result.stderr


def test_requirements_of_an_environment_without_python(tmp_path: Path) -> None:
    manifest = 'name = "small"\n\n[image.debian]\nsuite = "bookworm"\n'
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    relock(project)
    text = project.must("export", "--format", "requirements")
    assert text == "# No Python on linux-64; made by `envlock export`\n"


# --- depth -------------------------------------------------------------------------------------------------------


def test_chains_of_any_length(tmp_path: Path) -> None:
    """Longer than calls can be nested."""
    manifest = MANIFEST[: MANIFEST.index("[pip]")].replace('python = "3.11"\n', "")
    manifest += '[image.debian]\nsuite = "bookworm"\npackages = ["deep0"]\n'
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    length = 1500
    links = [debian(f"deep{n}", "1", f"deep{n + 1}") for n in range(length)]
    relock(project, *links, debian(f"deep{length}", "1"))
    assert project.call("check") == (0, "", "")
    lines = project.must("tree").splitlines()
    assert lines[length + 1].endswith(f"└── deep{length} 1")
    inverted = project.must("tree", "--invert", f"deep{length}").splitlines()
    assert inverted[-1].endswith("└── deep0  [image.debian]")
    assert len(project.must("why", f"deep{length}").splitlines()) == length + 2
    assert project.call("tree", "--json") == (
        2,
        "",
        "error: the tree is deeper than JSON can be written\nhint: `--depth` cuts it off\n",
    )
    assert json.loads(project.must("tree", "--json", "--depth", "2"))[0]["nodes"][0]["name"] == "deep0"
