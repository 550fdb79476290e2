"""Extras of what conda provides: what they need is solved and locked with them."""

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
    ("pip", "extras"),
    [
        (["web[async]"], ("web[async]", "web[async]: loop>=2")),
        (["web[all]"], ("web[all]", "web[all]: web[async]", "web[async]", "web[async]: loop>=2")),
        (["app"], ("web[async]", "web[async]: loop>=2")),
        (["web[old]"], ("web[old]",)),
    ],
)
def test_what_an_extra_needs_comes_along(
    project: Project, index: IndexServer, pip: list[str], extras: tuple[str, ...]
) -> None:
    want(project, index, conda=["web"], pip=pip)
    project.must("lock")
    project.must("check")
    locked = project.locked()
    assert {p.name: p.extras for p in locked.conda if p.extras} == {"web": extras}
    assert {p.name: p.version for p in locked.pip if p.name == "loop"} == (
        {"loop": "2.0"} if any(line.endswith("loop>=2") for line in extras) else {}
    )
    before = project.lockfile.read_bytes()
    project.must("lock", "--upgrade")
    assert project.lockfile.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"web[async]: loop>=2"',
            '"web[async]: loop>=3"',
            "linux-64: `loop>=3` is not met (asked for by `web`): 2.0 is locked",
        ),
        (
            '"web[async]: loop>=2"',
            '"web[async]: loop[more]>=2"',
            "linux-64: `loop[more]>=2` is not met (asked for by `web`): 2.0 is locked without extra `more`",
        ),
        (
            '    "web[async]",\n    "web[async]: loop>=2",\n',
            '    "web[old]",\n',
            "linux-64: `web[async]` is not met: 3.0 is locked without extra `async` (env.toml:9)",
        ),
    ],
)
def test_what_is_locked_of_an_extra_is_held_against_the_rest(
    project: Project, index: IndexServer, old: str, new: str, message: str
) -> None:
    want(project, index, conda=["web"], pip=["web[async]"])
    project.must("lock")
    project.change(old, new, file="env.lock")
    result = project.call("check")
    assert result.code == 1
    assert f"  {message}" in result.stdout.splitlines()


def test_an_extra_of_a_wheel_that_an_extra_of_conda_asks_for(project: Project, index: IndexServer) -> None:
    write_wheel(project.folder.parent / "wheels", "deep", requires=['loop; extra == "more"'], extras=["more"])
    metadata = METADATA.replace("Name: web", "Name: net") + 'Requires-Dist: deep[more]; extra == "async"\n'
    write_channel(project.folder / "channel", [distribution("net", "3.0", metadata)])
    want(project, index, conda=["net"], pip=["net[async]"])
    project.must("lock")
    project.must("check")
    locked = {p.name: p for p in project.locked().pip}
    assert (locked["deep"].extras, locked["deep"].requires) == (("more",), ('loop ; extra == "more"',))
    assert set(locked) == {"deep", "loop"}


@pytest.mark.parametrize("pip", [["net[all]"], ["asker"]])
def test_extras_of_a_version_that_no_resolver_reads(project: Project, index: IndexServer, pip: list[str]) -> None:
    write_wheel(project.folder.parent / "wheels", "asker", requires=["net[all]>=1"])
    metadata = METADATA.replace("web", "net").replace("Version: 3.0", "Version: 2024a_x")
    write_channel(project.folder / "channel", [distribution("net", "2024a_x", metadata)])
    want(project, index, conda=["net"], pip=[*pip, "web[async]; sys_platform == 'win32'"])
    project.must("lock")
    project.must("check")
    assert {p.name: p.version for p in project.locked().pip if p.name != "asker"} == {"loop": "2.0"}
    before = project.lockfile.read_bytes()
    project.must("lock", "--upgrade")
    assert project.lockfile.read_bytes() == before


def test_an_extra_that_cannot_be_answered_names_both_sides(project: Project, index: IndexServer) -> None:
    want(project, index, conda=["web"], pip=["web[async]", "loop<2"])
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    assert "web[async]" in result.stderr
    assert "`web` 3.0 comes from [conda]" in result.stderr
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


def test_a_source_of_its_own_for_what_conda_provides(project: Project, index: IndexServer) -> None:
    wheel = write_wheel(project.folder / "vendor", "web", "4.0")
    want(project, index, conda=["web"], pip=[f"web @ ./vendor/{wheel.name}"])
    result = project.call("lock")
    assert result.code == 2
    assert f"`web` 3.0 comes from [conda], and [pip] asks for it from `./vendor/{wheel.name}`" in result.stderr


def test_what_was_locked_before_may_be_gone(project: Project, index: IndexServer, tmp_path: Path) -> None:
    """Where another one is locked now, nobody needs to look into it."""
    want(project, index, conda=["web"], pip=["web[async]"])
    project.must("lock")
    (project.folder / "channel/linux-64/web-3.0-0.conda").unlink()
    (project.folder / "channel/linux-64/repodata.json").unlink()
    write_channel(project.folder / "channel", [PYTHON, distribution("web", "3.1", METADATA.replace("3.0", "3.1"))])
    project.given(ENVLOCK_CACHE_DIR=str(tmp_path / "other")).must("lock", "--upgrade")
    assert project.versions()["web"] == "3.1"
