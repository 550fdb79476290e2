"""However large a layer is, little of it is in memory: while it is pushed, and while it is passed on."""

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Descriptor
from envlock.oci.layout import Layout
from tests.support.layered_images import new_layout
from tests.support.processes import run_python
from tests.support.registry import Registry, running_registry

MIB = 1 << 20
MOST = 96  # MiB, most of which Python and its libraries take
PUSHES = """
import re
from dataclasses import replace
from pathlib import Path
from envlock.model.image import Descriptor, Image
from envlock.model.reference import parse_reference
from envlock.oci.layout import Layout
from envlock.registry.transfer import push
from tests.support.pushing import client, layers_of

image = Image(layout=Path({root!r}), manifest=Descriptor(media_type={kind!r}, digest={digest!r}, size={size}))
source = parse_reference({source!r})
push(client(), image, [source])
layer = layers_of(image)[0].digest
Layout(image.layout).blob_path(layer).unlink()
passed = push(client(), replace(image, elsewhere={{layer: source}}), [parse_reference({target!r})])
# since this program began: what getrusage tells counts what started it, too
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(passed.uploaded_bytes, int(peak[1]) // 1024)
"""


def large_image(layout: Layout, size: int) -> Descriptor:
    """An image of one layer that nothing makes smaller."""
    plain, block = hashlib.sha256(), os.urandom(MIB)
    with layout.writer() as blob:
        for n in range(size // MIB):
            piece = n.to_bytes(4, "big") + block[4:]
            plain.update(piece)
            blob.write(gzip.compress(piece, 0, mtime=0))
    config = {"os": "linux", "architecture": "amd64", "config": {}}
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{plain.hexdigest()}"]}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": layout.put(json.dumps({**config, "rootfs": rootfs}).encode(), CONFIG_TYPE).json(),
        "layers": [blob.descriptor(LAYER_TYPE).json()],
    }
    return layout.put(json.dumps(manifest).encode(), MANIFEST_TYPE)


@pytest.mark.parametrize("size", [64 * MIB, pytest.param(300 * MIB, marks=pytest.mark.full)])
def test_a_large_layer_is_never_held_in_memory(registry: Registry, tmp_path: Path, size: int) -> None:
    layout = new_layout(tmp_path / "layout")
    manifest = large_image(layout, size)
    with running_registry(tmp_path) as another:
        described = {"root": str(layout.root), "kind": MANIFEST_TYPE, "digest": manifest.digest, "size": manifest.size}
        places = {"source": f"{another.host}/large/app:1", "target": f"{registry.host}/large/app:{size}"}
        sent, used = map(int, run_python(PUSHES.format(**described, **places)).split()[:2])
    assert sent > size
    assert used < MOST
