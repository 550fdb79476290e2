"""A release of an archive: what its signed `InRelease` says of the indexes below it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from envlock.errors import OutsideError, UserInputError, escaped
from envlock.model.words import did_you_mean

# the forms of an index, the smallest first
FORMS = (".xz", ".gz", "")
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"[0-9]{1,15}")
# what a path of a release is made of: no way out of its folder, nothing that a URL or a terminal would read otherwise
_PATH = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9_.+~-]+(?:/[A-Za-z0-9_.+~:-]+)*")
# clocks differ, and time zones are set wrongly; an archive of the day after tomorrow is no slip
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a release as `InRelease` lists it; `size` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One suite of one archive. `suite` is as it was asked for ("bookworm-security"), `codename` as it is signed.

    `archive` is "main" or "security"; `date` and `valid_until` are UTC ("2026-11-21T00:53:02Z"); `files` are by their
    path below the release's folder ("main/binary-amd64/Packages.xz"). `all_apart`: packages of the architecture `all`
    have indexes of their own, and stand in no other.
    """

    suite: str
    codename: str
    archive: str
    date: str
    valid_until: str | None = None
    by_hash: bool = False
    architectures: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    all_apart: bool = False
    files: Mapping[str, Listed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """A `Packages` index at hand: verified bytes, compressed as its name says, for one architecture."""

    archive: str
    suite: str
    component: str
    architecture: str
    sha256: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a release is too old or too new, for an archive that is alive: `recorded` is the date of the one before;
    without `now`, nothing is compared with this machine's clock."""

    now: datetime | None = None
    recorded: str | None = None


def read_release(text: bytes, *, suite: str, archive: str, name: str) -> Release:
    """What a signed text says of a suite; OutsideError with `name` for what is no release, or that of another suite."""
    try:
        fields = _fields(text.decode())
        release = _release(fields, suite=suite, archive=archive)
    except (ValueError, KeyError) as error:
        what = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else escaped(str(error))
        raise OutsideError(f"`{name}` cannot be read: {what}") from None
    if release.codename != suite:
        signed = escaped(release.codename)
        whole = signed.partition("-")[0]
        hint = "name another mirror" if whole == suite.partition("-")[0] else f"`suite` is a codename: `{whole}`"
        raise OutsideError(f"`{name}` is of `{signed}`, not of `{suite}`", hint=hint)
    return release


def require_current(release: Release, limits: Limits, *, name: str) -> None:
    """OutsideError where a release is past its time, older than the one before it, or from the future."""
    now = limits.now
    if now and release.valid_until and release.valid_until < now.strftime(_TIME):
        raise OutsideError(
            f"`{name}` was valid until {release.valid_until}: its mirror is not kept up",
            hint="name another mirror; of old suites, a snapshot archive with `exclude-newer` has the indexes",
        )
    if limits.recorded and release.date < limits.recorded:
        raise OutsideError(
            f"`{name}` is of {release.date}, older than the one that env.lock was made from ({limits.recorded})",
            hint="its mirror lags behind, or somebody replays an old one: name another mirror",
        )
    if now and release.date > (now + _AHEAD).strftime(_TIME):
        raise OutsideError(
            f"`{name}` is of {release.date}, which is still to come", hint="is this machine's clock right?"
        )


def index_paths(release: Release, component: str, architecture: str, *, name: str) -> tuple[str, ...]:
    """The paths of a `Packages` index, the smallest form first; an error says what there is instead."""
    if component not in release.components:
        known = ", ".join(f"`{c}`" for c in release.components)
        hint = did_you_mean(component, release.components)
        raise UserInputError(f"`{name}` has no component `{component}`: it has {known}", hint=hint)
    if architecture not in release.architectures:
        known = ", ".join(f"`{a}`" for a in release.architectures if a != "all")
        raise OutsideError(f"`{name}` has nothing for `{architecture}`: it has {known}")
    plain = f"{component}/binary-{architecture}/Packages"
    found = tuple(path for end in FORMS if (path := plain + end) in release.files)
    if not found:
        raise OutsideError(f"`{name}` lists no `{plain}` in a form that can be read (.xz, .gz or plain)")
    return found


def _fields(text: str) -> dict[str, str]:
    """The fields of one stanza by name in small letters; lines that go on are kept with their line feeds."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.rstrip("\n").split("\n"):
        if line[:1] in (" ", "\t") and name:
            found[name].append(line)
            continue
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name.strip():
            raise ValueError(f"`{line[:60]}` is no field")
        if name in found:
            raise ValueError(f"`{name}` stands there twice")
        found[name] = [value.strip()]
    return {name: "\n".join(lines) for name, lines in found.items()}


def _release(fields: Mapping[str, str], *, suite: str, archive: str) -> Release:
    architectures = tuple(fields["architectures"].split())
    # the security archive writes `updates/main` for what lies in `main`
    components = tuple(c.rpartition("/")[2] for c in fields["components"].split())
    until = fields.get("valid-until")
    apart = "all" in architectures and fields.get("no-support-for-architecture-all", "").lower() != "packages"
    return Release(
        suite=suite,
        codename=fields["codename"],
        archive=archive,
        date=_time(fields["date"], "Date"),
        valid_until=_time(until, "Valid-Until") if until else None,
        by_hash=fields.get("acquire-by-hash", "").lower() == "yes",
        architectures=architectures,
        components=components,
        all_apart=apart,
        files=dict(_listed(fields["sha256"])),
    )


def _time(text: str, name: str) -> str:
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).strftime(_TIME)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError(f"its {name} is no time: `{text[:60]}`") from None


def _listed(text: str) -> Iterator[tuple[str, Listed]]:
    seen: dict[str, Listed] = {}
    for line in filter(str.strip, text.split("\n")):
        sha256, size, path = (*line.split(), "", "", "")[:3]
        if not (_SHA256.fullmatch(sha256) and _SIZE.fullmatch(size) and _PATH.fullmatch(path)):
            raise ValueError(f"`{line.strip()[:120]}` is no line of its SHA256 list")
        listed = Listed(sha256, int(size))
        if seen.setdefault(path, listed) != listed:
            raise ValueError(f"`{path}` is listed twice, as two files")
        yield path, listed
