"""Reading files of a prefix that somebody else made: regular ones, inside it, not without end."""

import json
import os
import stat
from pathlib import Path
from typing import Any

from envlock.errors import UserInputError
from envlock.system.text_file import display

# records of packages with many thousands of files have some megabytes
LIMIT = 64 << 20


class PrefixFiles:
    """The files below a folder; symbolic links are followed as long as they stay in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder.resolve()
        self._real: set[str] = set()  # folders that are known to lie in it

    def names(self, path: str) -> dict[str, bool]:
        """What is in a folder, sorted: by name whether it is a folder itself (a link is none); nothing in what is none
        or leads out."""
        place = self.root / path
        try:
            if not self._inside(path):
                return {}
            with os.scandir(place) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            return {}
        return dict(sorted(found))

    def leads_out(self, path: str) -> bool:
        """Is this a folder that lies elsewhere?"""
        return (self.root / path).is_dir() and not self._inside(path)

    def _inside(self, path: str) -> bool:
        """Does a folder lie in the prefix, wherever links lead?"""
        top = path.rpartition("/")[0]
        if top not in self._real and not (self.root / top).resolve().is_relative_to(self.root):
            return False
        self._real.add(top)
        place = self.root / path
        return not place.is_symlink() or place.resolve().is_relative_to(self.root)

    def content(self, path: str) -> bytes | None:
        """None where there is no such file; ValueError where it is not to be read."""
        try:
            descriptor = self._opened(f"{self.root}/{path}")
            if descriptor is None:
                return None
            with os.fdopen(descriptor, "rb") as file:
                # to read up to a limit sets so much memory aside
                return file.read(_size(descriptor))
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from error

    def text(self, path: str) -> str | None:
        content = self.content(path)
        try:
            return None if content is None else content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"is not UTF-8 text (byte {error.start} cannot be decoded)") from None

    def document(self, path: str) -> dict[str, Any] | None:
        """A JSON object."""
        text = self.text(path)
        if text is None:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
            raise ValueError(f"is not valid JSON{where}") from None
        if not isinstance(found, dict):
            raise ValueError("holds no JSON object")
        return found

    def shown(self, path: str) -> str:
        return display(self.folder / path)

    def wrong(self, path: str, why: object, hint: str | None = None) -> UserInputError:
        """What to raise of a file without which nothing can be told."""
        return UserInputError(f"`{self.shown(path)}` {why}", hint=hint)

    def _opened(self, place: str) -> int | None:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            return os.open(place, flags | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            if not Path(place).is_symlink():
                raise
        target = Path(place).resolve()
        if not target.is_relative_to(self.root):
            raise ValueError(f"is a link that leads out of `{display(self.folder)}`")
        try:
            return os.open(target, flags)
        except FileNotFoundError:
            return None


def _size(descriptor: int) -> int:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("is not a regular file")
    if status.st_size > LIMIT:
        raise ValueError(f"is larger than {LIMIT >> 20} MiB")
    return status.st_size
