"""A layer: files of a prefix, or of a root, as a deterministic tar, compressed into a layout as it is made.

Sorted by path, time 0, all parent directories in every layer (AWS Lambda needs them), ustar headers and PAX ones only
where ustar has no room. Files of a prefix belong to 0:0, with mode 0755 or 0644; those of a root say whose they are.
"""

import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from envlock.errors import OutsideError
from envlock.model.files import EXECUTABLE, WHITEOUT, Deflatable, PrefixFile, Reader, SystemFile
from envlock.model.image import LAYER_TYPE, Descriptor
from envlock.oci.compress import KEPT_FROM, GzipStream, gzip_stream
from envlock.oci.layout import Layout
from envlock.oci.tar_header import owned_header, padding
from envlock.system.near import WINDOW, NearReader

LayerFile = PrefixFile | SystemFile
END = bytes(2 * tarfile.BLOCKSIZE)
CHANGED = "it was changed while it was read; try again"
_LOOKED_AT = re.compile(
    rf"\0|(?:^|/)(?:\.{{0,2}}(?:/|$)|{re.escape(WHITEOUT)})"
)  # what makes a path worth a closer look


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A compressed layer in a layout; `diff_id` is the digest of its tar, `files` the number of those it was given."""

    descriptor: Descriptor
    diff_id: str
    files: int


def write_layer(
    layout: Layout,
    files: Iterable[LayerFile],
    *,
    root: str,
    folders: Mapping[str, SystemFile | None] = MappingProxyType({}),
    threads: int | None = None,
) -> Layer:
    """Writes the files below `root` (an absolute path in the image) as one layer; the same files, the same bytes.

    `folders` say by their paths in the image what the parents of files are like; others are of 0:0 and have mode 0755.
    None stands for one that a layer below has, whose owner and mode are to stay what they are.
    OutsideError for a path that leaves `root`, that two files have, or that runs through a file or link; for a hard
    link to what is no file before it in this layer; and for content that is not as long as it says.
    """
    placed = _placed(files, root)
    told = ((path, folders.get(path, _plain_folder(path))) for path in _parents(placed))
    parents = {path: folder for path, folder in told if folder}
    with (
        NearReader(WINDOW) as reader,
        layout.writer() as blob,
        gzip_stream(blob.write, threads=threads) as stream,
    ):
        for path, file in sorted({**parents, **placed}.items(), key=lambda item: item[0].encode()):
            _write_entry(stream, reader, path, file)
        stream.write(END)
    return Layer(descriptor=blob.descriptor(LAYER_TYPE), diff_id=stream.diff_id, files=len(placed))


def _placed(files: Iterable[LayerFile], root: str) -> dict[str, LayerFile]:
    placed: dict[str, LayerFile] = {}
    start = f"{root.strip('/')}/".lstrip("/")
    for file in files:
        path = f"{start}{file.path}"
        wrong = _wrong_path(path) or _wrong_link(file.link) or ("stands twice in one layer" if path in placed else None)
        if wrong:
            raise OutsideError(f"`{repr(file.path)[1:-1]}` {wrong}")
        if isinstance(file, SystemFile) and file.hardlink is not None:
            placed[path] = replace(file, hardlink=f"{start}{file.hardlink}")
        else:
            placed[path] = file
    for path, file in placed.items():
        if file.hardlink is not None:
            _require_file_before(path, file.hardlink, placed)
    return placed


def _require_file_before(path: str, target: str, placed: Mapping[str, LayerFile]) -> None:
    """Whoever unpacks a hard link needs what it is another name of, which no other layer may change either."""
    found = placed.get(target)
    if found is None or found.content is None or target.encode() >= path.encode():
        raise OutsideError(f"`{path}` is another name of `{target}`, which is no file before it in the same layer")


def _wrong_path(path: str) -> str | None:
    if path.isascii() and not _LOOKED_AT.search(path):
        return None
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


def _parents(placed: dict[str, LayerFile]) -> set[str]:
    """The folders above all files that are not among them."""
    folders: set[str] = set()
    for path in placed:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            if folder in placed and not placed[folder].is_folder:
                kind = "a symbolic link" if placed[folder].link is not None else "a file"
                raise OutsideError(f"`{path}` runs through `{folder}`, which is {kind} in the same layer")
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders - placed.keys()


def _plain_folder(path: str) -> SystemFile:
    return SystemFile(path=path, mode=EXECUTABLE, is_folder=True)


def _write_entry(stream: GzipStream, reader: Reader, path: str, file: LayerFile) -> None:
    stream.write(_entry_header(path, file))
    if file.content is None:
        return
    kept = file.content.deflation(reader) if isinstance(file.content, Deflatable) else None
    if kept and kept.packed >= KEPT_FROM:
        stream.write_deflated(kept)
    else:
        chunks = (plain for _, plain in kept.pairs) if kept else file.content.chunks()
        for chunk in _exactly(chunks, file.size, path):
            stream.write(chunk)
    stream.write(padding(file.size))


def _entry_header(path: str, file: LayerFile) -> bytes:
    kind, mode, link = tarfile.REGTYPE, file.mode, ""
    if file.is_folder:
        kind = tarfile.DIRTYPE
    elif file.link is not None:
        kind, mode, link = tarfile.SYMTYPE, 0o777, file.link
    elif file.hardlink is not None:
        kind, link = tarfile.LNKTYPE, file.hardlink
    return owned_header(path, (mode, file.uid, file.gid), size=file.size, kind=kind, link=link)


def _exactly(chunks: Iterable[bytes], size: int, path: str) -> Iterator[bytes]:
    """The chunks of a content, which must be as long as it says: the header is written already."""
    left = size
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left:
        raise OutsideError(f"`{path}` has {'more' if left < 0 else 'less'} than its {size} bytes", hint=CHANGED)
