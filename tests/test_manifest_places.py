"""The lines of env.toml that problems are about."""

from pathlib import Path

from envlock.manifest.places import places_of
from envlock.model.problem import Problem

TEXT = """\
name = "e"
python = "3.11"

[conda]
channels = [
    "conda-forge",
]
dependencies = [
    "Numpy>=1.26,<2",
    "pandas",
]

[pip]
dependencies = ["Flask_Login >= 1"]

[image]
user = "1000"
debian = { suite = "bookworm", packages = ["git", "curl=7.88.1-10"] }
labels = { team = "maps" }

[platform.linux-64]
cuda = "12"

[variables]
MODE = "fast"
"""

LINES = {
    ("unmet", "numpy <2,>=1.26"): 9,
    ("unmet", "pandas"): 10,
    ("added", "flask-login>=1"): 14,
    ("unmet", "python 3.11.*"): 2,
    ("unasked", "libcblas"): None,
    ("unmet", "user"): None,  # a package: not the key of that name
    ("input", "python"): 2,
    ("origin", "channels"): 5,
    ("input", "channel-priority"): 4,  # not written: the table it would stand in
    ("origin", "indexes"): 13,
    ("image", "user"): 17,
    ("input", "debian"): 18,
    ("input", "debian.suite"): 18,
    ("input", "debian.docs"): 18,
    ("unmet", "git"): 18,
    ("changed", "curl (= 7.88.1-10)"): 18,
    ("removed", "tini"): None,
    ("image", "labels.team"): 19,
    ("image", "labels.owner"): 19,
    ("image", "variables.MODE"): 25,
    ("input", "cuda"): 22,
    ("platform", "linux-64"): None,
    ("image", "pandas"): None,
    ("unmet", None): None,
}


def test_lines_of_problems(tmp_path: Path) -> None:
    manifest = tmp_path / "env.toml"
    manifest.write_text(TEXT)
    problems = [Problem(kind=kind, message="", platform="linux-64", subject=subject) for kind, subject in LINES]
    places = [(place.file, place.line) if place else (None, None) for place in places_of(manifest, problems)]
    assert dict(zip(LINES, (line for _, line in places), strict=True)) == LINES
    assert {file for file, line in places if line} == {"env.toml"}


FILES = {
    "base/env.toml": """\
python = "3.11"
[conda]
dependencies = ["numpy", "scipy"]
[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test"
[lock]
exclude-newer = "7d"
""",
    "env/env.toml": """\
extends = "../base/env.toml"
platforms = ["linux-64", "osx-64"]
[conda]
from = "environment.yml"
dependencies = ["numpy <2"]
[pip]
from = ["requirements.in"]
editable = ["./project[all]"]
[groups.dev.pip]
dependencies = [
    "pytest",
]
[platform.linux-64.pip]
dependencies = ["uvloop <1"]
[platform.osx-64.pip]
dependencies = ["uvloop <1", "six"]
""",
    "env/environment.yml": "channels:\n  - acme\ndependencies:\n  - pandas\n  - pip:\n    - Flask",
    "env/requirements.in": "# what we need\n\nrich\n-r more.in\n",
    "env/more.in": "httpx [http2] \\\n  >=0.27",
    "env/project/pyproject.toml": """\
[project]
name = "project"
dependencies = ["click"]
[project.optional-dependencies]
all = [
    "tqdm",
]
""",
}
PLACES = {
    ("unmet", "numpy <2"): "env.toml:5",
    ("unmet", "scipy"): "../base/env.toml:3",
    ("unmet", "python 3.11.*"): "../base/env.toml:1",
    ("unmet", "pandas"): "environment.yml:4",
    ("unmet", "flask"): "environment.yml:6",
    ("unmet", "rich"): "requirements.in:3",
    ("added", "httpx[http2]>=0.27"): "more.in:1",
    ("unmet", "click"): "project/pyproject.toml:3",
    ("unmet", "tqdm"): "project/pyproject.toml:6",
    ("unmet", "pytest"): "env.toml:11",
    ("changed", "pytest; pytest>=1"): "env.toml:11",
    ("unmet", "uvloop<1"): "env.toml:14",
    ("unmet", "six"): None,  # asked for on another platform
    ("order", "channels"): "environment.yml:2",
    ("origin", "indexes"): "../base/env.toml:4",
    ("input", "exclude-newer"): "../base/env.toml:8",
    ("input", "editable"): "env.toml:8",
    ("input", "groups.dev"): "env.toml:9",
    ("input", "glibc"): "env.toml:13",
}


def test_places_in_other_files(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    problems = [Problem(kind=kind, message="", platform="linux-64", subject=subject) for kind, subject in PLACES]
    places = places_of(tmp_path / "env" / "env.toml", problems)
    found = (f"{place.file}:{place.line}" if place else None for place in places)
    assert dict(zip(PLACES, found, strict=True)) == PLACES
