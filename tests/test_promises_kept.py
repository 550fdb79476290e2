"""A package that is here must say what the lock says of it: what is locked was told before it came."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.index_server import IndexServer
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_wheels import write_wheel

REQUIRES = 'requires = [\n    "helper",\n]\n'
REFUSED = (
    "error: `asker-1.0-py3-none-any.whl` is not as locked: what it requires is `helper`, locked nothing\n"
    "hint: `envlock lock -P asker` locks what it says now\n"
)


@pytest.fixture
def project(tmp_path: Path, index_server: Callable[..., IndexServer]) -> Project:
    """`asker` requires `helper`, and so does env.toml: `check` cannot miss it in the lock."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "helper", "1.0")
    write_wheel(wheels, "asker", "1.0", requires=("helper",))
    text = manifest_text(pip=["asker", "helper"], index=index_server(wheels).url)
    project = new_project(tmp_path / "train", text, cache=tmp_path / "cache")
    project.must("lock")
    return project


@pytest.mark.parametrize("command", [("install",), ("build",)])
@pytest.mark.parametrize("before", [(), ("build",)])
def test_a_wheel_that_requires_more_than_is_locked(
    project: Project, command: tuple[str, ...], before: tuple[str, ...]
) -> None:
    if before:
        project.must(*before)  # what was read of the wheel then does not hide it now
    project.change(REQUIRES, "", file="env.lock")
    project.must("check")
    result = project.call("--quiet", *command)
    if command == ("build",) and before:
        # the same packages are the same image, whatever is said of them: it is there, and nothing is opened
        assert (result.code, result.stderr) == (0, "")
        result = project.call("--quiet", "build", "--no-cache")
    assert (result.code, result.stdout, result.stderr) == (3, "", REFUSED)
