"""Packages and a base whose bytes are the same on every machine: no compressor of this one has a say in them."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import zstandard

from envlock.oci.index import IndexEntry
from tests.support.conda_channel import write_channel
from tests.support.conda_package import PLACEHOLDER, CondaPackage, PackageFile, package_bytes
from tests.support.layered_images import TAR_TYPE, add_image, file, link, new_layout, tar_of
from tests.support.tiny_wheels import TIME, write_wheel

PYTHON_VERSION = "3.11.7"
NOISE = hashlib.shake_128(b"golden").digest(20_000)
PYTHON = CondaPackage(
    name="python", version=PYTHON_VERSION, files={"bin/python3.11": PackageFile(content=NOISE[:999], executable=True)}
)
TOOL = CondaPackage(
    name="tool",
    depends=("python",),
    noarch="python",
    entry_points=("tool = tool:main",),
    files={
        "site-packages/tool.py": b"def main(): pass\n",
        "site-packages/tool-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n",
        "etc/tool.conf": PackageFile(content=f"home = {PLACEHOLDER}\n".encode(), placeholder=PLACEHOLDER),
        "etc/link.conf": PackageFile(link="tool.conf"),
    },
)


def write_golden_wheel(folder: Path) -> Path:
    """A wheel with a module, scripts, and a member that is large enough for its DEFLATE stream to become a layer's."""
    wheel = write_wheel(
        folder,
        "alpha",
        files={"alpha.bin": NOISE, "alpha.py": "def main(): pass\n", "alpha-1.0.data/scripts/beta": "#!python\n"},
        entry_points={"alpha": "alpha:main"},
    )
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert next(iter(members)) == "alpha-1.0.data/scripts/beta"
    members = {"alpha.bin": members.pop("alpha.bin"), **members}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, TIME), _deflated(data) if name == "alpha.bin" else data)
    wheel.write_bytes(_first_is_deflated(wheel.read_bytes()))
    return wheel


def write_golden_channel(folder: Path) -> Path:
    """A channel of both packages."""
    write_channel(folder, (PYTHON, TOOL))
    for package in (PYTHON, TOOL):
        content, index = _uncompressed(package), folder / package.subdir / "repodata.json"
        (folder / package.subdir / package.file_name).write_bytes(content)
        repodata = json.loads(index.read_bytes())
        entry = repodata["packages.conda"][package.file_name]
        del entry["md5"]
        entry |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        index.write_text(json.dumps(repodata))
    return folder


def _uncompressed(package: CondaPackage) -> bytes:
    """A package whose two archives are Zstandard frames that hold them as they are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package_bytes(package))) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(zipfile.ZipInfo(name, TIME), _reframed(data) if name.endswith(".zst") else data)
    return packed.getvalue()


def write_golden_base(folder: Path) -> Path:
    """An OCI layout of an image with Python and glibc, whose layer is not compressed."""
    layout = new_layout(folder)
    members = (
        file("bin/sh"),
        file("lib/x86_64-linux-gnu/libc.so.6", b"GNU C Library (tiny) stable release version 2.36.\n"),
        file("usr/bin/python3.11", b"\0" + PYTHON_VERSION.encode() + b"\0"),
        link("usr/bin/python3", "python3.11"),
    )
    image = add_image(layout, [layout.put(tar_of(members), TAR_TYPE)], variables=["PATH=/usr/bin:/bin"])
    layout.write_index([IndexEntry(descriptor=image, os="linux", architecture="amd64")])
    return folder


def _deflated(data: bytes) -> bytes:
    """RFC 1951: one last block, stored."""
    return b"\x01" + struct.pack("<HH", len(data), 0xFFFF ^ len(data)) + data


def _first_is_deflated(archive: bytes) -> bytes:
    """A zip file whose first member is a DEFLATE stream, and says so: method, checksum and size of what it holds."""
    changed = bytearray(archive)
    (central,) = struct.unpack_from("<L", changed, len(changed) - 6)  # where the directory is, says its end
    for start in (0, central + 2):  # the fields lie two bytes further in the directory
        struct.pack_into("<H", changed, start + 8, zipfile.ZIP_DEFLATED)
        struct.pack_into("<L", changed, start + 14, zlib.crc32(NOISE))
        struct.pack_into("<L", changed, start + 22, len(NOISE))
    return bytes(changed)


def _reframed(data: bytes) -> bytes:
    """RFC 8878: a single segment of known size, in raw blocks."""
    plain = zstandard.ZstdDecompressor().decompress(data)
    blocks = [plain[start : start + (1 << 17)] for start in range(0, len(plain), 1 << 17)]
    framed = [
        ((len(block) << 3) | (number == len(blocks) - 1)).to_bytes(3, "little") + block
        for number, block in enumerate(blocks)
    ]
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<L", len(plain)) + b"".join(framed)
