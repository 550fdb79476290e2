"""A root file system that packages bring, as the functions see it that do what maintainer scripts would have done."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from envlock.model.files import SystemFile


class Root(Protocol):
    """What the packages of a base bring together, before anything is made of it.

    Paths are final ones, below the root and without slash at the front: /usr is merged, so that `/bin/sh` is
    `usr/bin/sh`, and `bin` is a link.
    """

    @property
    def architecture(self) -> str:
        """Debian's name: "amd64", "arm64"."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """The packages by name, with their versions."""
        ...

    @property
    def files(self) -> Mapping[str, SystemFile]:
        """Everything that stands in the root, folders too, by path."""
        ...

    def control(self, package: str) -> Mapping[str, bytes]:
        """The files of a package's control archive by name: `control`, `postinst`, `conffiles`, `md5sums`, …"""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a regular file; a hard link is followed, a symbolic one is not. KeyError where there is none."""
        ...


# from what packages bring to what a maintainer script, or a trigger, would have written or changed
SystemFunction = Callable[[Root], Iterable[SystemFile]]
