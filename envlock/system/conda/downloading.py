"""In the child: download one file, with every kind of login that py-rattler knows."""

from pathlib import Path
from typing import IO, Any

from rattler.package_streaming import download_to_writer

from envlock.errors import OutsideError
from envlock.system.conda.networking import client
from envlock.system.secrets import redact


async def download(request: dict[str, Any]) -> None:
    """{url, path, limit in bytes}: writes what is at the URL into a file."""
    with Path(request["path"]).open("xb") as file:
        await download_to_writer(client(), request["url"], _Limited(file, request["limit"], request["url"]))


class _Limited:
    """A file that takes no more than it should hold."""

    def __init__(self, file: IO[bytes], limit: int, url: str) -> None:
        self._file, self._left, self._limit, self._url = file, limit, limit, url

    def write(self, piece: bytes) -> int:
        self._left -= len(piece)
        if self._left < 0:
            raise OutsideError(f"{redact(self._url)} sends more than the {self._limit} bytes it should")
        return self._file.write(piece)
