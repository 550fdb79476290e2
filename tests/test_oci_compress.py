"""The gzip of layers: the same bytes however it is fed, and gzip to everybody else."""

import gzip
import hashlib
import random
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.model.files import Deflation
from envlock.oci.compress import BLOCK, COMPRESSORS, Compressor, canonical, compressor_id, gzip_stream, known_text

# two blocks and a bit, partly compressible
INPUT = random.Random(1).randbytes(BLOCK // 8) + b"abc 123 " * (BLOCK // 4) + b"end"


def compressed(pieces: list[bytes], threads: int | None = None) -> bytes:
    out: list[bytes] = []
    with gzip_stream(out.append, threads=threads) as stream:
        for piece in pieces:
            stream.write(piece)
    assert stream.size == sum(map(len, pieces))
    assert stream.diff_id == f"sha256:{hashlib.sha256(b''.join(pieces)).hexdigest()}"
    return b"".join(out)


def sliced(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = [0, *sorted(cuts), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


@pytest.fixture(scope="module")
def expected() -> bytes:
    return compressed([INPUT])


@given(cuts=st.lists(st.integers(0, len(INPUT)) | st.sampled_from([1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])))
@settings(max_examples=25, deadline=None)
def test_slicing_of_the_input_is_not_in_the_output(expected: bytes, cuts: list[int]) -> None:
    assert compressed(sliced(INPUT, cuts)) == expected


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_thread_count_is_not_in_the_output(expected: bytes, threads: int) -> None:
    assert compressed([INPUT], threads) == expected


@given(data=st.binary(max_size=5000), cuts=st.lists(st.integers(0, 5000), max_size=5))
@settings(max_examples=50, deadline=None)
def test_gzip_gives_the_input_back(data: bytes, cuts: list[int]) -> None:
    assert gzip.decompress(compressed(sliced(data, [min(cut, len(data)) for cut in cuts]))) == data


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_block_edges(size: int) -> None:
    data = INPUT[:size]
    packed = compressed([data])
    assert gzip.decompress(packed) == data
    assert len(members(packed)) == max(1, -(-size // BLOCK))


def test_members_have_a_constant_header_and_one_block_each(expected: bytes) -> None:
    found = members(expected)
    assert [len(plain) for _, plain in found] == [BLOCK, BLOCK, len(INPUT) - 2 * BLOCK]
    assert {header for header, _ in found} == {bytes.fromhex("1f8b08000000000000ff")}


def members(packed: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    while packed:
        member = zlib.decompressobj(wbits=31)
        found.append((packed[:10], member.decompress(packed)))
        assert member.eof
        packed = member.unused_data
    return found


def test_the_output_is_known(expected: bytes) -> None:
    """A compressor that gives other bytes gives other digests: it needs another compressor id."""
    assert hashlib.sha256(expected).hexdigest() == "dabad0be68eb82eb97fda36b00daee844815ed05413ba89c8f32a2fb2a43bef2"
    assert compressor_id() == "kept-4096+libdeflate-6-1MiB-a111df2b"


# of the known text and its beginnings; never to be edited: where one is wrong, the compressor needs another id
KNOWN = {
    "kept-4096+libdeflate-6-1MiB-a111df2b": "d7d813b76ebb3e82996dcac786964f777a5f381b97f0697d03173b21af92b484",
    "kept-4096+stored-1MiB": "0b74fa00eb140d039d30f23fad1948f62ec3b9657ed1cfbbe73c526cbfb967ac",
}
SIZES = (0, 1, 0xFFFF - 1, 0xFFFF, 0xFFFF + 1, 2 * 0xFFFF, 2 * 0xFFFF + 1, len(known_text()))


@pytest.mark.parametrize("compressor", COMPRESSORS, ids=lambda compressor: compressor.name)
def test_each_compressor_makes_what_it_always_made(compressor: Compressor) -> None:
    members = [compressor.member(known_text()[:size]) for size in SIZES]
    assert [gzip.decompress(member) for member in members] == [known_text()[:size] for size in SIZES]
    assert hashlib.sha256(b"".join(members)).hexdigest() == KNOWN[compressor.id]


def test_where_a_compressor_makes_other_bytes_another_one_is_taken() -> None:
    """One whose output is right, but not the one that is known, is never used."""
    libdeflate, stored = COMPRESSORS
    other = replace(libdeflate, member=gzip.compress)
    assert canonical((libdeflate, stored)) is libdeflate
    assert canonical((other, stored)) is stored
    assert {libdeflate.id, stored.id} == KNOWN.keys()


@pytest.mark.parametrize("threads", [1, 2])
def test_stored_layers_are_gzip_of_the_same_bytes(threads: int) -> None:
    out: list[bytes] = []
    with gzip_stream(out.append, threads=threads, by=COMPRESSORS[-1]) as stream:
        stream.write(INPUT)
        stream.write_deflated(kept(INPUT))
    packed = b"".join(out)
    assert gzip.decompress(packed) == 2 * INPUT
    assert stream.diff_id == f"sha256:{hashlib.sha256(2 * INPUT).hexdigest()}"
    assert INPUT[:0xFFFF] in packed
    assert raw_deflate(INPUT) in packed


def raw_deflate(data: bytes, level: int = 9) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def kept(data: bytes) -> Deflation:
    packed = raw_deflate(data)
    cut = len(packed) // 2
    return Deflation(
        crc=zlib.crc32(data), packed=len(packed), pairs=iter([(packed[:cut], data[:7]), (packed[cut:], data[7:])])
    )


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_what_is_deflated_already_becomes_a_member_as_it_is(threads: int) -> None:
    out: list[bytes] = []
    with gzip_stream(out.append, threads=threads) as stream:
        stream.write(b"before")
        stream.write_deflated(kept(INPUT))
        stream.write_deflated(kept(b"small, and right behind"))
        stream.write(INPUT)
    plain = b"before" + INPUT + b"small, and right behind" + INPUT
    packed = b"".join(out)
    assert gzip.decompress(packed) == plain
    assert (stream.size, stream.diff_id) == (len(plain), f"sha256:{hashlib.sha256(plain).hexdigest()}")
    assert raw_deflate(INPUT) in packed
    assert [len(data) for _, data in members(packed)][:3] == [6, len(INPUT), 23]
    assert {header for header, _ in members(packed)} == {bytes.fromhex("1f8b08000000000000ff")}


def test_a_sink_that_fails_ends_the_stream() -> None:
    def full(_data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_until(full)


def write_until(full: Callable[[bytes], object]) -> None:
    with gzip_stream(full, threads=2) as stream:
        for _ in range(100):
            stream.write(bytes(BLOCK))
