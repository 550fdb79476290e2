"""Images of hand-made layers: what a tar may hold, no packer of ours would write."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from envlock.model.image import CONFIG_TYPE, INDEX_TYPE, LAYER_TYPE, MANIFEST_TYPE, Descriptor
from envlock.oci.index import REFERENCE_NAME, IndexEntry, index_bytes
from envlock.oci.layout import Layout
from tests.support.processes import run
from tests.support.services import require

Member = tuple[tarfile.TarInfo, bytes]


class HasHost(Protocol):
    """A registry, whichever it is."""

    @property
    def host(self) -> str: ...


TAR_TYPE = LAYER_TYPE.removesuffix("+gzip")


def file(name: str, content: bytes = b"") -> Member:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def folder(name: str) -> Member:
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE
    return member, b""


def link(name: str, target: str) -> Member:
    return _linked(name, target, tarfile.SYMTYPE)


def hard_link(name: str, target: str) -> Member:
    return _linked(name, target, tarfile.LNKTYPE)


def device(name: str) -> Member:
    member = tarfile.TarInfo(name)
    member.type = tarfile.CHRTYPE
    return member, b""


def tar_of(members: Iterable[Member]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def add_layer(layout: Layout, *members: Member) -> Descriptor:
    return layout.put(gzip.compress(tar_of(members), mtime=0), LAYER_TYPE)


def add_image(
    layout: Layout,
    layers: Sequence[Descriptor],
    *,
    platform: str = "linux/amd64",
    variables: Sequence[str] = (),
    changes: Mapping[str, Any] | None = None,
) -> Descriptor:
    """The manifest of an image; `changes` replaces fields of it."""
    os, architecture = platform.split("/")
    diff_ids = [_diff_id(layout, layer) for layer in layers]
    config = {
        "os": os,
        "architecture": architecture,
        "config": {"Env": list(variables)},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": layout.put(json.dumps(config).encode(), CONFIG_TYPE).json(),
        "layers": [layer.json() for layer in layers],
        **(changes or {}),
    }
    return layout.put(json.dumps(manifest).encode(), str(manifest["mediaType"]))


def add_index(layout: Layout, entries: Iterable[IndexEntry]) -> Descriptor:
    return layout.put(index_bytes(entries), INDEX_TYPE)


def push(layout: Layout, image: Descriptor, registry: HasHost, name: str, *, option: str = "--preserve-digests") -> str:
    """The image or index in the registry, by skopeo; but for another `option` with the digest it has."""
    layout.write_index([IndexEntry(descriptor=image, annotations={REFERENCE_NAME: "pushed"})])
    reference = f"{registry.host}/{name}"
    skopeo = (require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", "--all", option)
    run((*skopeo, "--dest-tls-verify=false", f"oci:{layout.root}:pushed", f"docker://{reference}"))
    return reference


def new_layout(root: Path) -> Layout:
    layout = Layout(root)
    layout.create()
    return layout


def _diff_id(layout: Layout, layer: Descriptor) -> str:
    data = layout.blob_path(layer.digest).read_bytes()
    plain = gzip.decompress(data) if layer.media_type == LAYER_TYPE else data
    return f"sha256:{hashlib.sha256(plain).hexdigest()}"


def _linked(name: str, target: str, kind: bytes) -> Member:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def entries_of(layout: Layout, layer: Descriptor) -> dict[str, int]:
    """The modes of what stands in a gzip layer, by path, but for folders that only lead there."""
    with tarfile.open(layout.blob_path(layer.digest), "r:gz") as archive:
        members = archive.getmembers()
    parents = {"opt", "opt/env", "opt/env/bin", "opt/env/share"}
    return {member.name: member.mode for member in members if member.name not in parents}
