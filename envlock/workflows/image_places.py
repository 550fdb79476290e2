"""Images wherever they are: in a registry, in a folder, in a tar. Their bytes are streamed and not kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from envlock.errors import OutsideError, UserInputError
from envlock.model.image import INDEX_TYPE, MANIFEST_TYPE, Descriptor, Image
from envlock.model.reference import Reference, parse_reference
from envlock.oci.blob import BrokenBlob
from envlock.oci.image_files import FolderFiles, TarFiles
from envlock.oci.index import IndexEntry
from envlock.oci.layout import MOST_READ, Layout
from envlock.oci.local_image import LocalImage
from envlock.workflows import later
from envlock.workflows.build_record import known_image, recorded_digest
from envlock.workflows.build_target import Target
from envlock.workflows.context import Context

if TYPE_CHECKING:
    from envlock.registry.client import RegistryClient

_FOLDER = "oci:"


class ImagePlace(Protocol):
    """One image: `where` is "registry", "file" or "cache", `repository` where a registry has it; `tags` are those that
    it was found under; `problems` is what its place alone can have wrong."""

    @property
    def where(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def repository(self) -> Reference | None: ...

    @property
    def tags(self) -> tuple[str, ...]: ...

    def top(self) -> tuple[Descriptor, bytes]: ...

    def read(self, blob: Descriptor) -> bytes: ...

    def pieces(self, blob: Descriptor) -> Iterator[bytes]: ...

    def referrers(self, digest: str) -> tuple[IndexEntry, ...]: ...

    def problems(self) -> Iterator[str]: ...


class RegistryImage:
    """An image in a registry, by tag or digest."""

    where = "registry"

    def __init__(self, client: "RegistryClient", reference: Reference) -> None:
        self._client, self._reference = client, reference
        self.repository: Reference | None = reference
        self.title = str(reference)
        self.tags = (reference.tag,) if reference.tag else ()

    def top(self) -> tuple[Descriptor, bytes]:
        found = self._client.get(self._reference)
        return found.descriptor, found.content

    def read(self, blob: Descriptor) -> bytes:
        """A config, or by its media type a manifest."""
        if "manifest" in blob.media_type or "index" in blob.media_type:
            found = self._client.find(self._reference.at(blob.digest))
            if found is None or len(found.content) != blob.size:
                what = f"has {len(found.content)} bytes, {blob.size} are described" if found else "is missing"
                raise BrokenBlob(f"`{blob.digest}` {what}")
            return found.content
        if blob.size > MOST_READ:
            raise BrokenBlob(f"`{blob.digest}` has {blob.size} bytes, more than a document may have")
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


class CachedImage:
    """The image of an environment, as this machine keeps it."""

    where = "cache"
    repository = None

    def __init__(self, image: Image, name: str) -> None:
        self._image, self._layout = image, Layout(image.layout)
        self.title = name
        self.tags = (name.rpartition(":")[2],)

    @classmethod
    def of(cls, target: Target, context: Context) -> "CachedImage | None":
        """None where it was not made here, or not all of it is here any more."""
        found = [known_image(target, locked, context.cache) for locked in target.platforms]
        digest = recorded_digest(target, context.cache)
        layout = Layout(context.cache.image_layout)
        if not all(found) or digest is None or not layout.has(digest):
            return None
        media_type = INDEX_TYPE if target.is_index else MANIFEST_TYPE
        size = layout.blob_path(digest).stat().st_size
        manifest = Descriptor(media_type=media_type, digest=digest, size=size)
        return cls(Image(layout=layout.root, manifest=manifest), target.name)

    def top(self) -> tuple[Descriptor, bytes]:
        return self._image.manifest, self.read(self._image.manifest)

    def read(self, blob: Descriptor) -> bytes:
        return self._layout.read(blob)

    def pieces(self, blob: Descriptor) -> Iterator[bytes]:
        return self._layout.pieces(blob)

    def referrers(self, digest: str) -> tuple[IndexEntry, ...]:
        """They are made when it is pushed."""
        del digest
        return ()

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
