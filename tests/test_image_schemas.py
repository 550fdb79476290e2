"""The checker of documents itself: what it must find in them. Every `build` of the tests is looked at with it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.image_schemas import cache_problems, layout_problems
from tests.support.processes import run
from tests.support.services import require
from tests.support.tiny_project import tiny_project


def _rewritten(layout: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The one manifest of a layout, changed, under the digest that it then has."""
    index = json.loads((layout / "index.json").read_bytes())
    (entry,) = index["manifests"]
    manifest = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_bytes())
    change(manifest)
    data = json.dumps(manifest).encode()
    entry |= {"digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
    (layout / "blobs" / entry["digest"].replace(":", "/")).write_bytes(data)
    (layout / "index.json").write_text(json.dumps(index))


def _without_size(manifest: dict[str, Any]) -> None:
    del manifest["config"]["size"]


def _with_a_number(manifest: dict[str, Any]) -> None:
    manifest["annotations"]["dev.envlock.layout"] = 1


def _without_layers(manifest: dict[str, Any]) -> None:
    del manifest["layers"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without_size, "'size' is a required property"),
        (_with_a_number, "1 is not of type 'string'"),
        (_without_layers, "'layers' is a required property"),
    ],
)
def test_documents_that_break_a_schema_are_found(
    built: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    run(("cp", "--recursive", built, tmp_path / "broken"))
    assert layout_problems(tmp_path / "broken") == ()
    _rewritten(tmp_path / "broken", change)
    assert any(words in problem for problem in layout_problems(tmp_path / "broken"))
    assert any(words in problem for problem in cache_problems(tmp_path / "broken"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    with tiny_project(root) as project:
        project.must("lock")
        project.must("build", "--output", root / "image")
        project.must("build", "--output", root / "image.tar")
    return root / "image"


def test_skopeo_reads_folders_and_files(built: Path) -> None:
    """A layout, the same in a tar, and the archive for engines that the tar is as well."""
    skopeo = (require("skopeo", "skopeo"), "inspect", "--raw")
    folder = run((*skopeo, f"oci:{built}"))
    assert json.loads(folder)["annotations"]["dev.envlock.layout"] == "1"
    assert run((*skopeo, f"oci-archive:{built}.tar")) == folder
    config = json.loads(folder)["config"]["digest"]
    assert json.loads(run((*skopeo, f"docker-archive:{built}.tar")))["config"]["digest"] == config
