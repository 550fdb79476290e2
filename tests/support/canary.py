"""Secrets that cannot be mistaken for anything else, and all the ways to find them where they must not be."""

import base64
import gzip
import io
import re
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path

import zstandard

from tests.support.processes import Command
from tests.support.services import require

_EXECUTED = re.compile(rb"\d+ +execve\(")
# onto a regular file, descriptors decoded: `write(3</the/path>, …`
_WRITTEN = re.compile(rb"\d+ +p?write(?:64|v2?)?\(\d+</(?!dev/)")


class Canaries:
    """Every `secret` is a new one; `found` tells which of them are in some bytes, plain or encoded."""

    def __init__(self) -> None:
        self._forms: dict[bytes, str] = {}

    def secret(self, name: str, end: str = ":w@rd/") -> str:
        """A password, which ends in what URLs must encode; `name` is what it is told by where it is found."""
        word = f"c4n4ry{secrets.token_hex(8)}"
        self._forms |= dict.fromkeys(_forms(word.encode()), name)
        return f"{word}{end}"

    def found(self, data: bytes) -> set[str]:
        return {name for form, name in self._forms.items() if form in data}

    def traces(self, *roots: Path, but: frozenset[Path] = frozenset()) -> list[str]:
        """The files below these folders in whose content or name a secret stands, but for where they were put."""
        files = (path for root in roots for path in root.rglob("*") if path.is_file() and path not in but)
        return [f"{names} in {path}" for path in files if (names := self._in_file(path))]

    def _in_file(self, path: Path) -> set[str]:
        return {name for data in (str(path).encode(), *_unpacked(path.read_bytes())) for name in self.found(data)}

    def witnessed(self, log: Path) -> list[str]:
        """What `witness` saw: words of started programs, and what was written into files, some of which are gone."""
        lines = log.read_bytes().splitlines()
        return [
            f"{names} in {line[:200]!r}"
            for line in lines
            if (_EXECUTED.match(line) or _WRITTEN.match(line)) and (names := self.found(line))
        ]


def witness(log: Path) -> Command:
    """Words that start a program, and note in `log` what it and its children start and write."""
    calls = "trace=execve,write,writev,pwrite64,pwritev,pwritev2"
    return (require("strace", "strace"), "-qq", "-f", "--seccomp-bpf", "-y", "-s", str(1 << 20), "-o", log, "-e", calls)


def _forms(word: bytes) -> Iterator[bytes]:
    """As it is (URL-encoding leaves it so), and what base64 makes of it at each place where it may stand."""
    yield word
    yield word.hex().encode()
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + word)
        # without the characters that hold bits of what is around it
        yield encoded[-(-before * 8 // 6) : (before + len(word)) * 8 // 6]


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes, and those that are packed in them."""
    yield data
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    elif data.startswith(b"\x28\xb5\x2f\xfd"):
        yield zstandard.ZstdDecompressor().decompressobj().decompress(data)
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from _unpacked(archive.read(name))
