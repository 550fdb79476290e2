"""Gzip that gives the same bytes on any machine, with any number of threads, however its input is sliced.

The stream is cut into blocks of 1 MiB of plain bytes and each becomes one gzip member (RFC 1952: members
follow one another) by libdeflate at level 6, whose header is constant: no time, no file name, OS 255.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import deflate

BLOCK = 1 << 20
LEVEL = 6
MOST_THREADS = 8
AHEAD = 3  # blocks under way a thread: bounds memory


@cache
def compressor_id() -> str:
    """What compresses: its name, and what it makes of a known text, so that an unlike one has an unlike id."""
    return f"libdeflate-{LEVEL}-1MiB-{hashlib.sha256(_member(_known_text())).hexdigest()[:8]}"


class GzipStream:
    """Takes plain bytes; `diff_id` and `size` are those of all of them, once the stream is closed."""

    def __init__(self, sink: Callable[[bytes], object], *, threads: int) -> None:
        self.size = 0
        self._sink = sink
        self._compressors = ThreadPoolExecutor(threads)
        self._hasher = ThreadPoolExecutor(1)  # only one: hashing has an order; its own, so that reading goes on
        self._ahead = AHEAD * threads
        self._sha256 = hashlib.sha256()
        self._parts: list[bytes | memoryview] = []
        self._room = BLOCK
        self._under_way: deque[tuple[Future[bytes], Future[None]]] = deque()

    @property
    def diff_id(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"

    def write(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        while len(rest) >= self._room:
            view = memoryview(rest)
            self._parts.append(view[: self._room])
            rest = view[self._room :]
            self._start_block()
        if rest:
            self._parts.append(rest)
            self._room -= len(rest)

    def finish(self) -> None:
        """Compresses what is left and waits for all of it; an empty stream is one empty member."""
        if self._parts or not self.size:
            self._start_block()
        while self._under_way:
            self._hand_on()

    def close(self) -> None:
        self._compressors.shutdown(cancel_futures=True)
        self._hasher.shutdown(cancel_futures=True)

    def _start_block(self) -> None:
        block = b"".join(self._parts)
        self._parts.clear()
        self._room = BLOCK
        self.size += len(block)
        compressed = self._compressors.submit(_member, block)  # releases the GIL, and so does hashing
        self._under_way.append((compressed, self._hasher.submit(self._sha256.update, block)))
        if len(self._under_way) >= self._ahead:
            self._hand_on()

    def _hand_on(self) -> None:
        compressed, hashed = self._under_way.popleft()
        hashed.result()
        self._sink(compressed.result())


@contextmanager
def gzip_stream(sink: Callable[[bytes], object], *, threads: int | None = None) -> Iterator[GzipStream]:
    """A stream whose gzip members go to `sink` in order; all of them have, when the block is left."""
    stream = GzipStream(sink, threads=threads or min(os.cpu_count() or 1, MOST_THREADS))
    try:
        yield stream
        stream.finish()
    finally:
        stream.close()


def _member(block: bytes) -> bytes:
    return bytes(deflate.gzip_compress(block, LEVEL))


def _known_text() -> bytes:
    """200 KiB with what compressors differ in: words near and far, a long run, and noise."""
    noise = hashlib.shake_128(b"envlock").digest(40_000)
    words = [noise[n : n + 1 + n % 4].hex().encode() for n in range(256)]
    return b" ".join(words[byte] for byte in noise) + bytes(5_000) + noise[:10_000]
