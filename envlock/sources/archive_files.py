"""The files of one archive, wherever it is: on a server, or in a folder of this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from envlock.errors import OutsideError
from envlock.sources.copying import copy_file
from envlock.system.body import Body
from envlock.system.login import Login, Refused
from envlock.system.secrets import redact

if TYPE_CHECKING:
    from envlock.system.http import Http

# an archive's mirrors are run by volunteers: so many requests at a time, whatever is being done, as apt does
SLOTS = BoundedSemaphore(4)
LOGIN_HINT = "a login goes into ENVLOCK_DEBIAN_MIRROR (`https://USER:PASSWORD@…`), or netrc"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFiles:
    """An archive by its address, without slash at its end; who we are there is `login`. Paths are below it."""

    url: str
    http: "Callable[[], Http]"
    login: Login | None = None

    @property
    def is_local(self) -> bool:
        return self.url.startswith("file:")

    def shown(self, path: str) -> str:
        """Address and path, fit to be shown."""
        return redact(f"{self.url}/{path}")

    def read(self, path: str, *, limit: int, etag: str | None = None, modified: str | None = None) -> Body | None:
        """A small file; None where there is none, `body.UNCHANGED` where it is still what the last two tell of."""
        if self.is_local:
            data = _read(self._local(path), limit)
            return None if data is None else Body(data=data)
        with self._asking() as http:
            return http.read_changed(self._distant(path), etag=etag, modified=modified, limit=limit, login=self.login)

    def copy(self, path: str, target: IO[bytes], *, limit: int) -> bool:
        """Fills `target`, an empty file, with at most `limit` bytes; False where there is no such file."""
        if not self.is_local:
            with self._asking() as http:
                return http.download(self._distant(path), target, limit=limit, login=self.login)
        try:
            copy_file(self._local(path), target, limit=limit)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def names(self, folder: str, *, read: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
        """The names of the folders in a folder, sorted, as far as the server tells: `read` finds them in its page."""
        if self.is_local:
            path = self._local(folder)
            return tuple(sorted(p.name for p in path.iterdir() if p.is_dir())) if path.is_dir() else ()
        try:
            body = self.read(f"{folder}/", limit=_PIECE)
        except OutsideError:
            return ()
        return read(body.data.decode(errors="replace")) if body else ()

    @contextmanager
    def _asking(self) -> "Iterator[Http]":
        """The way to the network, when it is our turn; a refusal says where a login goes."""
        try:
            with SLOTS:
                yield self.http()
        except Refused as refused:
            raise Refused(refused.message, hint=LOGIN_HINT) from refused

    def _distant(self, path: str) -> str:
        return f"{self.url}/{quote(path)}"

    def _local(self, path: str) -> Path:
        return Path(unquote(urlsplit(self.url).path), path)


def _read(path: Path, limit: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(data) > limit:
        raise OutsideError(f"`{path}` has more than the {limit} bytes it should")
    return data
