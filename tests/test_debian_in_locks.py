"""Whatever Debian has, a lock holds it, and gives it back as it was: read the short way, nothing left over."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.debian.index import open_universe
from envlock.debian.release import IndexFile
from envlock.lockfile.as_written import AsWritten
from envlock.lockfile.reader import lock_of
from envlock.lockfile.writer import lock_text
from envlock.model.lock import DebianPackage
from envlock.system.cache import Cache
from tests.support.debian_archive import archive
from tests.support.debian_universe import indexes_of, real_indexes
from tests.support.locks import DEBIAN_LOCK

(PLATFORM,) = DEBIAN_LOCK.platforms


def newest(indexes: Sequence[IndexFile], cache: Path) -> tuple[DebianPackage, ...]:
    universe = open_universe(indexes, Cache(cache))
    return tuple(found[0].package for found in map(universe.candidates, universe.names()) if found)


def check(packages: tuple[DebianPackage, ...]) -> None:
    assert packages
    lock = replace(DEBIAN_LOCK, platforms=(replace(PLATFORM, debian=packages, conda=(), pip=()),))
    text = lock_text(lock)
    assert "sha256 = " not in AsWritten(text).rest
    found = lock_of("env.lock", text)
    assert found.platforms[0].debian == packages
    assert lock_text(found) == text


def test_what_images_of_the_tests_are_made_of(tmp_path: Path) -> None:
    check(newest(indexes_of(archive()), tmp_path))


@pytest.mark.full
def test_every_package_of_debian(tmp_path: Path) -> None:
    check(newest(real_indexes(), tmp_path))
