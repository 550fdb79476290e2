"""`envlock why`: the ways from env.toml to a package, in whole commands."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.model.lock import PlatformLock
from envlock.model.spec import EditableProject
from tests.support.projects import Project
from tests.support.wide_project import wide_project

GIT = "tool @ git+https://git.acme.test/tool@v1"


@pytest.fixture
def wide(tmp_path: Path) -> Project:
    return wide_project(tmp_path / "train")


def rewrite(project: Project, *platforms: PlatformLock) -> None:
    project.lockfile.write_text(lock_text(replace(project.lock(), platforms=platforms)))


def test_every_requirement_that_leads_there_with_its_line(wide: Project) -> None:
    assert wide.call("why", "colorama") == (
        0,
        "colorama 0.4.6 (pip)\n"
        "  env.toml:12  flask[async]>=3  [win-64]\n"
        "    flask 3.1.3 needs click>=8.1.3\n"
        "      click 8.3.1 needs colorama>=0.4\n"
        f"  env.toml:13  {GIT}  [win-64]\n"
        "    tool 1.0 needs click\n"
        "      click 8.3.1 needs colorama>=0.4\n"
        "  env.toml:20  pytest  [win-64]\n"
        "    pytest 9.0 needs colorama>=0.4\n",
        "",
    )


def test_each_version_has_its_ways_and_platforms_that_agree_share_them(wide: Project) -> None:
    ways = [
        "  env.toml:7  pandas >=2  [{}]\n    pandas 2.2.3 needs numpy >=1.22\n",
        f"  env.toml:13  {GIT}  [{{}}]\n    tool 1.0 needs numtool\n      numtool 1.0 needs numpy>=1.20\n",
    ]
    both, windows = ("".join(ways).replace("{}", on) for on in ("linux-64, osx-arm64", "win-64"))
    assert wide.must("why", "numpy") == f"numpy 2.2.0 (conda)\n{windows}numpy 2.3.1 (conda)\n{both}"


def test_what_is_asked_for_itself(wide: Project) -> None:
    first = wide.must("why", "python", "train", "--platform", "linux-64").splitlines()[:3]
    assert first == ["python 3.11.7 (conda)", "  env.toml:2  python 3.11.*", "  env.toml:7  pandas >=2"]


def test_a_distribution_inside_a_conda_package_of_another_name(wide: Project) -> None:
    linux, *rest = wide.lock().platforms
    conda = tuple(
        replace(p, name="np", file=p.file.replace("numpy", "np")) if p.name == "numpy" else p for p in linux.conda
    )
    rewrite(wide, replace(linux, conda=conda), *rest)
    assert wide.must("why", "numpy", "--platform", "linux-64") == (
        "np 2.3.1 (conda), which holds numpy\n"
        f"  env.toml:13  {GIT}\n"
        "    tool 1.0 needs numtool\n"
        "      numtool 1.0 needs numpy>=1.20\n"
    )


def test_all_ways_of_the_least_length(wide: Project) -> None:
    """Two wheels bring colorama in as many steps, and a longer way goes untold."""
    lock = wide.lock()
    windows = lock.platforms[2]
    pip = tuple(
        replace(
            p,
            requires=("click", "colorama>0.1", "numtool", "pytest") if p.name == "tool" else (*p.requires, "colorama"),
        )
        if p.name in ("tool", "numtool", "asgiref")
        else p
        for p in windows.pip
    )
    rewrite(wide, *lock.platforms[:2], replace(windows, pip=pip))
    assert wide.must("why", "colorama").startswith(
        "colorama 0.4.6 (pip)\n"
        "  env.toml:12  flask[async]>=3  [win-64]\n"
        '    flask 3.1.3 needs asgiref>=3.2 ; extra == "async"\n'
        "      asgiref 3.11.0 needs colorama\n"
        "  env.toml:12  flask[async]>=3  [win-64]\n"
        "    flask 3.1.3 needs click>=8.1.3\n"
        "      click 8.3.1 needs colorama>=0.4\n"
        f"  env.toml:13  {GIT}  [win-64]\n"
        "    tool 1.0 needs colorama>0.1\n"
        "  env.toml:20"
    )


def test_what_an_extra_brings_has_no_way_without_it(wide: Project) -> None:
    text = wide.lockfile.read_text().replace('"flask[async]>=3"', '"flask>=3"')
    wide.lockfile.write_text(text)
    assert wide.call("why", "asgiref") == (
        1,
        "",
        "error: `asgiref` is locked, but nothing asks for it\nhint: run `envlock lock`\n",
    )


def test_a_requirement_that_is_no_longer_written_is_told_by_its_table(wide: Project) -> None:
    wide.change('"pandas >=2",', "")
    assert "  [conda]  pandas >=2\n" in wide.must("why", "pandas")
    wide.manifest.write_text("no TOML")
    assert "  [conda]  pandas >=2\n" in wide.must("why", "pandas", ".")


def test_as_json(wide: Project) -> None:
    (found,) = json.loads(wide.must("why", "pytest", "--json"))
    assert found == {
        "name": "pytest",
        "kind": "pip",
        "version": "9.0",
        "inside": None,
        "ways": [
            {
                "requirement": "pytest",
                "table": "[groups.dev.pip]",
                "file": "env.toml",
                "line": 20,
                "platforms": ["linux-64", "osx-arm64", "win-64"],
                "steps": [{"name": "pytest", "kind": "pip", "version": "9.0", "requirements": ["pytest"]}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nunpy",), "no package `nunpy` is locked\nhint: did you mean `numpy`?\n"),
        (("wincore", "--platform", "osx-arm64"), "`wincore` is not locked for osx-arm64, but for win-64\n"),
        (("numpy", "--platform", "osx-64"), "no platform `osx-64` is locked\nhint: did you mean `osx-arm64`?\n"),
    ],
)
def test_refused(wide: Project, words: tuple[str, ...], message: str) -> None:
    assert wide.call("why", *words) == (2, "", f"error: {message}")


def test_a_requirement_whose_marker_holds_nowhere(wide: Project) -> None:
    text = wide.lockfile.read_text().replace(
        '"flask[async]>=3",', '"flask[async]>=3",\n    "idna>=2 ; sys_platform == \\"zos\\"",'
    )
    wide.lockfile.write_text(text)
    assert wide.call("why", "idna", "--platform", "linux-64") == (
        2,
        "",
        'error: `idna` is not locked: `idna>=2 ; sys_platform == "zos"` does not apply on linux-64\n',
    )


def test_without_a_lock(wide: Project) -> None:
    wide.lockfile.unlink()
    assert wide.call("why", "numpy") == (2, "", "error: `env.lock` does not exist\nhint: `envlock lock` makes it\n")


def test_an_editable_project_is_not_locked(wide: Project) -> None:
    lock = wide.lock()
    project = EditableProject(path="./lib", name="acme-lib", dependencies=("click",))
    wide.lockfile.write_text(lock_text(replace(lock, inputs=replace(lock.inputs, editable=(project,)))))
    said = "error: `acme-lib` is not locked: `./lib` is installed editable, as it is\n"
    for command in ("why", "tree"):
        assert wide.call(command, "Acme_Lib") == (2, "", f"{said}hint: what it depends on is locked\n")
