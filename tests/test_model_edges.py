"""Does a lock that was edited, or merged from two, still answer its manifest and itself? The exact words about each."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from envlock.model.lock import CondaPackage, Lock, PipPackage
from envlock.model.match_specs import conda_name
from tests.support.answering_lock import LOCK, SPEC, said


def packages(**changes: Callable[..., object]) -> Lock:
    """The lock with its conda or pip packages edited by name: a function of each, None takes it out."""
    edits = {name.replace("_", "-"): edit for name, edit in changes.items()}
    (platform,) = LOCK.platforms
    new = [edits[p.name](p) if p.name in edits else p for p in platform.packages]
    edited = replace(
        platform,
        conda=tuple(p for p in new if isinstance(p, CondaPackage)),
        pip=tuple(p for p in new if isinstance(p, PipPackage)),
    )
    return replace(LOCK, platforms=(edited,))


def but(**changes: object) -> Callable[..., object]:
    return lambda package: replace(package, **changes)


def gone(package: object) -> None:
    return None


@pytest.mark.parametrize(
    ("lock", "messages"),
    [
        pytest.param(
            packages(lib_c=but(version="6.0", provides=("lib-core==6.0",))), [], id="another version that is as good"
        ),
        pytest.param(
            packages(numpy=but(version="1.19")),
            [
                "`numpy >=1.20` is not met: 1.19 is locked",
                "`numpy >=1.22,<2.0a0` is not met (asked for by `pandas`): 1.19 is locked",
            ],
            id="a version that is too old",
        ),
        pytest.param(
            packages(numpy=but(version="2.1")),
            [
                "`numpy >=1.22,<2.0a0` is not met (asked for by `pandas`): 2.1 is locked",
                "`numpy <2` is not met (asked for by `lib-c`): 2.1 is locked",
            ],
            id="a version that is too new",
        ),
        pytest.param(
            packages(lib_c=gone),
            [
                "`lib-c` is not met (asked for by `pandas`): nothing of that name is locked",
                "`lib-core` is not met: nothing of that name is locked",
            ],
            id="a package taken out",
        ),
        pytest.param(
            packages(python=but(version="3.12.1")),
            [
                "`python 3.11.*` is not met: 3.12.1 is locked",
                "`python >=3.11,<3.12.0a0` is not met (asked for by `numpy`): 3.12.1 is locked",
            ],
            id="another python",
        ),
        pytest.param(
            packages(numpy=but(provides=("numpy==1.9",))),
            ["`numpy>=1.20` is not met (asked for by `flask`): 1.9 is locked"],
            id="what conda provides is too old for a wheel",
        ),
        pytest.param(
            packages(numpy=but(provides=("numpy==2021a_fixed",))),
            [],
            id="a version that is not of Python's kind holds against nothing",
        ),
        pytest.param(
            packages(werkzeug=but(version="2.9")),
            ["`werkzeug>=3` is not met (asked for by `flask`): 2.9 is locked"],
            id="a wheel that is too old",
        ),
        pytest.param(packages(werkzeug=but(version="3.2rc1")), [], id="a pre-release that was locked"),
        pytest.param(
            packages(werkzeug=gone),
            ["`werkzeug>=3` is not met (asked for by `flask`): nothing of that name is locked"],
            id="a wheel taken out",
        ),
        pytest.param(
            packages(flask=but(requires=())),
            ["`werkzeug` is locked but nothing asks for it"],
            id="a need taken out",
        ),
        pytest.param(
            packages(werkzeug=but(file="werkzeug-3.1-cp310-cp310-manylinux_2_17_x86_64.whl")),
            [
                "`werkzeug` has no wheel for Python 3.11.7: "
                "`werkzeug-3.1-cp310-cp310-manylinux_2_17_x86_64.whl` is locked"
            ],
            id="a wheel for another python",
        ),
        pytest.param(
            packages(werkzeug=but(file="werkzeug-3.1-py3-none-manylinux_2_36_x86_64.whl")),
            ["`werkzeug` has no wheel for glibc 2.28: `werkzeug-3.1-py3-none-manylinux_2_36_x86_64.whl` is locked"],
            id="a wheel for a newer glibc",
        ),
        pytest.param(
            packages(werkzeug=but(file="werkzeug.whl")),
            ["`werkzeug` has no wheel for `linux-64`: `werkzeug.whl` is locked"],
            id="no name of a wheel",
        ),
        pytest.param(
            packages(werkzeug=but(requires_python=">=3.12")),
            ["`python >=3.12` is not met (asked for by `werkzeug`): 3.11.7 is locked"],
            id="a wheel that wants another python",
        ),
        pytest.param(replace(LOCK, platforms=()), ["`linux-64` is not locked"], id="no platform"),
        pytest.param(
            replace(LOCK, platforms=(*LOCK.platforms, replace(LOCK.platforms[0], platform="linux-aarch64"))),
            ["`linux-aarch64` is locked but not asked for"],
            id="one platform more",
        ),
        pytest.param(
            replace(LOCK, image=replace(LOCK.image, user="0", variables=(("A", "b"),))),
            ["`user` is no longer set: `0` is locked", "`variables.A` is no longer set: `b` is locked"],
            id="image",
        ),
    ],
)
def test_a_lock_that_was_edited(lock: Lock, messages: list[str]) -> None:
    assert said(SPEC, lock) == messages


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("numpy", "numpy"),
        ("Numpy>=1", "numpy"),
        ("conda-forge::numpy >=1", "numpy"),
        ("conda-forge/linux-64::lib.c_x-y=1.2=0", "lib.c_x-y"),
        ("numpy[version='>=1']", "numpy"),
        ("__glibc >=2.17", "__glibc"),
        ("a!=1", "a"),
        ("a~=1", "a"),
        ("a@x", "a"),
    ],
)
def test_the_name_of_a_match_spec(spec: str, name: str) -> None:
    assert conda_name(spec) == name
