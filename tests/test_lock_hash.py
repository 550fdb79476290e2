"""The hashes that name things. The golden values below are a promise: they never change for form 1."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.model.digest import canonical_json, environment_hash, image_key, image_tag, lock_hash, prefix_key
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PlatformLock
from envlock.model.platform import System
from envlock.model.spec import DebianSpec, EnvSpec, ImageSpec, Index
from tests.support.locks import BASE_FILES, DEBIAN_LOCK, FLASK, GIT, LIBC, LOCK, NUMPY

PLATFORM = LOCK.platforms[0]
PIP_ONLY = replace(
    LOCK,
    image=ImageSettings(),
    platforms=(
        PlatformLock(
            platform="linux-64",
            base=Base(
                reference="python:3.11-slim",
                digest="sha256:" + "4" * 64,
                glibc="2.41",
                interpreter="/usr/local/bin/python3.11",
                python="3.11.9",
            ),
            pip=(FLASK,),
        ),
    ),
)
SCRATCH = replace(
    LOCK, image=ImageSettings(), platforms=(PlatformLock(platform="linux-64", base=Base(reference="scratch")),)
)
TWO_PLATFORMS = replace(LOCK, platforms=(PLATFORM, replace(PLATFORM, platform="linux-aarch64", conda=(), pip=())))

DEBIAN = DEBIAN_LOCK.platforms[0]
ASKED = DebianSpec(suite="bookworm", packages=("git", "libc6 (>= 2.36)"), components=("contrib", "main"))


def over_debian(asked: DebianSpec = ASKED, **changes: Any) -> Lock:
    """Debian's packages with a Python for wheels."""
    base = replace(DEBIAN.base, interpreter="/usr/bin/python3.11", python="3.11.2")
    locked = replace(DEBIAN, **{"base": base, "conda": (), **changes})
    return replace(
        DEBIAN_LOCK,
        inputs=replace(DEBIAN_LOCK.inputs, debian=asked),
        image=ImageSettings(),
        platforms=(locked,),
    )


DEBIAN_PYTHON = over_debian()
WITHOUT_DOCS = over_debian(replace(ASKED, docs=False))


def only(lock: Lock) -> str:
    return lock_hash(lock, lock.platforms[0])


# lock, its lock hash, its environment hash, the key of its prefix
GOLDEN = [
    (
        LOCK,
        "40273421e69ad06369517acb1b2b6b442aa7bf0360e9f04b5467b5f4141aa3aa",
        "1a0224d25157ba8753e7d745c9012b6c20af8fd3b5c49a381b8b637e73aa9874",
        "86f940365fc50c76ae5b66cab56ef39aa1e30572ad8862ffe56528a62a8086ea",
    ),
    (
        PIP_ONLY,
        "7705829d30d4b45b0cb70de963c9e1a09617ed91a626fc722fd270af1ec54d6b",
        "195d79c039ac4404251488eee1a0156c2d73763d7ed27207e97ee9a4986275fa",
        "5fe9e25b5f759cc69551728cca645fd8ac3d1cb1702292d7cad536c8672aea58",
    ),
    (
        SCRATCH,
        "8b20f0c350956b437ebad595c190502e549f7dbc19661a75069553ea163550e4",
        "9e02228d5fedd85b1c25533cf039e30d5935a2ad6e4704962c0fa5aa663fbc37",
        "45956f767684ca155fc935266e0c09142aa074fd8168e0005d2b32520e5cf0a0",
    ),
    (
        DEBIAN_LOCK,
        "7af89bd25331b88501db21306082f7b079e6fe6cb81768c0e65f527a0696512b",
        "d879003dedab6eed01d4747084c162f7dd8f8967d5e0c23d0e9dd756a84c957d",
        # what is below it is no part of a prefix
        "86f940365fc50c76ae5b66cab56ef39aa1e30572ad8862ffe56528a62a8086ea",
    ),
    (
        DEBIAN_PYTHON,
        "2f8ea134cbdfa3d23f3249bfed3683a63e415987f8a84fefd43c94374a8cda93",
        "6beea0cc9c818125a1a7dca5df4804ca2d1c6bd2440830eb5306a35636847213",
        "8ca6191c4a0b3bc5f49dd40767825e5fbc9005f0f42deccd0ec5f4944281194e",
    ),
    (
        WITHOUT_DOCS,
        "c390cd21475af2877eb94bae9fcfc83f32367bf3c92c03296a2c6ec85ea9211c",
        "266ca50003282567bb9824a24a32333bfe58570e0beb6d1eed8e9741e1e03080",
        "8ca6191c4a0b3bc5f49dd40767825e5fbc9005f0f42deccd0ec5f4944281194e",
    ),
]

