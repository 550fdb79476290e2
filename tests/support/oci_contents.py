"""What is in the layers of an image, read by Python's own tarfile."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.layered_images import Member


def image_members(layout: Path) -> Iterator[Member]:
    """Every member of every layer, the lowest first, with its content."""
    for blob in layer_blobs(layout):
        with tarfile.open(blob, "r:gz") as layer:
            for member in layer:
                file = layer.extractfile(member) if member.isreg() else None
                yield member, file.read() if file else b""


def read_below(layout: Path, folder: str) -> dict[str, bytes]:
    """The regular files right below a folder of the root, by their names."""
    found = ((Path("/", member.name), data) for member, data in image_members(layout) if member.isreg())
    return {path.name: data for path, data in found if path.parent == Path("/", folder)}


def layer_blobs(layout: Path) -> list[Path]:
    """The layers of a layout's one image, the lowest first."""
    (listed,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    manifest = json.loads(_blob(layout, listed["digest"]).read_bytes())
    return [_blob(layout, layer["digest"]) for layer in manifest["layers"]]


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")
