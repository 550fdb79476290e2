"""What hangs on an image in its registry: listed, and one document of it read."""

from collections.abc import Iterator

from envlock.errors import AnswerIsNo, OutsideError
from envlock.model.image import MANIFEST_TYPE, Descriptor
from envlock.model.image_view import AttachedView, ImageView
from envlock.oci.blob import BrokenBlob
from envlock.oci.document import parse
from envlock.oci.layout import MOST_READ
from envlock.oci.manifest import read_manifest
from envlock.oci.opened import PIECE, Streamed, gunzipped, require_described
from envlock.workflows.attachments import COMPRESSED
from envlock.workflows.image_places import ImagePlace

_MOST = 100  # documents of an image


def attached(place: ImagePlace, subject: str) -> Iterator[AttachedView]:
    """The documents on a manifest or index, in the order of the registry; those that are of another are left out."""
    for entry in place.referrers(subject)[:_MOST]:
        if entry.descriptor.media_type != MANIFEST_TYPE:
            continue
        content = place.read(entry.descriptor)
        manifest = parse(content, f"`{entry.descriptor.digest}`")
        about = manifest.optional("subject")
        layers = read_manifest(content, f"`{entry.descriptor.digest}`").layers
        if about is None or about.descriptor().digest != subject or not layers:
            continue
        stated = manifest.optional("artifactType")
        yield AttachedView(
            artifact_type=stated.text() if stated else entry.artifact_type or "",
            digest=entry.descriptor.digest,
            subject=subject,
            media_type=layers[0].media_type,
            document=layers[0].digest,
            size=layers[0].size,
        )


def document(place: ImagePlace, view: ImageView, artifact_type: str) -> str:
    """The newest document of a type, as text; AnswerIsNo where none hangs there, or it is not what it is said to be."""
    found = [each for each in view.attached if each.artifact_type == artifact_type]
    if not found:
        raise AnswerIsNo(
            f"nothing of the type `{artifact_type}` hangs on {view.name}", hint="`envlock push` attaches it"
        )
    try:
        return _read(place, found[-1]).decode()
    except (BrokenBlob, UnicodeDecodeError) as error:
        raise AnswerIsNo(f"`{found[-1].document}` of {view.name} is broken: {error}") from error


def _read(place: ImagePlace, view: AttachedView) -> bytes:
    blob = Descriptor(media_type=view.media_type, digest=view.document, size=view.size)
    if blob.size > MOST_READ:
        raise OutsideError(f"`{blob.digest}` has {blob.size} bytes, more than is read at once")
    stream = Streamed(place.pieces(blob), blob.size)
    with gunzipped(stream, is_packed=view.media_type.endswith(COMPRESSED)) as plain:
        content = bytearray()
        while piece := plain.read(PIECE):
            content += piece
            if len(content) > MOST_READ:
                raise BrokenBlob(f"it unpacks to more than {MOST_READ} bytes")
    stream.drain()
    require_described(stream, blob)
    return bytes(content)
