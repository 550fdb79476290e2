"""Extras of what conda provides: refused where nothing brings what they need, and silent where all is there."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.index_server import IndexServer
from tests.support.projects import MINOR, Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel

METADATA = """Metadata-Version: 2.1
Name: web
Version: 3.0
Provides-Extra: async
Provides-Extra: all
Provides-Extra: old
Requires-Dist: base
Requires-Dist: loop>=2; extra == "async"
Requires-Dist: web[async]; extra == "all"
Requires-Dist: loop; extra == "old" and python_version < "3"
"""
NEEDS = "needs `loop>=2`"


def distribution(name: str, version: str, metadata: str) -> CondaPackage:
    path = f"lib/python{MINOR}/site-packages/{name}-{version}.dist-info/METADATA"
    return CondaPackage(name=name, version=version, depends=("python",), files={path: metadata.encode()})


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    wheels = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        write_wheel(wheels, "loop", version)
    write_wheel(wheels, "app", requires=["web[async]"])
    return index_server(wheels)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = new_project(tmp_path / "small", "", cache=tmp_path / "cache")
    loop = distribution("loop", "2.5", "Metadata-Version: 2.1\nName: loop\nVersion: 2.5\n")
    write_channel(project.folder / "channel", (PYTHON, distribution("web", "3.0", METADATA), loop))
    return project


def want(project: Project, index: IndexServer, *, conda: Sequence[str], pip: Sequence[str]) -> None:
    text = manifest_text(conda=["python", *conda], channels=["./channel"], pip=pip, index=index.url)
    project.manifest.write_text(text)


@pytest.mark.parametrize(
    ("pip", "line"),
    [
        (["web[async]"], f"`web[async]` {NEEDS}: nothing of that name is there"),
        (["web[all]"], f"`web[async]` (asked for by `web`) {NEEDS}: nothing of that name is there"),
        (["app"], f"`web[async]` (asked for by `app`) {NEEDS}: nothing of that name is there"),
        (["web[Async]", "loop<2"], f"`web[async]` {NEEDS}: 1.0 is there"),
    ],
)
def test_an_extra_that_nothing_answers(project: Project, index: IndexServer, pip: list[str], line: str) -> None:
    want(project, index, conda=["web"], pip=pip)
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: conda provides `web` without its extras\n  {line}\n"
        "hint: add `loop>=2` to [pip], or take `web` from [pip] and not from [conda]\n"
    )
    assert not project.lockfile.exists()


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        (["web"], ["web[async]", "loop>=2"]),
        (["web", "loop"], ["web[all]"]),
        (["web"], ["web[old,unknown]"]),
        (["web"], ["web"]),
        (["web"], ["app", "loop"]),
        (["web"], ["loop", "web[async]; python_version < '3'"]),
    ],
)
def test_an_extra_that_is_answered(project: Project, index: IndexServer, conda: list[str], pip: list[str]) -> None:
    want(project, index, conda=conda, pip=pip)
    project.must("lock")
    project.must("check")
