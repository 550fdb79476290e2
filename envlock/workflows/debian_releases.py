"""The release of one suite, verified: asked for once a run, kept, and asked for again only whether it changed."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from envlock.debian.release import Limits, Release, read_release, require_current
from envlock.debian.signatures import Keyring
from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.words import did_you_mean
from envlock.sources.archive_files import ArchiveFiles
from envlock.system.body import UNCHANGED, Body
from envlock.system.cache import typed
from envlock.system.secrets import redact
from envlock.workflows.context import Context

_RELEASES = "debian-releases"
_FILE = "InRelease"
_MOST = 4 << 20  # bytes; that of a large suite has 150 kB
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# suites of today, for those who slip where no mirror tells its own
_SUITES = ("bullseye", "bookworm", "trixie", "forky", "sid")
_FOLDER = re.compile(r'href="(?:\./)?([a-z][A-Za-z0-9.+-]*)/?"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A suite of an archive at `files`, signed by one of `keys`; `alive` unless it is a snapshot of the past."""

    suite: str
    archive: str
    files: ArchiveFiles
    keys: Keyring
    alive: bool = True

    @property
    def path(self) -> str:
        """Its folder in the archive."""
        return f"dists/{self.suite}"

    @property
    def name(self) -> str:
        return self.files.shown(f"{self.path}/{_FILE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a release: its bytes, what told them from others, and when they were last the newest ones."""

    data: bytes
    sha256: str
    etag: str | None
    modified: str | None
    asked: str


def release_of(wanted: Wanted, context: Context, *, again: bool = False) -> Release:
    """The release, of which every byte was signed; `again` where what was got before did not fit its mirror."""
    key = (_RELEASES, wanted.files.url, wanted.suite, wanted.keys, again)
    return context.once(key, lambda: _release(wanted, context, again=again))


def require_new_enough(release: Release, wanted: Wanted, recorded: str | None) -> None:
    """OutsideError where an archive that is alive has an older one than `recorded`."""
    if wanted.alive:
        require_current(release, Limits(recorded=recorded), name=wanted.name)


def _release(wanted: Wanted, context: Context, *, again: bool) -> Release:
    kept = None if again else _kept(wanted, context)
    if context.offline and not wanted.files.is_local:
        return _offline(wanted, kept, context)
    body = wanted.files.read(
        f"{wanted.path}/{_FILE}",
        limit=_MOST,
        etag=kept.etag if kept else None,
        modified=kept.modified if kept else None,
    )
    if body is None:
        raise _unknown(wanted)
    if body is UNCHANGED and kept is None:
        raise OutsideError(f"{wanted.name} answers that nothing changed, though nothing was known of it")
    data = kept.data if body is UNCHANGED and kept else body.data
    release = _verified(data, wanted, now=datetime.now(UTC))
    if not wanted.files.is_local:
        _keep(wanted, data, kept if body is UNCHANGED else body, context)
    return release


def _verified(data: bytes, wanted: Wanted, *, now: datetime | None) -> Release:
    """What a release says; with `now`, one that is what an archive that is alive may have then."""
    now = now if wanted.alive else None
    text = wanted.keys.signed_text(data, name=wanted.name, now=now)
    release = read_release(text, suite=wanted.suite, archive=wanted.archive, name=wanted.name)
    require_current(release, Limits(now=now), name=wanted.name)
    return release


def _offline(wanted: Wanted, kept: Kept | None, context: Context) -> Release:
    if kept is None:
        raise OutsideError(
            f"the release of `{wanted.suite}` is not in the cache, and this is --offline", hint="run it once without"
        )
    if "-" not in wanted.suite:  # all that belongs to a suite is asked for together
        context.progress(f"Debian {wanted.suite} as it was on {kept.asked[:10]} (--offline)")
    return _verified(kept.data, wanted, now=None)  # it was what it may be when it was kept


def _key(wanted: Wanted) -> str:
    return hashlib.sha256(f"{wanted.files.url}/{wanted.path}".encode()).hexdigest()


def _kept(wanted: Wanted, context: Context) -> Kept | None:
    def read(record: Mapping[str, object]) -> Kept:
        sha256 = typed(record["sha256"], str)
        path = context.cache.package(sha256, _FILE)
        data = path.read_bytes() if path else b""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LookupError(sha256)
        etag, modified = (typed(record[name], str) if record[name] else None for name in ("etag", "modified"))
        return Kept(data=data, sha256=sha256, etag=etag, modified=modified, asked=typed(record["asked"], str))

    return context.cache.record(_RELEASES, _key(wanted), read)


def _keep(wanted: Wanted, data: bytes, told: "Body | Kept | None", context: Context) -> None:
    def fill(target: IO[bytes]) -> None:
        target.write(data)

    sha256 = hashlib.sha256(data).hexdigest()
    if not context.cache.intact(sha256, _FILE):
        context.cache.add_package(sha256, _FILE, fill)
    record = {
        "sha256": sha256,
        "etag": told.etag if told else None,
        "modified": told.modified if told else None,
        "asked": datetime.now(UTC).strftime(_TIME),
    }
    context.cache.keep(_RELEASES, _key(wanted), record, lasting=False)


def _unknown(wanted: Wanted) -> EnvlockError:
    """There is no such release: which ones there are, as far as the mirror tells, and the nearest name."""
    where = redact(wanted.files.url)
    there = wanted.files.names("dists", read=lambda page: tuple(sorted(set(_FOLDER.findall(page)))))
    whole, _, part = wanted.suite.partition("-")
    if part and (whole in there or not there):
        return OutsideError(
            f"`{where}` has no `{wanted.suite}`, which `{whole}` is not whole without",
            hint="name another mirror: one with `SUITE-updates`, and with `debian-security` beside it",
        )
    suites = [name for name in there if "-" not in name]
    known = f": it has {', '.join(f'`{name}`' for name in suites[:20])}" if suites else ""
    if wanted.suite in _SUITES and not suites:
        hint: str | None = "an archive's address is that of the folder with `dists` and `pool` in it"
    else:
        hint = did_you_mean(wanted.suite, suites or _SUITES) or "`suite` is a codename, such as `bookworm`"
    return UserInputError(f"`{where}` has no suite `{wanted.suite}`{known}", hint=hint)
