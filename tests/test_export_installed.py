"""What is exported, installed by the tools that it is for: what they install is what is locked."""

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import IndexServers
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.http_server import FileServer, serve_folder
from tests.support.processes import run, run_here, run_python
from tests.support.projects import MINOR, Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON, TOOL
from tests.support.tiny_sources import write_project
from tests.support.tiny_wheels import write_wheel

NOARCH = CondaPackage(
    name="pure",
    version="1.10",
    noarch="python",
    depends=("python",),
    files={
        "site-packages/pure.py": b"",
        "site-packages/pure-1.10.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pure\nVersion: 1.10\n",
    },
)
PIP = CondaPackage(name="pip", depends=("python",))
INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps({d.metadata["Name"].lower(): d.version for d in distributions()}))
"""
# the packages of an explicit file, by the records that their channel has of them, and into a prefix
_EXPLICIT = """
import asyncio
from pathlib import Path
from rattler import Channel, Gateway, MatchSpec, Subdir, install
from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

async def main():
    spec = ExplicitEnvironmentSpec.from_path(Path({path!r}))
    wanted = dict(package.url.split("#") for package in spec.packages)
    names = [MatchSpec(url.rpartition("/")[2].partition("-")[0]) for url in wanted]
    found = await Gateway().query([Channel({channel!r})], [spec.platform, Subdir("noarch")], names, recursive=False)
    records = [r for rs in found for r in rs if wanted.get(r.url) == r.sha256.hex()]
    assert len(records) == len(wanted), (wanted, records)
    await install(records, target_prefix={prefix!r}, show_progress=False)

asyncio.run(main())
"""
_SOLVE = """
import asyncio, json
from pathlib import Path
from rattler import Channel, Gateway, MatchSpec, Subdir, solve
from ruamel.yaml import YAML

async def main():
    document = YAML(typ="safe", pure=True).load(Path({path!r}))
    channels = [Channel(name) for name in document["channels"] if name != "nodefaults"]
    specs = [MatchSpec(text, strict=False) for text in document["dependencies"] if isinstance(text, str)]
    records = await solve(channels, specs, gateway=Gateway(), platforms=[Subdir("linux-64"), Subdir("noarch")])
    found = sorted(r.sha256.hex() for r in records if r.name.normalized != "pip")
    print(json.dumps([found, document["dependencies"][-2:]]))

