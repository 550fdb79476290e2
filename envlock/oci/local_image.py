"""An image in a folder (an OCI layout) or in a tar that holds one: read where it lies, checked as it is read."""

import hashlib
import tarfile
from collections.abc import Iterator, Mapping

from envlock.errors import OutsideError, UserInputError
from envlock.model.image import Descriptor
from envlock.oci.blob import BrokenBlob
from envlock.oci.document import Node, hex_of, parse
from envlock.oci.image_files import DOCKER_MANIFEST, PIECE, Files
from envlock.oci.index import IMAGE_NAME, REFERENCE_NAME, IndexEntry, read_index
from envlock.oci.layout import INDEX, MARK, MOST_READ
from envlock.oci.manifest import INDEX_TYPES, MANIFEST_TYPES, Manifest, read_document

# of all that a reader may go by; Go reads names without regard to case: another spelling would be another value to it
_DOCKER_FIELDS = {"Config", "RepoTags", "Layers"}
_INDEX_FIELDS = {"schemaVersion", "mediaType", "manifests", "annotations"}
_ENTRY_FIELDS = {"mediaType", "digest", "size", "platform", "annotations", "artifactType"}


class LocalImage:
    """The one image that a layout holds, or the one of a tag."""

    where = "file"
    repository = None

    def __init__(self, files: Files, title: str, tag: str | None = None) -> None:
        self._files = files
        self.title = title
        version = parse(self._whole(MARK), f"`{MARK}` of `{title}`").field("imageLayoutVersion").text()
        if not version.startswith("1."):
            raise OutsideError(f"`{title}` is an image layout of version {version}, expected 1.0.0")
        self._index = self._whole(INDEX)
        self._all = read_index(self._index, f"`{INDEX}` of `{title}`")
        images = [e for e in self._all if e.descriptor.media_type in (*INDEX_TYPES, *MANIFEST_TYPES)]
        self.entries = tuple(e for e in images if tag in (None, e.annotations.get(REFERENCE_NAME)))
        found = {entry.descriptor.digest for entry in self.entries}
        if len(found) != 1:
            named = sorted({e.annotations.get(REFERENCE_NAME, e.descriptor.digest) for e in images})
            raise UserInputError(
                f"`{title}` holds {len(found)} images{f' of the tag `{tag}`' if tag else ''}: {', '.join(named)}",
                hint="name one: `oci:FOLDER:TAG`",
            )

    @property
    def tags(self) -> tuple[str, ...]:
        named = {e.annotations[REFERENCE_NAME] for e in self.entries if REFERENCE_NAME in e.annotations}
        whole = {e.annotations[IMAGE_NAME] for e in self.entries if IMAGE_NAME in e.annotations}
        return tuple(sorted(named | {name.rpartition(":")[2] for name in whole}))

    def top(self) -> tuple[Descriptor, bytes]:
        """The manifest or index that `index.json` names, and its bytes, checked."""
        descriptor = self.entries[0].descriptor
        return descriptor, self.read(descriptor)

    def read(self, blob: Descriptor) -> bytes:
        """A small document; BrokenBlob where its bytes are others than described, or there are none."""
        if blob.size > MOST_READ:
            raise BrokenBlob(f"`{blob.digest}` has {blob.size} bytes, more than a document may have")
        content = b"".join(self.pieces(blob))
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != blob.digest or len(content) != blob.size:
            raise BrokenBlob(f"`{blob.digest}` of {blob.size} bytes is {found} of {len(content)} bytes")
        return content

    def pieces(self, blob: Descriptor) -> Iterator[bytes]:
        """The bytes of a blob as they lie there; whoever reads them hashes them."""
        try:
            with self._files.open(_path(blob)) as file:
                while piece := file.read(PIECE):
                    yield piece
        except FileNotFoundError:
            raise BrokenBlob("its blob is missing") from None
        except (OSError, tarfile.TarError) as error:
            raise BrokenBlob(f"its blob cannot be read ({error})") from error

    def referrers(self, digest: str) -> tuple[IndexEntry, ...]:
        """Nothing hangs on an image in a folder."""
        del digest
        return ()

    def docker_manifest(self) -> bytes | None:
        """What Docker goes by when it loads a tar; None where there is none."""
        return self._whole(DOCKER_MANIFEST) if self._files.has(DOCKER_MANIFEST) else None

    def problems(self) -> Iterator[str]:
        """What `index.json` and Docker's `manifest.json` say otherwise than the documents that they name."""
        yield from (f"it holds {what}" for what in self._files.surplus)
        yield from self._of_index()
        _, content = self.top()
        document = read_document(content, f"`{self.title}`")
        sizes = {entry.descriptor.size for entry in self.entries}
        if sizes != {len(content)}:
            yield f"`{INDEX}` says that the image's document has {max(sizes)} bytes, it has {len(content)}"
        kinds = (document.media_type,) if isinstance(document, Manifest) else INDEX_TYPES
        for media_type in sorted({entry.descriptor.media_type for entry in self.entries} - {*kinds}):
            yield f"`{INDEX}` says that the image's document is of type `{media_type}`, and it is not"
        if isinstance(document, Manifest):
            yield from self._of_platform(self._stated(document))
        try:
            yield from self._of_docker(document)
        except OutsideError as error:
            yield error.message

    def _of_index(self) -> Iterator[str]:
        root = parse(self._index, f"`{INDEX}`")
        yield from _surplus(INDEX, root, _INDEX_FIELDS)
        for node in root.field("manifests").items():
            yield from _surplus(INDEX, node, _ENTRY_FIELDS)
        for entry in self._all:
            media_type = entry.descriptor.media_type
            if media_type not in (*INDEX_TYPES, *MANIFEST_TYPES):
                yield f"`{INDEX}` names `{entry.descriptor.digest}`, which is no image (`{media_type}`)"

    def _stated(self, manifest: Manifest) -> Mapping[str, str]:
        try:
            config = parse(self.read(manifest.config), "the config")
            return {name: config.field(name).text() for name in ("os", "architecture")}
        except OutsideError:
            return {}  # whoever looks into it says more

    def _of_platform(self, stated: Mapping[str, str]) -> Iterator[str]:
        for entry in self.entries:
            for name, said in (("os", entry.os), ("architecture", entry.architecture)):
                if name in stated and said not in (None, stated[name]):
                    yield f"`{INDEX}` says that `{name}` is {said}, the config says {stated[name]}"

    def _of_docker(self, document: Manifest | tuple[IndexEntry, ...]) -> Iterator[str]:
        written = self.docker_manifest()
        if written is None:
            return
        manifests = [document] if isinstance(document, Manifest) else list(self._manifests(document))
        possible = [(_path(m.config), tuple(_path(layer) for layer in m.layers)) for m in manifests]
        for image in parse(written, f"`{DOCKER_MANIFEST}`").items():
            yield from _surplus(DOCKER_MANIFEST, image, _DOCKER_FIELDS)
            if (image.field("Config").text(), image.field("Layers").texts()) not in possible:
                yield f"`{DOCKER_MANIFEST}`, by which Docker loads, names another config or other layers"
            tags = image.optional("RepoTags")
            for name in tags.texts() if tags else ():
                if name.rpartition(":")[2] not in self.tags:
                    yield f"`{DOCKER_MANIFEST}` names the image `{name}`, which `{INDEX}` does not"

    def _manifests(self, entries: tuple[IndexEntry, ...]) -> Iterator[Manifest]:
        for entry in entries:
            found = read_document(self.read(entry.descriptor), f"`{entry.descriptor.digest}`")
            if isinstance(found, Manifest):
                yield found

    def _whole(self, path: str) -> bytes:
        try:
            with self._files.open(path) as file:
                data = file.read(MOST_READ + 1)
        except FileNotFoundError:
            raise OutsideError(f"`{self.title}` holds no image that envlock can read: it has no `{path}`") from None
        if len(data) > MOST_READ:
            raise OutsideError(f"`{path}` of `{self.title}` has more than {MOST_READ} bytes")
        return data


def _path(blob: Descriptor) -> str:
    return f"blobs/sha256/{hex_of(blob.digest)}"


def _surplus(name: str, node: Node, fields: set[str]) -> Iterator[str]:
    surplus = sorted(node.mapping().keys() - fields)
    if surplus:
        yield f"`{name}` has fields that it should not have: {', '.join(surplus)}"
