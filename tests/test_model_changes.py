"""What differs between two locks."""

from dataclasses import replace

from envlock.model.changes import Change, Changes, changes
from envlock.model.lock import Base, CondaPackage, Lock, PipPackage, PlatformLock
from tests.support.locks import FLASK, LOCK, NUMPY

BOTH = ("linux-64", "linux-aarch64")


def lock(*packages: CondaPackage | PipPackage, platform: str = "linux-64", digest: str = "sha256:1") -> PlatformLock:
    return PlatformLock(
        platform=platform,
        base=Base(reference="base", digest=digest),
        conda=tuple(p for p in packages if isinstance(p, CondaPackage)),
        pip=tuple(p for p in packages if isinstance(p, PipPackage)),
    )


def between(before: PlatformLock | None, after: PlatformLock) -> Changes:
    old = replace(LOCK, platforms=(before,)) if before else None
    return changes(before=old, after=replace(LOCK, platforms=(after,)))


def change(name: str, before: str | None, after: str | None, *platforms: str) -> Change:
    return Change(name=name, before=before, after=after, platforms=platforms or ("linux-64",))


def test_the_first_lock_adds_everything() -> None:
    assert between(None, lock(NUMPY, FLASK)) == Changes(
        packages=(change("flask", None, "3.0.3"), change("numpy", None, "1.26.4"))
    )


def test_nothing_changed() -> None:
    assert between(lock(NUMPY, FLASK), lock(NUMPY, FLASK)) == Changes(kept=2)


def test_added_removed_and_moved() -> None:
    newer = replace(FLASK, version="3.1", sha256="9" * 64)
    other = replace(FLASK, name="zope")
    assert between(lock(NUMPY, FLASK), lock(newer, other)) == Changes(
        packages=(change("flask", "3.0.3", "3.1"), change("numpy", "1.26.4", None), change("zope", None, "3.0.3"))
    )


def test_another_build_of_one_version_is_a_change() -> None:
    rebuilt = replace(NUMPY, build="py311h64a7726_1", sha256="8" * 64)
    assert between(lock(NUMPY), lock(rebuilt)) == Changes(packages=(change("numpy", "1.26.4", "1.26.4"),))


def test_the_same_bytes_from_elsewhere_are_none() -> None:
    assert between(lock(NUMPY), lock(replace(NUMPY, channel="mirror"))) == Changes()


def test_from_conda_to_pip() -> None:
    wheel = replace(FLASK, name="numpy", version="2.0")
    assert between(lock(NUMPY), lock(wheel)) == Changes(
        packages=(change("numpy", "1.26.4", None), change("numpy", None, "2.0"))
    )


def test_another_base() -> None:
    found = between(lock(digest="sha256:1"), lock(digest="sha256:2"))
    assert found == Changes(base=(("linux-64", "sha256:1", "sha256:2"),))


def both(*first: CondaPackage | PipPackage, second: tuple[CondaPackage | PipPackage, ...]) -> Lock:
    return replace(LOCK, platforms=(lock(*first, platform=BOTH[0]), lock(*second, platform=BOTH[1])))


def test_one_change_on_several_platforms_is_said_once_and_all_are_sorted_by_name() -> None:
    other = replace(FLASK, name="attrs")
    found = changes(before=None, after=both(NUMPY, FLASK, second=(FLASK, other)))
    assert found.packages == (
        change("attrs", None, "3.0.3", BOTH[1]),
        change("flask", None, "3.0.3", *BOTH),
        change("numpy", None, "1.26.4", BOTH[0]),
    )
    assert changes(before=both(NUMPY, second=()), after=both(NUMPY, second=())).kept == 1
