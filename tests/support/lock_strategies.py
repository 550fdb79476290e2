"""Locks of every shape, for property tests."""

from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from envlock.model.lock import (
    Base,
    CondaPackage,
    DebianPackage,
    ImageSettings,
    Inputs,
    Lock,
    PipPackage,
    PlatformLock,
)
from envlock.model.platform import System
from envlock.model.spec import DebianSpec, Index

T = TypeVar("T")


def some(values: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, max_size=3).map(tuple)


def pairs(names: st.SearchStrategy[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.dictionaries(names, values, max_size=3).map(lambda found: tuple(sorted(found.items())))


def sets(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(values, max_size=4).map(lambda found: tuple(sorted(found)))


prose = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
words = line.filter(lambda text: bool(text.strip()))
names = st.from_regex(r"[a-z0-9]{1,4}(?:-[a-z0-9]{1,3})?", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}", fullmatch=True)
digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@st.composite
def conda_packages(draw: st.DrawFn, name: str) -> CondaPackage:
    version, build = "3.11.7" if name == "python" else draw(versions), draw(names)
    return CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir=draw(st.sampled_from(["linux-64", "noarch"])),
        file=f"{name}-{version}-{build}" + draw(st.sampled_from([".conda", ".tar.bz2"])),
        sha256=draw(digests),
        size=draw(st.integers(0, 2**40)),
        channel=draw(words),
        requires=draw(sets(words)),
        constrains=draw(sets(words)),
        provides=draw(sets(st.builds("{}=={}".format, names, versions))),
    )


@st.composite
def pip_packages(draw: st.DrawFn, name: str) -> PipPackage:
    version = draw(versions)
    return PipPackage(
        name=name,
        version=version,
        file=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
        sha256=draw(digests),
        size=draw(st.none() | st.integers(0, 2**40)),
        index=draw(words),
        extras=draw(sets(names)),
        requires=draw(sets(st.builds("{}>={}".format, names, versions))),
        requires_python=draw(st.none() | st.builds(">={}".format, versions)),
        uploaded=draw(st.none() | st.just("2024-04-07T19:26:08.123Z")),
    )


debian_names = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,4}", fullmatch=True)
debian_versions = st.from_regex(r"(?:[0-9]:)?[0-9](?:[A-Za-z0-9.+~-]{0,4}[a-z0-9+~])?", fullmatch=True)
one_relation = st.builds(
    "{}{}{}".format,
    debian_names,
    st.sampled_from(["", ":any", ":amd64"]),
    st.just("") | st.builds(" ({} {})".format, st.sampled_from(["<<", "<=", "=", ">=", ">>"]), debian_versions),
)
relations = st.lists(one_relation, min_size=1, max_size=3).map(" | ".join)
dates = st.fixed_dictionaries(
    {"bookworm": st.just("2026-07-11T10:16:37Z")},
    optional={f"bookworm-{part}": st.just("2026-11-21T00:53:02Z") for part in ("security", "updates")},
).map(lambda found: tuple(sorted(found.items())))


@st.composite
def debian_packages(draw: st.DrawFn, name: str) -> DebianPackage:
    version, architecture = draw(debian_versions), draw(st.sampled_from(["amd64", "all"]))
    pool = draw(st.sampled_from(["pool/main/g", "pool/updates/main/liba", "debs"]))
    return DebianPackage(
        name=name,
        version=version,
        architecture=architecture,
        archive=draw(st.sampled_from(["main", "security"])),
        file=f"{pool}/{name}/{name}_{version.rpartition(':')[2]}_{architecture}.deb",
        sha256=draw(digests),
        size=draw(st.integers(0, 2**40)),
        requires=draw(sets(relations)),
        provides=draw(sets(debian_names | st.builds("{} (= {})".format, debian_names, debian_versions))),
        conflicts=draw(sets(relations)),
    )


@st.composite
def debian_bases(draw: st.DrawFn) -> PlatformLock:
    return PlatformLock(
        platform="linux-64",
        base=Base(
            suite="bookworm",
            dates=draw(dates),
            glibc="2.36",
            interpreter=draw(st.none() | st.just("/usr/bin/python3.11")),
            python=draw(st.none() | st.just("3.11.2")),
            shell="/bin/sh",
        ),
        debian=tuple(draw(debian_packages(name)) for name in sorted(draw(st.sets(debian_names, max_size=4)))),
    )


@st.composite
def platforms(draw: st.DrawFn) -> PlatformLock:
    conda, pip = sorted(draw(st.sets(names | st.just("python"), max_size=4))), sorted(draw(st.sets(names, max_size=4)))
    base = st.just(Base(reference="scratch")) | st.builds(
        Base,
        reference=words.filter(lambda text: text != "scratch"),
        digest=digests.map("sha256:".__add__),
        glibc=st.none() | st.just("2.36"),
        interpreter=st.none() | st.just("/usr/bin/python3"),
        python=st.none() | st.just("3.11.7"),
        shell=st.none() | st.just("/bin/sh"),
    )
    return PlatformLock(
        platform="linux-64",
        base=draw(base),
        conda=tuple(draw(conda_packages(name)) for name in conda),
        pip=tuple(draw(pip_packages(name)) for name in pip),
    )


debian_inputs = st.builds(
    DebianSpec,
    suite=st.just("bookworm"),
    packages=sets(debian_names | st.builds("{} (>= {})".format, debian_names, debian_versions)),
    components=sets(names).filter(bool),
    docs=st.booleans(),
)


def over_debian(lock: Lock, debian: DebianSpec, base: PlatformLock) -> Lock:
    """The same, over a base of Debian's packages."""
    inputs = replace(lock.inputs, base=None, interpreter=None, debian=debian)
    platforms = (replace(platform, base=base.base, debian=base.debian) for platform in lock.platforms)
    return replace(lock, inputs=inputs, platforms=tuple(platforms))


indexes = st.builds(Index, name=words, url=st.none() | words, default=st.booleans())
over_images = st.builds(
    Lock,
    inputs=st.builds(
        Inputs,
        python=st.none() | words,
        platforms=st.just(("linux-64",)),
        systems=st.builds(
            System, glibc=st.none() | st.just("2.36"), cuda=st.none() | st.just("12"), archspec=st.none()
        ).map(lambda system: (("linux-64", system),)),
        channels=st.lists(words, max_size=3, unique=True).map(tuple),
        channel_priority=words,
        conda=sets(words),
        pip=sets(st.builds("{}>={}".format, names, versions)),
        indexes=st.lists(indexes, max_size=3, unique_by=lambda index: index.name).map(tuple),
        base=words,
        interpreter=st.none() | st.just("/usr/bin/python3"),
    ).map(lambda inputs: inputs if inputs.channels or inputs.conda else replace(inputs, channel_priority="strict")),
    image=st.builds(
        ImageSettings,
        variables=pairs(st.sampled_from(["A", "_b"]), line),
        user=st.none() | st.just("1000:1000"),
        workdir=st.none() | st.just("/srv"),
        entrypoint=st.none() | some(prose),
        cmd=st.none() | some(prose),
        labels=pairs(line, prose),
        bytecode=st.booleans(),
    ),
    platforms=platforms().map(lambda platform: (platform,)),
)
copies = pairs(st.sampled_from(["./src", "../tool.sh", "./a b/\u00e4"]), digests)


def copying(lock: Lock, copied: tuple[tuple[str, str], ...]) -> Lock:
    """The same with files that are copied, where there is a place for them."""
    if lock.image.workdir is None:
        return lock
    return replace(lock, image=replace(lock.image, copy=tuple(path for path, _ in copied)), copied=copied)


def over_dockerfile(lock: Lock, context: str) -> Lock:
    """The same over what a Dockerfile makes."""
    inputs = replace(lock.inputs, base=None, dockerfile="docker/Dockerfile")
    bases = (replace(platform.base, reference=None, digest=None, context=context) for platform in lock.platforms)
    platforms = tuple(replace(p, base=base) for p, base in zip(lock.platforms, bases, strict=True))
    return replace(lock, inputs=inputs, platforms=platforms)


locks = (
    st.builds(copying, over_images, copies)
    | st.builds(over_debian, over_images, debian_inputs, debian_bases())
    | st.builds(over_dockerfile, over_images, digests)
)
