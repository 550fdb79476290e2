"""`envlock inspect` without a registry: of an environment that is not built yet, of one that is, and of files."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.image_places import image_place
from envlock.workflows.inspect import view
from tests.support.index_server import WheelFolders, serve_index
from tests.support.poisoned import Poisoned
from tests.support.projects import Project, new_project
from tests.support.tiny_base import write_base
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel

PYTHON = ".".join(map(str, sys.version_info[:3]))
MANIFEST = """
name = "train"
python = "{minor}"
[pip]
dependencies = ["alpha", "beta"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[variables]
MODE = "prod"
[image]
base = "oci:base"
user = "1000"
entrypoint = ["alpha", "--now"]
labels = {{ team = "vision" }}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two wheels upon a tiny base, locked; it names no repository."""
    root = tmp_path_factory.mktemp("inspect")
    for name in ("alpha", "beta"):
        write_wheel(root / "wheels", name)
    base = write_base(root / "base", python=PYTHON)
    with serve_index(WheelFolders((root / "wheels",))) as index:
        text = MANIFEST.format(minor=PYTHON.rpartition(".")[0], index=index.url)
        project = new_project(root / "train", text, cache=root / "cache", base=base).given(**NO_PROXY)
        project.must("lock")
        yield project


@pytest.fixture(scope="module")
def built(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "image"
    project.must("build", "--output", folder)
    return folder


def test_of_what_is_not_built_its_name_is_known(project: Project, tmp_path: Path) -> None:
    fresh = project.elsewhere(tmp_path)
    (shown,) = json.loads(project.must("show", "--json"))
    lock_hash = shown["lock_hash"]
    result = fresh.call("inspect")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout == (
        f"train:lock-{lock_hash[:16]}\n  lock hash  {lock_hash}\n  where      not built yet\n  linux-64   2 packages\n"
    )
    result = fresh.call("inspect", "--sbom")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr == f"error: `train:lock-{lock_hash[:16]}` is not built yet\nhint: `envlock build --push`\n"


def test_of_what_is_built_the_layers_and_settings_are_shown(project: Project, tmp_path: Path) -> None:
    reference = project.must("build", "--output", tmp_path / "train.tar").strip()
    lines = project.must("inspect").splitlines()
    assert lines[1].split() == ["digest", reference.partition("@")[2]]
    assert lines[3].split("  ")[-1] == "on this machine alone"
    assert lines[5] == "linux/amd64"
    assert lines[6].split() == ["SIZE", "PART", "LAYER", "WHAT"]
    rows = [line.split(maxsplit=4) for line in lines[7:11]]
    assert [(part, what.partition(": ")[2] or what) for _, _, part, _, what in rows] == [
        ("base", "base layer 1"),
        ("env", "alpha 1.0"),
        ("env", "beta 1.0"),
        ("env", "envlock"),
    ]
    assert "1 layer of the base" in lines[11]
    assert "3 layers of the environment" in lines[11]
    settings = [line.split(maxsplit=1) for line in lines[13:]]
    assert ["User", "1000"] in settings
    assert ["Entrypoint", '["alpha", "--now"]'] in settings
    assert ["Env", "MODE=prod"] in settings
    assert ["Label", "team=vision"] in settings
    of_file = project.must("inspect", tmp_path / "train.tar").splitlines()
    assert of_file[of_file.index("linux/amd64") :] == lines[5:]


def test_everything_is_given_to_programs(project: Project, tmp_path: Path) -> None:
    reference = project.must("build", "--output", tmp_path / "image").strip()
    shown = json.loads(project.must("inspect", f"oci:{tmp_path / 'image'}", "--json"))
    (platform,) = shown["platforms"]
    assert (shown["where"], shown["digest"], shown["attached"]) == ("file", reference.partition("@")[2], [])
    assert platform["annotations"]["dev.envlock.lock-hash"] == shown["key"]
    assert [layer["part"] for layer in platform["layers"]] == ["base", "env", "env", "env"]
    assert platform["settings"]["Labels"] == {"team": "vision"}


def test_what_an_image_says_cannot_steer_a_terminal(project: Project, built: Path, tmp_path: Path) -> None:
    poisoned = Poisoned.copy_of(built, tmp_path / "evil")
    poisoned.config["history"][-1]["created_by"] = "envlock: \x1b[2Jnothing\u202e"
    poisoned.config["config"]["Env"].append("A=\x1b]0;evil\x07")
    poisoned.manifest["annotations"]["dev.envlock.lock-hash"] = "\x1b[31m"
    poisoned.save()
    text = project.must("inspect", f"oci:{poisoned.layout.root}")
    assert "\x1b" not in text
    assert "\x07" not in text


@pytest.mark.parametrize("settings", [5, {"Env": 5}, {"Labels": ["evil"]}, {"Labels": {"a": 5}}])
def test_settings_that_are_none_are_said(project: Project, built: Path, tmp_path: Path, settings: object) -> None:
    poisoned = Poisoned.copy_of(built, tmp_path / "evil")
    poisoned.config["config"] = settings
    poisoned.save()
    with pytest.raises(OutsideError, match="the config: `config"):
        view(image_place(str(poisoned.layout.root), Context(cache=Cache(project.cache))))


def test_a_broken_image_is_said_to_be_one(project: Project, built: Path, tmp_path: Path) -> None:
    poisoned = Poisoned.copy_of(built, tmp_path / "evil")
    poisoned.layout.blob_path(poisoned.manifest["config"]["digest"]).unlink()
    result = project.call("inspect", f"oci:{poisoned.layout.root}")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr == f"error: {poisoned.layout.root} is broken: its blob is missing\n"
