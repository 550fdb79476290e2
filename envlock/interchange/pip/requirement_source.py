"""Requirements that say where their package is, in all the forms that pip knows, as env.toml writes them."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from packaging.utils import canonicalize_name

from envlock.interchange.pip.beside import beside
from envlock.interchange.pip.direct import names_a_source
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.interchange.pip.project_file import PROJECT_FILE, read_project_file
from envlock.interchange.source import Source

_NAMED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(?P<extras>\[[^\[\]]*\])?\s*@\s*(?P<rest>.+)", re.DOTALL)
_EXTRAS = re.compile(r"(?P<source>.*?)(?P<extras>\[[^\[\]]*\])?", re.DOTALL)
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")
_OTHER_VCS = re.compile(r"(hg|svn|bzr)\+", re.IGNORECASE)
_GIT = re.compile(r"git\+[a-z]+:|git:", re.IGNORECASE)
_HASH = re.compile(r"(?:^|&)(?P<kind>sha256|sha384|sha512|md5|sha1|sha224)=(?P<value>[0-9a-fA-F]+)")


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a file of requirements; what it names is seen from where `source` lies."""

    source: Source
    path: Path | None  # None: on the network

    def local(self, text: str) -> str:
        """A path as env.toml has it; ValueError where nothing is there, or it may not be named."""
        home = self.source.path.parent.resolve()
        if self.path is None:
            raise ValueError(f"`{text}` is a path in a file on the network")
        # pip takes paths from where it is started, which for most is where the first file lies
        places = [resolved(top / text) for top in (self.path, home)]
        target = next((place for place in places if place.exists()), places[0])
        return beside(self.source, Path(os.path.relpath(target, home)).as_posix())


def resolved(path: Path) -> Path:
    """Without links; ValueError where it cannot be followed."""
    try:
        found = path.resolve()
        found.exists()  # which says of one that is too long that it is
    except (OSError, RuntimeError, ValueError):  # too long, a loop of links, a NUL
        raise ValueError("its path cannot be followed") from None
    return found


def is_direct(text: str) -> bool:
    """Does a requirement say where its package is?"""
    before = re.split(r"[;\[]", text, maxsplit=1)[0].strip()
    path = "/" in before or before.startswith((".", "file:")) or before.lower().endswith(_ARCHIVES)
    return path or names_a_source(text)


def direct(text: str, folder: Folder) -> tuple[str, tuple[str, ...]]:
    """The requirement, normalised, and the hashes (`sha256:HEX`) of its URL; ValueError where it has no form."""
    named = _NAMED.fullmatch(text)
    source, marker = _split(named["rest"] if named else text)
    name, extras = (named["name"], named["extras"] or "") if named else ("", "")
    if not named:
        found = _EXTRAS.fullmatch(source)
        source, extras = (found["source"], found["extras"] or "") if found else (source, "")
    if _OTHER_VCS.match(source):
        raise ValueError("it is from a repository of another kind: envlock knows git alone")
    source, _, fragment = source.partition("#")
    told = parse_qs(fragment.replace("+", "%2B"))
    egg = re.fullmatch(r"(?P<name>[^\[]*)(?P<extras>\[[^\]]*\])?", told.get("egg", [""])[0])
    name, extras = name or (egg["name"] if egg else ""), extras or (egg["extras"] or "" if egg else "")
    inner = told.get("subdirectory", [""])[0]
    if _GIT.match(source):
        source += f"#subdirectory={inner}" if inner else ""
    elif inner:
        raise ValueError("it is in a folder of an archive, for which env.toml has no form")
    elif not re.match("https?:", source):
        source = folder.local(_path(source))
        name = name or _name(source, folder)
    if not name and not source.lower().endswith(_ARCHIVES[:3]):
        raise ValueError("nothing says its name: write `NAME @ ` before it")
    head = f"{canonicalize_name(name)}{extras} @ " if name else ""
    tail = extras if not name else ""
    hashes = tuple(f"{found['kind']}:{found['value'].lower()}" for found in _HASH.finditer(fragment))
    return normalized_requirement(f"{head}{source}{tail}" + (f" ; {marker}" if marker else "")), hashes


def _split(text: str) -> tuple[str, str]:
    """What stands before and behind the `;` of a marker."""
    url = "://" in text.partition(";")[0]
    source, _, marker = re.sub(r"\s+;", " ;", text).partition("; " if url and " ;" not in text else ";")
    return source.strip(), marker.strip()


def _path(source: str) -> str:
    """The path of a `file:` URL, of this machine or relative, or as it stands."""
    if not source.lower().startswith("file:"):
        return source
    parts = urlsplit(source)
    if parts.netloc not in ("", "localhost"):
        raise ValueError("it is a file of another machine")
    return unquote(parts.path)


def _name(path: str, folder: Folder) -> str:
    """What a folder's pyproject.toml says it is called; "" of a file, whose name tells it."""
    if path.lower().endswith(_ARCHIVES):
        return ""
    try:
        project = read_project_file(folder.source.path.parent / path / PROJECT_FILE)
    except ValueError:
        return ""
    return project.name
