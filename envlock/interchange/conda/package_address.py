"""Where a conda package was installed from: its channel as env.toml names it, without what is secret."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from envlock.interchange.conda.conda_spec import CHANNEL_NAME
from envlock.model.spec import CONDA_ALIAS
from envlock.system.secrets import redact

_SUBDIR = re.compile(r"noarch|[a-z]+-[a-z0-9_]+")
# what tools write where they do not know
_UNKNOWN = ("", "<unknown>", "None", "@")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageAddress:
    """`channel` is None where nothing is known of it; `local` is the file where it is in no channel; `cleaned` says
    that credentials were taken out."""

    channel: str | None
    subdir: str
    file: str
    url: str | None = None
    local: str | None = None
    cleaned: bool = False


def address_of(url: str, channel: str, subdir: str) -> PackageAddress:
    """From the `url` and `channel` of a record (each may be ""); the subdir where neither that nor they tell is ""."""
    if not url:
        return _of_channel(channel, subdir)
    clean = redact(url)
    cleaned = clean != url
    clean = re.sub(r"/t/\*\*\*(?=/)", "", clean)
    base, _, file = clean.rpartition("/")
    top, _, found = base.rpartition("/")
    file = unquote(file)
    if not _SUBDIR.fullmatch(found) or (subdir and found != subdir):
        return PackageAddress(channel=None, subdir=subdir, file=file, url=clean, local=clean, cleaned=cleaned)
    if clean.startswith("file:"):
        return _local(clean, top, found, file)
    return PackageAddress(channel=channel_named(top), subdir=found, file=file, url=clean, cleaned=cleaned)


def channel_named(url: str) -> str:
    """A channel's URL as env.toml has it: by name where the name stands for it."""
    url = url.rstrip("/")
    name = url.removeprefix(f"{CONDA_ALIAS}/")
    return name if name != url and re.fullmatch(CHANNEL_NAME, name) else url


def _of_channel(channel: str, subdir: str) -> PackageAddress:
    if channel in _UNKNOWN:
        return PackageAddress(channel=None, subdir=subdir, file="")
    clean = re.sub(r"/t/\*\*\*(?=/|$)", "", redact(channel)).rstrip("/")
    top, _, last = clean.rpartition("/")
    if "://" in clean and _SUBDIR.fullmatch(last):
        clean, subdir = top, subdir or last
    return PackageAddress(channel=channel_named(clean), subdir=subdir, file="", cleaned=redact(channel) != channel)


def _local(url: str, top: str, subdir: str, file: str) -> PackageAddress:
    """A file of this machine: in a channel, in none, or (as we write it) nowhere."""
    folder = posixpath.normpath(unquote(urlsplit(top).path) or "/")
    if folder == "/":
        return PackageAddress(channel=None, subdir=subdir, file=file)
    if any(_is_file(Path(folder, each, "repodata.json")) for each in (subdir, "noarch")):
        return PackageAddress(channel=top, subdir=subdir, file=file, url=url)
    return PackageAddress(channel=None, subdir=subdir, file=file, url=url, local=url)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for one
        return False
