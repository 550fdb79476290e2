"""Large wheels of nothing real: half noise, half text that packs well; written piece by piece."""

import base64
import hashlib
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

PIECE = 1 << 20


def write_wheels(folder: Path, *, count: int, mebibytes: int) -> tuple[str, ...]:
    """`count` wheels of two files that have `mebibytes` together, and the names of their distributions."""
    folder.mkdir(parents=True)
    names = tuple(f"large{number}" for number in range(count))
    for name in names:
        _write_wheel(folder, name, mebibytes // 2)
    return names


def write_wheel(folder: Path, name: str, *, size: int) -> None:
    """A wheel of two files that have `size` bytes together."""
    _write_wheel(folder, name, 1, size // 2)


def _write_wheel(folder: Path, name: str, pieces: int, piece: int = PIECE) -> None:
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    tags = "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
        rows = [
            _write(wheel, f"{name}/noise.bin", _noise(name, pieces, piece)),
            _write(wheel, f"{name}/text.txt", _text(name, pieces, piece)),
            _write(wheel, f"{info}/METADATA", iter([metadata.encode()])),
            _write(wheel, f"{info}/WHEEL", iter([tags.encode()])),
        ]
        wheel.writestr(f"{info}/RECORD", "".join((*rows, f"{info}/RECORD,,\n")))


def _write(wheel: zipfile.ZipFile, path: str, content: Iterator[bytes]) -> str:
    """Adds a file; its row for RECORD."""
    digest, size = hashlib.sha256(), 0
    with wheel.open(path, "w") as member:
        for piece in content:
            digest.update(piece)
            size += member.write(piece)
    return f"{path},sha256={base64.urlsafe_b64encode(digest.digest()).rstrip(b'=').decode()},{size}\n"


def _noise(name: str, pieces: int, piece: int) -> Iterator[bytes]:
    source = random.Random(name)  # the same in every run
    yield from (source.randbytes(piece) for _ in range(pieces))


def _text(name: str, pieces: int, piece: int) -> Iterator[bytes]:
    for number in range(pieces):
        line = f"{name} line {number} of text that packs as well as source code does\n".encode()
        yield (line * (piece // len(line) + 1))[:piece]
