"""The real SDK of Azure ML loads what `save --format azureml` writes, and `import` reads what the SDK writes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envlock.interchange.azureml.folder import azureml_folder, azureml_notes
from envlock.interchange.exports.contents import Contents
from envlock.model.lock import Base, PlatformLock
from tests.support.azureml import loaded, sdk
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.http_server import serve_folder
from tests.support.index_server import WheelFolders, serve_index
from tests.support.locks import GIT, LOCK, NUMPY
from tests.support.projects import MINOR, Project, new_project
from tests.support.tiny_project import NO_PROXY, PYTHON, TOOL, tree
from tests.support.tiny_wheels import write_wheel

DIGEST = f"sha256:{'d' * 64}"
MANIFEST = """name = "train"
python = "{minor}"

[conda]
channels = ["{channel}"]
dependencies = ["pip", "tool"]

[pip]
dependencies = ["alpha", "gamma @ ./wheels/gamma-1.0-py3-none-any.whl"]

[[pip.indexes]]
name = "own"
url = "{index}"
default = true

[variables]
MODE = "training"
API_KEY = "hushhush"

[image]
base = "scratch"
user = "1000"
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    project: Project
    channel: str
    index: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An environment of conda and pip packages, locked, whose channel and index are on this machine."""
    root = tmp_path_factory.mktemp("azureml")
    write_channel(root / "channel", [PYTHON, TOOL, CondaPackage(name="pip", depends=("python",))])
    write_wheel(root / "index", "alpha")
    with serve_folder(root / "channel") as channel, serve_index(WheelFolders((root / "index",))) as index:
        text = MANIFEST.format(minor=MINOR, channel=channel.url, index=index.url)
        project = new_project(root / "repository", text, cache=root / "cache").given(**NO_PROXY)
        write_wheel(project.folder / "wheels", "gamma")
        project.must("lock")
        yield Place(project=project, channel=channel.url, index=index.url)


def test_the_sdk_loads_what_is_saved(place: Place, tmp_path: Path) -> None:
    """Every pin: conda packages with their builds, pip's with their hashes; no secret."""
    out = tmp_path / "out"
    result = place.project.call("save", "train", str(out), "--format", "azureml")
    assert result.code == 0, result.stderr
    locked = place.project.locked()
    env = loaded(out)
    assert (env["name"], env["variables"], env["managed"]) == ("train", {"MODE": "training"}, False)
    assert env["conda"] == [f"{p.name}={p.version}={p.build}" for p in locked.conda]
    assert env["channels"] == [place.channel, "nodefaults"]
    sha256 = {p.name: p.sha256 for p in locked.pip}
    assert [text for text in env["pip"] if not text.startswith("--")] == [
        f"alpha==1.0 --hash=sha256:{sha256['alpha']}",
        f"./wheels/gamma-1.0-py3-none-any.whl --hash=sha256:{sha256['gamma']}",
    ]
    assert any(place.index.rstrip("/") in text for text in (*env["pip"], *env["options"]))
    assert (out / "wheels/gamma-1.0-py3-none-any.whl").is_file()
    assert "hushhush" not in "".join(path.read_text() for path in out.iterdir() if path.is_file())
    for told in ("`API_KEY` left out", "`[image] user` left out"):
        assert told in result.stderr


