"""What differs between two locks."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.model.changes import BaseChange, Change, Changes, Facts, OnPlatform, ValueChange, changes
from envlock.model.digest import environment_hash
from envlock.model.lock import Base, CondaPackage, ImageSettings, Lock, PipPackage, PlatformLock
from envlock.model.verdicts import verdict
from envlock.system.conda.matching import order
from tests.support.locks import FLASK, LOCK, NUMPY

Package = CondaPackage | PipPackage
BOTH = ("linux-64", "linux-aarch64")
WHEEL = replace(FLASK, name="numpy", version="2.0")


def lock(*packages: Package, platform: str = "linux-64", digest: str = "sha256:1") -> PlatformLock:
    return PlatformLock(
        platform=platform,
        base=Base(reference="base", digest=digest),
        conda=tuple(p for p in packages if isinstance(p, CondaPackage)),
        pip=tuple(p for p in packages if isinstance(p, PipPackage)),
    )


def whole(*platforms: PlatformLock, image: ImageSettings = LOCK.image) -> Lock:
    return replace(LOCK, platforms=platforms, image=image)


def between(before: PlatformLock, after: PlatformLock) -> Changes:
    return changes(before=whole(before), after=whole(after))


def change(
    before: Package | None, after: Package | None, *differs: str, platforms: tuple[str, ...] = BOTH[:1]
) -> Change:
    return Change(
        before=Facts.of(before) if before else None,
        after=Facts.of(after) if after else None,
        differs=differs,
        on=tuple(OnPlatform(platform, before, after) for platform in platforms),
    )


def test_the_first_lock_adds_everything() -> None:
    found = changes(before=None, after=whole(lock(NUMPY, FLASK)))
    assert found.packages == (change(None, FLASK), change(None, NUMPY))
    assert found.base == (BaseChange(on=(("linux-64", None, Base(reference="base", digest="sha256:1")),)),)
    assert (found.kept, found.added, found.image[0].before) == (0, (), None)


def test_nothing_changed() -> None:
    found = between(lock(NUMPY, FLASK), lock(NUMPY, FLASK))
    assert found == Changes(kept=2)
    assert not found


def test_added_removed_and_upgraded() -> None:
    newer, other = replace(FLASK, version="3.1", sha256="9" * 64), replace(FLASK, name="zope")
    assert between(lock(NUMPY, FLASK), lock(newer, other)).packages == (
        change(FLASK, newer, "version"),
        change(NUMPY, None),
        change(None, other),
    )


REBUILT = replace(NUMPY, build="py311h64a7726_1", sha256="8" * 64)


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (NUMPY, REBUILT, ("bytes",)),
        (FLASK, replace(FLASK, sha256="8" * 64), ("bytes",)),
        (NUMPY, replace(NUMPY, channel="acme"), ("source",)),
        (FLASK, replace(FLASK, index="acme", version="4"), ("version", "source")),
        (FLASK, replace(FLASK, groups=("dev",)), ("groups",)),
        (NUMPY, WHEEL, ("version", "kind")),
        (NUMPY, replace(WHEEL, version=NUMPY.version, groups=("dev", "main")), ("kind", "groups")),
        (replace(NUMPY, name="py-numpy"), WHEEL, ("version", "kind")),
        (
            replace(FLASK, index=None, url="https://a.test/1"),
            replace(FLASK, version="4", index=None, url="x"),
            ("version",),
        ),
        (replace(FLASK, index=None, url="https://a.test/1"), replace(FLASK, index=None, path="./a"), ("source",)),
        (replace(FLASK, sha256="", git="g", commit="a"), replace(FLASK, sha256="", git="g", commit="b"), ("bytes",)),
        (FLASK, replace(FLASK, requires=("other",), size=1, uploaded=None), None),
    ],
)
def test_what_differs(before: Package, after: Package, differs: tuple[str, ...] | None) -> None:
    expected = (change(before, after, *differs),) if differs else ()
    assert between(lock(before), lock(after)) == Changes(packages=expected, kept=0 if differs else 1)


def test_another_package_of_a_name_that_stays_is_no_move() -> None:
    found = between(lock(NUMPY), lock(NUMPY, replace(FLASK, name="numpy")))
    assert found.packages == (change(None, replace(FLASK, name="numpy")),)


def test_one_change_on_several_platforms_is_said_once_and_all_are_sorted_by_name() -> None:
    other = replace(FLASK, name="attrs")
    arm = replace(REBUILT, subdir="linux-aarch64", sha256="7" * 64, size=1)
    before = whole(lock(NUMPY), lock(replace(NUMPY, build="x"), platform=BOTH[1]))
    after = whole(lock(REBUILT, other), lock(arm, other, platform=BOTH[1]))
    attrs, numpy = changes(before=before, after=after).packages
    assert attrs == change(None, other, platforms=BOTH)
    assert (numpy.platforms, numpy.differs) == (BOTH, ("bytes",))
    assert [(on.before and on.before.build, on.after and on.after.size) for on in numpy.on] == [
        (NUMPY.build, NUMPY.size),
        ("x", 1),
    ]


def test_a_platform_that_came_or_went_is_told_as_one() -> None:
    one, arm = lock(NUMPY), lock(FLASK, platform=BOTH[1])
    assert changes(before=whole(one), after=whole(one, arm)) == Changes(added=(arm,), kept=1)
    assert changes(before=whole(one, arm), after=whole(one)) == Changes(removed=(arm,), kept=1)


def test_another_base_is_told_once_for_platforms_of_one_reference() -> None:
    olds = [lock(platform=p, digest=f"sha256:{p}") for p in BOTH]
    news = [lock(platform=p, digest=f"sha256:{p}-new") for p in BOTH]
    (base,) = changes(before=whole(*olds), after=whole(*news)).base
    assert (base.platforms, base.before, base.after) == (BOTH, olds[0].base, news[0].base)


def test_another_python_of_the_base() -> None:
    old, new = (replace(lock(), base=Base(reference="base", python=python)) for python in ("3.11.1", "3.11.2"))
    assert between(old, new) == Changes(python=(ValueChange("linux-64", "3.11.1", "3.11.2"),))


def test_image_settings() -> None:
    before = ImageSettings(user="1000", variables=(("A", "1"), ("B", "1")), cmd=("a", 'b"'))
    after = ImageSettings(workdir="/srv", variables=(("A", "2"), ("B", "1")), entrypoint=())
    assert changes(before=whole(image=before), after=whole(image=after)).image == (
        ValueChange("cmd", '["a", "b\\""]', None),
        ValueChange("entrypoint", None, "[]"),
        ValueChange("user", "1000", None),
        ValueChange("variables.A", "1", "2"),
        ValueChange("workdir", None, "/srv"),
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, NUMPY, "added"),
        (NUMPY, None, "removed"),
        # by PEP 440
        (FLASK, replace(FLASK, version="3.10"), "upgraded"),
        (FLASK, replace(FLASK, version="3.0.3rc1"), "downgraded"),
        (FLASK, replace(FLASK, version="3.0.3.0"), "rebuilt"),
        # by conda's own order
        (NUMPY, replace(NUMPY, version="1.26.4post1"), "upgraded"),
        (NUMPY, replace(NUMPY, version="1.26.4dev"), "downgraded"),
        (replace(NUMPY, version="9e"), replace(NUMPY, version="9f"), "upgraded"),
        (NUMPY, replace(NUMPY, version="1..x y"), "changed"),
        (NUMPY, REBUILT, "rebuilt"),
        # what went from one kind to the other has PEP 440's, where it has any
        (NUMPY, WHEEL, "upgraded"),
        (replace(NUMPY, version="9e"), WHEEL, "changed"),
        (NUMPY, replace(WHEEL, version=NUMPY.version), "moved"),
        (NUMPY, replace(NUMPY, channel="acme"), "moved"),
        (NUMPY, replace(NUMPY, groups=("dev",)), "regrouped"),
    ],
)
def test_verdicts(before: Package | None, after: Package | None, expected: str) -> None:
    old, new = ([package] if package else [] for package in (before, after))
    (found,) = between(lock(*old), lock(*new)).packages
    assert verdict(found, {"conda": order}) == expected


def inverse(found: Changes) -> Changes:
    packages = [
        Change(before=c.after, after=c.before, differs=c.differs, on=tuple(OnPlatform(p, a, b) for p, b, a in c.on))
        for c in found.packages
    ]
    return replace(
        found,
        packages=tuple(packages),
        base=tuple(BaseChange(on=tuple((p, a, b) for p, b, a in c.on)) for c in found.base),
        python=tuple(ValueChange(c.key, c.after, c.before) for c in found.python),
        image=tuple(ValueChange(c.key, c.after, c.before) for c in found.image),
        added=found.removed,
        removed=found.added,
    )


def unordered(found: Changes) -> Changes:
    return replace(found, packages=tuple(sorted(found.packages, key=repr)), base=tuple(sorted(found.base, key=repr)))


# locks of few words, so that two of them share much
few = st.sampled_from
conda = st.builds(
    replace,
    st.just(NUMPY),
    version=few(["1", "2"]),
    build=few(["a", "b"]),
    sha256=few(["1" * 64, "2" * 64]),
    channel=few(["acme", "conda-forge"]),
    provides=few([(), ("x==1",), ("y==1",), ("x==1", "y==1")]),
)
pip = st.builds(
    replace,
    st.just(FLASK),
    version=few(["1", "2"]),
    sha256=few(["1" * 64, "2" * 64]),
    index=few(["acme", "pypi"]),
    groups=few([("main",), ("dev",)]),
)


def named(packages: st.SearchStrategy[Package]) -> st.SearchStrategy[list[Package]]:
    """Any of three packages."""
    each = [st.none() | st.builds(replace, packages, name=st.just(name)) for name in "xyz"]
    return st.tuples(*each).map(lambda found: [package for package in found if package])


platform_locks = st.builds(
    lambda a, b, d: lock(*a, *b, digest=d), named(conda), named(pip), few(["sha256:1", "sha256:2"])
)
some_locks = st.dictionaries(few([*BOTH, "osx-64"]), platform_locks, min_size=1).map(
    lambda found: whole(*(replace(locked, platform=name) for name, locked in sorted(found.items())))
)


@given(some_locks)
def test_a_lock_does_not_differ_from_itself(one: Lock) -> None:
    assert changes(before=one, after=one) == Changes(kept=sum(len(p.packages) for p in one.platforms))


@given(st.none() | some_locks, st.none() | some_locks)
def test_the_way_back_is_the_inverse(one: Lock | None, other: Lock | None) -> None:
    there, back = changes(before=one, after=other), changes(before=other, after=one)
    assert unordered(inverse(there)) == unordered(back)


@given(some_locks, some_locks)
def test_only_what_does_not_differ_has_the_same_hash(one: Lock, other: Lock) -> None:
    found = changes(before=one, after=other)
    if not found:
        assert environment_hash(one) == environment_hash(other)
    elif found.base or found.added or found.removed:
        assert environment_hash(one) != environment_hash(other)


@given(some_locks, some_locks)
def test_every_package_is_told_of_once(one: Lock, other: Lock) -> None:
    found = changes(before=one, after=other)
    told = [(on.platform, on.after.node) for c in found.packages for on in c.on if on.after]
    now = [(p.platform, q.node) for p in other.platforms if one.platform(p.platform) for q in p.packages]
    assert len(told) == len(set(told)) == len(now) - found.kept
    assert set(told) <= set(now)
