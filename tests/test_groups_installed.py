"""Groups on this machine and in images: the main set alone, unless somebody asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tiny_project import TinyProject, tiny_project
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as project:
        write_wheel(project.wheels, "checker", requires=["helper"])
        write_wheel(project.wheels, "helper")
        project.manifest.write_text(
            project.manifest.read_text() + '\n[groups.dev.pip]\ndependencies = ["checker"]\n[groups.none.pip]\n'
        )
        project.must("lock")
        yield project


def test_the_main_set_alone_unless_asked(project: TinyProject) -> None:
    prefix = Path(project.must("install").strip())
    assert not list(prefix.rglob("checker*"))
    with_dev = Path(project.must("install", "--group", "dev").strip())
    assert list(with_dev.rglob("checker.py"))
    assert list(with_dev.rglob("helper.py"))
    assert prefix != with_dev
    assert Path(project.must("install", "--group", "none").strip()) == prefix


def test_run_with_a_group(project: TinyProject) -> None:
    folders = [
        project.must("run", *flags, "--", "sh", "-c", "echo $CONDA_PREFIX") for flags in ((), ("--group", "dev"))
    ]
    assert not list(Path(folders[0].strip()).rglob("checker.py"))
    assert list(Path(folders[1].strip()).rglob("checker.py"))


@pytest.mark.parametrize("command", [["install"], ["run", "--", "true"], ["shell"]])
def test_a_group_that_is_none(project: TinyProject, command: list[str]) -> None:
    result = project.call(command[0], "--group", "nope", *command[1:])
    assert result.code == 2
    assert result.stderr.endswith("error: no group `nope`\nhint: there is `dev`, `none`\n")


def test_images_hold_the_main_set(project: TinyProject, tmp_path: Path) -> None:
    first = project.must("build", "--output", str(tmp_path / "first"))
    project.change('[groups.dev.pip]\ndependencies = ["checker"]\n', "")
    project.must("lock")
    assert project.must("build", "--output", str(tmp_path / "second"), "--no-cache") == first
