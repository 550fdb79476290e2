"""What locks of Python projects have in common, whichever tool wrote them: platforms, indexes, files, repositories."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from envlock.errors import UserInputError
from envlock.interchange.addresses import index_url
from envlock.interchange.pip.direct import as_path
from envlock.interchange.pip.index_names import index_name
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.interchange.pip.pythons import platforms_named
from envlock.interchange.pip.requirement_words import LOGIN, without_logins
from envlock.interchange.source import Source
from envlock.model.fields import Document, Table, not_toml
from envlock.model.imported import PinnedFile, Remark
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.model.spec import Index
from envlock.system.secrets import redact
from envlock.system.text_file import display

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>[^/].*)")


class ForeignToml(Document):
    """TOML of another tool: keys that nobody asks for are its own business."""

    def _refuse_unknown(self, table: Table) -> None:
        """Nothing: newer releases of other tools write more."""


def opened(source: Source) -> ForeignToml:
    """UserInputError where it is no TOML."""
    name = display(source.path)
    try:
        return ForeignToml(name, source.text, tomllib.loads(source.text))
    except (ValueError, RecursionError) as error:
        raise not_toml(name, source.text, error) from None


def sha256_of(text: str) -> str | None:
    """Of `sha256:HEX`; None of another kind of hash."""
    kind, _, value = text.partition(":")
    return value if kind == "sha256" and _SHA256.fullmatch(value) else None


def sha256(text: str) -> str:
    """64 hexadecimal digits; ValueError where it is something else."""
    if not _SHA256.fullmatch(text):
        raise ValueError(f"expected a sha256 of 64 hexadecimal digits, got `{text[:80]}`")
    return text


def utc_time(said: datetime | str | None) -> str | None:
    """A time in UTC; None of what is none."""
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else said
        return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if found else None
    except (ValueError, OverflowError):
        return None


def pinned_file(name: str, url: str | None, **more: object) -> PinnedFile:
    """A file, by its name where its URL could hold a secret: then the index says where it is."""
    clean = redact(url) if url and url.startswith(("https://", "http://")) else None
    open_to_all = clean if clean and url and clean == url.partition("#")[0] else None
    return PinnedFile(name=name, url=open_to_all, **more)  # type: ignore[arg-type]


def git_source(url: str, revision: str | None, folder: str | None = None) -> str:
    """`git+https://HOST/PATH@REVISION#subdirectory=FOLDER` of a repository's address, without what is secret."""
    scp = _SCP.fullmatch(url)
    plain = f"ssh://{scp['user']}@{scp['host']}/{scp['path']}" if scp else url.removeprefix("git+")
    parts = urlsplit(plain)
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    address = f"git+{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"
    return address + (f"@{revision}" if revision else "") + (f"#subdirectory={folder}" if folder else "")


def query_of(url: str) -> dict[str, str]:
    """What stands after the `?` of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def asked(name: str, source: str, extras: Iterable[str] = (), marker: str | None = None) -> str:
    """A requirement with its own source, normalised; ValueError where env.toml has no form for it."""
    said = f"[{','.join(sorted(extras))}]" if extras else ""
    return normalized_requirement(f"{name}{said} @ {source}" + (f" ; {marker}" if marker else ""))


def local_path(text: str) -> str:
    """A path in a lock as env.toml writes it; ValueError where it is none that is relative."""
    if not text or text.startswith(("/", "~", "file:")) or "\\" in text or re.match("[A-Za-z]:", text):
        raise ValueError(f"`{text}` is a path of another machine")
    return as_path(text)


@dataclass
class Indexes:
    """The indexes that a lock names, and what comes from each; `default` is the one that env.toml does not name.

    Addresses of other sources are kept without credentials."""

    default: str
    remarks: list[Remark] = field(default_factory=list)
    _of: dict[str | None, set[str]] = field(default_factory=dict)

    def seen(self, url: str | None, package: str) -> str | None:
        """The index as `PinnedPip` has it, of a package that comes from it; ValueError where it is no address."""
        clean = None if url is None or _alike(url, self.default) else self._clean(url)
        self._of.setdefault(clean, set()).add(package)
        return clean

    def _clean(self, url: str) -> str:
        clean = redact(url).replace("/t/***", "")
        remark = Remark(what=f"index {clean}", why=LOGIN)
        if redact(url) != url.rstrip("/") and redact(url) != url and remark not in self.remarks:
            self.remarks.append(remark)
        return index_url(clean)

    def address(self, url: str, package: str) -> str:
        """Where a package of its own is from, without credentials; that these were there is remarked."""
        clean, login = without_logins(url)
        shown = clean.partition("#")[0].partition("?")[0]  # what is asked for there could be a secret, too
        remark = Remark(what=f"{package} @ {shown}", why=LOGIN)
        if login and remark not in self.remarks:
            self.remarks.append(remark)
        return clean

    def named(self) -> tuple[Index, ...]:
        """As env.toml has them: the one that all comes from is the default one, others have what comes from them."""
        others = {url: names for url, names in self._of.items() if url is not None}
        if len(others) == 1 and None not in self._of:
            ((url, _),) = others.items()
            return (Index(name=index_name(url), url=url, default=True),)
        found: list[Index] = []
        for url, names in sorted(others.items()):
            name = index_name(url, [index.name for index in found])
            found.append(Index(name=name, url=url, packages=tuple(sorted(names))))
        return tuple(found)


def _alike(url: str, other: str) -> bool:
    left, right = urlsplit(url), urlsplit(other)
    return (left.scheme, left.hostname, left.path.rstrip("/")) == (right.scheme, right.hostname, right.path.rstrip("/"))


def platforms_of(source: Source, environments: Collection[str], requires_python: str | None) -> tuple[str, ...]:
    """Those that are asked for, else those that the file names, else the default; UserInputError for another."""
    named = platforms_named(environments, requires_python)
    chosen = source.platforms or named or (DEFAULT_PLATFORM,)
    for name in chosen:
        if name not in PLATFORMS:
            known = ", ".join(f"`{each}`" for each in PLATFORMS)
            raise UserInputError(f"`{name}` is no platform that is known", hint=f"known are {known}")
        if named and name not in named:
            listed = ", ".join(f"`{each}`" for each in named)
            raise UserInputError(f"{display(source.path)} is not for `{name}`: it is for {listed}")
    return tuple(sorted(chosen))


def limits_remark(
    document: Document, path: tuple[str, ...], limits: str | None, python: str | None
) -> Iterator[Remark]:
    """Of a range of Pythons, which env.toml has no form for."""
    if limits and not python:
        yield Remark(
            file=document.name,
            what=f"{path[-1]}: {limits}",
            why="env.toml names one Python or none: the base's is taken; `python` says another",
            line=document.line(path),
        )
