"""`[pip] editable`: what local projects require, read from their pyproject.toml."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from envlock.model.spec import EditableProject
from tests.support.manifests import read, refused


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "env").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "env")


PROJECT = """\
[project]
name = "Acme.Train"
dynamic = ["version"]
requires-python = ">=3.11"
dependencies = ["Click >=8,<9", "tool @ ./tool", "six; python_version < '3'"]

[project.optional-dependencies]
all = ["acme-train[plots, Http]", "acme_train[extra]; os_name == 'nt'", "rich"]
plots = ["matplotlib", "acme-train[all]"]
http = ["httpx"]
extra = ["colorama; python_version >= '3.8'"]
other = ["never"]

[tool.anything]
is = "left alone"
"""


def test_its_dependencies_and_those_of_extras_that_name_one_another() -> None:
    spec = read("pip.editable = ['../projects/./train[ALL]']", {"../projects/train/pyproject.toml": PROJECT})
    assert spec.pip.editable == (
        EditableProject(
            path="../projects/train",
            name="acme-train",
            extras=("all",),
            dependencies=(
                "click<9,>=8",
                'colorama; os_name == "nt" and python_version >= "3.8"',
                "httpx",
                "matplotlib",
                "rich",
                'six; python_version < "3"',
                "tool @ ../projects/train/tool",
            ),
        ),
    )
    assert spec.files == ("../projects/train/pyproject.toml",)
    assert "httpx" in spec.wants("linux-64").pip


def test_the_folder_of_the_environment_itself() -> None:
    files = {"pyproject.toml": "[project]\nname = 'a'\ndependencies = ['b', 'c @ ../c']\n"}
    for text in (".", "./"):
        (project,) = read(f"pip.editable = ['{text}']", files).pip.editable
        assert (project.path, project.dependencies) == ("./", ("b", "c @ ../c"))


def test_projects_are_sorted_and_extras_too() -> None:
    extras = "[project.optional-dependencies]\nx = []\ny = []\n"
    files = {f"{name}/pyproject.toml": f"[project]\nname = '{name}'\n{extras}" for name in "ab"}
    first = read("pip.editable = ['./b', './a[y,x]']", files)
    assert [(p.path, p.extras) for p in first.pip.editable] == [("./a", ("x", "y")), ("./b", ())]
    assert read("pip.editable = ['./a/../a[x, y]', './b']", files).pip == first.pip


FOLDER = "expected a folder such as `./project` or `./project[extra]`, got"
STATIC = "are not to be found out without running code: write them here"
TABLE = "there is no table [project], with `name` and `dependencies`, that could be read"
ROWS: list[tuple[str, Mapping[str, str], str]] = [
    ("['project']", {}, f"env.toml:2: `pip.editable[0]`: {FOLDER} `project`"),
    ("['/project']", {}, f"env.toml:2: `pip.editable[0]`: {FOLDER} `/project`"),
    ("['']", {}, f"env.toml:2: `pip.editable[0]`: {FOLDER} ``"),
    ("['./p[a][b]']", {}, f"env.toml:2: `pip.editable[0]`: {FOLDER} `./p[a][b]`"),
    ("['./p[a b]']", {}, "env.toml:2: `pip.editable[0]`: expected a name such as `acme-train`, got `a b`"),
    ("['../../p']", {}, "env.toml:2: `pip.editable[0]`: `../../p` leaves the repository"),
    ("['./p']", {}, "env.toml:2: `pip.editable[0]`: `p/pyproject.toml` does not exist"),
    (
        "['./p', './q/../p[x]']",
        {"p/pyproject.toml": "project = { name = 'p', optional-dependencies = { x = [] } }"},
        "env.toml:2: `pip.editable[1]`: `./p` stands in line 2 already: keep one",
    ),
    (
        "['./p', './q']",
        {"p/pyproject.toml": "project.name = 'A_b'", "q/pyproject.toml": "project.name = 'a.b'"},
        "env.toml:2: `pip.editable[1]`: `a-b` stands in line 2 already: keep one",
    ),
    (
        "['./p']",
        {"p/pyproject.toml": "[project"},
        "env.toml:2: `pip.editable[0]`: p/pyproject.toml: not valid TOML: "
        "expected ']' at the end of a table declaration (at end of document)",
    ),
    (
        "['./p[x]']",
        {"p/pyproject.toml": "[project]\nname = 'p'\n[project.optional-dependencies]\ny = []\nz = []"},
        "env.toml:2: `pip.editable[0]`: `p/pyproject.toml` has no extra `x`: it has `y`, `z`",
    ),
    ("['./p']", {"p/pyproject.toml": "[build-system]\n"}, f"p/pyproject.toml: `project`: {TABLE}"),
    ("['./p']", {"p/pyproject.toml": "\n[tool.poetry]\n"}, f"p/pyproject.toml:2: `tool.poetry`: {TABLE}"),
    (
        "['./p']",
        {"p/pyproject.toml": "[project]\nname = 'p'\ndynamic = [\n'version',\n'dependencies',\n]"},
        f"p/pyproject.toml:5: `project.dynamic[1]`: `dependencies` {STATIC}",
    ),
    (
        "['./p[x]']",
        {"p/pyproject.toml": "[project]\nname = 'p'\ndynamic = ['optional-dependencies']"},
        "env.toml:2: `pip.editable[0]`: `p/pyproject.toml` has no extra `x`: it has none\n"
        f"p/pyproject.toml:3: `project.dynamic[0]`: `optional-dependencies` {STATIC}",
    ),
    (
        "['./p']",
        {"p/pyproject.toml": "[project]\ndependencies = ['a >', 'b @ https://hunter2@x.test/b.zip', 3]"},
        "p/pyproject.toml:1: `project.name`: missing\n"
        "p/pyproject.toml:2: `project.dependencies[0]`: expected a requirement such as `flask>=3,<4`, got `a >`\n"
        "p/pyproject.toml:2: `project.dependencies[1]`: "
        "holds credentials: keep them in netrc or in environment variables, never here\n"
        "p/pyproject.toml:2: `project.dependencies[2]`: expected a string, got an integer: put it in quotes",
    ),
    (
        "['./p']",
        {"p/pyproject.toml": "[project]\nname = 'p'\ndependencies = ['a @ ../../../a']"},
        "p/pyproject.toml:3: `../../a` leaves the repository",
    ),
]


@pytest.mark.parametrize(("editable", "files", "message"), ROWS, ids=range(len(ROWS)))
def test_refused(editable: str, files: Mapping[str, str], message: str) -> None:
    assert refused(f"pip.editable = {editable}", files) == message


def test_extras_of_its_own_that_every_install_brings() -> None:
    text = '[project]\nname = "app"\ndependencies = ["flask", "app[fast]; os_name == \'nt\'"]\n'
    text += '[project.optional-dependencies]\nfast = ["orjson"]\n'
    spec = read("pip.editable = ['./app']", {"app/pyproject.toml": text})
    assert spec.pip.editable[0].dependencies == ("flask", 'orjson; os_name == "nt"')


def test_one_extra_in_two_spellings() -> None:
    text = '[project]\nname = "app"\n[project.optional-dependencies]\nA_b = ["orjson"]\na-b = ["rich"]\n'
    assert refused("pip.editable = ['./app[a.b]']", {"app/pyproject.toml": text}) == (
        "app/pyproject.toml:5: `project.optional-dependencies.a-b`: `A_b` stands in line 4 already: keep one"
    )
