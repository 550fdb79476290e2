"""Nothing of the machine's own configuration reaches a lock; logins reach the index and nothing else."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.http_server import FileServer, Request, Response, fetched, serve
from tests.support.index_server import IndexServer, WheelFolders
from tests.support.processes import run
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel

# another index and another channel, which hold newer versions of everything
Elsewhere = tuple[IndexServer, Path]

VARIABLES = {
    "PIP_INDEX_URL": "{index}",
    "PIP_EXTRA_INDEX_URL": "{index}",
    "PIP_FIND_LINKS": "{wheels}",
    "PIP_PRE": "1",
    "PIP_CONSTRAINT": "{folder}/constraints.txt",
    "UV_INDEX_URL": "{index}",
    "UV_DEFAULT_INDEX": "{index}",
    "UV_INDEX": "{index}",
    "UV_EXTRA_INDEX_URL": "{index}",
    "UV_FIND_LINKS": "{wheels}",
    "UV_CONSTRAINT": "{folder}/constraints.txt",
    "UV_OVERRIDE": "{folder}/constraints.txt",
    "UV_PRERELEASE": "allow",
    "UV_RESOLUTION": "lowest",
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_PYTHON": "3.8",
    "UV_CONFIG_FILE": "{folder}/uv.toml",
    "UV_NO_BINARY": "1",
    "UV_OFFLINE": "1",
    "CONDA_CHANNELS": "{channel}",
    "CONDA_SUBDIR": "osx-64",
    "CONDA_OVERRIDE_GLIBC": "2.5",
    "CONDA_OVERRIDE_CUDA": "12.4",
    "CONDA_PREFIX": "{folder}",
    "MAMBA_ROOT_PREFIX": "{folder}",
    "VIRTUAL_ENV": "{folder}",
    "PYTHONPATH": "{folder}",
    "PYTHONWARNINGS": "error",
}
FILES = {
    "home/.config/pip/pip.conf": "[global]\nindex-url = {index}\nextra-index-url = {index}\nfind-links = {wheels}\n",
    "home/.pip/pip.conf": "[global]\nindex-url = {index}\n",
    "home/.config/uv/uv.toml": 'index-url = "{index}"\nprerelease = "allow"\nresolution = "lowest"\n',
    "home/.condarc": "channels: ['{channel}']\noverride_channels: true\npinned_packages: ['tool 2.0']\n",
    "home/.config/rattler/config.toml": 'default-channels = ["{channel}"]\n',
    "home/.pixi/config.toml": 'default-channels = ["{channel}"]\n',
    "project/uv.toml": 'index-url = "{index}"\nresolution = "lowest"\n',
    "project/pyproject.toml": '[tool.uv]\nindex-url = "{index}"\nconstraint-dependencies = ["alpha==2.0"]\n',
    "project/pip.conf": "[global]\nindex-url = {index}\n",
    "project/.python-version": "3.8\n",
}


@pytest.fixture
def elsewhere(tmp_path: Path, index_server: IndexServers) -> Elsewhere:
    write_wheel(tmp_path / "other-wheels", "alpha", "2.0")
    channel = write_channel(tmp_path / "other-channel", [PYTHON, CondaPackage(name="tool", version="2.0")])
    return index_server(tmp_path / "other-wheels"), channel


@pytest.fixture
def project(tmp_path: Path, index_server: IndexServers) -> Project:
    """Locked with nothing configured."""
    for version in ("0.9", "1.0", "3.0a1"):
        write_wheel(tmp_path / "wheels", "alpha", version)
    project = new_project(tmp_path / "small", "", cache=tmp_path / "cache")
    write_channel(project.folder / "channel", [PYTHON, CondaPackage(name="tool")])
    index = index_server(tmp_path / "wheels")
    text = manifest_text(conda=["python", "tool"], channels=["./channel"], pip=["alpha"], index=index.url)
    project.manifest.write_text(text)
    project.must("lock")
    return project


def places(project: Project, elsewhere: Elsewhere) -> Mapping[str, str]:
    index, channel = elsewhere
    wheels = channel.with_name("other-wheels")
    (project.folder / "constraints.txt").write_text("alpha==2.0\n")
    return {"index": index.url, "wheels": str(wheels), "channel": channel.as_uri(), "folder": str(project.folder)}


def locked_anew(project: Project, folder: Path) -> bytes:
    """What the same manifest gives with neither a lock nor a cache."""
    project.lockfile.unlink()
    given = Project(folder=project.folder, cache=folder, variables=project.variables)
    given.must("lock")
    return project.lockfile.read_bytes()


def test_variables_change_nothing(project: Project, elsewhere: Elsewhere, tmp_path: Path) -> None:
    expected = project.lockfile.read_bytes()
    known = places(project, elsewhere)
    (project.folder / "uv.toml").write_text(FILES["project/uv.toml"].format(**known))
    given = project.given(**{name: value.format(**known) for name, value in VARIABLES.items()})
    assert locked_anew(given, tmp_path / "cold") == expected
    assert elsewhere[0].requests == []


def test_files_change_nothing(project: Project, elsewhere: Elsewhere, tmp_path: Path, isolated_home: Path) -> None:
    expected = project.lockfile.read_bytes()
    for name, text in FILES.items():
        top, _, path = name.partition("/")
        file = {"home": isolated_home, "project": project.folder}[top] / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(**places(project, elsewhere)))
    assert locked_anew(project, tmp_path / "cold") == expected
    assert elsewhere[0].requests == []


USER, PASSWORD = "kim", "s3cr3t:with@signs/"
LOGIN = {"ENVLOCK_INDEX_OUR_OWN_USERNAME": USER, "ENVLOCK_INDEX_OUR_OWN_PASSWORD": PASSWORD}
ENCODED = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[FileServer]:
    """An index that shows itself to one user only."""
    write_wheel(tmp_path / "wheels", "alpha", requires=["beta"])
    write_wheel(tmp_path / "wheels", "beta")
    pages = WheelFolders((tmp_path / "wheels",)).page

    def page(request: Request) -> Response | None:
        if request.headers.get("Authorization") == f"Basic {ENCODED}":
            return pages(request)
        return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="wheels"'})

    with serve(page) as server:
        yield server


@pytest.fixture
def private(tmp_path: Path, guarded: FileServer) -> Project:
    text = manifest_text(pip=["alpha"], index=f"{guarded.url}/simple/").replace('"ours"', '"our-own"')
    return new_project(tmp_path / "small", text, cache=tmp_path / "cache")


def traces(*folders: Path) -> list[Path]:
    """Files below these folders in which the password stands, plain or encoded."""
    words = [PASSWORD.encode(), ENCODED.encode(), b"s3cr3t"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(word in path.read_bytes() for word in words)]


def test_a_login_reaches_the_index_and_appears_nowhere(private: Project, isolated_home: Path) -> None:
    given = private.given(**LOGIN)
    said = [
        given.call("--verbose", *arguments) for arguments in (["lock"], ["install"], ["build"], ["lock", "--upgrade"])
    ]
    assert [result.code for result in said] == [0, 0, 0, 0], said
    assert [result for result in said if "s3cr3t" in result.stdout + result.stderr or ENCODED in result.stderr] == []
    assert traces(private.folder, private.cache, isolated_home) == []


def test_a_login_is_not_sent_to_other_servers(private: Project, guarded: FileServer, tmp_path: Path) -> None:
    """The index may keep its files elsewhere."""
    asked = []

    def page(request: Request) -> Response | None:
        asked.append((request.path, request.headers.get("Authorization")))
        return WheelFolders((tmp_path / "wheels",)).page(request)

    with serve(page) as files:
        document = fetched(f"{guarded.url}/simple/beta/", Authorization=f"Basic {ENCODED}")[1]
        guarded.overrides["/simple/beta/"] = Response(
            content=document.replace(b"../../files", f"{files.url}/files".encode()),
            headers={"Content-Type": "text/html"},
        )
        private.given(**LOGIN).must("lock")
        private.given(**LOGIN).must("install")
    assert {path for path, _ in asked} >= {
        "/files/beta-1.0-py3-none-any.whl",
        "/files/beta-1.0-py3-none-any.whl.metadata",
    }
    assert {login for _, login in asked} == {None}


@pytest.mark.parametrize("login", [{}, {**LOGIN, "ENVLOCK_INDEX_OUR_OWN_PASSWORD": "s3cr3t-but-wrong"}])
def test_without_the_right_login(private: Project, login: Mapping[str, str]) -> None:
    result = private.given(**login).call("lock")
    assert (result.code, result.stdout) == (3, "")
    assert "error: an index of [pip] does not let us in (401 Unauthorized)\n" in result.stderr
    assert result.stderr.endswith(
        "\nhint: a login goes into ENVLOCK_INDEX_NAME_USERNAME and ENVLOCK_INDEX_NAME_PASSWORD, or netrc\n"
    )
    assert "s3cr3t" not in result.stderr
    assert not private.lockfile.exists()


def test_what_uv_keeps_is_not_read(private: Project, guarded: FileServer, isolated_home: Path) -> None:
    """Fetching would not have it."""
    user, _, password = base64.b64decode(ENCODED).decode().partition(":")
    program = (find_uv_bin(), "auth", "login", guarded.url, "--username", user, "--password", password)
    run(program, environment={"HOME": str(isolated_home)})
    assert traces(isolated_home) != []
    assert private.call("lock").code == 3


def test_a_login_is_for_the_index_of_its_name(private: Project) -> None:
    other = {name.replace("OUR_OWN", "OTHER"): value for name, value in LOGIN.items()}
    assert private.given(**other).call("lock").code == 3
