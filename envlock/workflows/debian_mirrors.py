"""Where Debian's archives are: env.toml's word, the environment's, or the machine's own apt sources."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from envlock.errors import UserInputError
from envlock.model.spec import DebianSpec
from envlock.sources.archive_files import ArchiveFiles
from envlock.sources.debian_archives import snapshot_path
from envlock.system.apt_sources import AptMirrors, apt_mirrors
from envlock.system.login import Login
from envlock.system.mirrors import Mirror, read_mirror
from envlock.workflows.context import Context

MIRROR, SNAPSHOT = "ENVLOCK_DEBIAN_MIRROR", "ENVLOCK_DEBIAN_SNAPSHOT"
# as many requests as apt has under way, whatever is being done
AT_ONCE = 4
MAIN, SECURITY = "main", "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """Both archives, and the snapshot archive where one is known."""

    main: Mirror
    security: Mirror
    snapshot: Mirror | None = None

    def login(self, url: str) -> Login | None:
        """Who we are to the server of a URL."""
        known = (self.main, self.security, *([self.snapshot] if self.snapshot else []))
        return next((m.login for m in known if m.login and urlsplit(m.url)[:2] == urlsplit(url)[:2]), None)

    def archive(self, name: str, context: Context) -> ArchiveFiles:
        """The files of an archive, "main" or "security"."""
        return self._files((self.security if name == SECURITY else self.main).url, context)

    def archive_at(self, name: str, time: str, context: Context) -> ArchiveFiles:
        """The same as the snapshot archive has it of a time (UTC, "2026-01-31T12:00:00Z")."""
        assert self.snapshot
        return self._files(f"{self.snapshot.url}/{snapshot_path(name, time)}", context)

    def _files(self, url: str, context: Context) -> ArchiveFiles:
        return ArchiveFiles(url=url, http=lambda: context.http, login=self.login(url))


def mirrors_of(
    debian: DebianSpec, folder: Path, context: Context, *, on_machine: Callable[[], AptMirrors | None] = apt_mirrors
) -> Mirrors:
    """Where what `debian` asks for is looked for; UserInputError where nothing says it. `folder` is env.toml's."""
    given = _given(debian.mirror, MIRROR, folder, context)
    snapshot = _given(debian.snapshot, SNAPSHOT, folder, context)
    if given:
        return Mirrors(main=given, security=_beside(given), snapshot=snapshot)
    found = on_machine()
    if found:
        return Mirrors(main=found.main, security=found.security or _beside(found.main), snapshot=snapshot)
    raise UserInputError(
        "no mirror of Debian is known: this machine has none in its apt sources",
        hint=f"set `mirror` in `[image.debian]`, or {MIRROR}",
    )


def suites_of(suite: str) -> Iterable[tuple[str, str]]:
    """The releases that make up a suite, each with its archive; what is developed has no updates."""
    yield suite, MAIN
    if suite != "sid":
        yield f"{suite}-updates", MAIN
        yield f"{suite}-security", SECURITY


def _given(stated: str | None, variable: str, folder: Path, context: Context) -> Mirror | None:
    if stated:
        if "://" not in stated:
            return Mirror(url=(folder / stated).resolve().as_uri())
        return read_mirror("mirror" if variable == MIRROR else "snapshot", stated)
    value = context.environment.get(variable)
    return read_mirror(variable, value) if value else None


def _beside(main: Mirror) -> Mirror:
    """The security archive as mirrors have it, beside the main one: `…/debian-security`."""
    if not urlsplit(main.url).path.strip("/"):
        raise UserInputError(
            f"`{main.url}` is no folder of a server, so its security archive cannot be found",
            hint="a mirror is named as `https://mirror.test/debian`, with `debian-security` beside it",
        )
    return Mirror(url=f"{main.url}-security", login=main.login)
