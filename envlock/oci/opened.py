"""A layer's tar out of its blob as it streams by, whatever it was compressed with."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

import zstandard

from envlock.model.image import LAYER_TYPE
from envlock.oci.blob import BrokenBlob
from envlock.oci.streamed import Streamed, gunzipped, plain, unpacking

PLAIN_TYPE = "application/vnd.oci.image.layer.v1.tar"
ZSTD_TYPE = f"{PLAIN_TYPE}+zstd"
_WINDOW = 128 << 20  # bytes of memory that a zstd stream may ask for: what its own program allows


@contextmanager
def opened(stream: Streamed, media_type: str) -> Iterator[IO[bytes]]:
    """The uncompressed bytes; BrokenBlob where they are not of the media type, or end too soon."""
    opener = _OPENERS.get(media_type)
    if opener is None:
        raise BrokenBlob(f"its media type is `{media_type}`, which cannot be looked into")
    with unpacking(zstandard.ZstdError):
        yield opener(stream)


def _zstd(stream: Streamed) -> IO[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    return decompressor.stream_reader(plain(stream), read_across_frames=True)


_OPENERS: Mapping[str, Callable[[Streamed], IO[bytes]]] = {LAYER_TYPE: gunzipped, PLAIN_TYPE: plain, ZSTD_TYPE: _zstd}
