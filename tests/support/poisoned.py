"""Images that were tampered with: copies of a good one, documents or layers changed, all hashes right again."""

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Descriptor
from envlock.oci.image import digest_of
from envlock.oci.layout import Layout
from tests.support.layered_images import Member, tar_of

Json = dict[str, Any]


@dataclass
class Poisoned:
    """The image of one platform in a layout of its own; `save` makes it one that is right in itself."""

    layout: Layout
    index: Json
    manifest: Json
    config: Json

    @classmethod
    def copy_of(cls, source: Path, target: Path, digest: str | None = None) -> Self:
        """Of the one image in a layout, or of the one of a digest in it."""
        shutil.copytree(source, target)
        layout = Layout(target)
        index = json.loads((target / "index.json").read_bytes())
        manifest = json.loads(layout.read(digest or index["manifests"][0]["digest"]))
        config = json.loads(layout.read(manifest["config"]["digest"]))
        return cls(layout=layout, index=index, manifest=manifest, config=config)

    def members(self, number: int) -> list[Member]:
        """What is in a layer, the lowest being 0."""
        data = gzip.decompress(self.blob(number).read_bytes())
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            found = [(member, archive.extractfile(member)) for member in archive]
            return [(member, file.read() if file else b"") for member, file in found]

    def blob(self, number: int) -> Path:
        return self.layout.blob_path(self.manifest["layers"][number]["digest"])

    def change_layer(self, number: int, change: Callable[[list[Member]], list[Member]]) -> None:
        """Packs a layer anew, with other members."""
        self.replace_layer(number, tar_of(change(self.members(number))))

    def replace_layer(self, number: int, tar: bytes) -> None:
        descriptor = self.layout.put(gzip.compress(tar, mtime=0), LAYER_TYPE)
        self.manifest["layers"][number] |= descriptor.json()
        self.config["rootfs"]["diff_ids"][number] = digest_of(tar)

    def insert_layer(self, number: int, *members: Member) -> None:
        tar = tar_of(members)
        descriptor = self.layout.put(gzip.compress(tar, mtime=0), LAYER_TYPE)
        self.manifest["layers"].insert(number, descriptor.json())
        self.config["rootfs"]["diff_ids"].insert(number, digest_of(tar))

    def repack(self, number: int, content: bytes, media_type: str) -> None:
        """The same tar, compressed otherwise."""
        self.manifest["layers"][number] |= self.layout.put(content, media_type).json()

    def save(self) -> Descriptor:
        """Writes the documents, each naming the other by its new digest."""
        self.manifest["config"] |= self.layout.put(_bytes(self.config), CONFIG_TYPE).json()
        found = self.layout.put(_bytes(self.manifest), MANIFEST_TYPE)
        self.index["manifests"][0] |= found.json()
        self.write_index()
        return found

    def write_index(self) -> None:
        (self.layout.root / "index.json").write_bytes(_bytes(self.index))


def _bytes(value: Json) -> bytes:
    return json.dumps(value).encode()
