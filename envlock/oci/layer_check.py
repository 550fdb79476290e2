"""What a layer really is: its blob hashed, its diff id computed anew, streaming; nothing that it says is believed."""

import hashlib
from collections.abc import Callable, Iterator, Mapping

from envlock.model.image import Descriptor
from envlock.oci.blob import BrokenBlob
from envlock.oci.image_check import LayerFound
from envlock.oci.opened import opened
from envlock.oci.streamed import PIECE, Streamed, require_described

# what a layer may unpack to: a layer that is mostly zeros is a bomb to whoever unpacks it
_ALWAYS_ALLOWED = 64 << 20
_MOST_TIMES = 256

Pieces = Callable[[], Iterator[bytes]]


def read_layer(layer: Descriptor, pieces: Pieces, known: Mapping[Descriptor, str]) -> LayerFound:
    """Reads a layer once; `known` are the diff ids of layers that were derived, which need no unpacking."""
    try:
        stream = Streamed(pieces(), layer.size)
        diff_id = known.get(layer) or _diff_id(stream, layer)
        stream.drain()
        require_described(stream, layer)
    except BrokenBlob as error:
        return LayerFound(descriptor=layer, wrong=error.message)
    return LayerFound(descriptor=layer, diff_id=diff_id)


def limit(layer: Descriptor) -> int:
    """The most bytes that a layer is unpacked to."""
    return max(_ALWAYS_ALLOWED, _MOST_TIMES * layer.size)


def _diff_id(stream: Streamed, layer: Descriptor) -> str:
    sha256, size = hashlib.sha256(), 0
    with opened(stream, layer.media_type) as tar:
        while piece := tar.read(PIECE):
            size += len(piece)
            if size > limit(layer):
                raise BrokenBlob(f"it unpacks to more than {_MOST_TIMES} times its size")
            sha256.update(piece)
    return f"sha256:{sha256.hexdigest()}"
