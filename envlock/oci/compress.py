"""Gzip that gives the same bytes on any machine, with any number of threads, however its input is sliced.

A gzip file is a row of members (RFC 1952), each a DEFLATE stream with a header and a checksum. What a wheel keeps
as a DEFLATE stream becomes a member as it is: nobody compresses it again, and no compressor can make it differ.
What stands between is cut into blocks of at most 1 MiB of plain bytes, and each becomes one member by libdeflate at
level 6, whose header is constant: no time, no file name, OS 255.

A compressor is tried on a known text before it is used. Where libdeflate makes something else of it than everywhere,
blocks are stored as they are, which needs no compressor; layers made so say so by another compressor id.
"""

import hashlib
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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


STORED = 0xFFFF  # bytes that a stored block of DEFLATE has at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor:
    """`member` makes a gzip member of a block; `expected` is the SHA-256 of the one it makes of the known text, None
    where nothing of it depends on a library."""

    name: str
    member: Callable[[bytes], bytes]
    expected: str | None

    @property
    def id(self) -> str:
        """What stands in keys and annotations: another one wherever it makes other bytes."""
        return f"kept-{KEPT_FROM}+{self.name}" + (f"-{self.expected[:8]}" if self.expected else "")


def libdeflate_member(block: bytes) -> bytes:
    return bytes(deflate.gzip_compress(block, LEVEL))


def stored_member(block: bytes) -> bytes:
    """A gzip member that holds a block as it is, in stored blocks of DEFLATE (RFC 1951, 3.2.4)."""
    ends = range(STORED, len(block), STORED)
    pieces = [block[start : start + STORED] for start in (0, *ends)]
    packed = [
        struct.pack("<BHH", number == len(pieces), len(piece), len(piece) ^ 0xFFFF) + piece
        for number, piece in enumerate(pieces, 1)
    ]
    return b"".join((HEADER, *packed, struct.pack("<LL", zlib.crc32(block), len(block) & 0xFFFFFFFF)))


# the first that makes of the known text what it makes of it everywhere; the last does in any case
COMPRESSORS = (
    Compressor(
        name=f"libdeflate-{LEVEL}-1MiB",
        member=libdeflate_member,
        expected="a111df2b79135ab90a584c5f8ff63c422cadc047174e6933b91a6fef830b9f7d",
    ),
    Compressor(name="stored-1MiB", member=stored_member, expected=None),
)


def canonical(compressors: Sequence[Compressor]) -> Compressor:
    """The first that can be used on this machine."""
    text = known_text()
    return next(c for c in compressors if c.expected in (None, hashlib.sha256(c.member(text)).hexdigest()))


@cache
def compressor() -> Compressor:
    """What compresses here, tried once."""
    return canonical(COMPRESSORS)


def compressor_id() -> str:
    """What compresses here, by its name and what it makes of a known text."""
    return compressor().id


class GzipStream:
    """Takes plain bytes; `diff_id` and `size` are those of all of them, once the stream is finished.

    With one thread everything is done where it is called: for many small streams side by side.
    """

    def __init__(self, sink: Callable[[bytes], object], *, threads: int, compressor: Compressor) -> None:
        self.size = 0
        self._member = compressor.member
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
            self._sink(self._member(block))
            return
        self._under_way.append(self._compressors.submit(self._member, block))  # releases the GIL, and so does hashing
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
def gzip_stream(
    sink: Callable[[bytes], object], *, threads: int | None = None, by: Compressor | None = None
) -> Iterator[GzipStream]:
    """A stream whose gzip members go to `sink` in order; all of them have, when the block is left."""
    threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
    stream = GzipStream(sink, threads=threads, compressor=by or compressor())
    try:
        yield stream
        stream.finish()
    finally:
        stream.close()


def known_text() -> bytes:
    """200 KiB with what compressors differ in: words near and far, a long run, and noise."""
    noise = hashlib.shake_128(b"envlock").digest(40_000)
    words = [noise[n : n + 1 + n % 4].hex().encode() for n in range(256)]
    return b" ".join(words[byte] for byte in noise) + bytes(5_000) + noise[:10_000]
