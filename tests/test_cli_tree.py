"""`envlock tree`: what needs what, in whole commands on a project of several platforms."""

import json
from pathlib import Path

import click
import pytest

from tests.support.locked_project import locked_project
from tests.support.projects import Project
from tests.support.wide_project import wide_project

TREE = """\
python
└── python 3.11.7
[conda]
└── pandas 2.2.3
    ├── numpy 2.2.0  [win-64]
    │   └── python 3.11.7
    ├── numpy 2.3.1  [linux-64, osx-arm64]
    │   └── python 3.11.7
    └── python 3.11.7
[pip]
├── flask[async] 3.1.3
│   ├── asgiref 3.11.0
│   └── click 8.3.1
│       └── colorama 0.4.6  [win-64]
└── tool 1.0
    ├── click 8.3.1  (*)
    └── numtool 1.0
        ├── numpy 2.2.0  conda  [win-64]  (*)
        └── numpy 2.3.1  conda  [linux-64, osx-arm64]  (*)
[groups.dev.pip]
└── pytest 9.0
    └── colorama 0.4.6  [win-64]
[platform.win-64.conda]
└── wincore 10  [win-64]
"""


@pytest.fixture
def wide(tmp_path: Path) -> Project:
    return wide_project(tmp_path / "train")


def test_all_of_it(wide: Project) -> None:
    assert wide.call("tree") == (0, TREE, "(*): shown above\n")
    assert wide.call("tree", "train") == wide.call("tree", ".") == wide.call("tree")


def test_colours_change_no_word(wide: Project) -> None:
    drawn = wide.must("--color", "always", "tree")
    assert drawn != TREE
    assert click.unstyle(drawn) == TREE
    assert wide.given(NO_COLOR="1").must("tree") == TREE


def test_of_one_platform(wide: Project) -> None:
    assert wide.must("tree", "--platform", "linux-64", "--depth", "1") == (
        "python\n"
        "└── python 3.11.7\n"
        "[conda]\n"
        "└── pandas 2.2.3\n"
        "    ├── numpy 2.3.1\n"
        "    └── python 3.11.7\n"
        "[pip]\n"
        "├── flask[async] 3.1.3\n"
        "│   ├── asgiref 3.11.0\n"
        "│   └── click 8.3.1\n"
        "└── tool 1.0\n"
        "    ├── click 8.3.1\n"
        "    └── numtool 1.0\n"
        "[groups.dev.pip]\n"
        "└── pytest 9.0\n"
    )


@pytest.mark.parametrize("words", [("tool",), ("train", "tool"), (".", "tool")])
def test_of_one_package(wide: Project, words: tuple[str, ...]) -> None:
    assert wide.call("tree", *words, "--platform", "osx-arm64") == (
        0,
        "tool 1.0  pip\n├── click 8.3.1\n└── numtool 1.0\n    └── numpy 2.3.1  conda\n        └── python 3.11.7\n",
        "",
    )


def test_up_to_env_toml(wide: Project) -> None:
    assert wide.call("tree", "numpy", "--invert", "--platform", "linux-64") == (
        0,
        "numpy 2.3.1  conda\n"
        "├── numtool 1.0  pip  numpy>=1.20\n"
        "│   └── tool 1.0  numtool\n"
        "│       └── tool @ git+https://git.acme.test/tool@v1  [pip]\n"
        "└── pandas 2.2.3  numpy >=1.22\n"
        "    └── pandas >=2  [conda]\n",
        "",
    )


def test_from_all_that_asks_for_nothing_up(wide: Project) -> None:
    assert wide.must("tree", "--invert", "--depth", "1") == (
        "asgiref 3.11.0  pip\n"
        '└── flask[async] 3.1.3  asgiref>=3.2 ; extra == "async"\n'
        "colorama 0.4.6  pip  [win-64]\n"
        "├── click 8.3.1  colorama>=0.4\n"
        "└── pytest 9.0  colorama>=0.4\n"
        "python 3.11.7  conda\n"
        "├── numpy 2.2.0  python >=3.11,<3.12.0a0  [win-64]\n"
        "├── numpy 2.3.1  python >=3.11,<3.12.0a0  [linux-64, osx-arm64]\n"
        "├── pandas 2.2.3  python >=3.11,<3.12.0a0\n"
        "└── python 3.11.*  python\n"
        "wincore 10  conda  [win-64]\n"
        "└── wincore  [platform.win-64.conda]\n"
    )


def test_pythons_of_bases_stand_above(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train")
    tree = "python\n└── python 3.11.0  base\n[pip]\n└── flask 3.1.3\n    └── click 8.3.1\n"
    assert project.call("tree") == (0, tree, "")


def test_as_json(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train")
    every = {"extras": [], "platforms": ["linux-64"], "repeated": False}
    click = {**every, "name": "click", "version": "8.3.1", "kind": "pip", "requirements": ["click>=8.1.3"]}
    flask = {**every, "name": "flask", "version": "3.1.3", "kind": "pip", "requirements": ["flask>=3"]}
    base = {**every, "name": "python", "version": "3.11.0", "kind": "base", "requirements": [], "children": []}
    assert json.loads(project.must("tree", "--json")) == [
        {"place": "python", "nodes": [base]},
        {"place": "[pip]", "nodes": [{**flask, "children": [{**click, "children": []}]}]},
    ]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nunpy",), 2, "no package `nunpy` is locked\nhint: did you mean `numpy`?\n"),
        (("train", "x"), 2, "no package `x` is locked\nhint: `envlock show` lists what is\n"),
        (
            ("colorama", "--platform", "linux-64"),
            2,
            "`colorama` is not locked for linux-64, but for win-64\n",
        ),
        (
            ("a", "b", "c"),
            2,
            "an environment and a package can be named, no more\nhint: see `envlock tree --help`\n",
        ),
    ],
)
def test_refused(wide: Project, words: tuple[str, ...], code: int, message: str) -> None:
    assert wide.call("tree", *words) == (code, "", f"error: {message}")


def test_groups_may_be_called_like_a_kind(wide: Project) -> None:
    """Only what is of another kind than its table is said to be."""
    for file in ("env.toml", "env.lock"):
        text = (wide.folder / file).read_text()
        (wide.folder / file).write_text(text.replace("groups.dev", "groups.conda").replace('"dev"', '"conda"'))
    assert "[groups.conda.pip]\n└── pytest 9.0\n    └── colorama" in wide.must("tree", "--quiet")
