"""A small image of our own making, and pieces of it, for tests of what reads and writes images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.model.files import Inline, PrefixFile
from envlock.model.image import Image
from envlock.oci.image import BaseImage, ConfigChanges, NamedLayer, assemble, scratch, store
from envlock.oci.layer import Layer, write_layer
from envlock.oci.layout import Layout

ROOT = "/opt/env"
FILES = (
    PrefixFile(path="bin/hello", content=Inline(b"#!/bin/sh\necho hello\n"), executable=True),
    PrefixFile(path="bin/hi", link="hello"),
    PrefixFile(path="lib/café.txt", content=Inline("crème\n".encode())),
    PrefixFile(path=f"lib/{'long-' * 30}name.txt", content=Inline(b"x" * 513)),
    PrefixFile(path="lib/empty", content=Inline(b"")),
)


@dataclass(frozen=True)
class Repeated:
    """`size` bytes that are never all in memory."""

    size: int
    piece: bytes = bytes(range(256)) * 4096

    def chunks(self) -> Iterator[bytes]:
        whole, rest = divmod(self.size, len(self.piece))
        for _ in range(whole):
            yield self.piece
        yield self.piece[:rest]


def new_layout(root: Path) -> Layout:
    layout = Layout(root)
    layout.create()
    return layout


def small_layer(layout: Layout, files: tuple[PrefixFile, ...] = FILES) -> Layer:
    return write_layer(layout, files, root=ROOT)


def small_image(
    layout: Layout, base: BaseImage | None = None, *, changes: ConfigChanges | None = None, title: str = "hello"
) -> Image:
    """One layer of ours on a base, else on nothing."""
    named = NamedLayer(layer=small_layer(layout), title=title)
    settings = changes or ConfigChanges(environment=[("PATH", f"{ROOT}/bin")], entrypoint=("hello",))
    annotations = {"test.envlock.example": "yes"}
    return store(layout, assemble(base or scratch("amd64"), [named], settings, annotations))
