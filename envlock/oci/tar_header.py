"""Headers of tar entries: the same bytes on every Python, whoever runs it.

ustar, with time 0 and no names of users, and PAX where ustar has no room. `tarfile` knows all of that, but takes longer
to write a header than it takes to hash a usual file, so the usual ones are written here, and are the same bytes.
"""

import struct
import tarfile

_ROOM = tarfile.LENGTH_NAME  # of a path, and as much of where a link leads
_LARGEST_ID, _LARGEST_SIZE = 8**7, 8**11
_TIME = b"%011o\0" % 0
_MAGIC = tarfile.POSIX_MAGIC.ljust(88, b"\0")  # and neither names of user and group nor numbers of a device
# path, numbers, time, checksum, kind, target of a link, magic, start of a long path, nothing
_FIELDS = struct.Struct(f"{_ROOM}s36s12s8s1s{_ROOM}s88s{tarfile.LENGTH_PREFIX}s12x")
# what the checksum counts in every header: the constant fields, and eight spaces in its own place
_CONSTANT = sum(_TIME) + sum(_MAGIC) + 8 * ord(" ")


def tar_header(path: str, *, mode: int, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """The header of an entry that belongs to 0:0."""
    return owned_header(path, (mode, 0, 0), size=size, kind=kind, link=link)


def owned_header(path: str, owned: tuple[int, int, int], *, size: int, kind: bytes, link: str = "") -> bytes:
    """The header of an entry; `owned` is its mode, and the numbers of its user and group."""
    mode, uid, gid = owned
    name = f"{path}/" if kind == tarfile.DIRTYPE else path
    if not (
        name.isascii()
        and link.isascii()
        and len(link) <= _ROOM
        and (parts := _split(name))
        and max(uid, gid) < _LARGEST_ID
        and size < _LARGEST_SIZE
    ):
        return _any_header(path, owned, size=size, kind=kind, link=link)
    start, rest, target = parts[0].encode(), parts[1].encode(), link.encode()
    numbers = b"%07o\0%07o\0%07o\0%011o\0" % (mode & 0o7777, uid, gid, size)
    checksum = b"%06o\0 " % (_CONSTANT + sum(b"".join((start, rest, numbers, kind, target))))
    return _FIELDS.pack(rest, numbers, _TIME, checksum, kind, target, _MAGIC, start)


def padding(size: int) -> bytes:
    """What fills the last block of an entry of `size` bytes."""
    return bytes(-size % tarfile.BLOCKSIZE)


def _split(name: str) -> tuple[str, str] | None:
    """A path as ustar has it: the shortest start that leaves no more than there is room for, and that rest."""
    if len(name) <= _ROOM:
        return "", name
    cut = name.find("/", len(name) - _ROOM - 1)
    return (name[:cut], name[cut + 1 :]) if 0 <= cut <= tarfile.LENGTH_PREFIX else None


def _any_header(path: str, owned: tuple[int, int, int], *, size: int, kind: bytes, link: str) -> bytes:
    info = tarfile.TarInfo(path)
    info.mode, info.uid, info.gid = owned
    info.size, info.type, info.linkname = size, kind, link
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    except ValueError:  # too long, too large, or not ASCII
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
