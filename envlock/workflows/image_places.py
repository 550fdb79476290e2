"""Images wherever they are: in a registry, in a folder, in a tar. Their bytes are streamed and not kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from envlock.errors import OutsideError, UserInputError
from envlock.model.image import Descriptor
from envlock.model.reference import Reference, parse_reference
from envlock.oci.blob import BrokenBlob
from envlock.oci.index import IndexEntry
from envlock.oci.local_image import FolderFiles, LocalImage, TarFiles
from envlock.registry.client import RegistryClient
from envlock.workflows import later
from envlock.workflows.context import Context

_FOLDER = "oci:"


class ImagePlace(Protocol):
    """One image: `tags` are those that it was found under; `problems` is what its place alone can have wrong."""

    @property
    def title(self) -> str: ...

    @property
    def tags(self) -> tuple[str, ...]: ...

    def top(self) -> tuple[Descriptor, bytes]: ...

    def read(self, blob: Descriptor) -> bytes: ...

    def pieces(self, blob: Descriptor) -> Iterator[bytes]: ...

    def referrers(self, digest: str) -> tuple[IndexEntry, ...]: ...

    def problems(self) -> Iterator[str]: ...


class RegistryImage:
    """An image in a registry, by tag or digest."""

    def __init__(self, client: RegistryClient, reference: Reference) -> None:
        self._client, self._reference = client, reference
        self.title = str(reference)
        self.tags = (reference.tag,) if reference.tag else ()

    def top(self) -> tuple[Descriptor, bytes]:
        found = self._client.get(self._reference)
        return found.descriptor, found.content

    def read(self, blob: Descriptor) -> bytes:
        """A config, or by its media type a manifest."""
        if "manifest" in blob.media_type or "index" in blob.media_type:
            content = self._client.get(self._reference.at(blob.digest)).content
            if len(content) != blob.size:
                raise BrokenBlob(f"`{blob.digest}` has {len(content)} bytes, {blob.size} are described")
            return content
        return b"".join(self.pieces(blob))

    def pieces(self, blob: Descriptor) -> Iterator[bytes]:
        try:
            yield from self._client.pieces(self._reference, blob)
        except BrokenBlob:
            raise
        except OutsideError as error:
            if self._client.has(self._reference, blob.digest):
                raise
            raise BrokenBlob("its blob is missing") from error

    def referrers(self, digest: str) -> tuple[IndexEntry, ...]:
        return self._client.referrers(self._reference.at(digest))

    def problems(self) -> Iterator[str]:
        yield from ()


def image_place(image: str, context: Context) -> ImagePlace:
    """What IMAGE on a command line means: `oci:FOLDER[:TAG]`, a folder or file that is there, or a reference."""
    if image.startswith(_FOLDER):
        folder, _, tag = image.removeprefix(_FOLDER).partition(":")
        return LocalImage(FolderFiles(_there(Path(folder))), folder, tag or None)
    path = Path(image)
    if path.is_dir():
        return LocalImage(FolderFiles(path), image)
    if path.is_file():
        return LocalImage(TarFiles(path), image)
    if image.startswith((".", "/")) or image.endswith(".tar"):
        _there(path)
    try:
        return RegistryImage(later.registry_client(context), parse_reference(image))
    except ValueError as error:
        raise UserInputError(str(error), hint="an image is REGISTRY/NAME:TAG, oci:FOLDER, or FILE.tar") from error


def _there(path: Path) -> Path:
    if not path.exists():
        raise UserInputError(f"there is no `{path}`")
    return path
