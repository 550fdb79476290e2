"""A push of a small image through a proxy that fails on request, and what to ask of the registry afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.image import Image
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.registry.client import RegistryClient
from envlock.registry.credentials import Credentials
from envlock.registry.transfer import Pushed, push
from envlock.system.http import Http
from tests.support.layered_images import TAR_TYPE, add_image, file, new_layout, tar_of
from tests.support.registry import Registry
from tests.support.registry_proxy import Fault, RegistryProxy

Place = tuple[str, str]

# the requests of a push and of a pull, by which a fault finds them
HEAD_MANIFEST: Place = ("HEAD", "/manifests/sha256:")
HEAD_BLOB: Place = ("HEAD", "/blobs/sha256:")
POST_UPLOAD: Place = ("POST", "/blobs/uploads/$")
PUT_BLOB: Place = ("PUT", "/blobs/uploads/.*digest=")
PUT_TAG: Place = ("PUT", "/manifests/1$")
GET_MANIFEST: Place = ("GET", "/manifests/sha256:")
GET_BLOB: Place = ("GET", "/blobs/sha256:")
OF_A_PUSH = (HEAD_MANIFEST, HEAD_BLOB, POST_UPLOAD, PUT_BLOB, PUT_TAG)
ALWAYS = 1000
BLOBS = 4


def image_of(root: Path, text: str, size: int = 16 << 10) -> Image:
    """A config and three layers of some pieces each."""
    layout = new_layout(root)
    content = bytes(range(256)) * (size // 256)
    tars = [tar_of([file(f"{number}", content + text.encode())]) for number in range(BLOBS - 1)]
    layers = [layout.put(tar, TAR_TYPE) for tar in tars]
    return Image(layout=root, manifest=add_image(layout, layers))


@dataclass
class Trial:
    """An image, and a repository for it that is reached through the proxy."""

    image: Image
    proxy: RegistryProxy
    registry: Registry
    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    @property
    def reference(self) -> Reference:
        return parse_reference(f"{self.proxy.host}/{self.name}:1")

    @property
    def behind(self) -> Reference:
        """The same, past the proxy."""
        return parse_reference(f"{self.registry.host}/{self.name}:1")

    def client(self) -> RegistryClient:
        return RegistryClient(Http(wait=self.waits.append), Credentials(self.environment))

    def push(self) -> Pushed:
        return push(self.client(), self.image, [self.reference])

    def fails_to_push(self) -> OutsideError:
        with pytest.raises(OutsideError) as caught:
            self.push()
        return caught.value

    def fails(self, place: Place, **what: object) -> Fault:
        """From now on, this fails."""
        return self.proxy.fails(Fault(method=place[0], path=place[1], **what))  # type: ignore[arg-type]

    def tagged(self) -> str | None:
        found = self.client().find(self.behind)
        return found.descriptor.digest if found else None

    def require_whole(self, target: Path) -> None:
        """What is tagged is our image, each blob of it."""
        self.client().pull(self.behind.at(self.image.manifest.digest), Layout(target))
        assert self.tagged() == self.image.manifest.digest

    def next_finishes(self, target: Path) -> Pushed:
        """A push without faults brings what is missing, and tells of it rightly."""
        self.proxy.reset()
        pushed = self.push()
        assert pushed.uploaded + pushed.present == BLOBS
        assert pushed.uploaded_bytes == self.proxy.received
        self.require_whole(target)
        return pushed
