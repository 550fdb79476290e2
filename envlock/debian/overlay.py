"""A root with what system functions made of it so far, and how paths are found in one."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from envlock.debian.root import Root
from envlock.model.files import Inline, SystemFile

# what stands at the top where /usr is merged, whether the root lists it or not
MERGED = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"})
MAX_LINKS = 40  # as Linux has it


class Overlay:
    """A `Root` that also holds files made later; a later file takes the place of an earlier one of its path."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._files = dict(root.files)
        self.made: dict[str, SystemFile] = {}

    @property
    def architecture(self) -> str:
        return self._root.architecture

    @property
    def versions(self) -> Mapping[str, str]:
        return self._root.versions

    @property
    def files(self) -> Mapping[str, SystemFile]:
        return self._files

    def control(self, package: str) -> Mapping[str, bytes]:
        return self._root.control(package)

    def read(self, path: str) -> bytes:
        if path not in self.made:
            return self._root.read(path)
        content = self.made[path].content
        if content is None:
            raise KeyError(path)
        return b"".join(content.chunks())

    def add(self, files: Iterable[SystemFile]) -> None:
        new = {file.path: file for file in files}
        self._files.update(new)
        self.made.update(new)


def resolve(root: Root, path: str) -> str | None:
    """Where a path leads when every symbolic link in it is followed within the root; None where it leads nowhere."""
    parts = [*reversed(_parts(path))]
    reached: list[str] = []
    for _ in range(MAX_LINKS):
        while parts and _link(root, reached, parts[-1]) is None:
            _step(reached, parts.pop())
        if not parts:
            found = "/".join(reached)
            return found if not found or found in root.files else None
        link = _link(root, reached, parts.pop()) or ""
        if link.startswith("/"):
            reached.clear()
        parts.extend(reversed(_parts(link)))
    return None


def found(root: Root, path: str) -> SystemFile | None:
    """What stands at a path when links are followed; None for nothing, and for the root itself."""
    place = resolve(root, path)
    return root.files[place] if place else None


def is_file(root: Root, path: str) -> bool:
    file = found(root, path)
    return file is not None and (file.content is not None or file.hardlink is not None)


def is_folder(root: Root, path: str) -> bool:
    file = found(root, path)
    return file is not None and file.is_folder


def read(root: Root, path: str) -> bytes | None:
    """The bytes of the file that a path leads to; None where there is none."""
    place = resolve(root, path)
    return root.read(place) if place and is_file(root, place) else None


def below(root: Root, folder: str) -> Iterator[str]:
    """The paths of everything below a folder, sorted; links are not followed."""
    return iter(sorted(path for path in root.files if path.startswith(f"{folder}/")))


def children(root: Root, folder: str) -> Iterator[SystemFile]:
    """What stands in a folder itself, sorted by name."""
    return (root.files[path] for path in below(root, folder) if "/" not in path[len(folder) + 1 :])


def folder(path: str, mode: int = 0o755, *, gid: int = 0) -> SystemFile:
    return SystemFile(path=path, mode=mode, gid=gid, is_folder=True)


def file(path: str, data: bytes, mode: int = 0o644, *, gid: int = 0) -> SystemFile:
    return SystemFile(path=path, mode=mode, gid=gid, content=Inline(data))


def link(path: str, target: str) -> SystemFile:
    return SystemFile(path=path, mode=0o777, link=target)


def _parts(path: str) -> list[str]:
    return [part for part in PurePosixPath(path).parts if part != "/"]


def _step(reached: list[str], part: str) -> None:
    if part != "..":
        reached.append(part)
    elif reached:
        reached.pop()


def _link(root: Root, folder: list[str], name: str) -> str | None:
    """The target of the symbolic link of a name in a folder; None where that is none."""
    standing = root.files.get("/".join((*folder, name)))
    if standing is not None:
        return standing.link
    return f"usr/{name}" if not folder and name in MERGED else None
