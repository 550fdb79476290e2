"""`envlock show`: the lock as a table, and as JSON."""

import json
from dataclasses import asdict
from pathlib import Path

import click
import pytest

from envlock.model.digest import lock_hash
from tests.support.locked_project import CLICK, FLASK, locked_project
from tests.support.projects import Project
from tests.support.wide_project import wide_project

TABLE = """\
NAME   VERSION  KIND    SIZE  FROM
click  8.3.1    pip        ?  pypi
flask  3.1.3    pip   103 kB  pypi
"""
WIDE = """\
NAME      VERSION  KIND              SIZE  GROUPS     FROM                               PLATFORMS
asgiref   3.11.0   pip             100 kB             pypi
click     8.3.1    pip             100 kB             pypi
colorama  0.4.6    pip             100 kB  dev, main  pypi                               win-64
flask     3.1.3    pip             100 kB             pypi
numpy     2.3.1    conda        8.0–16 MB             conda-forge                        linux-64, osx-arm64
numpy     2.2.0    conda            24 MB             conda-forge                        win-64
numtool   1.0      pip             100 kB             pypi
pandas    2.2.3    conda       1.0–3.0 MB             conda-forge
pytest    9.0      pip             100 kB  dev        pypi
python    3.11.7   conda         30–90 MB             conda-forge
tool      1.0      pip builds           ?             git+https://git.acme.test/tool@v1
wincore   10       conda           3.0 MB             conda-forge                        win-64
"""
NARROW = """\
NAME      VERSION  KIND              SIZE
    GROUPS  FROM  PLATFORMS
asgiref   3.11.0   pip             100 kB
    pypi
click     8.3.1    pip             100 kB
    pypi
colorama  0.4.6    pip             100 kB
    dev, main  pypi  win-64
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train")


@pytest.fixture
def wide(tmp_path: Path) -> Project:
    return wide_project(tmp_path / "train")


def test_a_table(project: Project) -> None:
    result = project.call("show")
    lock = project.lock()
    assert (result.code, result.stdout) == (0, TABLE)
    assert result.stderr == (
        "linux-64: 2 packages (2 pip), 103 kB and 1 of unknown size to download\n"
        "python     3.11.0\n"
        "base       scratch\n"
        f"lock hash  {lock_hash(lock, lock.platforms[0])}\n"
    )


def test_several_platforms_in_one_table(wide: Project) -> None:
    result = wide.call("show")
    lock = wide.lock()
    one, two, three = (lock_hash(lock, platform)[:16] for platform in lock.platforms)
    assert (result.code, result.stdout) == (0, WIDE)
    assert result.stderr == (
        "PLATFORM   CONDA  PIP  DOWNLOAD  PYTHON  LOCK HASH         BASE\n"
        f"linux-64       3    6     40 MB  3.11.7  {one}  debian:trixie-slim@sha256:bbbbbbbbbbbb…\n"
        f"osx-arm64      3    6     78 MB  3.11.7  {two}\n"
        f"win-64         4    7    121 MB  3.11.7  {three}\n"
        "runs code of its own when it is installed: tool\n"
    )


def test_a_narrow_terminal_gets_two_lines_a_row(wide: Project) -> None:
    shown = wide.given(COLUMNS="50").must("show", "--quiet")
    assert shown.startswith(NARROW)
    assert max(map(len, shown.splitlines())) <= 50


def test_of_one_platform_and_some_groups(wide: Project) -> None:
    shown = wide.must("show", "--platform", "win-64", "--group", "main", "--quiet")
    names = [line.split()[0] for line in shown.splitlines()[1:]]
    assert names == ["asgiref", "click", "colorama", "flask", "numpy", "numtool", "pandas", "python", "tool", "wincore"]
    assert "PLATFORMS" not in shown
    dev = wide.must("show", "--platform", "linux-64", "--group", "dev", "--quiet")
    assert "pytest" in dev


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--platform", "win-32"), "no platform `win-32` is locked\nhint: did you mean `win-64`?\n"),
        (("--group", "x"), "no group `x` is locked\nhint: there is `dev`, `main`\n"),
    ],
)
def test_what_is_not_locked_is_refused(wide: Project, option: tuple[str, ...], message: str) -> None:
    assert wide.call("show", *option) == (2, "", f"error: {message}")


def test_only_the_table_is_data(project: Project) -> None:
    result = project.call("show", "--quiet")
    assert (result.code, result.stdout, result.stderr) == (0, TABLE, "")


def test_as_json(project: Project) -> None:
    lock = project.lock()
    assert json.loads(project.must("show", "--json")) == [
        {
            "platform": "linux-64",
            "lock_hash": lock_hash(lock, lock.platforms[0]),
            "python": "3.11.0",
            "base": "scratch",
            "base_digest": None,
            "suite": None,
            "size": FLASK.size,
            "packages": [
                json.loads(json.dumps({"kind": "pip", "build": "", "source": "pypi", **asdict(package)}))
                for package in (CLICK, FLASK)
            ],
        }
    ]


def test_json_holds_every_field_of_every_platform(wide: Project) -> None:
    shown = json.loads(wide.must("show", "--json"))
    lock = wide.lock()
    assert [view["platform"] for view in shown] == [platform.platform for platform in lock.platforms]
    for view, platform in zip(shown, lock.platforms, strict=True):
        for found, package in zip(view["packages"], platform.packages, strict=True):
            fields = json.loads(json.dumps(asdict(package)))
            assert {key: found[key] for key in fields} == fields
            assert found.keys() - fields.keys() == {"kind", "source"} | ({"build"} - fields.keys())


def test_colours_change_no_word(wide: Project) -> None:
    drawn = wide.must("--color", "always", "show")
    assert "\x1b[1mNAME\x1b[0m" in drawn
    assert click.unstyle(drawn) == WIDE
    assert wide.given(NO_COLOR="1").must("show") == WIDE


def test_what_would_steer_a_terminal_is_spelt_out(project: Project) -> None:
    project.change('version = "8.3.1"', 'version = "8.3.1"\nsubdirectory = "x"', file="env.lock")
    text = project.lockfile.read_text().replace('index = "pypi"', 'index = "py\u202epi"')
    project.lockfile.write_text(text)
    shown = project.must("show")
    assert "py\\u202epi" in shown
    assert "\u202e" not in shown


def test_without_a_lock(project: Project) -> None:
    project.lockfile.unlink()
    result = project.call("show")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == "error: `env.lock` does not exist\nhint: `envlock lock` makes it\n"
