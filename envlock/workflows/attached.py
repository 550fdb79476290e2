"""What hangs on an image in its registry: listed, and one document of it read."""

from collections.abc import Iterator

from envlock.errors import AnswerIsNo, OutsideError
from envlock.model.image import MANIFEST_TYPE, Descriptor
from envlock.model.image_view import AttachedView, ImageView
from envlock.oci.attachment import COMPRESSED, CYCLONEDX, LOCK, PROVENANCE, SPDX
from envlock.oci.blob import BrokenBlob
from envlock.oci.document import parse
from envlock.oci.index import IndexEntry
from envlock.oci.layout import MOST_READ
from envlock.oci.manifest import read_manifest
from envlock.oci.streamed import PIECE, Streamed, gunzipped, plain, require_described, unpacking
from envlock.workflows.image_places import ImagePlace

# what can be asked for, by the words of the command line
DOCUMENTS = {"lock": LOCK, "sbom": CYCLONEDX, "spdx": SPDX, "provenance": PROVENANCE}
_MOST = 100  # documents of an image


def attached(place: ImagePlace, subject: str) -> Iterator[AttachedView]:
    """The documents on a manifest or index, in the order of the registry.

    What others hang there hides nothing: left out are those that are of another image, that were deleted where only a
    tag lists them, and what is no document.
    """
    for entry in place.referrers(subject)[:_MOST]:
        if entry.descriptor.media_type != MANIFEST_TYPE:
            continue
        try:
            content = place.read(entry.descriptor)
        except BrokenBlob:
            continue
        try:
            view = _view(content, entry, subject)
        except OutsideError:
            continue
        if view:
            yield view


def _view(content: bytes, entry: IndexEntry, subject: str) -> AttachedView | None:
    manifest = parse(content, f"`{entry.descriptor.digest}`")
    about = manifest.optional("subject")
    layers = read_manifest(content, f"`{entry.descriptor.digest}`").layers
    if about is None or about.descriptor().digest != subject or not layers:
        return None
    stated = manifest.optional("artifactType")
    return AttachedView(
        artifact_type=stated.text() if stated else entry.artifact_type or "",
        digest=entry.descriptor.digest,
        subject=subject,
        media_type=layers[0].media_type,
        document=layers[0].digest,
        size=layers[0].size,
    )


def document(place: ImagePlace, view: ImageView, wanted: str) -> str:
    """The newest document of what is wanted, as text; AnswerIsNo where there is none, or a broken one."""
    artifact_type = DOCUMENTS[wanted]
    found = [each for each in view.attached if each.artifact_type == artifact_type]
    if not found:
        raise AnswerIsNo(f"no {wanted} hangs on {view.name}", hint="`envlock push` attaches one")
    try:
        return _read(place, found[-1]).decode()
    except (BrokenBlob, UnicodeDecodeError) as error:
        raise AnswerIsNo(f"`{found[-1].document}` of {view.name} is broken: {error}") from error


def _read(place: ImagePlace, view: AttachedView) -> bytes:
    blob = Descriptor(media_type=view.media_type, digest=view.document, size=view.size)
    if blob.size > MOST_READ:
        raise OutsideError(f"`{blob.digest}` has {blob.size} bytes, more than is read at once")
    stream = Streamed(place.pieces(blob), blob.size)
    opener = gunzipped if view.media_type.endswith(COMPRESSED) else plain
    with unpacking():
        content, file = bytearray(), opener(stream)
        while piece := file.read(PIECE):
            content += piece
            if len(content) > MOST_READ:
                raise BrokenBlob(f"it unpacks to more than {MOST_READ} bytes")
    stream.drain()
    require_described(stream, blob)
    return bytes(content)
