"""What was fetched or made once: packages and blobs by content, small records by key, prefixes by hash.

    packages/HEX/FILE     packages as they were downloaded, verified       image/     an OCI layout: bases, layers
    records/FORM/KIND/KEY JSON that can be made again                      prefixes/  environments on this machine
    sources/HEX/          what wheels are built from: copies of local projects, unpacked sdists, checkouts
    versions/HEX/         the files of environments as they were at some commit
    repositories/HEX/     what was fetched of repositories of others
    locks/                for two processes that want the same thing

Everything here can be deleted while nobody is at work (`users` says so); nothing is ever changed in place. The time
of what is used is that of its last use, to the day.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, overload

from envlock.errors import OutsideError
from envlock.system.cache_use import Users, used
from envlock.system.files import write_whole
from envlock.system.parts import part_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

PIECE = 1 << 20
FORM = 1  # of all records: to be raised when what is written into one of them becomes another

T = TypeVar("T")


class Cache:
    """The cache below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.users = Users(root / "locks" / "in-use")

    @property
    def image_layout(self) -> Path:
        return self.root / "image"

    @property
    def prefixes(self) -> Path:
        return self.root / "prefixes"

    @property
    def versions(self) -> Path:
        """Environments as they were at some commit."""
        return self.root / "versions"

    @property
    def repositories(self) -> Path:
        """What was fetched of repositories of others."""
        return self.root / "repositories"

    @property
    def solver_cache(self) -> Path:
        """Where the solvers keep what they know of channels and indexes."""
        return self.root / "solvers"

    def package(self, sha256: str, file: str) -> Path | None:
        """The file with this content under this name, where it is here."""
        path = self._package_path(sha256, file)
        if not path.is_file():
            return None
        used(path)
        return path

    def intact(self, sha256: str, file: str) -> bool:
        """Is the package here, with its bytes? One that was damaged since is removed, as if it had never been here."""
        if self._has(sha256, file):
            return True
        with self.lock(f"package-{sha256[:32]}"):
            intact = self._has(sha256, file)
            if not intact:
                self._package_path(sha256, file).unlink(missing_ok=True)
        return intact

    def _has(self, sha256: str, file: str) -> bool:
        path = self._package_path(sha256, file)
        used(path)
        try:
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    def add_package(self, sha256: str, file: str, fill: Callable[[IO[bytes]], None]) -> Path:
        """Keeps a package that `fill` writes; OutsideError where the bytes are not those of `sha256`."""
        path = self._package_path(sha256, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        with part_file(path.parent, path) as (stream, part):
            fill(stream)
            stream.flush()
            stream.seek(0)
            found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != sha256:
                raise wrong_bytes(file, locked=sha256, found=found)
            os.fchmod(stream.fileno(), 0o444)
            os.fsync(stream.fileno())
            part.replace(path)
        return path

    @property
    def records(self) -> Path:
        return self.root / "records" / str(FORM)

    @overload
    def record(self, kind: str, key: str) -> Any: ...
    @overload
    def record(self, kind: str, key: str, read: Callable[[Any], T]) -> T | None: ...
    def record(self, kind: str, key: str, read: Callable[[Any], Any] = lambda kept: kept) -> Any:
        """What `read` makes of a kept record; None where there is none, or one that cannot be read or is not like that.

        `read` says so by the error it comes to; `typed` helps it to one.
        """
        path = self._record_path(kind, key)
        try:
            kept = read(json.loads(path.read_bytes()))
        except (OSError, LookupError, TypeError, ValueError, AttributeError, RecursionError, OutsideError):
            return None
        used(path)
        return kept

    def keep(self, kind: str, key: str, value: Any, *, lasting: bool = True) -> None:
        """Keeps a record; one that is not `lasting` is written much faster, and a power cut may take it away."""
        path = self._record_path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # aside: among thousands of records it would take long to look for parts that were left
        data, aside = json.dumps(value, sort_keys=True).encode(), self.root / "records"
        if lasting:
            write_whole(path, data, aside=aside)
            return
        with part_file(aside, path) as (file, part):
            file.write(data)
            file.flush()
            part.replace(path)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Only one process at a time does what `name` stands for; the others wait."""
        with self._lock(name):
            yield

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """As `lock`, without waiting: False where another process has it."""
        from filelock import Timeout

        lock = self._lock(name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _lock(self, name: str) -> "BaseFileLock":
        from filelock import FileLock  # not loaded by commands that only look

        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{name}.lock")

    def _package_path(self, sha256: str, file: str) -> Path:
        return self.root / "packages" / sha256 / file

    def _record_path(self, kind: str, key: str) -> Path:
        return self.records / kind / key


def typed(value: Any, kind: type[T]) -> T:
    """A value of a record, which must be of that type; TypeError where it is not."""
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
    return value


def wrong_bytes(file: str, *, locked: str, found: str) -> OutsideError:
    """The one way to say that bytes are not what the lock names."""
    return OutsideError(
        f"`{file}` is not what the lock names: sha256 {found}, locked {locked}",
        hint="the file was changed where it is kept; get the locked one, or lock anew with `envlock lock --upgrade`",
    )
