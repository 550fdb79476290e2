"""Gzip that gives the same bytes on any machine, with any number of threads, however its input is sliced.

A gzip file is a row of members (RFC 1952), each a DEFLATE stream with a header and a checksum. What a wheel keeps
as a DEFLATE stream becomes a member as it is: nobody compresses it again, and no compressor can make it differ.
What stands between is cut into blocks of at most 1 MiB of plain bytes, and each becomes one member by libdeflate at
level 6, whose header is constant: no time, no file name, OS 255.
"""

import hashlib
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import deflate

from envlock.model.files import Deflation

BLOCK = 1 << 20
LEVEL = 6
MOST_THREADS = 8
AHEAD = 3  # blocks under way a thread: bounds memory
WORTH_A_THREAD = 64 << 10  # bytes from which handing them to another thread is quicker than hashing them
KEPT_FROM = 4 << 10  # bytes of a DEFLATE stream from which it is kept; smaller ones gain by being packed together
HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # of a member that is kept: no time, no name, OS unknown


@cache
def compressor_id() -> str:
    """What compresses: its name, and what it makes of a known text, so that an unlike one has an unlike id."""
    return f"kept-{KEPT_FROM}+libdeflate-{LEVEL}-1MiB-{hashlib.sha256(_member(_known_text())).hexdigest()[:8]}"


class GzipStream:
    """Takes plain bytes; `diff_id` and `size` are those of all of them, once the stream is finished.

    With one thread everything is done where it is called: for many small streams side by side.
    """

    def __init__(self, sink: Callable[[bytes], object], *, threads: int) -> None:
        self.size = 0
        self._sink = sink
        self._compressors = ThreadPoolExecutor(threads) if threads > 1 else None
        self._hasher = ThreadPoolExecutor(1) if threads > 1 else None  # one: hashing has an order
        self._ahead = AHEAD * threads
        self._sha256 = hashlib.sha256()
        self._parts: list[bytes | memoryview] = []
        self._room = BLOCK
        self._under_way: deque[Future[bytes]] = deque()
        self._hashing: deque[Future[None]] = deque()

    @property
    def diff_id(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"

    def write(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        while len(rest) >= self._room:
            view = memoryview(rest)
            self._parts.append(view[: self._room])
            rest = view[self._room :]
            self._end_block()
        if rest:
            self._parts.append(rest)
            self._room -= len(rest)

    def write_deflated(self, deflation: Deflation) -> None:
        """Takes a content as it is kept: its DEFLATE stream becomes a gzip member of its own."""
        if self._parts:
            self._end_block()
        self._drain()
        self._sink(HEADER)
        size = 0
        for packed, plain in deflation.pairs:
            size += len(plain)
            self._hash(plain)
            self._sink(packed)
        self.size += size
        self._sink(struct.pack("<LL", deflation.crc, size & 0xFFFFFFFF))

    def finish(self) -> None:
        """Compresses what is left and waits for all of it; an empty stream is one empty member."""
        if self._parts or not self.size:
            self._end_block()
        self._drain()
        while self._hashing:
            self._hashing.popleft().result()

    def close(self) -> None:
        for pool in (self._compressors, self._hasher):
            if pool:
                pool.shutdown(cancel_futures=True)

    def _end_block(self) -> None:
        block = b"".join(self._parts)
        self._parts.clear()
        self._room = BLOCK
        self.size += len(block)
        self._hash(block)
        if self._compressors is None:
            self._sink(_member(block))
            return
        self._under_way.append(self._compressors.submit(_member, block))  # releases the GIL, and so does hashing
        if len(self._under_way) >= self._ahead:
            self._sink(self._under_way.popleft().result())

    def _drain(self) -> None:
        while self._under_way:
            self._sink(self._under_way.popleft().result())

    def _hash(self, plain: bytes) -> None:
        if self._hasher is None or len(plain) < WORTH_A_THREAD:
            while self._hashing:
                self._hashing.popleft().result()
            self._sha256.update(plain)
            return
        self._hashing.append(self._hasher.submit(self._sha256.update, plain))
        if len(self._hashing) > self._ahead:
            self._hashing.popleft().result()


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
