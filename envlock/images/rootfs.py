"""The file system of an image, read straight from its layers: single files, and nothing unpacked to disk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.images.layer_tar import Entry, Kind, entries, inner_parts, member_bytes
from envlock.model.image import Descriptor
from envlock.oci.layout import Layout

_MOST_LINKS = 40  # as in Linux: after so many symbolic links a path is a loop
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_AUFS = ".wh..wh."  # other notes of an old storage driver, which mean nothing in a layer


@dataclass(slots=True)
class _Node:
    """A place in the tree: a member of a layer, or a directory that is only implied. Directories have children."""

    layer: Descriptor | None = None
    entry: Entry | None = None
    children: "dict[str, _Node] | None" = None

    @property
    def link(self) -> str | None:
        return self.entry.target if self.entry and self.entry.kind is Kind.SYMLINK else None


class Rootfs:
    """The files of an image: what its layers, from the lowest up, make of each other.

    Each layer is streamed once to learn the names, and once more for each file that is read from it.
    """

    def __init__(self, layout: Layout, layers: Sequence[Descriptor]) -> None:
        self._layout = layout
        self._root = _Node(children={})
        for layer in layers:
            self._apply(layer, list(entries(layout, layer)))

    def exists(self, path: str) -> bool:
        """Is there anything at a path, once symbolic links are followed?"""
        return self._walk(_parts(path)) is not None

    def resolve(self, path: str) -> str | None:
        """The path without symbolic links; None where there is nothing."""
        trail = self._walk(_parts(path))
        return None if trail is None else "/" + "/".join(name for name, _ in trail[1:])

    def find(self, directory: str) -> tuple[str, ...]:
        """The paths of what lies in a directory, sorted; none where there is no directory."""
        trail = self._walk(_parts(directory))
        children = trail[-1][1].children if trail else None
        return tuple(f"{directory.rstrip('/')}/{name}" for name in sorted(children or ()))

    def walk(self) -> Iterator[tuple[str, bool]]:
        """Every path there is, and whether it is a directory; sorted within each directory, no link followed."""
        waiting = [("", self._root)]
        while waiting:
            path, node = waiting.pop()
            children = node.children or {}
            yield from ((f"{path}/{name}", children[name].children is not None) for name in sorted(children))
            waiting += [(f"{path}/{name}", child) for name, child in children.items() if child.children is not None]

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file, in pieces; OutsideError where there is no regular file."""
        layer, entry = self._file(path)
        return member_bytes(self._layout, layer, entry)

    def _file(self, path: str) -> tuple[Descriptor, Entry]:
        trail = self._walk(_parts(path))
        node = trail[-1][1] if trail else _Node()
        if node.layer is None or node.entry is None or node.entry.kind is not Kind.FILE:
            raise OutsideError(f"`{path}` is not a file of the image")
        return node.layer, node.entry

    def _walk(self, parts: Sequence[str], *, make: bool = False) -> "list[tuple[str, _Node]] | None":
        """The way from the root to a path, as (name, node), symbolic links followed and never above the root.

        None where it ends in nothing, in a loop, or passes through a file; `make` adds missing directories.
        """
        trail, pending, links = [("", self._root)], list(reversed(parts)), 0
        while pending:
            name = pending.pop()
            if name == ".." and trail[-1][1].children is not None:
                del trail[max(1, len(trail) - 1) :]
                continue
            node = _child(trail[-1][1], name, make=make)
            if node is None:
                return None
            if node.link is None:
                trail.append((name, node))
                continue
            links += 1
            if links > _MOST_LINKS:
                return None
            if node.link.startswith("/"):
                del trail[1:]
            pending.extend(reversed(_parts(node.link)))
        return trail

    def _apply(self, layer: Descriptor, listed: Sequence[Entry]) -> None:
        """Puts a layer on top. Its whiteouts concern what is below it, wherever in it they stand: they come first."""
        listed = [entry for entry in listed if entry.parts]
        for entry in listed:
            if entry.parts[-1].startswith(_WHITEOUT):
                self._take_away(entry.parts)
        for entry in listed:
            if not entry.parts[-1].startswith(_WHITEOUT):
                self._put(layer, entry)

    def _take_away(self, parts: Sequence[str]) -> None:
        trail = self._walk(parts[:-1])
        children = trail[-1][1].children if trail else None
        if not children:
            return
        if parts[-1] == _OPAQUE:
            children.clear()
        elif not parts[-1].startswith(_AUFS):
            children.pop(parts[-1].removeprefix(_WHITEOUT), None)

    def _put(self, layer: Descriptor, entry: Entry) -> None:
        trail = self._walk(entry.parts[:-1], make=True)
        siblings = trail[-1][1].children if trail else None
        if siblings is None:
            raise OutsideError(f"layer `{layer.digest}` puts `{'/'.join(entry.parts)}` below what is not a directory")
        name = entry.parts[-1]
        if entry.kind is Kind.HARDLINK:
            siblings[name] = self._linked(layer, entry)
            return
        there = siblings.get(name)
        if entry.kind is not Kind.DIRECTORY:
            siblings[name] = _Node(layer, entry)
        elif there is None or there.children is None:
            siblings[name] = _Node(layer, entry, children={})

    def _linked(self, layer: Descriptor, entry: Entry) -> _Node:
        """The file that a hard link is another name of."""
        parts = inner_parts(entry.target, layer)
        trail = self._walk(parts[:-1])
        node = _child(trail[-1][1], parts[-1]) if trail and parts else None
        if node is None or node.children is not None:
            raise OutsideError(f"layer `{layer.digest}` links to `{entry.target}`, which is not a file of the image")
        return _Node(node.layer, node.entry)


def _child(directory: _Node, name: str, *, make: bool = False) -> _Node | None:
    children = directory.children
    if children is None:
        return None
    if make and name not in children:
        children[name] = _Node(children={})
    return children.get(name)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part not in ("", "."))