# what the lock hash of LOCK is the SHA-256 of
PREIMAGE = (
    'envlock-lock-hash 1\n{"base":"sha256:3333333333333333333333333333333333333333333333333333333333333333",'
    '"image":{"cmd":["python","-c","print(\\"a\\\\b\\")\\n"],"entrypoint":[],"labels":{"org.acme.team":"ml"},'
    '"user":"1000","variables":{"OMP_NUM_THREADS":"1"},"workdir":"/srv"},'
    '"packages":[{"build":"py311h64a7726_0","kind":"conda","name":"numpy",'
    '"sha256":"1111111111111111111111111111111111111111111111111111111111111111","version":"1.26.4"},'
    '{"kind":"pip","name":"flask",'
    '"sha256":"2222222222222222222222222222222222222222222222222222222222222222","version":"3.0.3"}],'
    '"platform":"linux-64"}'
)

DEBIAN_PREIMAGE = (
    'envlock-lock-hash 1\n{"debian":{"docs":false},"interpreter":"/usr/bin/python3.11","packages":['
    '{"kind":"debian","name":"base-files",'
    '"sha256":"7777777777777777777777777777777777777777777777777777777777777777","version":"12.4+deb12u11"},'
    '{"kind":"debian","name":"git",'
    '"sha256":"5555555555555555555555555555555555555555555555555555555555555555","version":"1:2.39.5-0+deb12u2"},'
    '{"kind":"debian","name":"libc6",'
    '"sha256":"6666666666666666666666666666666666666666666666666666666666666666","version":"2.36-9+deb12u10"},'
    '{"kind":"pip","name":"flask",'
    '"sha256":"2222222222222222222222222222222222222222222222222222222222222222","version":"3.0.3"}],'
    '"platform":"linux-64","python":"3.11.2"}'
)


@pytest.mark.parametrize(("lock", "of_lock", "of_environment", "of_prefix"), GOLDEN)
def test_golden_values(lock: Lock, of_lock: str, of_environment: str, of_prefix: str) -> None:
    assert only(lock) == of_lock
    assert image_key(lock) == of_lock
    assert image_tag(of_lock) == f"lock-{of_lock[:16]}"
    assert environment_hash(lock) == of_environment
    assert prefix_key(lock.platforms[0], lock.platforms[0].python) == of_prefix


def test_golden_values_of_two_platforms() -> None:
    assert image_key(TWO_PLATFORMS) == "15f9571d8900f2418720057c444ef681e892b3a352375ba97785ad6418b9e9c5"
    assert environment_hash(TWO_PLATFORMS) == "7049c96f3e9c73e47f791cd7dfd451af2ce55b40f322f66a3221737dc226405f"


def test_what_is_hashed() -> None:
    assert hashlib.sha256(PREIMAGE.encode()).hexdigest() == only(LOCK)
    assert hashlib.sha256(DEBIAN_PREIMAGE.encode()).hexdigest() == only(WITHOUT_DOCS)


def platform(**changes: Any) -> Lock:
    return replace(LOCK, platforms=(replace(PLATFORM, **changes),))


def inputs(**changes: Any) -> Lock:
    return replace(LOCK, inputs=replace(LOCK.inputs, **changes))


def image(**changes: Any) -> Lock:
    return replace(LOCK, image=replace(LOCK.image, **changes))


ZLIB = replace(NUMPY, name="zlib", sha256="5" * 64)
WERKZEUG = replace(FLASK, name="werkzeug", sha256="6" * 64)

