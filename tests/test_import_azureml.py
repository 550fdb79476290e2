"""Environments of Azure ML, as its first SDK saves them and as its second command line has them, as env.toml."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import UserInputError
from envlock.interchange.azureml import asset as azureml_asset
from envlock.interchange.azureml import definition as azureml_definition
from envlock.interchange.docker.dockerfile_file import REST
from envlock.interchange.foreign import foreign_of
from envlock.interchange.source import Source
from envlock.model.imported import Imported
from tests.support.projects import new_project
from tests.test_import_dockerfile import values

DEFAULTS: dict[str, Any] = {
    "name": "train",
    "version": None,
    "environmentVariables": {},
    "python": {
        "userManagedDependencies": False,
        "interpreterPath": "python",
        "condaDependenciesFile": None,
        "baseCondaEnvironment": None,
    },
    "docker": {
        "enabled": False,
        "baseImage": "x.test/base:1",
        "baseDockerfile": None,
        "sharedVolumes": True,
        "shmSize": "2g",
        "arguments": [],
        "baseImageRegistry": {"address": None, "username": None, "password": None, "registryIdentity": None},
        "platform": {"os": "Linux", "architecture": "amd64"},
    },
    "spark": {"repositories": [], "packages": [], "precachePackages": True},
    "databricks": {"mavenLibraries": [], "pypiLibraries": [], "rcranLibraries": [], "jarLibraries": []},
    "r": None,
    "inferencingStackVersion": None,
}
CONDA = "channels: [conda-forge]\ndependencies: [python=3.10, pip, numpy, {pip: [flask==3.0.0]}]\n"
BASE: dict[str, object] = {"base": "x.test/base:1"}
PACKAGES: dict[str, object] = {"python": "3.10", "conda": ("numpy", "pip"), "pip": ("flask==3.0.0",)}


def definition(**changes: object) -> dict[str, Any]:
    """The defaults with values at key paths: `docker__shmSize`."""
    document: dict[str, Any] = json.loads(json.dumps(DEFAULTS))
    for path, value in changes.items():
        *above, key = path.split("__")
        place = document
        for each in above:
            place = place.setdefault(each, {})
        place[key] = value
    return document


def saved(folder: Path, document: Mapping[str, Any], conda: str | None = CONDA, dockerfile: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "azureml_environment.json").write_text(json.dumps(document, indent=4))
    for name, text in (("conda_dependencies.yml", conda), ("BaseDockerfile", dockerfile)):
        if text is not None:
            (folder / name).write_text(text)
    return folder


def said(found: Imported) -> str:
    return "\n".join(f"{each.what}: {each.why}" for each in found.remarks)


def test_what_the_sdk_writes_unasked_needs_no_word(tmp_path: Path) -> None:
    folder = saved(tmp_path / "a", DEFAULTS)
    assert foreign_of(folder, "") == "azureml"
    found = azureml_definition.read(Source(path=folder))
    assert found.spec.name == "train"
    assert values(found) == {**BASE, **PACKAGES}
    assert found.remarks == ()


ROWS: dict[str, tuple[dict[str, object], dict[str, object], tuple[str, ...]]] = {
    "variables": ({"environmentVariables": {"A": "1"}}, {"variables": {"A": "1"}}, ()),
    "the example": ({"environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}}, {}, ("EXAMPLE_ENV_VAR",)),
    "the example, changed": (
        {"environmentVariables": {"EXAMPLE_ENV_VAR": "mine"}},
        {"variables": {"EXAMPLE_ENV_VAR": "mine"}},
        (),
    ),
    "a secret": ({"environmentVariables": {"API_KEY": "hushhush"}}, {}, ("API_KEY: it looks like a secret",)),
    "a variable of envlock's": ({"environmentVariables": {"PATH": "/x"}}, {}, ("PATH: is set by envlock itself",)),
    "a version": ({"version": "7"}, {}, ("version: 7", "`envlock register`")),
    "an id": ({"assetId": "azureml://x"}, {}, ("assetId: azureml://x",)),
    "inference": ({"inferencingStackVersion": "latest"}, {}, ("inferencingStackVersion: latest",)),
    "a registry": (
        {
            "docker__baseImageRegistry": {"address": "acme.test", "username": "kim", "password": "hushhush"},
            "docker__baseImage": "base:1",
        },
        {"base": "acme.test/base:1"},
        ("docker.baseImageRegistry.username: credentials", "docker.baseImageRegistry.password: credentials"),
    ),
    "a registry that the image names": ({"docker__baseImageRegistry__address": "acme.test"}, {}, ()),
    "an identity": (
        {"docker__baseImageRegistry__registryIdentity": {"clientId": "x"}},
        {},
        ("baseImageRegistry.registryIdentity",),
    ),
    "docker": ({"docker__enabled": True}, {}, ("docker.enabled: true", "run --in docker")),
    "shared memory": ({"docker__shmSize": "8g"}, {}, ("docker.shmSize: 8g", "--shm-size")),
    "arguments": ({"docker__arguments": ["-e", "API_KEY=hushhush"]}, {}, ("docker.arguments: who starts",)),
    "volumes": ({"docker__sharedVolumes": False}, {}, ("docker.sharedVolumes: false",)),
    "ARM": ({"docker__platform__architecture": "arm64"}, {"platforms": ("linux-aarch64",)}, ()),
    "Windows": ({"docker__platform__os": "Windows"}, {}, ("no images of Windows",)),
    "Spark": (
        {"spark__packages": [{"group": "g", "artifact": "a", "version": "1"}]},
        {},
        ("spark.packages", "pyspark"),
    ),
    "Databricks": ({"databricks__pypiLibraries": [{"package": "x"}]}, {}, ("databricks.pypiLibraries",)),
    "R": (
        {"r": {"rVersion": "4.1", "cranPackages": [{"name": "dplyr"}], "userManaged": False}},
        {},
        ("r.rVersion: 4.1", "r.cranPackages", "`r-dplyr`"),
    ),
    "another key": ({"docker__new": {"a": 1}}, {}, ("docker.new.a: 1", "no key for it")),
    "a base environment": ({"python__baseCondaEnvironment": "base"}, {}, ("python.baseCondaEnvironment: base",)),
    "a build context": (
        {"docker__buildContext": {"locationType": "git", "location": "https://kim:hushhush@x.test/r"}},
        {},
        ("docker.buildContext.locationType: git", "docker.buildContext.location: "),
    ),
    "a name": ({"name": "AzureML-Train 2"}, {}, ("name: AzureML-Train 2", "`azureml-train-2`")),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_value_is_carried_over_or_named(name: str, tmp_path: Path) -> None:
    changes, expected, told = ROWS[name]
    found = azureml_definition.read(Source(path=saved(tmp_path / "a", definition(**changes))))
    assert values(found) == {**BASE, **PACKAGES, **expected}
    assert [text for text in told if text not in said(found)] == []
    assert bool(told) == bool(found.remarks)
    assert "hushhush" not in repr(found)


def test_pythons_of_the_users_own_have_no_packages(tmp_path: Path) -> None:
    own = definition(python__userManagedDependencies=True, python__interpreterPath="/opt/python/bin/python")
    found = azureml_definition.read(Source(path=saved(tmp_path / "a", own)))
    assert values(found) == BASE
    assert found.spec.image.interpreter == "/opt/python/bin/python"
    assert "packages of the conda specification are not used" in said(found)


def test_packages_may_stand_in_the_definition(tmp_path: Path) -> None:
    inline = {"channels": ["bioconda"], "dependencies": ["python=3.10", "numpy=1.2", {"pip": ["flask", "-v"]}]}
    document = definition(python__condaDependencies=inline)
    found = azureml_definition.read(Source(path=saved(tmp_path / "a", document, conda=None)))
    assert (found.spec.conda.channels, found.spec.conda.dependencies) == (("bioconda",), ("numpy 1.2.*",))
    assert found.spec.pip.dependencies == ("flask",)
    line = json.dumps(document, indent=4).split("\n").index('        "condaDependencies": {') + 1
    assert [(each.what, each.line) for each in found.remarks] == [("-v", line)]


@pytest.mark.parametrize("command", ["pip install a", "curl {}/x", "make TOKEN=hushhush"])
def test_no_secret_is_taken_over(command: str, tmp_path: Path) -> None:
    """Neither written nor said: by its name, by what it looks like, in an address, wherever one may stand."""
    login = "https://kim:hushhush@x.test"
    document = definition(
        environmentVariables={
            "API_KEY": "hushhush",
            "DB": "postgres://kim:hushhush@x.test/db",
            "AZURE_STORAGE_CONNECTION_STRING": "AccountName=kim;AccountKey=hushhush",
        },
        docker__arguments=["-e", "API_KEY=hushhush"],
        docker__baseImage=None,
        docker__baseImageRegistry={"address": "acme.test", "username": "kim", "password": "hushhush"},
        docker__baseDockerfile=f"FROM x.test/b\nENV TOKEN=hushhush\nRUN {command.format(login)}\n",
        spark__repositories=[f"{login}/a", f"{login}/b"],
        new=f"{login}/a",
    )
    conda = f"{CONDA}variables: {{TOKEN: hushhush, A: {login}}}\nnew: {login}\n"
    found = azureml_definition.read(Source(path=saved(tmp_path / "a", document, conda)))
    assert "hushhush" not in repr(found)
    assert found.spec.variables == ()
    for name in ("API_KEY", "DB", "AZURE_STORAGE_CONNECTION_STRING", "TOKEN", "A", "docker.arguments", "new"):
        assert name in [remark.what.partition(":")[0] for remark in found.remarks] or name in said(found)


def test_half_of_a_character_is_refused(tmp_path: Path) -> None:
    """JSON can say one, and no file can hold it."""
    folder = saved(tmp_path / "a", definition(environmentVariables={"A": "\ud800"}))
    with pytest.raises(UserInputError, match="half of a character"):
        azureml_definition.read(Source(path=folder))


def test_no_secret_of_an_asset_is_taken_over(tmp_path: Path) -> None:
    text = (
        f"{SCHEMA}image: x.test/base:1\nnew: https://kim:hushhush@x.test\napi_key: hushhush\n"
        "tags: {token: hushhush, team: a}\nconda_file: {dependencies: [a], variables: {TOKEN: hushhush}}\n"
    )
    found = azureml_asset.read(Source(path=tmp_path / "env.yml", text=text))
    assert "hushhush" not in repr(found)
    assert dict(found.spec.image.labels) == {"team": "a"}
    assert {"tags.token", "TOKEN"} <= {remark.what for remark in found.remarks}


def test_packages_that_are_nowhere_are_missed(tmp_path: Path) -> None:
    found = azureml_definition.read(Source(path=saved(tmp_path / "a", DEFAULTS, conda=None)))
    assert values(found) == BASE
    assert "conda_dependencies.yml: it is not there" in said(found)


PLAIN, MADE = "FROM x.test/own:2\nENV A=1\n", "FROM x.test/own:2\nRUN make\n"


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize(
    ("text", "expected", "brought"),
    [
        (PLAIN, {"base": "x.test/own:2", "variables": {"A": "1"}}, {}),
        (MADE, {"dockerfile": REST}, {REST: MADE.encode()}),
    ],
)
def test_a_dockerfile_below_the_packages(
    text: str, expected: dict[str, object], brought: dict[str, bytes], beside: bool, tmp_path: Path
) -> None:
    document = definition(docker__baseImage=None, docker__baseDockerfile=None if beside else text)
    folder = saved(tmp_path / "a", document, dockerfile=text if beside else None)
    found = azureml_definition.read(Source(path=folder))
    assert values(found) == {**PACKAGES, **expected}
    assert dict(found.files) == brought


def test_a_dockerfile_with_packages_stays_as_it_is(tmp_path: Path) -> None:
    """What it installs may be for its own Python."""
    text = "FROM x.test/own:2\nRUN pip install uv\n"
    document = definition(docker__baseImage=None)
    found = azureml_definition.read(Source(path=saved(tmp_path / "a", document, dockerfile=text)))
    assert values(found) == {**PACKAGES, "dockerfile": "BaseDockerfile"}
    assert "env.lock does not know what it installs" in said(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "azureml_environment.json:1: not valid JSON"),
        ("[]", "is no definition of an environment"),
        ('{\n"name": 3}', "azureml_environment.json:2: expected text at `name`"),
        ('{"docker": []}', "expected `{…}` around it"),
        ('{\n\n"environmentVariables": {"A": 1}}', "json:3: expected text as the value of each variable"),
        ('{"docker": {\n"baseImage": "Not An Image"}}', "json:2: `docker.baseImage`: `Not An Image` is not"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_definition_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "azureml_environment.json").write_text(text)
    with pytest.raises(UserInputError) as error:
        azureml_definition.read(Source(path=tmp_path))
    assert message in error.value.message


SCHEMA = "$schema: https://x.test/latest/environment.schema.json\nname: train\n"
ASSETS: dict[str, tuple[str, dict[str, object], tuple[str, ...]]] = {
    "an image": ("image: x.test/base:1\n", BASE, ()),
    "a conda file": ("image: x.test/base:1\nconda_file: envs/conda.yml\n", {**BASE, **PACKAGES}, ()),
    "a conda file of older times": (
        "docker:\n  image: x.test/base:1\nconda_file: file:./envs/conda.yml\n",
        {**BASE, **PACKAGES},
        (),
    ),
    "conda inside": (
        "image: x.test/base:1\nconda_file:\n  channels: [c]\n  dependencies:\n  - python=3.10\n  - a\n  - b  # [win]\n",
        {**BASE, "python": "3.10", "conda": ("a",), "channels": ("c",)},
        ("b",),
    ),
    "a build": (
        "build:\n  path: ctx\n",
        {"base": "x.test/b", "pip": ("rich",), "workdir": "/srv", "copy": ("./ctx/requirements.txt",)},
        (),
    ),
    "a build with a file": (
        "build: {path: ctx, dockerfile_path: other/gpu.Dockerfile}\n",
        {"dockerfile": "ctx/other/gpu.Dockerfile"},
        ("the top of its context", "`make` can do anything"),
    ),
    "tags": (
        "image: x.test/base:1\ntags: {team: a, year: 2024}\n",
        {**BASE, "labels": {"team": "a", "year": "2024"}},
        (),
    ),
    "a version": ("image: x.test/base:1\nversion: 3\n", BASE, ("version: 3: versions are tags in git",)),
    "inference": (
        "image: x.test/base:1\ninference_config:\n  liveness_route: {port: 5001, path: /}\n",
        BASE,
        ("inference_config",),
    ),
    "Windows": ("image: x.test/base:1\nos_type: windows\n", BASE, ("os_type: windows",)),
    "Linux": ("image: x.test/base:1\nos_type: linux\nproperties: {}\ndescription:\n", BASE, ()),
    "the service's": (
        "image: x.test/base:1\nid: azureml:x\ncreation_context: {a: b}\n",
        BASE,
        ("id: azureml:x", "creation_context"),
    ),
    "another key": ("image: x.test/base:1\nnew: [1]\n", BASE, ("new: env.toml has no key for it",)),
}


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    for name, text in {
        "envs/conda.yml": f"name: other\n{CONDA}",
        "ctx/Dockerfile": "FROM x.test/b\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        "ctx/requirements.txt": "rich\n",
        "ctx/other/gpu.Dockerfile": "FROM x.test/b\nCOPY requirements.txt /x\nRUN make\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_is_read(name: str, assets: Path) -> None:
    text, expected, told = ASSETS[name]
    assert foreign_of(assets / "env.yml", SCHEMA + text) == "azureml-v2"
    found = azureml_asset.read(Source(path=assets / "env.yml", text=SCHEMA + text))
    assert found.spec.name == "train"
    assert values(found) == expected
    assert [each for each in told if each not in said(found)] == []
    assert bool(told) == bool(found.remarks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image: [x]\n", "env.yml:3: expected text"),
        ("image: Not An Image\n", "env.yml:3: `Not An Image` is not a repository name"),
        ("conda_file: gone.yml\n", "env.yml:3: `gone.yml` does not exist"),
        ("conda_file: ../../x.yml\n", "env.yml:3: "),
        ("conda_file: azureml:conda.yml\n", "env.yml:3: `azureml:` is not on this machine"),
        ("build: {path: https://x.test/r}\n", "env.yml:3: `https:` is not on this machine"),
        ("build: {path: gone}\n", "env.yml:3: `gone/Dockerfile` does not exist"),
        ("name: x\n", "env.yml:3: `name` stands there twice"),
        ("- x\n", "env.yml:"),
    ],
)
def test_what_is_no_asset_is_refused(text: str, message: str, assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(assets)
    with pytest.raises(UserInputError) as error:
        azureml_asset.read(Source(path=assets / "env.yml", text=SCHEMA + text))
    assert message in error.value.message


def test_the_command_takes_a_folder(tmp_path: Path) -> None:
    project = new_project(tmp_path / "repository", "", cache=tmp_path / "cache")
    project.manifest.unlink()
    changes: dict[str, object] = {"environmentVariables": {"MODE": "x"}, "version": "3"}
    saved(project.folder / "azure", definition(**changes))
    result = project.call("import", "azure", "--to", "envs/train")
    assert result.code == 0, result.stderr
    assert "azure/azureml_environment.json:3: `version: 3`" in result.stderr
    text = (project.folder / "envs" / "train" / "env.toml").read_text()
    for line in ('name = "train"', 'python = "3.10"', 'base = "x.test/base:1"', 'MODE = "x"'):
        assert line in text
