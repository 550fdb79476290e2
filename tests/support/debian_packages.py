"""Debian's own packages, fetched by apt from this machine's sources: by name, with their dependencies."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tests.support.cache import AMBIENT
from tests.support.processes import CommandError, run
from tests.support.services import require, unavailable

SUITE = "bookworm"
SUITES = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")

BASE = ("base-files", "base-passwd", "libc6", "libstdc++6", "dash", "mawk")
PYTHON = ("python3", "python3.11", "ca-certificates", "libgomp1", "libc-bin", "bash", "coreutils", "tzdata", "curl")
# what every Debian has: essential ones, those of priority `required`, and apt
MINIMAL = (
    *("apt", "bsdutils", "debconf", "debian-archive-keyring", "debianutils", "diffutils", "dpkg", "e2fsprogs"),
    *("findutils", "grep", "gzip", "hostname", "init-system-helpers", "login", "logsave", "mount", "ncurses-base"),
    *("ncurses-bin", "passwd", "perl-base", "sed", "sysvinit-utils", "tar", "usr-is-merged", "util-linux"),
)
# alternatives, users and groups, setuid programs, triggers, conffiles, locale data, a large one
MORE = (
    *("adduser", "dbus", "gawk", "git", "less", "libblas3", "libglib2.0-0", "libpam-modules", "libpam-runtime"),
    *("locales", "locales-all", "media-types", "nano", "netbase", "netcat-openbsd", "openssh-client", "openssl"),
    *("procps", "sudo", "tini", "vim-tiny", "wget"),
)
WANTED = {"amd64": (*BASE, *PYTHON, *MINIMAL, *MORE), "arm64": (*BASE, *PYTHON)}
# also as they were at the release, where updates or security fixes have newer ones
OLDER = ("ca-certificates", "libexpat1", "liblzma5", "libssl3", "openssl")
# the oldest version that Debian has anywhere counts as the release's, the newest as one of its updates
UPDATED = ("openssh-client", "tzdata")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A package on disk, the suite it is from, and its path in that suite's archive (`pool/…`)."""

    path: Path
    suite: str
    pool: str


def fetch(folder: Path) -> tuple[Fetched, ...]:
    """Everything wanted, for all architectures, below a folder; what two architectures share is there once."""
    require("apt-get", "apt")
    found = {}
    for architecture in WANTED:
        for package in _fetched(folder / architecture, architecture):
            found[package.suite, package.pool] = package
    return tuple(found[key] for key in sorted(found))


def _fetched(folder: Path, architecture: str) -> Iterator[Fetched]:
    older = folder / "older"
    for part in ("state/lists/partial", "cache/archives/partial", "older"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text("\n".join(_sources()) + "\n")
    options = tuple(_options(folder, architecture))
    apt = ("apt-get", "-qq", *options)
    try:
        run((*apt, "update"))
        run((*apt, "install", "--yes", "--download-only", *WANTED[architecture]), timeout=1800)
        there = {path.name.partition("_")[0] for path in (folder / "cache/archives").glob("*.deb")}
        updated = {name: _oldest_and_newest(options, name) for name in UPDATED if name in there}
        names = (*(f"{name}/{SUITE}" for name in OLDER), *(f"{name}={old}" for name, (old, _) in updated.items()))
        run((*apt, "download", *names), folder=older)
        known = dict(_known(apt))
    except CommandError as error:
        unavailable(f"apt cannot fetch the packages of a test archive: {error}")
    for path in sorted((*(folder / "cache/archives").glob("*.deb"), *older.glob("*.deb"))):
        suite, pool = known[hashlib.sha256(path.read_bytes()).hexdigest()]
        name, version, _ = unquote(path.name).split("_")
        if name in updated:
            suite = dict(zip(updated[name], (SUITE, f"{SUITE}-updates"), strict=True))[version]
        yield Fetched(path=path, suite=suite, pool=pool)


def _oldest_and_newest(options: tuple[str, ...], name: str) -> tuple[str, str]:
    """The versions that all suites together have of a package, at least two."""
    lines = run(("apt-cache", *options, "madison", name)).splitlines()
    versions = [line.split("|")[1].strip() for line in lines]
    assert versions[0] != versions[-1], f"there is only one {name}"
    return versions[-1], versions[0]


def _options(folder: Path, architecture: str) -> Iterator[str]:
    """Apt in folders of its own: of the machine's settings only those of the network are read."""
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Get::Always-Include-Phased-Updates": "true",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "true",
        "Dir::Cache": str(folder / "cache"),
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::Etc::sourcelist": str(folder / "sources.list"),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": str(folder / "state"),
        "Dir::State::status": str(folder / "status"),
    }
    for name, value in settings.items():
        yield from ("-o", f"{name}={value}")


def _sources() -> list[str]:
    """The machine's own sources of the suite, whichever of apt's two formats they are written in."""
    line = "$(RELEASE) $(COMPONENT) $(SIGNED_BY) $(REPO_URI)"
    found = set()
    for target in run(("apt-get", "indextargets", "--format", line, "Created-By: Packages")).splitlines():
        suite, component, *key, uri = target.split()
        if suite in SUITES and component == "main":
            option = f"[signed-by={key[0]}] " if key and key[0].startswith("/") else ""
            found.add(f"deb {option}{uri} {suite} main")
    if len(found) < len(SUITES):
        unavailable(f"apt has no sources of {', '.join(SUITES)} with `main`")
    return sorted(found)


def _known(apt: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, str]]]:
    """By SHA-256: suite and path of each package; where several have it, the first of `SUITES` counts."""
    targets = run((*apt, "indextargets", "--format", "$(RELEASE) $(FILENAME)", "Created-By: Packages"))
    indexes = dict(target.split(" ", 1) for target in targets.splitlines())
    helper = Path("/usr/lib/apt/apt-helper")
    for suite in reversed(SUITES):
        text = run((helper, "cat-file", indexes[suite]), environment={**AMBIENT, "LC_ALL": "C"})
        pools = re.findall(r"^Filename: (.+)$", text, re.MULTILINE)
        hashes = re.findall(r"^SHA256: ([0-9a-f]{64})$", text, re.MULTILINE)
        yield from ((sha256, (suite, pool)) for sha256, pool in zip(hashes, pools, strict=True))
