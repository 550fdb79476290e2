"""Where this machine has Debian's archives from: its own apt sources, where it is a Debian.

Both forms of /etc/apt are read, `*.list` with a source a line and `*.sources` with stanzas. Which of several sources
is Debian's own is told by its suites: others offer packages for Debian, too, but no `bookworm-updates`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from envlock.errors import UserInputError
from envlock.system.mirrors import Mirror, read_mirror

_FOLDER = Path("etc", "apt")
# as suites are called that change what they are
_MOVING = ("stable", "testing", "unstable", "oldstable", "oldoldstable")
_LINE = re.compile(r"(deb)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*")
_MOST = 1 << 20  # bytes of a file that are read
_NO = ("no", "false", "without", "off", "disable", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class AptSource:
    """One entry: addresses as written, the suites and components that they are used for, and `signed_by`, if any."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AptMirrors:
    """The addresses of Debian's main archive and of its security archive, which may not be among the sources."""

    main: Mirror
    security: Mirror | None = None


def apt_mirrors(root: Path = Path("/")) -> AptMirrors | None:
    """Debian's archives as the sources below `root` have them; None where there are none, or it is another system."""
    codename = _codename(root)
    if codename is None:
        return None
    sources = tuple(apt_sources(root))
    main = _best(sources, (codename, *_MOVING), codename, root)
    # the last form is that of suites before bullseye
    names = [f"{name}{end}" for end in ("-security", "/updates") for name in (codename, *_MOVING)]
    return AptMirrors(main=main, security=_best(sources, names, codename, root)) if main else None


def apt_sources(root: Path) -> Iterator[AptSource]:
    """Every source of binary packages that is not disabled, in the order in which apt reads them."""
    folder = root / _FOLDER
    parts = folder / "sources.list.d"
    with suppress(OSError):
        yield from _of_lines(_text(folder / "sources.list"))
    for path in sorted(parts.glob("*")) if parts.is_dir() else ():
        read = _READERS.get(path.suffix)
        if read and path.is_file():
            with suppress(OSError):
                yield from read(_text(path))


def _codename(root: Path) -> str | None:
    """The codename of the Debian below `root`; None for any other system."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        with suppress(OSError):
            lines = (line.partition("=") for line in _text(root / name).splitlines())
            fields = {key.strip(): value.strip().strip("\"'") for key, _, value in lines}
            return fields.get("VERSION_CODENAME") or "sid" if fields.get("ID") == "debian" else None
    return None


def _best(sources: Iterable[AptSource], names: Iterable[str], codename: str, root: Path) -> Mirror | None:
    """The address of the source that is most likely Debian's own, of those that have one of these suites."""
    wanted, sources = set(names), tuple(sources)
    also = {f"{name}-updates" for name in (codename, *_MOVING)}
    with_updates = {uri for source in sources if not also.isdisjoint(source.suites) for uri in source.uris}
    found = [
        ("debian-archive" in source.signed_by, uri in with_updates, codename in suite, mirror)
        for source in sources
        if "main" in source.components
        for suite in source.suites
        if suite in wanted
        for uri in source.uris
        if "$(" not in uri and (mirror := _mirror(uri, root))
    ]
    # of those that are as good as each other, the first
    return max(found, key=lambda one: one[:3])[3] if found else None


def _mirror(uri: str, root: Path) -> Mirror | None:
    """An address as apt writes it; of a list of mirrors its first. None for ways that only apt knows."""
    kind, colon, rest = uri.partition(":")
    if colon and kind == "mirror+file":
        return _first_of(root / unquote(urlsplit(uri).path).lstrip("/"), root)
    if colon and kind in ("file", "copy"):
        uri = f"file://{urlsplit(f'file:{rest}').path}"
    with suppress(UserInputError):
        return read_mirror("apt", uri.rstrip("/"))
    return None


def _first_of(path: Path, root: Path) -> Mirror | None:
    with suppress(OSError):
        for line in _text(path).splitlines():
            uri = line.partition("#")[0].split()
            if uri and not uri[0].startswith("mirror"):
                return _mirror(uri[0], root)
    return None


def _of_lines(text: str) -> Iterator[AptSource]:
    """`deb [OPTIONS] URI SUITE COMPONENT…`"""
    for line in text.splitlines():
        match = _LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            _, options, uri, suite, components = match.groups()
            given = dict(option.partition("=")[::2] for option in (options or "").split())
            signed_by = given.get("signed-by", "")
            yield AptSource(uris=(uri,), suites=(suite,), components=(*components.split(),), signed_by=signed_by)


def _of_stanzas(text: str) -> Iterator[AptSource]:
    """`Types:`, `URIs:`, `Suites:`, `Components:`; a key may stand below `Signed-By:` itself, and is passed over."""
    for stanza in re.split(r"\n[ \t]*\n", _without_comments(text)):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in _NO:
            continue
        yield AptSource(
            uris=(*fields.get("uris", "").split(),),
            suites=(*fields.get("suites", "").split(),),
            components=(*fields.get("components", "").split(),),
            signed_by=fields.get("signed-by", ""),
        )


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def _fields(stanza: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1] in (" ", "\t"):
            found[name] = f"{found.get(name, '')} {line.strip()}"
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found[name] = value.strip()
    return found


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST).decode(errors="replace")


_READERS = {".list": _of_lines, ".sources": _of_stanzas}
