"""Channels, indexes and folders: names, URLs without secrets, paths that stay inside the repository."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from envlock.interchange.conda.conda_spec import CHANNEL_NAME
from envlock.interchange.pip.direct import as_path, path_of
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.system.saved_folder import surrounding
from envlock.system.secrets import holds_token

_SECRET = "holds credentials: keep them in netrc or in the file that RATTLER_AUTH_FILE names, never here"
_INDEX_SECRET = "holds credentials: keep them in netrc or in ENVLOCK_INDEX_NAME_USERNAME and _PASSWORD, never here"
_ARCHIVE_SECRET = "holds credentials: keep them in netrc, ENVLOCK_DEBIAN_MIRROR or ENVLOCK_DEBIAN_SNAPSHOT, never here"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The folder of a manifest; what it points to stays within the repository, or saved folder, around it."""

    folder: Path

    @property
    def root(self) -> Path:
        return surrounding(self.folder.resolve())

    def inside(self, text: str) -> str:
        """A relative path, normalised; symbolic links are followed to see where it ends."""
        if text.startswith("/") or not text:
            raise ValueError(f"expected a path relative to this file, got `{text}`")
        try:
            target = (self.folder.resolve() / text).resolve()
        except (OSError, RuntimeError):  # a loop of symbolic links
            raise ValueError(f"`{text}` cannot be followed") from None
        if not target.is_relative_to(self.root):
            raise ValueError(f"`{text}` leaves the repository")
        return posixpath.normpath(text)

    def channel(self, text: str) -> str:
        """A channel's name, URL or path, normalised: a relative path begins with `./` or `../`."""
        if "://" in text:
            return _url(text, ("http", "https", "file"))
        if "@" in text or holds_token(text):
            raise ValueError(_SECRET)
        if text.startswith("/"):
            return posixpath.normpath(text)
        if text.startswith(("./", "../")):
            path = self.inside(text)
            return path if path.startswith("../") else f"./{path}"
        if not re.fullmatch(CHANNEL_NAME, text):
            raise ValueError(f"expected a channel's name, a URL or a path that begins with `./`, got `{text}`")
        return text

    def manifest(self, text: str) -> str:
        """Another TOML file, normalised."""
        if not text.endswith(".toml"):
            raise ValueError(f"expected a file such as `../base/env.toml`, got `{text}`")
        return self.inside(text)

    def requirement(self, text: str) -> str:
        """A PEP 508 requirement, normalised; where it names a path, one inside the repository."""
        requirement = normalized_requirement(text)
        path = path_of(requirement)
        if path:
            self.inside(path)
        return requirement


def archive_address(text: str, surroundings: Surroundings) -> str:
    """Where Debian's packages are: a URL without a slash at its end, or a path that begins with `./` or `../`."""
    if "://" in text:
        return _url(text, ("http", "https", "file"), secret=_ARCHIVE_SECRET)
    if "@" in text or holds_token(text):
        raise ValueError(_ARCHIVE_SECRET)
    if not text.startswith(("./", "../")):
        raise ValueError(f"expected a URL, or a path that begins with `./`, got `{text}`")
    return as_path(surroundings.inside(text))


def index_url(text: str) -> str:
    """The address of a package index: http or https, without a slash at its end."""
    return _url(text, ("http", "https"), secret=_INDEX_SECRET)


def _url(text: str, schemes: tuple[str, ...], *, secret: str = _SECRET) -> str:
    expected = f"expected a URL that begins with {' or '.join(f'`{scheme}://`' for scheme in schemes)}"
    try:
        parts = urlsplit(text)
        _ = parts.port  # read for its ValueError
    except ValueError:
        raise ValueError(expected) from None
    if "@" in parts.netloc or holds_token(parts.path):
        raise ValueError(secret)
    if parts.scheme not in schemes or not _complete(parts) or re.search(r"[\s\\]", text):
        raise ValueError(expected)
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without `?` and `#`")
    return text.rstrip("/")


def _complete(parts: SplitResult) -> bool:
    return parts.path.startswith("/") and not parts.netloc if parts.scheme == "file" else bool(parts.hostname)
