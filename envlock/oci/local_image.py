"""An image in a folder (an OCI layout) or in a tar that holds one: read where it lies, checked as it is read."""

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from envlock.errors import OutsideError, UserInputError
from envlock.model.image import Descriptor
from envlock.oci.blob import BrokenBlob
from envlock.oci.document import hex_of, parse
from envlock.oci.index import REFERENCE_NAME, IndexEntry, read_index
from envlock.oci.layout import INDEX, MARK, MOST_READ
from envlock.oci.manifest import INDEX_TYPES, MANIFEST_TYPES, Manifest, read_document

DOCKER_MANIFEST = "manifest.json"
_PIECE = 1 << 20
_DOCKER_FIELDS = {"Config", "RepoTags", "Layers"}
_MOST_MEMBERS = 100_000


class Files(Protocol):
    """The files of a layout, by their paths below it."""

    def names(self) -> tuple[str, ...]: ...

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """FileNotFoundError where there is no such file."""
        ...


class FolderFiles:
    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self._root.iterdir())

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        with (self._root / path).open("rb") as file:
            yield file


class TarFiles:
    """Only regular files of a plain tar, each of whose names stands in it once: of two, readers choose differently."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members: dict[str, tarfile.TarInfo] = {}
        try:
            with tarfile.open(path, mode="r:") as archive:
                for count, member in enumerate(archive):
                    self._add(member, count)
        except tarfile.TarError as error:
            raise OutsideError(f"`{path}` is not a tar ({error})") from error

    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        member = self._members.get(path)
        if member is None:
            raise FileNotFoundError(path)
        with tarfile.open(self._path, mode="r:") as archive:
            file = archive.extractfile(member)
            if file is None:
                raise FileNotFoundError(path)
            yield file

    def _add(self, member: tarfile.TarInfo, count: int) -> None:
        name = member.name.removeprefix("./")
        if count >= _MOST_MEMBERS:
            raise OutsideError(f"`{self._path}` has more than {_MOST_MEMBERS} members")
        if member.isdir():
            return
        if name in self._members:
            raise OutsideError(f"`{self._path}` holds `{name}` twice")
        self._members[name] = member


class LocalImage:
    """The one image that a layout holds, or the one of a tag."""

    where = "file"

    def __init__(self, files: Files, title: str, tag: str | None = None) -> None:
        self._files = files
        self.title = title
        version = parse(self._whole(MARK), f"`{MARK}` of `{title}`").field("imageLayoutVersion").text()
        if not version.startswith("1."):
            raise OutsideError(f"`{title}` is an image layout of version {version}, expected 1.0.0")
        entries = read_index(self._whole(INDEX), f"`{INDEX}` of `{title}`")
        images = [e for e in entries if e.descriptor.media_type in (*INDEX_TYPES, *MANIFEST_TYPES)]
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
        return tuple(sorted({e.annotations[REFERENCE_NAME] for e in self.entries if REFERENCE_NAME in e.annotations}))

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
            with self._files.open(f"blobs/sha256/{hex_of(blob.digest)}") as file:
                while piece := file.read(_PIECE):
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
        return self._whole(DOCKER_MANIFEST) if DOCKER_MANIFEST in self._files.names() else None

    def problems(self) -> Iterator[str]:
        """What `index.json` and Docker's `manifest.json` say otherwise than the documents that they name."""
        _, content = self.top()
        document = read_document(content, f"`{self.title}`")
        sizes = {entry.descriptor.size for entry in self.entries}
        if sizes != {len(content)}:
            yield f"`{INDEX}` says that the image's document has {max(sizes)} bytes, it has {len(content)}"
        if isinstance(document, Manifest):
            yield from self._of_platform(self._stated(document))
        try:
            yield from self._of_docker(document)
        except OutsideError as error:
            yield error.message

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
        possible = [([hex_of(m.config.digest)], [hex_of(layer.digest) for layer in m.layers]) for m in manifests]
        for image in parse(written, f"`{DOCKER_MANIFEST}`").items():
            # Go reads names without regard to case: another spelling would be another value to it
            surplus = sorted(image.mapping().keys() - _DOCKER_FIELDS)
            if surplus:
                yield f"`{DOCKER_MANIFEST}` has fields that it should not have: {', '.join(surplus)}"
            config = [image.field("Config").text().rpartition("/")[2]]
            layers = [layer.rpartition("/")[2] for layer in image.field("Layers").texts()]
            if (config, layers) not in possible:
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