SAME = {
    "channels": inputs(channels=("https://mirror.acme.test/conda-forge",)),
    "indexes": inputs(indexes=(Index(name="acme", url="https://mirror.acme.test/simple"),)),
    "requirements": inputs(conda=("numpy",), pip=("flask",)),
    "system": inputs(systems=(("linux-64", System()),)),
    "order of inputs": inputs(conda=LOCK.inputs.conda[::-1]),
    "where from": platform(conda=(replace(NUMPY, channel="https://mirror.acme.test/c", file="n.tar.bz2", size=1),)),
    "which index": platform(pip=(replace(FLASK, index="acme", file="f.whl", size=None, uploaded=None),)),
    "edges": platform(conda=(replace(NUMPY, requires=(), constrains=(), provides=()),)),
    "name of the base": platform(base=replace(PLATFORM.base, reference="mirror.acme.test/debian@sha256:" + "3" * 64)),
    "read of the base": platform(base=replace(PLATFORM.base, glibc=None, shell=None)),
}


@pytest.mark.parametrize("lock", SAME.values(), ids=SAME.keys())
def test_what_is_not_hashed(lock: Lock) -> None:
    assert lock != LOCK
    assert only(lock) == only(LOCK)
    assert environment_hash(lock) == environment_hash(LOCK)


def test_order_of_packages_is_not_hashed() -> None:
    first = platform(conda=(NUMPY, ZLIB), pip=(FLASK, WERKZEUG))
    other = platform(conda=(ZLIB, NUMPY), pip=(WERKZEUG, FLASK))
    assert only(first) == only(other)
    assert prefix_key(first.platforms[0], None) == prefix_key(other.platforms[0], None)


def test_order_of_variables_is_not_hashed() -> None:
    assert only(image(variables=(("A", "1"), ("B", "2")))) == only(image(variables=(("B", "2"), ("A", "1"))))


def test_another_platform_is_not_hashed() -> None:
    assert lock_hash(TWO_PLATFORMS, TWO_PLATFORMS.platforms[0]) == only(LOCK)
    turned = replace(TWO_PLATFORMS, platforms=TWO_PLATFORMS.platforms[::-1])
    assert (image_key(turned), environment_hash(turned)) == (image_key(TWO_PLATFORMS), environment_hash(TWO_PLATFORMS))


def test_the_interpreter_is_hashed_where_python_is_not_conda_s() -> None:
    base = replace(PIP_ONLY.platforms[0].base, interpreter="/usr/bin/python3")
    other = replace(PIP_ONLY, platforms=(replace(PIP_ONLY.platforms[0], base=base),))
    assert only(other) != only(PIP_ONLY)
    python = replace(NUMPY, name="python", version="3.11.9")
    assert only(platform(conda=(python,))) == only(
        platform(conda=(python,), base=replace(PLATFORM.base, interpreter="/p"))
    )


BASE = DEBIAN_PYTHON.platforms[0].base
SAME_OVER_DEBIAN = {
    "what was asked": over_debian(replace(ASKED, packages=(), components=("main",))),
    "order of components": over_debian(replace(ASKED, components=("main", "contrib"))),
    "dates": over_debian(base=replace(BASE, dates=())),
    "read of packages": over_debian(base=replace(BASE, glibc=None, shell=None)),
    "where from": over_debian(debian=(BASE_FILES, replace(GIT, archive="main", file="pool/git_1_amd64.deb"), LIBC)),
    "edges": over_debian(debian=(BASE_FILES, replace(GIT, requires=(), provides=(), conflicts=()), LIBC)),
    "order of packages": over_debian(debian=(LIBC, GIT, BASE_FILES)),
}


@pytest.mark.parametrize("lock", SAME_OVER_DEBIAN.values(), ids=SAME_OVER_DEBIAN.keys())
def test_what_of_a_base_of_debian_s_packages_is_not_hashed(lock: Lock) -> None:
    assert lock != DEBIAN_PYTHON
    assert only(lock) == only(DEBIAN_PYTHON)
    assert environment_hash(lock) == environment_hash(DEBIAN_PYTHON)


def test_where_debian_s_packages_are_found_is_no_input() -> None:
    spec = EnvSpec(name="e", image=ImageSpec(debian=ASKED))
    places = replace(ASKED, mirror="https://mirror.test/debian", snapshot="./snapshot", keys="./keys.asc")
    assert Inputs.of(replace(spec, image=ImageSpec(debian=places))) == Inputs.of(spec)


