"""`envlock-saved.json`: which files `save` wrote into a folder, and what was in them."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envlock.errors import UserInputError
from envlock.model.platform import PLATFORMS
from envlock.system.cache import typed
from envlock.system.saved_folder import MARK
from envlock.system.text_file import display

_FORM = 1
_MOST = 64 << 20
_ENTRY = re.compile(r"(?:sha256:(?P<sha256>[0-9a-f]{64})(?P<executable> executable)?|link:(?P<link>.+))", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is at a path: bytes of a sha256 (64 hex), or a symbolic link."""

    sha256: str = ""
    executable: bool = False
    link: str | None = None

    def __str__(self) -> str:
        mark = " executable" if self.executable else ""
        return f"link:{self.link}" if self.link is not None else f"sha256:{self.sha256}{mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`environment` is the path of env.toml's folder from the top ("." for the top itself); `platforms` are those
    whose packages are here; `files` are by their paths from the top."""

    name: str
    format: str = "envlock"
    environment: str = "."
    platforms: tuple[str, ...] = ()
    files: Mapping[str, Entry] = field(default_factory=dict)

    def text(self) -> str:
        """As it is written: sorted, one file a line."""
        told = {
            "envlock-saved": _FORM,
            "name": self.name,
            "format": self.format,
            "environment": self.environment,
            "platforms": sorted(self.platforms),
            "files": {path: str(entry) for path, entry in sorted(self.files.items())},
        }
        return json.dumps(told, indent=2) + "\n"


def read_listing(root: Path) -> Listing | None:
    """What is listed; None where a folder has no listing. UserInputError for one that save cannot have written."""
    place = root / MARK
    if not place.is_file():
        return None
    try:
        with place.open("rb") as file:
            return _read(json.loads(file.read(_MOST)))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = str(error) if isinstance(error, _Wrong) else "it is not what `envlock save` writes"
        raise UserInputError(f"`{display(place)}`: {why}", hint="get the folder anew from where it was saved") from None


class _Wrong(ValueError):
    """Why a listing is refused, in words."""


def _read(told: Any) -> Listing:
    if told["envlock-saved"] != _FORM:
        raise _Wrong(f"it is of form {told['envlock-saved']}, and this envlock knows form {_FORM}")
    environment = typed(told["environment"], str)
    if environment != ".":
        _require_path(environment)
    platforms = [typed(name, str) for name in typed(told["platforms"], list)]
    return Listing(
        name=typed(told["name"], str),
        format=typed(told["format"], str),
        environment=environment,
        platforms=tuple(name for name in platforms if PLATFORMS[name]),
        files={_require_path(path): _entry(path, entry) for path, entry in typed(told["files"], dict).items()},
    )


def _require_path(path: str) -> str:
    """Files of a work tree may have odd names; what leads out of the folder was never saved."""
    if "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise _Wrong(f"the path `{path}` does not stay in the folder")
    return path


def _entry(path: str, text: str) -> Entry:
    found = _ENTRY.fullmatch(text)
    if not found:
        raise _Wrong(f"of `{path}` it says neither a sha256 nor a link")
    return Entry(sha256=found["sha256"] or "", executable=bool(found["executable"]), link=found["link"])


def present(root: Path) -> Iterator[tuple[str, Path]]:
    """All files and links below a folder but its listing, by their paths; folders that are links are links."""
    for above, folders, names in os.walk(root):
        links = [name for name in folders if Path(above, name).is_symlink()]
        for name in (*names, *links):
            place = Path(above, name)
            path = place.relative_to(root).as_posix()
            if path != MARK:
                yield path, place


def entry_of(place: Path) -> Entry | None:
    """What is at a place; None for what is neither file nor link."""
    if place.is_symlink():
        return Entry(link=str(place.readlink()))
    if not place.is_file():
        return None
    with place.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Entry(sha256=sha256, executable=bool(place.stat().st_mode & 0o100))
