"""A layer: files of a prefix as a deterministic tar, compressed into a layout as it is made.

Sorted by path, owner 0:0, modes 0755 and 0644, time 0, all parent directories in every layer (AWS Lambda
needs them), ustar headers and PAX ones only where ustar has no room.
"""

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.model.files import EXECUTABLE, Content, Deflatable, PrefixFile
from envlock.model.image import LAYER_TYPE, Descriptor
from envlock.oci.compress import KEPT_FROM, GzipStream, gzip_stream
from envlock.oci.layout import Layout

END = bytes(2 * tarfile.BLOCKSIZE)
CHANGED = "it was changed while it was read; try again"
WHITEOUT = ".wh."  # a name that would delete what lies in the layers below


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A compressed layer in a layout; `diff_id` is the digest of its tar, `files` what it has beside folders."""

    descriptor: Descriptor
    diff_id: str
    files: int


def write_layer(layout: Layout, files: Iterable[PrefixFile], *, root: str, threads: int | None = None) -> Layer:
    """Writes the files below `root` (an absolute path in the image) as one layer; the same files, the same bytes.

    OutsideError for a path that leaves `root`, that two files have, or that runs through a file or link; and
    for content that is not as long as it says.
    """
    placed = _placed(files, root)
    folders = _parents(placed)
    with layout.writer() as blob, gzip_stream(blob.write, threads=threads) as stream:
        for path in sorted({*placed, *folders}, key=str.encode):
            _write_entry(stream, path, placed.get(path))
        stream.write(END)
    return Layer(descriptor=blob.descriptor(LAYER_TYPE), diff_id=stream.diff_id, files=len(placed))


def tar_header(path: str, *, mode: int, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """The header of an entry: the same on every Python, whoever runs it."""
    info = tarfile.TarInfo(path)
    info.mode, info.size, info.type, info.linkname = mode, size, kind, link
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    except ValueError:  # too long, too large, or not ASCII
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def padding(size: int) -> bytes:
    """What fills the last block of an entry of `size` bytes."""
    return bytes(-size % tarfile.BLOCKSIZE)


def _placed(files: Iterable[PrefixFile], root: str) -> dict[str, PrefixFile]:
    placed: dict[str, PrefixFile] = {}
    start = root.strip("/")
    for file in files:
        path = f"{start}/{file.path}" if start else file.path
        wrong = _wrong_path(path) or _wrong_link(file.link) or ("stands twice in one layer" if path in placed else None)
        if wrong:
            raise OutsideError(f"`{repr(file.path)[1:-1]}` {wrong}")
        placed[path] = file
    return placed


def _wrong_path(path: str) -> str | None:
    parts = path.split("/")
    if "" in parts or "." in parts or ".." in parts or "\0" in path:
        return "is not a plain path below the prefix"
    if not _is_unicode(path):
        return "is not UTF-8"
    if any(part.startswith(WHITEOUT) for part in parts):
        return f"would hide files of other layers: names that start with `{WHITEOUT}` are reserved"
    return None


def _wrong_link(link: str | None) -> str | None:
    # where a link leads is free: to the base's Python, for one
    return None if link is None or (link and "\0" not in link and _is_unicode(link)) else "is a link that leads nowhere"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parents(placed: dict[str, PrefixFile]) -> set[str]:
    folders: set[str] = set()
    for path in placed:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            if folder in placed:
                kind = "a symbolic link" if placed[folder].link is not None else "a file"
                raise OutsideError(f"`{path}` runs through `{folder}`, which is {kind} in the same layer")
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def _write_entry(stream: GzipStream, path: str, file: PrefixFile | None) -> None:
    if file is None:
        stream.write(tar_header(path, mode=EXECUTABLE, kind=tarfile.DIRTYPE))
    elif file.link is not None:
        stream.write(tar_header(path, mode=0o777, kind=tarfile.SYMTYPE, link=file.link))
    else:
        stream.write(tar_header(path, mode=file.mode, size=file.size))
        kept = file.content.deflation() if isinstance(file.content, Deflatable) else None
        if kept and kept.packed >= KEPT_FROM:
            stream.write_deflated(kept)
        else:
            for chunk in _exactly(file.content, path):
                stream.write(chunk)
        stream.write(padding(file.size))


def _exactly(content: Content | None, path: str) -> Iterator[bytes]:
    """The chunks of a content, which must be as long as it says: the header is written already."""
    if content is None:
        return
    left = content.size
    for chunk in content.chunks():
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left:
        raise OutsideError(f"`{path}` has {'more' if left < 0 else 'less'} than its {content.size} bytes", hint=CHANGED)
