"""Tars of others, read without more memory than what is asked of them takes."""

import tarfile

from envlock.oci.blob import BrokenBlob

_LONGEST_HEADER = 1 << 20  # bytes of an extended header, which tarfile reads whole
_MOST_FOR_ALL = 1_000  # fields that are said of all that follows, which it keeps
_EXTENDED = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)


class BoundedHeader(tarfile.TarInfo):
    """Refuses extended headers of a size and number that nobody needs, before they are read into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENDED and self.size > _LONGEST_HEADER:
            raise BrokenBlob(f"one of its headers has {self.size} bytes")
        if len(archive.pax_headers) > _MOST_FOR_ALL:
            raise BrokenBlob(f"its global headers have more than {_MOST_FOR_ALL} fields")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found
