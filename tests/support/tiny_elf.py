"""Shared objects with nothing in them but what a cache of the loader is made from, written by hand."""

import platform
import struct

X86_64, AARCH64, I386 = 62, 183, 3
LOAD, DYNAMIC, PROPERTY, STACK = 1, 2, 0x6474E553, 0x6474E551
LEVEL_NEEDED = 0xC0008002


def shared_object(
    soname: str | None, *, machine: int = X86_64, wide: bool = True, level: int | None = None, kind: int = 3
) -> bytes:
    """`level` is that of x86-64 which it needs: 2 for x86-64-v3."""
    strings = b"\0libc.so.6\0" + (soname or "").encode() + b"\0"
    property_ = _property(level) if level is not None else b""
    header = 64 if wide else 52
    segments = 3 * (56 if wide else 32)
    notes = header + segments + (-(header + segments) % 8)
    names = notes + len(property_)
    table = names + len(strings) + (-(names + len(strings)) % 8)
    tags = [(1, 1), *([(14, 11)] if soname is not None else []), (5, names), (0, 0)]
    dynamic = b"".join(struct.pack("<qQ" if wide else "<iI", *tag) for tag in tags)
    size = table + len(dynamic)
    parts = [
        _segment(LOAD, 0, size, 4096, wide),
        _segment(DYNAMIC, table, len(dynamic), 8, wide),
        _segment(PROPERTY if property_ else 0, notes, len(property_), 8, wide),
    ]
    start = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    shape = "<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH"
    fields = struct.pack(shape, kind, machine, 1, 0, header, 0, 0, header, 56 if wide else 32, 3, 0, 0, 0)
    data = (start + fields + b"".join(parts)).ljust(notes, b"\0") + property_ + strings
    return data.ljust(table, b"\0") + dynamic


def _segment(kind: int, offset: int, size: int, alignment: int, wide: bool) -> bytes:
    if wide:
        return struct.pack("<IIQQQQQQ", kind, 4, offset, offset, offset, size, size, alignment)
    return struct.pack("<IIIIIIII", kind, offset, offset, offset, size, size, 4, alignment)


def _property(level: int) -> bytes:
    described = struct.pack("<III4x", LEVEL_NEEDED, 4, 1 << level)
    return struct.pack("<III4s", 4, len(described), 5, b"GNU\0") + described


def loadable(soname: str, *, needed: str | None = None, runpath: str | None = None) -> bytes:
    """A shared object without symbols that the loader of this machine takes: it brings in the one that is `needed`."""
    strings = b"\0"
    tags: list[tuple[int, int]] = []
    for tag, text in ((14, soname), (1, needed), (29, runpath)):
        if text is not None:
            tags.append((tag, len(strings)))
            strings += text.encode() + b"\0"
    header, symbol, hashes = 64 + 3 * 56, bytes(24), struct.pack("<4I", 1, 1, 0, 0)
    names = header + len(symbol) + len(hashes)
    table = names + len(strings) + (-(names + len(strings)) % 8)
    tags += [(4, header + len(symbol)), (5, names), (6, header), (10, len(strings)), (11, len(symbol)), (0, 0)]
    dynamic = b"".join(struct.pack("<qQ", *tag) for tag in tags)
    size, machine = table + len(dynamic), {"x86_64": X86_64, "aarch64": AARCH64}[platform.machine()]
    start = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    start += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
    # the loader writes into the table of tags; no part is a program
    for kind, offset, length in ((LOAD, 0, size), (DYNAMIC, table, len(dynamic)), (STACK, 0, 0)):
        start += struct.pack("<IIQQQQQQ", kind, 6, offset, offset, offset, length, length, 4096 if kind == LOAD else 8)
    return (start + symbol + hashes + strings).ljust(table, b"\0") + dynamic
