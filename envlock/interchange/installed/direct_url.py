"""`direct_url.json` (PEP 610): where a distribution that is from no index was installed from."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from envlock.system.secrets import redact

DIRECT_URL = "direct_url.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectUrl:
    """`source` is as after `NAME @`, of what can be had by URL; `path` a file or folder of this machine instead.

    `cleaned` says that credentials were taken out of it.
    """

    source: str | None = None
    path: Path | None = None
    editable: bool = False
    sha256: str | None = None
    cleaned: bool = False


def direct_url(raw: dict[str, Any]) -> DirectUrl:
    """ValueError says what is wrong, or has no equivalent."""
    url = raw.get("url")
    if not isinstance(url, str):
        raise ValueError("does not say `url`")
    for key, read in (("vcs_info", _repository), ("dir_info", _folder), ("archive_info", _archive)):
        if isinstance(raw.get(key), dict):
            return read(url, raw[key], raw.get("subdirectory"))
    raise ValueError("says neither `vcs_info` nor `dir_info` nor `archive_info`")


def _repository(url: str, said: dict[str, Any], subdirectory: object) -> DirectUrl:
    if said.get("vcs") != "git":
        raise ValueError(f"names a repository of `{said.get('vcs')}`: only git is known")
    commit = said.get("commit_id")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise ValueError("does not say `commit_id`")
    clean = _cleaned(url)
    folder = f"#subdirectory={subdirectory}" if isinstance(subdirectory, str) and subdirectory else ""
    return DirectUrl(source=f"git+{clean.removeprefix('git+')}@{commit}{folder}", cleaned=clean != url)


def _folder(url: str, said: dict[str, Any], subdirectory: object) -> DirectUrl:
    inside = subdirectory if isinstance(subdirectory, str) else ""
    return DirectUrl(path=_path(url) / inside, editable=said.get("editable") is True)


def _archive(url: str, said: dict[str, Any], subdirectory: object) -> DirectUrl:
    if subdirectory:
        raise ValueError("names a folder within an archive, for which env.toml has no form")
    sha256 = _sha256(said)
    if url.startswith("file:"):
        return DirectUrl(path=_path(url), sha256=sha256)
    clean = _cleaned(url)
    return DirectUrl(source=clean, sha256=sha256, cleaned=clean != url.partition("#")[0])


def _cleaned(url: str) -> str:
    """Without user, password, token, query and fragment; the user of an SSH address stays."""
    parts = urlsplit(url)
    clean = redact(url).replace("/t/***/", "/")
    user = parts.username
    if parts.scheme.removeprefix("git+") == "ssh" and user and not parts.password:
        return clean.replace("://", f"://{user}@", 1)
    return clean


def _path(url: str) -> Path:
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        raise ValueError(f"names a folder by `{redact(url)}`, which is no path of this machine")
    return Path(path)


def _sha256(said: dict[str, Any]) -> str | None:
    """Of `hashes`, or of the older `hash`."""
    hashes = said.get("hashes")
    found = hashes.get("sha256") if isinstance(hashes, dict) else str(said.get("hash", "")).removeprefix("sha256=")
    return found if isinstance(found, str) and _SHA256.fullmatch(found) else None
