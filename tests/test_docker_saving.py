"""What an engine gives of an image: taken over byte by byte, whatever its layers are packed in, and never more."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from envlock.errors import OutsideError
from envlock.images.docker_engine.connection import Engine
from envlock.images.docker_engine.saving import save
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.oci.validate import problems
from envlock.system.cache import Cache
from envlock.system.docker_context import EngineAddress
from envlock.system.parts import PREFIX
from tests.support.layered_images import file, tar_of

PLAIN = tar_of([file("etc/x", b"one")])
DIFF_ID = f"sha256:{hashlib.sha256(PLAIN).hexdigest()}"


def saved(folder: Path, layer: bytes, *, link: str | None = None) -> bytes:
    """The tar that is kept of an image's one layer, which the engine gives as these bytes, or as a link to them."""
    rootfs = {"type": "layers", "diff_ids": [DIFF_ID]}
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["a/layer.tar"]}]
        for name, content in (("manifest.json", manifest), ("config.json", config)):
            member, data = file(name, json.dumps(content).encode())
            archive.addfile(member, io.BytesIO(data))
        member, data = file("a/layer.tar" if link is None else "b/layer.tar", layer)
        archive.addfile(member, io.BytesIO(data))
        if link is not None:
            member = tarfile.TarInfo("a/layer.tar")
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)

    def image(_name: str, chunk_size: int) -> Iterator[bytes]:
        stream.seek(0)
        while piece := stream.read(chunk_size):
            yield piece

    cache = Cache(folder / "cache")
    # at the door: the SDK's one call, answered as an engine might
    client = SimpleNamespace(api=SimpleNamespace(get_image=image))
    address = EngineAddress(url="unix:///engine.sock", where="here")
    made = save(Engine(client=client, address=address, name="Docker", version="1"), "it", cache)
    layout = Layout(cache.image_layout)
    assert problems(layout, made) == ()
    (found,) = read_manifest(layout.read(made), "manifest").layers
    return gzip.decompress(layout.blob_path(found.digest).read_bytes())


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_layers_as_engines_pack_them(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    for link in (None, "../b/layer.tar"):
        assert saved(tmp_path / str(link is None), pack(PLAIN), link=link) == PLAIN


@pytest.mark.parametrize(
    ("layer", "link", "message"),
    [
        (tar_of([file("etc/x", b"two")]), None, "expected sha256:"),
        (gzip.compress(PLAIN)[:-9], None, "it cannot be unpacked"),
        (gzip.compress(PLAIN)[:12] + bytes(100), None, "it cannot be unpacked"),
        (zstandard.compress(PLAIN)[:12] + bytes(100), None, "it cannot be unpacked"),
        (PLAIN, "layer.tar", "is no file"),  # itself, again and again
        (PLAIN, "../../../../etc/passwd", "is no image"),
    ],
    ids=["another", "cut off", "broken gzip", "broken zstd", "circle", "outside"],
)
def test_what_is_no_layer(tmp_path: Path, layer: bytes, link: str | None, message: str) -> None:
    with pytest.raises(OutsideError, match=message):
        saved(tmp_path, layer, link=link)
    # neither a layer nor part of one
    assert list((tmp_path / "cache" / "image" / "blobs" / "sha256").iterdir()) == []
    assert list((tmp_path / "cache").rglob(f"{PREFIX}*")) == []