asyncio.run(main())
"""


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """`alpha` needs `beta`; both have newer versions, which nothing may take."""
    folder = tmp_path / "wheels"
    write_wheel(folder, "alpha", requires=["beta"])
    write_wheel(folder, "alpha", "2.0", requires=["beta"])
    write_wheel(folder, "beta", "110")
    write_wheel(folder, "acme-lib", "1.0")
    return folder


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[FileServer]:
    folder = write_channel(tmp_path / "channel", (PYTHON, TOOL, NOARCH, PIP))
    with serve_folder(folder) as server:
        yield server


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment with nothing in it."""
    run((sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"))
    return tmp_path / "venv"


def installed(venv: Path) -> dict[str, str]:
    """The distributions in an environment."""
    found: dict[str, str] = json.loads(run((venv / "bin/python", "-I", "-c", INSTALLED)))
    return found


def uv(*words: str | Path, venv: Path, folder: Path) -> None:
    program = (find_uv_bin(), "--no-config", "--system-certs")
    run_here(*program, "pip", *words, "--python", venv, "--directory", folder)


def pip(*words: str | Path, venv: Path) -> None:
    start = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--python", venv / "bin/python")
    run_here(*start, *words)


def wheels_alone(tmp_path: Path, index: str, *more: str) -> Project:
    text = manifest_text(pip=["alpha <2", *more], index=index)
    project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
    project.must("lock")
    return project


def test_pip_and_uv_install_requirements(tmp_path: Path, wheels: Path, venv: Path, index_server: IndexServers) -> None:
    project = wheels_alone(tmp_path, index_server(wheels).url)
    result = project.call("export", "--format", "requirements", "--output", "requirements.txt")
    assert (result.code, result.stdout, result.stderr) == (0, "", f"note: what is exported is for Python {MINOR}\n")
    requirements = project.folder / "requirements.txt"
    pip("install", "--require-hashes", "--requirement", requirements, venv=venv)
    assert installed(venv) == project.versions() == {"alpha": "1.0", "beta": "110"}

    pip("uninstall", "--yes", "alpha", "beta", venv=venv)
    uv("sync", "--require-hashes", requirements, venv=venv, folder=project.folder)
    assert installed(venv) == project.versions()


def test_other_bytes_are_refused(tmp_path: Path, wheels: Path, venv: Path, index_server: IndexServers) -> None:
    project = wheels_alone(tmp_path, index_server(wheels).url)
    project.must("export", "--format", "requirements", "--output", "requirements.txt")
    write_wheel(wheels, "beta", "110", files={"beta.py": "evil"})
    with pytest.raises(Exception, match="HASH"):
        pip("install", "--require-hashes", "--requirement", project.folder / "requirements.txt", venv=venv)
    assert "beta" not in installed(venv)


def test_pip_and_uv_install_a_pylock(tmp_path: Path, wheels: Path, venv: Path, index_server: IndexServers) -> None:
    project = wheels_alone(tmp_path, index_server(wheels).url)
    project.must("export", "--format", "pylock", "--output", "pylock.toml")
    uv("sync", "pylock.toml", venv=venv, folder=project.folder)
    assert installed(venv) == project.versions()
    pip("uninstall", "--yes", "alpha", "beta", venv=venv)
    pip("install", "--requirement", project.folder / "pylock.toml", venv=venv)
    assert installed(venv) == project.versions()


def test_a_package_of_another_index_is_named_by_its_place(
    tmp_path: Path, wheels: Path, venv: Path, index_server: IndexServers
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (wheels / "acme_lib-1.0-py3-none-any.whl").rename(own / "acme_lib-1.0-py3-none-any.whl")
    public, acme = index_server(wheels), index_server(own)
    project = wheels_alone(tmp_path, public.url)
    project.change("alpha <2'", "alpha <2', 'acme-lib'")
    more = f'[[pip.indexes]]\nname = "acme"\nurl = "{acme.url}"\npackages = ["acme-*"]\n'
    project.manifest.write_text(project.manifest.read_text() + more)
    project.must("lock")
    # what a stranger puts on the public index under this name is of no account
    write_wheel(wheels, "acme-lib", "9.0")
    project.must("export", "--format", "requirements", "--output", "requirements.txt")
    text = (project.folder / "requirements.txt").read_text()
    assert f"acme-lib @ {acme.server.url}/files/acme_lib-1.0-py3-none-any.whl \\\n    --hash=sha256:" in text
    for name, words in {"requirements.txt": ["--require-hashes"], "pylock.toml": []}.items():
        project.must("export", "--format", name.partition(".")[0], "--output", name)
        uv("sync", *words, name, venv=venv, folder=project.folder)
        assert installed(venv) == {"alpha": "1.0", "beta": "110", "acme-lib": "1.0"}
        uv("uninstall", "alpha", "beta", "acme-lib", venv=venv, folder=project.folder)
    pip("install", "--require-hashes", "--requirement", project.folder / "requirements.txt", venv=venv)
    assert installed(venv)["acme-lib"] == "1.0"


def test_real_wheels_for_several_platforms(
    tmp_path: Path, real_wheels: Path, venv: Path, index_server: IndexServers
) -> None:
    index = index_server(real_wheels).url
    text = manifest_text(pip=["flask", "pandas"], index=index)
    project = new_project(tmp_path / "real", text, cache=tmp_path / "cache")
    project.must("lock")
    project.must("export", "--format", "requirements", "--output", "requirements.txt")
    project.must("export", "--format", "pylock", "--output", "pylock.toml")
    uv("sync", "--require-hashes", "requirements.txt", venv=venv, folder=project.folder)
    assert installed(venv) == {name.replace("_", "-"): version for name, version in project.versions().items()}
    uv("sync", "pylock.toml", "--dry-run", venv=venv, folder=project.folder)


def with_conda(tmp_path: Path, channel: FileServer, index: str) -> Project:
    text = manifest_text(conda=["tool", "pure"], pip=["alpha <2"], channels=[channel.url], index=index)
    project = new_project(tmp_path / "mixed", text, cache=tmp_path / "cache")
    project.must("lock")
    return project


def test_rattler_installs_an_explicit_file(
    tmp_path: Path, wheels: Path, channel: FileServer, index_server: IndexServers
) -> None:
    project = with_conda(tmp_path, channel, index_server(wheels).url)
    result = project.call("export", "--format", "explicit", "--output", "explicit.txt")
    assert result.stderr == "note: 2 pip packages left out: an explicit file is of conda packages alone\n"
    path, prefix = project.folder / "explicit.txt", tmp_path / "prefix"
    run_python(_EXPLICIT.format(path=str(path), channel=channel.url, prefix=str(prefix)))
    assert run((prefix / "bin/tool",)) == "it works\n"
    assert {p.stem for p in (prefix / "conda-meta").glob("*.json")} == {
        f"{p.name}-{p.version}-{p.build}" for p in project.locked().conda
    }


def test_an_environment_file_solves_to_what_is_locked(
    tmp_path: Path, wheels: Path, channel: FileServer, index_server: IndexServers
) -> None:
    index = index_server(wheels).url.rstrip("/")
    project = with_conda(tmp_path, channel, index)
    # newer ones, which the file must not let in
    newer = [CondaPackage(name=name, version="99", depends=("python",)) for name in ("tool", "pure")]
    write_channel(tmp_path / "channel", newer)
    result = project.call("export", "--format", "environment.yml", "--output", "environment.yml")
    assert result.stderr == "note: no `pip` is locked: the file asks conda for one, to install the `pip:` part\n"
    printed = run_python(_SOLVE.format(path=str(project.folder / "environment.yml")))
    found, pip_part = json.loads(printed.splitlines()[0])
    assert found == sorted(p.sha256 for p in project.locked().conda)
    assert pip_part == ["pip", {"pip": [f"--index-url {index}", "alpha==1.0", "beta==110"]}]


def test_what_conda_provides_is_in_no_pip_part(
    tmp_path: Path, wheels: Path, channel: FileServer, index_server: IndexServers
) -> None:
    write_wheel(wheels, "alpha", requires=["beta", "pure"])
    write_wheel(wheels, "pure", "1.10")
    project = with_conda(tmp_path, channel, index_server(wheels).url)
    assert "pure==1.10" in {text for p in project.locked().conda for text in p.provides}
    requirements = project.call("export", "--format", "requirements")
    assert "pure" not in requirements.stdout
    assert requirements.stderr == (
        "note: 3 conda packages left out: this format is of Python distributions alone\n"
        f"note: what is exported is for Python {MINOR}\n"
    )
    assert {p["name"] for p in tomllib.loads(project.must("export", "--format", "pylock"))["packages"]} == {
        "alpha",
        "beta",
    }
    for name in ("pixi", "conda-lock", "environment.yml"):
        text = project.must("export", "--format", name)
        assert ("files/pure" in text, "pure==" in text) == (False, False)


def test_uv_installs_a_pylock_of_every_kind_of_source(
    tmp_path: Path, wheels: Path, venv: Path, index_server: IndexServers
) -> None:
    project = new_project(tmp_path / "mixed", "", cache=tmp_path / "cache")
    write_wheel(project.folder / "own", "local")
    write_project(project.folder / "folder", "folder", static=True)
    write_project(tmp_path / "from-git", "from-git", static=True)
    git = ("git", "-C", tmp_path / "from-git", "-c", "user.name=x", "-c", "user.email=x@acme.test")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "x"), ("tag", "v1")):
        run_here(*git, *words)
    server = index_server(wheels)
    file = f"{server.server.url}/files/acme_lib-1.0-py3-none-any.whl"
    sources = ["local @ ./own/local-1.0-py3-none-any.whl", "folder @ ./folder", f"acme-lib @ {file}"]
    sources.append(f"from-git @ git+file://{tmp_path}/from-git@v1")
    project.manifest.write_text(manifest_text(pip=["alpha <2", *sources], index=server.url))
    project.must("lock")
    project.must("export", "--format", "pylock", "--output", "../elsewhere-pylock.toml")
    (tmp_path / "elsewhere-pylock.toml").rename(tmp_path / "pylock.toml")
    uv("sync", "pylock.toml", venv=venv, folder=tmp_path)
    assert installed(venv) == project.versions()
    assert installed(venv).keys() == {"alpha", "beta", "local", "folder", "acme-lib", "from-git"}

    # what is no file has no hash for pip to compare
    result = project.call("export", "--format", "requirements", "--output", "../requirements.txt")
    assert result.stderr.splitlines()[1:] == [
        "note: `folder` left out: pip compares no hash of a folder",
        "note: `from-git` left out: pip compares no hash of what is from git",
    ]
    uv("sync", "--require-hashes", "requirements.txt", venv=venv, folder=tmp_path)
    assert installed(venv).keys() == {"alpha", "beta", "local", "acme-lib"}
