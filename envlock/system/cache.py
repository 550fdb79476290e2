"""What was fetched or made once: packages and blobs by content, small records by key, prefixes by hash.

    packages/HEX/FILE     packages as they were downloaded, verified       image/     an OCI layout: bases, layers
    records/KIND/HEX      JSON that can be made again                      prefixes/  environments on this machine
    locks/                for two processes that want the same thing

Everything here can be deleted at any time; nothing is ever changed in place.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from envlock.errors import OutsideError
from envlock.system.files import write_whole
from envlock.system.parts import part_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

PIECE = 1 << 20


class Cache:
    """The cache below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def image_layout(self) -> Path:
        return self.root / "image"

    @property
    def prefixes(self) -> Path:
        return self.root / "prefixes"

    @property
    def solver_cache(self) -> Path:
        """Where the solvers keep what they know of channels and indexes."""
        return self.root / "solvers"

    def package(self, sha256: str, file: str) -> Path | None:
        """The file with this content under this name, where it is here."""
        path = self._package_path(sha256, file)
        return path if path.is_file() else None

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
        try:
            with self._package_path(sha256, file).open("rb") as stream:
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

    def record(self, kind: str, key: str) -> Any:
        """A kept record, or None."""
        try:
            return json.loads(self._record_path(kind, key).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def keep(self, kind: str, key: str, value: Any) -> None:
        path = self._record_path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # aside: among thousands of records it would take long to look for parts that were left
        write_whole(path, json.dumps(value, sort_keys=True).encode(), aside=self.root / "records")

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
        return self.root / "records" / kind / key


def wrong_bytes(file: str, *, locked: str, found: str) -> OutsideError:
    """The one way to say that bytes are not what the lock names."""
    return OutsideError(
        f"`{file}` is not what the lock names: sha256 {found}, locked {locked}",
        hint="the file was changed where it is kept; get the locked one, or lock anew with `envlock lock --upgrade`",
    )
