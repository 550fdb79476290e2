"""A libdeflate that makes other bytes than everywhere: layers are stored in another form, which says what it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envlock.oci.compress import COMPRESSORS
from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.services import require
from tests.support.tiny_project import TinyProject, tiny_project

# stands where the library stood: as good a gzip as any, and not the one that is known
OTHER = """
import gzip, zlib
class DeflateError(Exception): ...
def gzip_compress(data, compresslevel=-1):
    return bytearray(gzip.compress(data, 1, mtime=0))
def gzip_decompress(data, originalsize=0):
    try:
        return bytearray(zlib.decompress(data, 31))
    except zlib.error as error:
        raise DeflateError from error
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyProject]:
    with tiny_project(tmp_path_factory.mktemp("tiny")) as made:
        made.must("lock")
        yield made


def _built(project: Project, output: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest and the config of an image that is what it says."""
    project.must("build", "--output", output)
    layout = Layout(output)
    (listed,) = layout.manifests()
    assert problems(layout, listed.descriptor) == ()
    run((require("skopeo", "skopeo"), "inspect", f"oci:{output}"))
    manifest: dict[str, Any] = json.loads(layout.read(listed.descriptor))
    config: dict[str, Any] = json.loads(layout.blob_path(manifest["config"]["digest"]).read_bytes())
    return manifest, config


def test_the_same_files_in_other_layers_that_say_so(project: TinyProject, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "deflate.py").write_text(OTHER)
    usual, config = _built(project, tmp_path / "usual")
    stored, same_config = _built(project.given(PYTHONPATH=str(tmp_path / "other")), tmp_path / "stored")
    assert same_config == config  # diff ids and all: what it promises is the same
    assert [m["annotations"]["dev.envlock.compressor"] for m in (usual, stored)] == [c.id for c in COMPRESSORS]
    assert not {layer["digest"] for layer in usual["layers"]} & {layer["digest"] for layer in stored["layers"]}
    keys = [{layer["annotations"]["dev.envlock.layer"] for layer in m["layers"]} for m in (usual, stored)]
    assert not keys[0] & keys[1]
    again, _ = _built(project, tmp_path / "again")
    assert again == usual  # what was stored otherwise is not taken for it