DIFFERENT_OVER_DEBIAN = {
    "docs": WITHOUT_DOCS,
    "one package less": over_debian(debian=(BASE_FILES, LIBC)),
    "sha256": over_debian(debian=(BASE_FILES, replace(GIT, sha256="9" * 64), LIBC)),
    "version": over_debian(debian=(BASE_FILES, replace(GIT, version="1:2.39.5-0+deb12u3"), LIBC)),
    "interpreter": over_debian(base=replace(BASE, interpreter="/usr/bin/python3.12")),
    "python": over_debian(base=replace(BASE, python="3.11.3")),
    "no wheels": over_debian(pip=()),
}


def test_what_of_a_base_of_debian_s_packages_is_hashed() -> None:
    hashes = {only(lock) for lock in DIFFERENT_OVER_DEBIAN.values()}
    assert len({only(DEBIAN_PYTHON), *hashes}) == len(DIFFERENT_OVER_DEBIAN) + 1


DIFFERENT = {
    "sha256": platform(conda=(replace(NUMPY, sha256="7" * 64),)),
    "version": platform(conda=(replace(NUMPY, version="1.26.5"),)),
    "build": platform(conda=(replace(NUMPY, build="py311h64a7726_1"),)),
    "one package less": platform(pip=()),
    "base": platform(base=replace(PLATFORM.base, digest="sha256:" + "8" * 64)),
    "platform": platform(platform="linux-aarch64"),
    "user": image(user=None),
    "workdir": image(workdir="/"),
    "no entrypoint of its own": image(entrypoint=None),
    "cmd": image(cmd=()),
    "order of cmd": image(cmd=LOCK.image.cmd[::-1] if LOCK.image.cmd else None),
    "labels": image(labels=()),
    "variables": image(variables=(("OMP_NUM_THREADS", "2"),)),
    "bytecode": image(bytecode=True),
    "copied": replace(LOCK, copied=(("./src", "1" * 64),)),
    "copied from another place": replace(LOCK, copied=(("./lib", "1" * 64),)),
    "another content": replace(LOCK, copied=(("./src", "2" * 64),)),
    "what a Dockerfile makes": platform(base=replace(PLATFORM.base, reference=None, digest=None, context="1" * 64)),
    "of another context": platform(base=replace(PLATFORM.base, reference=None, digest=None, context="2" * 64)),
}


def test_how_later_settings_are_hashed() -> None:
    """Beside what was hashed before, each by its own key."""
    lock = replace(SCRATCH, image=ImageSettings(bytecode=True), copied=(("../b", "2" * 64), ("./a", "1" * 64)))
    base = Base(context="3" * 64)
    lock = replace(lock, platforms=(PlatformLock(platform="linux-64", base=base),))
    told: Any = {"bytecode": True, "copy": {"../b": "2" * 64, "./a": "1" * 64}}
    hashed = rfc8785.dumps({"platform": "linux-64", "dockerfile": "3" * 64, "packages": [], "image": told})
    assert only(lock) == hashlib.sha256(b"envlock-lock-hash 1\n" + hashed).hexdigest()


def test_what_is_hashed_tells_locks_apart() -> None:
    hashes = {name: only(lock) for name, lock in DIFFERENT.items()}
    assert len({only(LOCK), *hashes.values()}) == len(DIFFERENT) + 1


@pytest.mark.parametrize(
    "setting", ["user", "workdir", "no entrypoint of its own", "cmd", "labels", "variables", "base"]
)
def test_a_prefix_is_packages_and_python_alone(setting: str) -> None:
    assert prefix_key(DIFFERENT[setting].platforms[0], "3.11.9") == prefix_key(PLATFORM, "3.11.9")


def test_a_prefix_belongs_to_one_python() -> None:
    assert len({prefix_key(PLATFORM, python) for python in (None, "3.11.9", "3.11.10")}) == 3


# RFC 8785 has only the integers that a double holds exactly
numbers = st.integers(-(2**53) + 1, 2**53 - 1)
text = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["\ud7ff", "\ue000", "\U00010000", "\x7f", "\u2028"]
)
values = st.recursive(
    st.none() | st.booleans() | numbers | text, lambda v: st.lists(v) | st.dictionaries(text, v), max_leaves=20
)


@given(values)
@settings(deadline=None, max_examples=300)
def test_canonical_json(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    assert canonical_json({"\ue000": 1, "\U00010000": 2}) == '{"\U00010000":2,"\ue000":1}'.encode()
