"""What cannot be locked, in exact words; and what looks so and can."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.http_server import Response
from tests.support.index_server import JSON, IndexServer
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "alpha", requires=["beta <2"])
    write_wheel(wheels, "beta", "1.0")
    write_wheel(wheels, "beta", "2.0")
    write_wheel(wheels, "modern", requires_python=">=4")
    write_wheel(wheels, "foreign", tag="py3-none-win_amd64")
    write_wheel(wheels, "newer", tag="py3-none-manylinux_2_36_x86_64")
    return index_server(wheels, yanked={"beta-2.0-py3-none-any.whl": "broken"})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return new_project(tmp_path / "small", "", cache=tmp_path / "cache")


def want(project: Project, index: IndexServer, *pip: str) -> None:
    project.manifest.write_text(manifest_text(pip=pip, index=index.url))


def listed(index: IndexServer, name: str, file: str, hashes: dict[str, str]) -> None:
    """Has the index answer that a project has this one file."""
    entry = {"filename": file, "url": f"../../files/{file}", "hashes": hashes}
    document = {"meta": {"api-version": "1.1"}, "name": name, "versions": ["1.0"], "files": [entry]}
    index.server.overrides[f"/simple/{name}/"] = Response(
        content=json.dumps(document).encode(), headers={"Content-Type": JSON}
    )


@pytest.mark.parametrize(
    ("pip", "sides"),
    [
        (["alpha", "beta >=2"], ["alpha", "beta<2", "beta>=2"]),
        (["nothing"], ["nothing was not found in the package registry"]),
    ],
)
def test_requirements_that_nothing_meets(
    project: Project, index: IndexServer, pip: Sequence[str], sides: Sequence[str]
) -> None:
    want(project, index, *pip)
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    first, *explained, hint = result.stderr.splitlines()
    assert (first, hint) == (
        "error: what [pip] asks for cannot be had on linux-64",
        "hint: loosen one of the requirements named above",
    )
    assert [side for side in sides if side not in "\n".join(explained)] == []  # in uv's own words
    assert not project.lockfile.exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("modern", "Python>=4"),
        ("foreign", "has no wheels with a matching platform tag"),
        ("newer", "has no wheels with a matching platform tag"),
    ],
)
def test_wheels_that_do_not_fit(project: Project, index: IndexServer, name: str, reason: str) -> None:
    want(project, index, name)
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    assert f"{name}==1.0" in result.stderr
    assert reason in result.stderr


def test_a_package_that_has_to_be_built_and_is_gone(project: Project, index: IndexServer) -> None:
    listed(index, "source", "source-1.0.tar.gz", {"sha256": "0" * 64})
    want(project, index, "source")
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (3, "")
    assert "source-1.0.tar.gz" in result.stderr
    assert "404" in result.stderr
    assert not project.lockfile.exists()


def test_a_yanked_version_is_chosen_only_where_it_is_named(project: Project, index: IndexServer) -> None:
    want(project, index, "beta")
    project.must("lock")
    assert project.versions() == {"beta": "1.0"}
    project.change("['beta']", "['beta == 2.0']")
    project.must("lock")
    assert project.versions() == {"beta": "2.0"}
    project.must("install")


def test_an_index_without_hashes_is_read_to_get_them(project: Project, index: IndexServer, tmp_path: Path) -> None:
    want(project, index, "alpha")
    project.must("lock")
    alpha, _ = project.locked().pip
    listed(index, "alpha", alpha.file, {})
    other = new_project(tmp_path / "other", project.manifest.read_text(), cache=tmp_path / "other-cache")
    other.must("lock")
    assert [p.sha256 for p in other.locked().pip] == [p.sha256 for p in project.locked().pip]
    other.must("install")


def test_an_index_without_sha256_is_refused(project: Project, index: IndexServer) -> None:
    listed(index, "alpha", "alpha-1.0-py3-none-any.whl", {"md5": "0" * 32})
    want(project, index, "alpha")
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout, result.stderr) == (
        3,
        "",
        "error: the index has no sha256 for `alpha-1.0-py3-none-any.whl`\nhint: take it from an index that has\n",
    )


def test_a_channel_without_sha256_is_refused(project: Project) -> None:
    channel = write_channel(project.folder / "channel", [PYTHON, CondaPackage(name="old")])
    repodata = json.loads((channel / "linux-64" / "repodata.json").read_bytes())
    del repodata["packages.conda"]["old-1.0-0.conda"]["sha256"]
    (channel / "linux-64" / "repodata.json").write_text(json.dumps(repodata))
    project.manifest.write_text(manifest_text(conda=["old"], channels=["./channel"]))
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout, result.stderr) == (
        3,
        "",
        "error: channel `./channel` has no sha256 for `old-1.0-0.conda`\n"
        "hint: its index is too old: have it indexed anew, or take the package from another channel\n",
    )


@pytest.mark.parametrize(
    ("conda", "words"),
    [
        (["nothing"], "  Cannot solve the request because of: No candidates were found for nothing *.\n"),
        (
            ["tool"],
            "  Cannot solve the request because of: tool * cannot be installed because there are no viable options:\n"
            "  └─ tool 1.0 would require\n"
            "   └─ lib >=2, for which no candidates were found.\n",
        ),
        (
            ["driver"],
            "  Cannot solve the request because of: driver * cannot be installed because there are no viable options:\n"
            "  └─ driver 1.0 would require\n"
            "   └─ __cuda >=12, for which no candidates were found.\n",
        ),
    ],
)
def test_conda_packages_that_nothing_meets(project: Project, conda: Sequence[str], words: str) -> None:
    packages = (
        CondaPackage(name="tool", depends=("lib >=2",)),
        CondaPackage(name="lib"),
        CondaPackage(name="driver", depends=("__cuda >=12",)),
    )
    write_channel(project.folder / "channel", [PYTHON, *packages])
    project.manifest.write_text(manifest_text(conda=conda, channels=["./channel"]))
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: what [conda] asks for cannot be had on linux-64 from `./channel`\n{words}"
        "hint: loosen one of the requirements named above, or add a channel\n"
    )


def test_a_channel_that_is_not_there(project: Project) -> None:
    project.manifest.write_text(manifest_text(conda=["tool"], channels=["./nowhere"]))
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (3, "")
    assert "nowhere" in result.stderr


def test_an_index_that_refuses(project: Project, index: IndexServer) -> None:
    want(project, index, "alpha")
    index.server.overrides["/simple/alpha/"] = 400
    result = project.call("--quiet", "lock")
    assert (result.code, result.stdout) == (3, "")
    assert f"{index.url}alpha/" in result.stderr


def test_declaring_the_system_makes_it_possible(project: Project, index: IndexServer) -> None:
    want(project, index, "newer")
    project.manifest.write_text(f'{project.manifest.read_text()}\n[platform.linux-64]\nglibc = "2.36"\n')
    project.must("lock")
    assert project.versions() == {"newer": "1.0"}
