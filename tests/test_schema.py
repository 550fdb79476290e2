"""`envlock schema`: it takes whatever env.toml may hold, knows every key that is documented, and refuses the rest."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from envlock.errors import UserInputError
from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.manifest.schema import ADDRESS, schema
from envlock.model.platform import PLATFORMS
from envlock.model.spec import CondaSpec, DebianSpec, EnvSpec, ImageSpec, Index, LockSpec, PipSpec, Wants
from tests.support.processes import run
from tests.support.projects import Project

ROOT = Path(__file__).parents[1]
VALIDATOR = Draft7Validator(schema())


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(schema())


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("examples/**/env.toml")) + sorted(ROOT.glob(".github/action/**/env.toml")), ids=str
)
def test_every_example_is_valid(file: Path) -> None:
    VALIDATOR.validate(tomllib.loads(file.read_text()))


def test_the_examples_of_the_documentation_are_valid() -> None:
    texts = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "env-toml.md").read_text(), re.DOTALL)
    assert texts
    for text in texts:
        VALIDATOR.validate(tomllib.loads(text))


def test_whatever_init_writes_is_valid() -> None:
    wants = Wants(conda=("numpy <2",), pip=("flask>=3",))
    spec = EnvSpec(
        name="train",
        description="all that there is",
        python="3.11",
        platforms=("linux-64", "osx-arm64"),
        systems=(("linux-64", replace(PLATFORMS["linux-64"].system, cuda="12.4", cuda_arch="8.6")),),
        conda=CondaSpec(channels=("./channel",), channel_priority="flexible", dependencies=("python",)),
        pip=PipSpec(dependencies=("own @ ./own",), indexes=(Index(name="acme", url="https://pip.acme.test/simple"),)),
        platform_wants=(("osx-arm64", wants),),
        groups=(("dev", wants),),
        lock=LockSpec(exclude_newer="7d", pip_resolver="pip-tools", conda_solver="conda-lock"),
        variables=(("A", "1"),),
        image=ImageSpec(
            debian=DebianSpec(suite="bookworm", packages=("git",), docs=False),
            repository="ghcr.io/acme/train",
            user="65534",
            workdir="/srv",
            entrypoint=("python",),
            cmd=(),
            labels=(("a", "b"),),
            copy=("./src",),
            bytecode=True,
        ),
    )
    VALIDATOR.validate(tomllib.loads(new_manifest(spec)))


def documented() -> set[str]:
    """The key paths of the table in docs/env-toml.md, `*` for a name that people choose."""
    found: set[str] = set()
    first_table = (ROOT / "docs" / "env-toml.md").read_text().partition("| key |")[2].partition("\n\n")[0]
    for row in re.findall(r"^\| (`.+?) ◆? *\|", first_table, re.MULTILINE):
        table = ""
        for words in re.findall(r"`([^`]+)`", row):
            heading = re.match(r"\[+([^\]]+)\]+ ?", words)
            table = heading[1].replace("NAME", "*") if heading else table
            keys = re.findall(r"[a-z-]+", words[heading.end() :] if heading else words)
            found |= {f"{table}.{key}".lstrip(".") for key in keys} or {table}
    return found


def known(node: dict[str, Any], path: str = "") -> set[str]:
    """The key paths of the schema, in the same words."""
    inner = dict(node.get("properties", {}))
    if isinstance(node.get("additionalProperties"), dict):
        inner["*"] = node["additionalProperties"]
    if path == "platform":
        inner = {"*": inner["linux-64"]}
    if node.get("type") == "array":
        return known(node["items"], path) or {path}
    nested = {key: known(value, f"{path}.{key}".lstrip(".")) for key, value in inner.items()}
    return set().union(*nested.values()) if nested else {path}


def test_it_has_the_keys_that_are_documented_and_no_others() -> None:
    # a name that people choose stands in the documentation by its table
    assert {path.removesuffix(".*") for path in known(schema())} == documented()


@pytest.mark.parametrize(
    "text",
    [
        "nme = 'x'",
        "name = 3",
        "name = 'Train'",
        "python = '2.7'",
        "python = 3.12",
        "platforms = []",
        "platforms = ['linux']",
        "platforms = ['linux-64', 'linux-64']",
        "extends = 'base'",
        "[conda]\ndependencies = 'numpy'",
        "[conda]\nchannel-priority = 'loose'",
        "[pip]\ndependencies = [1]",
        "[[pip.indexes]]\nurl = 'https://a.test'",
        "[[pip.indexes]]\nname = 'a'\nurl = 'ftp://a.test'",
        "[groups.Dev.pip]\ndependencies = []",
        "[groups.dev]\ndependencies = []",
        "[platform.linux.pip]\ndependencies = []",
        "[platform.linux-64]\nlibc = '2.28'",
        "[variables]\n1A = 'x'",
        "[variables]\nA = 1",
        "[image]\nbase = 'scratch'\ndockerfile = 'Dockerfile'",
        "[image]\nbase = 'scratch'\n[image.debian]\nsuite = 'bookworm'",
        "[image.debian]\npackages = ['git']",
        "[image]\nbytecode = 'yes'",
        "[image]\nworkdir = 'srv'",
        "[lock]\npip-resolver = 'pip'",
        "[workspace]\nmembers = []",
    ],
)
def test_what_the_reader_refuses_it_refuses(text: str, tmp_path: Path) -> None:
    (tmp_path / "env.toml").write_text(text)
    assert list(VALIDATOR.iter_errors(tomllib.loads(text)))
    with pytest.raises(UserInputError):
        read_manifest(tmp_path / "env.toml")


def test_it_is_printed_and_written(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, cache=tmp_path / "cache")
    assert json.loads(project.must("schema")) == schema()
    result = project.call("schema", "--output", "env.schema.json")
    assert (result.code, result.stdout, result.stderr) == (0, "", "wrote env.schema.json\n")
    assert (tmp_path / "env.schema.json").read_text() == project.must("schema")


def test_init_names_it_and_a_copy_at_the_top_of_the_repository_first(tmp_path: Path) -> None:
    run(("git", "init", "--quiet", tmp_path))
    for folder, expected in (("a", ADDRESS), ("envs/b", "../../env.schema.json")):
        project = Project(folder=tmp_path / folder, cache=tmp_path / "cache")
        project.folder.mkdir(parents=True)
        project.must("init")
        assert project.manifest.read_text().splitlines()[0] == f"#:schema {expected}"
        Project(folder=tmp_path, cache=tmp_path / "cache").must("schema", "--output", "env.schema.json")
