"""What is known of the files of a root from the lists in a package's own control archive."""

from collections.abc import Callable, Iterator, Mapping
from posixpath import dirname

from envlock.debian.overlay import MERGED
from envlock.debian.shell_status import Place

_MOST_LISTED = 4 << 20
_LONGEST_PATH = 4096


def own_places(control: Mapping[str, bytes]) -> Callable[[str], Place | None]:
    """These there are; of all others nobody knows."""
    listed = (line.partition("  ")[2] for line in _lines(control.get("md5sums", b"")))
    files = {_merged(path) for path in (*listed, *(line.strip() for line in _lines(control.get("conffiles", b""))))}
    folders = {folder for path in files for folder in _folders(path)}

    def place(path: str) -> Place | None:
        merged = _merged(path)
        if merged in files:
            return Place(file=True, executable="bin/" in merged, filled=True)
        return Place(folder=True) if merged in folders else None

    return place


def _folders(path: str) -> Iterator[str]:
    while "/" in path[:_LONGEST_PATH]:
        path = dirname(path)
        yield path


def _merged(path: str) -> str:
    """A path below the root, where /usr is merged."""
    plain = path.strip("/")
    return f"usr/{plain}" if plain.partition("/")[0] in MERGED else plain


def _lines(data: bytes) -> list[str]:
    return data[:_MOST_LISTED].decode("utf-8", "replace").splitlines()
