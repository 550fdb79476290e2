"""Debian's own releases as apt got them: signed by Debian itself, which no archive of the tests is."""

from functools import cache
from pathlib import Path

from tests.support.cache import AMBIENT, made_once
from tests.support.debian_packages import SUITE, SUITES
from tests.support.processes import CommandError, run
from tests.support.services import require, unavailable

LISTS = Path("/var/lib/apt/lists")


@cache
def real_releases() -> dict[str, bytes]:
    """The `InRelease` of each suite: this machine's own, or fetched by apt where it keeps none."""
    return _found(LISTS) or _found(made_once(f"debian-releases-{SUITE}", _fetch) / "lists")


def _found(folder: Path) -> dict[str, bytes]:
    paths = {suite: sorted(folder.glob(f"*_dists_{suite}_InRelease")) for suite in SUITES}
    return {suite: path[0].read_bytes() for suite, path in paths.items()} if all(paths.values()) else {}


def _fetch(folder: Path) -> None:
    (folder / "lists" / "partial").mkdir(parents=True)
    options = ("-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder}")
    try:
        run((require("apt-get", "apt"), "-qq", *options, "update"), environment=AMBIENT, timeout=600)
    except CommandError as error:
        unavailable(f"apt cannot fetch Debian's releases: {error}")
    for path in (folder / "lists").glob("*_Packages*"):
        path.unlink()
