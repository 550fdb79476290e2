"""An image as a file or folder for others: one tar that is OCI layout and docker-archive at once, or a layout."""

import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.model.digest import canonical_json
from envlock.model.image import Descriptor, Image
from envlock.model.reference import parse_reference
from envlock.oci.document import hex_of
from envlock.oci.index import IMAGE_NAME, REFERENCE_NAME, IndexEntry, index_bytes
from envlock.oci.layer import END
from envlock.oci.layout import INDEX, LAYOUT_FILE, MARK, Layout
from envlock.oci.manifest import read_manifest
from envlock.oci.several import entry_of, images_of
from envlock.oci.tar_header import padding, tar_header
from envlock.system.files import replace_folder, sync_folder, usual_mode
from envlock.system.parts import part_file, scratch_folder

_USUAL = "amd64"
FOLDERS = ("blobs", "blobs/sha256")


def archive_chunks(image: Image, names: Sequence[str]) -> Iterator[bytes]:
    """The tar, piece by piece: `docker load`, `podman load` and OCI tools all read it; the same image, the same bytes.

    `names` are references with a tag; UserInputError for what is none.
    """
    contents, names = _Contents(image), tuple(dict.fromkeys(names))
    yield from (tar_header(folder, mode=0o755, kind=tarfile.DIRTYPE) for folder in FOLDERS)
    yield from _small(MARK, LAYOUT_FILE)
    yield from _small(INDEX, index_bytes(contents.entries(names)))
    yield from _small("manifest.json", contents.docker_manifest(names))
    for blob in contents.blobs:
        yield tar_header(f"blobs/sha256/{hex_of(blob.digest)}", mode=0o644, size=blob.size)
        yield from contents.layout.pieces(blob)
        yield padding(blob.size)
    yield END


def write_archive(image: Image, names: Sequence[str], path: Path) -> None:
    """Writes the tar, whole or not at all."""
    path = path.resolve()
    if path.is_dir():
        raise UserInputError(f"`{path}` is a folder, expected the name of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part_file(path.parent, path) as (file, part):
        file.writelines(archive_chunks(image, names))
        os.fchmod(file.fileno(), usual_mode())
        file.flush()
        os.fsync(file.fileno())
        part.replace(path)
    sync_folder(path.parent)


def export_layout(image: Image, target: Path, names: Sequence[str]) -> None:
    """Writes the image as an OCI layout directory; replaces one that is there, and nothing else."""
    target = target.resolve()
    contents = _Contents(image)
    entries = contents.entries(tuple(dict.fromkeys(names)))
    _check_target(target, source=image.layout.resolve())
    with scratch_folder(target.parent) as scratch:
        layout = Layout(scratch / "layout")
        layout.create()
        for blob in contents.blobs:
            contents.layout.copy(blob, layout.blob_path(blob.digest))
        layout.write_index(entries)
        replace_folder(layout.root, target)
    sync_folder(target.parent)


class _Contents:
    """What belongs to an image, looked up once: its blobs (all there, sizes as described), and the one of its
    manifests that an engine loads, which knows no indexes: that of the platform most have, else the first."""

    def __init__(self, image: Image) -> None:
        self.layout = Layout(image.layout)
        self.top = image.manifest
        self.several = image.is_index
        manifests = [part.manifest for part in images_of(image)]
        parts = [read_manifest(self.layout.read(manifest), "manifest") for manifest in manifests]
        blobs = {blob.digest: blob for blob in (image.manifest, *manifests, *(b for p in parts for b in p.blobs))}
        self.blobs = tuple(sorted(blobs.values(), key=lambda blob: blob.digest))
        for blob in self.blobs:
            if not self.layout.has(blob):
                path = self.layout.blob_path(blob.digest)
                raise OutsideError(f"`{path}` is missing, or not of {blob.size} bytes", hint="build the image anew")
        stated = [entry_of(self.layout, manifest) for manifest in manifests]
        first = next((n for n, entry in enumerate(stated) if entry.architecture == _USUAL), 0)
        self.loaded, self.entry = parts[first], stated[first]

    def entries(self, names: Sequence[str]) -> tuple[IndexEntry, ...]:
        entry = IndexEntry(descriptor=self.top) if self.several else replace(self.entry, variant=None)
        return tuple(replace(entry, annotations=_annotations(name)) for name in names) or (entry,)

    def docker_manifest(self, names: Sequence[str]) -> bytes:
        image = {
            "Config": _blob_name(self.loaded.config),
            "RepoTags": [str(parse_reference(name)) for name in names],
            "Layers": [_blob_name(layer) for layer in self.loaded.layers],
        }
        return canonical_json([image])


def _annotations(name: str) -> dict[str, str]:
    try:
        reference = parse_reference(name)
    except ValueError as error:
        raise UserInputError(str(error)) from error
    if reference.tag is None or reference.digest is not None:
        raise UserInputError(f"`{name}` names an image by digest, expected a tag")
    return {IMAGE_NAME: str(reference), REFERENCE_NAME: reference.tag}


def _blob_name(blob: Descriptor) -> str:
    return f"blobs/sha256/{hex_of(blob.digest)}"


def _small(name: str, data: bytes) -> Iterable[bytes]:
    return tar_header(name, mode=0o644, size=len(data)), data, padding(len(data))


def _check_target(target: Path, *, source: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UserInputError(f"`{target}` is a file, expected a folder", hint="give the name a `.tar` for an archive")
    found = {entry.name for entry in target.iterdir()}
    exported = {MARK, INDEX} <= found <= {MARK, INDEX, "blobs"}
    if target == source or (found and not exported):
        raise UserInputError(
            f"`{target}` is neither empty nor an OCI layout alone, and would be replaced", hint="name another folder"
        )
