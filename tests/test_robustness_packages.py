"""Packages that do not fit each other, or us: said, instead of found out later."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.conda_channel import write_channel
from tests.support.tiny_project import PYTHON, TinyProject, failure, tiny_project
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as made:
        yield made


def test_a_free_threaded_python_is_refused(project: TinyProject) -> None:
    free = replace(PYTHON, build="0_cp313t", build_number=1)
    write_channel(project.channel, [free])
    result = project.call("lock")
    words = f"`python {PYTHON.version} 0_cp313t` is a free-threaded Python, which envlock cannot fill"
    hint = "add `python-gil` to [conda] dependencies"
    assert (result.code, failure(result)) == (2, f"error: {words}\nhint: {hint}\n")
    assert not project.lockfile.exists()


def test_files_that_one_package_takes_from_another_are_named(project: TinyProject) -> None:
    data = "gamma-1.0.data/data"
    files = {f"{data}/bin/tool": "", f"{data}/share/tool/place": "", "beta.py": "", "gamma.py": ""}
    write_wheel(project.wheels, "gamma", files=files)
    project.write(pip=("alpha", "gamma"))
    project.must("lock")
    said = project.call("build").stderr
    assert "`pip:gamma` has overwritten what `conda:tool` brings: bin/tool and 1 more\n" in said
    assert "`pip:gamma` has overwritten what `pip:beta` brings: lib/python" in said


def test_packages_that_leave_each_other_alone_are_not(project: TinyProject) -> None:
    project.must("lock")
    assert "overwritten" not in project.call("build").stderr
