"""A base image of a few hundred bytes: nothing in it runs, but it says what envlock reads of a base."""

from pathlib import Path

from envlock.oci.index import IndexEntry
from tests.support.layered_images import add_image, add_layer, file, link, new_layout


def write_base(folder: Path, *, python: str) -> Path:
    """An OCI layout in `folder`, of an image with a shell, glibc 2.36, and the Python of a full version."""
    layout = new_layout(folder)
    minor = python.rpartition(".")[0]
    layer = add_layer(
        layout,
        file("bin/sh"),
        file("lib/x86_64-linux-gnu/libc.so.6", b"GNU C Library (tiny) stable release version 2.36.\n"),
        file(f"usr/bin/python{minor}", b"\0" + python.encode() + b"\0"),
        link("usr/bin/python3", f"python{minor}"),
    )
    image = add_image(layout, [layer], variables=["PATH=/usr/bin:/bin"])
    layout.write_index([IndexEntry(descriptor=image, os="linux", architecture="amd64")])
    return folder
