"""`envlock show --manifest`: every value in effect, and where it is written."""

import json
from pathlib import Path

import pytest

from tests.support.manifests import write_files
from tests.support.projects import Project, new_project

MANIFEST = """\
name = "score"
extends = "base.toml"

[conda]
from = "environment.yml"

[pip]
dependencies = ["flask >=3"]
editable = ["./project"]

[variables]
MODE = "fast"

[image]
cmd = ["python", "-m", "score"]
"""
FILES = {
    "base.toml": """\
python = "3.11"
[pip]
dependencies = ["flask", "rich"]
[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test/simple"
packages = ["acme-*"]
[platform.linux-64]
cuda = "12.4"
""",
    "environment.yml": "channels:\n  - acme\ndependencies:\n  - numpy=1.26\n",
    "project/pyproject.toml": '[project]\nname = "project"\ndependencies = ["click >=8"]\n',
}
SHOWN = """\
name = "score"                                       # env.toml:1
python = "3.11"                                      # base.toml:1
platforms = ["linux-64"]                             # default
conda.channel-priority = "strict"                    # default
conda.channels = "acme"                              # environment.yml:2
conda.dependencies = "numpy=1.26"                    # environment.yml:4
pip.dependencies = "flask >=3"                       # env.toml:8
pip.dependencies = "rich"                            # base.toml:3
pip.dependencies = "click>=8"                        # project/pyproject.toml:3
pip.editable = "./project"                           # env.toml:9
pip.indexes = "pypi"                                 # default
pip.indexes[0].name = "acme"                         # base.toml:5
pip.indexes[0].packages = ["acme-*"]                 # base.toml:7
pip.indexes[0].url = "https://pip.acme.test/simple"  # base.toml:6
platform.linux-64.archspec = "x86_64"                # default
platform.linux-64.cuda = "12.4"                      # base.toml:9
platform.linux-64.glibc = "2.28"                     # default
platform.linux-64.linux = "4.18"                     # default
lock.conda-solver = "rattler"                        # default
lock.pip-resolver = "uv"                             # default
variables.MODE = "fast"                              # env.toml:12
image.base = "debian:trixie-slim"                    # default
image.cmd = ["python", "-m", "score"]                # env.toml:15
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = new_project(tmp_path / "score", MANIFEST, cache=tmp_path / "cache")
    write_files(project.folder, FILES)
    return project


def test_every_value_with_its_origin(project: Project) -> None:
    result = project.call("show", "--manifest")
    assert (result.code, result.stdout, result.stderr) == (0, SHOWN, "")


def test_as_json(project: Project) -> None:
    rows = json.loads(project.must("show", "score", "--manifest", "--json"))
    assert len(rows) == len(SHOWN.splitlines())
    assert rows[0] == {"key": "name", "value": "score", "origin": "env.toml:1"}
    assert rows[-1] == {"key": "image.cmd", "value": ["python", "-m", "score"], "origin": "env.toml:15"}


def test_nothing_that_steers_a_terminal(project: Project) -> None:
    project.change('MODE = "fast"', 'MODE = "a\\u202eb"')
    assert 'variables.MODE = "a\\u202eb" ' in project.must("show", "--manifest")


def test_a_wrong_manifest(project: Project) -> None:
    project.change("flask >=3", "flask >")
    result = project.call("show", "--manifest")
    assert (result.code, result.stdout) == (2, "")
    assert "env.toml:8: `pip.dependencies[0]`: expected a requirement" in result.stderr


def test_not_together_with_what_is_about_a_lock(project: Project) -> None:
    result = project.call("show", "--manifest", "--group", "dev")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == "error: `--manifest` shows what is asked for: it has no `--group`\n"


DEBIAN = """\
name = "e"                                         # env.toml:1
platforms = ["linux-64"]                           # default
pip.indexes = "pypi"                               # default
platform.linux-64.archspec = "x86_64"              # default
platform.linux-64.glibc = "2.28"                   # default
platform.linux-64.linux = "4.18"                   # default
lock.conda-solver = "rattler"                      # default
lock.pip-resolver = "uv"                           # default
image.debian.components = ["main"]                 # default
image.debian.docs = true                           # default
image.debian.keys = "./base/keys.asc"              # base/env.toml:5
image.debian.mirror = "./base/mirror"              # base/env.toml:4
image.debian.packages = "git"                      # env.toml:4
image.debian.packages = "curl=7.88.1-10+deb12u14"  # base/env.toml:3
image.debian.suite = "bookworm"                    # base/env.toml:2
"""


def test_a_base_of_debian_s_packages(tmp_path: Path) -> None:
    """It stands in the place of the default base, and of the one that is extended."""
    manifest = 'name = "e"\nextends = "base/env.toml"\n[image.debian]\npackages = ["git"]\n'
    project = new_project(tmp_path / "e", manifest, cache=tmp_path / "cache")
    base = "[image.debian]\nsuite = 'bookworm'\npackages = ['git (>= 1)', 'curl=7.88.1-10+deb12u14']\n"
    write_files(project.folder, {"base/env.toml": f"{base}mirror = './mirror'\nkeys = 'keys.asc'\n"})
    assert project.must("show", "--manifest") == DEBIAN
