"""Images to push, and what a real registry's access log says was asked of it."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envlock.model.image import Descriptor, Image
from envlock.oci.layout import Layout
from envlock.oci.manifest import Manifest, read_document
from envlock.registry.client import RegistryClient
from envlock.registry.credentials import Credentials
from envlock.system.http import Http
from tests.support.layered_images import add_image, add_layer, file
from tests.support.registry import Registry

ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/1\.1" (?P<status>\d+)')


@dataclass(frozen=True)
class Entry:
    """A line of the access log."""

    method: str
    path: str
    status: int


class Log:
    """What a registry has been asked since this was made."""

    def __init__(self, registry: Registry) -> None:
        self._path = registry.log
        self._before = len(registry.log.read_bytes())

    def entries(self) -> list[Entry]:
        """In the order of the answers."""
        lines = self._path.read_bytes()[self._before :].decode().splitlines()
        found = [ACCESS.search(line) for line in lines if line.startswith("127.0.0.1 ")]
        return [Entry(each["method"], each["path"], int(each["status"])) for each in found if each]

    def of(self, method: str, word: str = "") -> list[Entry]:
        return [entry for entry in self.entries() if entry.method == method and word in entry.path]


def client() -> RegistryClient:
    return RegistryClient(Http(), Credentials({}))


def quick_client() -> RegistryClient:
    """One that does not wait between two tries."""
    return RegistryClient(Http(wait=lambda _seconds: None), Credentials({}))


def random_image(layout: Layout, sizes: Sequence[int] = (5000, 300), platform: str = "linux/amd64") -> Image:
    """An image whose layers nobody else has."""
    layers = [add_layer(layout, file("random", os.urandom(size))) for size in sizes]
    return Image(layout=layout.root, manifest=add_image(layout, layers, platform=platform))


def blobs_of(image: Image) -> dict[str, Descriptor]:
    """The blobs of an image or of all images of an index."""
    layout = Layout(image.layout)
    document = read_document(layout.read(image.manifest), "it")
    if isinstance(document, Manifest):
        return {blob.digest: blob for blob in document.blobs}
    below = [Image(layout=image.layout, manifest=entry.descriptor) for entry in document]
    return {digest: blob for each in below for digest, blob in blobs_of(each).items()}


def layers_of(image: Image) -> tuple[Descriptor, ...]:
    document = read_document(Layout(image.layout).read(image.manifest), "it")
    assert isinstance(document, Manifest)
    return document.layers


def forget(image: Image, *digests: str) -> None:
    """Takes blobs out of the layout."""
    for digest in digests:
        Layout(image.layout).blob_path(digest).unlink()


def size_of(path: Path) -> int:
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
