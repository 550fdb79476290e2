"""An OCI image layout directory (image-spec 1.x): blobs by digest, and index.json where images are to be found."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.oci.blob import BlobWriter
from envlock.oci.document import hex_of, parse
from envlock.oci.index import IndexEntry, index_bytes, read_index
from envlock.system.files import copy_bytes, sync_folder, write_whole
from envlock.system.parts import naming

MARK = "oci-layout"
INDEX = "index.json"
LAYOUT_FILE = b'{"imageLayoutVersion":"1.0.0"}'
PIECE = 1 << 20
MOST_READ = 16 << 20  # bytes of a manifest or config, which are read whole


class Layout:
    """The layout in one folder. Blobs are only ever added, whole, under the digest of their bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def blobs(self) -> Path:
        return self.root / "blobs" / "sha256"

    def create(self) -> None:
        """Makes the folder a layout, without an index; nothing happens to one that is there."""
        self.blobs.mkdir(parents=True, exist_ok=True)
        if not (self.root / MARK).exists():
            write_whole(self.root / MARK, LAYOUT_FILE)

    def blob_path(self, digest: str) -> Path:
        return self.blobs / hex_of(digest)

    def has(self, blob: Descriptor | str) -> bool:
        """Is the blob here? Of a descriptor, the size is compared too."""
        if isinstance(blob, str):
            return self.blob_path(blob).is_file()
        path = self.blob_path(blob.digest)
        return path.is_file() and path.stat().st_size == blob.size

    def put(self, data: bytes, media_type: str) -> Descriptor:
        """Adds a blob that is at hand."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        descriptor = Descriptor(media_type=media_type, digest=digest, size=len(data))
        if not self.has(descriptor) or self.blob_path(digest).read_bytes() != data:
            with self.writer() as blob:
                blob.write(data)
        return descriptor

    @contextmanager
    def writer(self, *, digest: str | None = None, size: int | None = None) -> Iterator[BlobWriter]:
        """A blob to be streamed in, kept when the block ends well.

        OutsideError where the bytes are not of the `digest` or `size` that is expected.
        """
        blob = BlobWriter(scratch=self.root, folder=self.blobs, digest=digest, size=size)
        try:
            yield blob
            blob.keep()
        finally:
            blob.close()

    def read(self, blob: Descriptor | str) -> bytes:
        """The bytes of a manifest or config, checked against their digest."""
        digest = blob if isinstance(blob, str) else blob.digest
        path = self.blob_path(digest)
        data = _read_whole(path)
        found = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if found != digest:
            raise OutsideError(f"`{path}` is broken: its digest is {found}", hint="delete it, or get the image anew")
        return data

    def pieces(self, blob: Descriptor) -> Iterator[bytes]:
        """The bytes of a blob of our own; at their end OutsideError where they are not those of its digest."""
        sha256 = hashlib.sha256()
        with self.blob_path(blob.digest).open("rb") as file:
            while piece := file.read(PIECE):
                sha256.update(piece)
                yield piece
        self._drop_damaged(blob, sha256.hexdigest())

    def copy(self, blob: Descriptor, target: Path) -> None:
        """A new file with the bytes of a blob of our own, and OutsideError as `pieces` has it.

        Copied by the kernel, which shares the blocks where the file system can; never a hard link to our own.
        """
        with self.blob_path(blob.digest).open("rb") as reader, naming(target), target.open("xb") as writer:
            copy_bytes(reader, writer)
            os.fsync(writer.fileno())
            reader.seek(0)
            self._drop_damaged(blob, hashlib.file_digest(reader, "sha256").hexdigest())

    def _drop_damaged(self, blob: Descriptor, found: str) -> None:
        """Takes out a blob that is not what its name says: what is kept about it holds no more, and it is made anew."""
        if found != hex_of(blob.digest):
            self.blob_path(blob.digest).unlink(missing_ok=True)
            raise OutsideError(f"the cache's layer `{blob.digest}` was damaged and is removed", hint="build again")

    def manifests(self) -> tuple[IndexEntry, ...]:
        """What index.json names, in its order; OutsideError where this is not a layout or a broken one."""
        mark = self.root / MARK
        if not mark.is_file():
            raise OutsideError(f"`{self.root}` is not an OCI image layout: it has no `{MARK}`")
        version = parse(_read_whole(mark), str(mark)).field("imageLayoutVersion").text()
        if not version.startswith("1."):
            raise OutsideError(f"`{mark}` is of version {version}, expected 1.0.0")
        index = self.root / INDEX
        return read_index(_read_whole(index), str(index))

    def write_index(self, entries: Iterable[IndexEntry]) -> None:
        """Replaces index.json, once the blobs that were added will outlive a power cut."""
        sync_folder(self.blobs)
        write_whole(self.root / INDEX, index_bytes(entries))


def _read_whole(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_READ + 1)
    except FileNotFoundError:
        raise OutsideError(f"`{path}` is missing") from None
    if len(data) > MOST_READ:
        raise OutsideError(f"`{path}` has more than the {MOST_READ} bytes a manifest or config may have")
    return data