def test_two_saves_are_equal_and_leave_nothing_old(place: Place, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    place.project.must("save", "train", str(first), "--format", "azureml")
    place.project.must("save", "train", str(second))
    place.project.must("save", "train", str(second), "--format", "azureml", "--overwrite")
    assert tree(first) == tree(second)
    assert not (second / "env.toml").exists()


def test_what_is_saved_is_imported_again(place: Place, tmp_path: Path) -> None:
    """The same packages in the same versions and builds."""
    place.project.must("save", "train", str(place.project.folder / "saved"), "--format", "azureml")
    place.project.must("import", "saved", "--to", "again", "--name", "again", "--base", "scratch")
    again = Project(folder=place.project.folder / "again", cache=place.project.cache, variables=NO_PROXY)
    again.must("lock")
    before, after = place.project.locked(), again.locked()
    assert [(p.name, p.version, p.build, p.sha256) for p in after.conda] == [
        (p.name, p.version, p.build, p.sha256) for p in before.conda
    ]
    assert {(p.name, p.version, p.sha256) for p in after.pip} >= {(p.name, p.version, p.sha256) for p in before.pip}


def test_a_python_of_the_users_own(tmp_path: Path) -> None:
    text = 'name = "bare"\n[image]\nbase = "scratch"\n'
    project = new_project(tmp_path / "repository", text, cache=tmp_path / "cache")
    project.must("lock")
    project.must("save", "bare", str(tmp_path / "out"), "--format", "azureml")
    env = loaded(tmp_path / "out")
    assert (env["managed"], env["interpreter"], env["conda"], env["pip"]) == (True, "python", None, None)


def test_without_a_lock_nothing_is_saved(tmp_path: Path) -> None:
    project = new_project(tmp_path / "repository", 'name = "bare"\n', cache=tmp_path / "cache")
    result = project.call("save", "bare", str(tmp_path / "out"), "--format", "azureml")
    assert result.code == 2
    assert "there is no env.lock" in result.stderr
    assert not (tmp_path / "out").exists()


DEFAULT = "Environment('plain').save_to_directory(folder)"
FULL = """
env = Environment("full")
env.version = "7"
env.environment_variables = {"MODE": "x", "STORAGE_KEY": "hushhush"}
env.python.conda_dependencies = CondaDependencies.create(
    python_version="3.10", conda_packages=["numpy=1.26", "bioconda::samtools"], pip_packages=["flask>=2", "rich[all]"])
env.python.conda_dependencies.add_channel("bioconda")
env.docker.base_image = "base:1"
env.docker.base_image_registry.address = "acme.test"
env.docker.base_image_registry.username = "kim"
env.docker.base_image_registry.password = "hushhush"
env.docker.platform.architecture = "arm64"
env.docker.shm_size = "8g"
env.save_to_directory(folder)
"""
DOCKERFILE = """
env = Environment("file")
env.docker.base_dockerfile = "FROM acme.test/base:2\\nRUN make\\n"
env.python.user_managed_dependencies = True
env.save_to_directory(folder)
"""
SCRIPTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "plain": (
        DEFAULT,
        (
            'name = "plain"',
            'python = "3.8.13"',
            '"azureml-defaults"',
            'channels = ["anaconda", "conda-forge"]',
            'base = "mcr.microsoft.com/azureml/openmpi',
        ),
        ("`EXAMPLE_ENV_VAR`",),
    ),
    "full": (
        FULL,
        (
            'name = "full"',
            'python = "3.10"',
            '"numpy 1.26.*"',
            '"bioconda::samtools"',
            '"flask>=2"',
            '"rich[all]"',
            'base = "acme.test/base:1"',
            '"linux-aarch64"',
            'MODE = "x"',
        ),
        ("`version: 7`", "`STORAGE_KEY`", "`docker.baseImageRegistry.password`", "`docker.shmSize: 8g`"),
    ),
    "file": (
        DOCKERFILE,
        ('name = "file"', 'dockerfile = "base/Dockerfile"'),
        ("`userManagedDependencies`", "`make` can do anything"),
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_the_sdk_writes_is_imported(name: str, tmp_path: Path) -> None:
    script, expected, told = SCRIPTS[name]
    project = new_project(tmp_path / "repository", "", cache=tmp_path / "cache")
    project.manifest.unlink()
    sdk(script, project.folder / "azure")
    result = project.call("import", "azure", "--to", f"envs/{name}")
    assert result.code == 0, result.stderr
    made = project.folder / "envs" / name
    text = (made / "env.toml").read_text()
    assert [each for each in expected if each not in text] == []
    assert [each for each in told if each not in result.stderr] == []
    written = "".join(path.read_text() for path in made.rglob("*") if path.is_file())
    assert "hushhush" not in written + result.stdout + result.stderr


@pytest.mark.parametrize(
    ("base", "dockerfile", "expected", "copies"),
    [
        (Base(reference="acme.test/base:1", digest=DIGEST), None, {"image": f"acme.test/base@{DIGEST}"}, False),
        (Base(context="a" * 64), "FROM acme.test/b\nRUN make\n", {"dockerfile": "FROM acme.test/b\nRUN make\n"}, False),
        (
            Base(context="a" * 64),
            "FROM acme.test/b\nCOPY x /x\n",
            {"dockerfile": "FROM acme.test/b\nCOPY x /x\n"},
            True,
        ),
        (
            Base(suite="bookworm"),
            None,
            {
                "dockerfile": "FROM debian:bookworm-slim\nRUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get"
                f" install --yes --no-install-recommends --allow-downgrades \\\n    {GIT.name}={GIT.version}\n"
            },
            False,
        ),
    ],
)
def test_what_the_image_stands_on(
    base: Base, dockerfile: str | None, expected: dict[str, str], copies: bool, tmp_path: Path
) -> None:
    locked = PlatformLock(platform="linux-aarch64", base=base, debian=(GIT,), conda=(NUMPY,))
    contents = Contents(name="x", lock=replace(LOCK, platforms=(locked,)), platforms=(replace(locked, debian=()),))
    for name, text in azureml_folder(contents, dockerfile).items():
        (tmp_path / name).write_text(text)
    env = loaded(tmp_path)
    assert {key: env[key] for key in ("image", "dockerfile") if env[key]} == expected
    assert env["architecture"] == "arm64"
    told = "\n".join(azureml_notes(contents, copies=copies))
    assert ("what it copies is missing" in told) == copies
    assert ("Debian's mirrors" in told) == bool(base.suite)
