"""Does a lock answer a manifest that was changed? Each change, and the exact words about it."""

from dataclasses import replace

import pytest

from envlock.model.freshness import problems
from envlock.model.platform import System
from envlock.model.problem import Problem
from envlock.model.spec import CondaSpec, EnvSpec, ImageSpec, Index, PipSpec
from tests.support.answering_lock import JUDGES, LOCK, SPEC, said


def test_a_lock_that_answers() -> None:
    assert problems(SPEC, LOCK, JUDGES) == ()


def test_what_only_describes_is_of_no_account() -> None:
    other = replace(SPEC, name="other", description="another", image=ImageSpec(repository="acme.test/x"))
    assert said(other, LOCK) == []


def with_conda(*dependencies: str, **changes: object) -> EnvSpec:
    wanted = dependencies or SPEC.conda.dependencies
    return replace(SPEC, conda=replace(SPEC.conda, dependencies=wanted, **changes))  # type: ignore[arg-type]


def with_pip(*dependencies: str) -> EnvSpec:
    return replace(SPEC, pip=replace(SPEC.pip, dependencies=dependencies))


def with_system(**changes: str | None) -> EnvSpec:
    return replace(SPEC, systems=(("linux-64", System(**changes)),))


# what is locked for nothing, or unmet, is said once, and not also that the manifest was changed
@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        pytest.param(
            replace(SPEC, python="3.12"),
            [
                "`python` is now `3.12`: the lock was made for `3.11`",
                "`python 3.12.*` is not met: 3.11.7 is locked",
            ],
            id="python",
        ),
        pytest.param(
            replace(SPEC, python="3.11.7"), ["`python` is now `3.11.7`: the lock was made for `3.11`"], id="exact"
        ),
        pytest.param(replace(SPEC, python=None), ["`python` is now not set: the lock was made for `3.11`"], id="unset"),
        pytest.param(
            with_conda("numpy >=1.20"),
            ["`pandas` is locked but nothing asks for it"],
            id="conda removed",
        ),
        pytest.param(
            with_conda("lib-c", "numpy >=1.20", "pandas"),
            ["`lib-c` was not asked for when this was locked"],
            id="conda added, there by chance",
        ),
        pytest.param(
            with_conda("numpy >=1.20", "pandas", "scipy >=1"),
            ["`scipy >=1` is not met: nothing of that name is locked"],
            id="conda added",
        ),
        pytest.param(
            with_conda("numpy >=1.21", "pandas"),
            ["`numpy >=1.21` was `numpy >=1.20` when this was locked"],
            id="conda changed, still met",
        ),
        pytest.param(with_conda("numpy >=2", "pandas"), ["`numpy >=2` is not met: 1.26.4 is locked"], id="conda unmet"),
        pytest.param(
            with_conda("numpy 1.26.4 1", "pandas"), ["`numpy 1.26.4 1` is not met: 1.26.4 0 is locked"], id="build"
        ),
        pytest.param(
            with_conda(channels=("acme", "conda-forge")),
            ["channel `acme` was put before `conda-forge`"],
            id="channels",
        ),
        pytest.param(
            with_conda(channel_priority="flexible"),
            ["`channel-priority` is now `flexible`: the lock was made for `strict`"],
            id="channel priority",
        ),
        pytest.param(
            with_pip("flask<4", "lib-core", "werkzeug"),
            ["`werkzeug` was not asked for when this was locked"],
            id="pip added, there by chance",
        ),
        pytest.param(
            with_pip("click", "flask<4", "lib-core"),
            ["`click` is not met: nothing of that name is locked"],
            id="pip added",
        ),
        pytest.param(
            with_pip('click; python_version >= "3"', "flask<4", "lib-core"),
            ['`click; python_version >= "3"` is not met: nothing of that name is locked'],
            id="pip added with a marker",
        ),
        pytest.param(
            with_pip('click; python_version < "3"', "flask<4", "lib-core"),
            ['`click; python_version < "3"` was not asked for when this was locked'],
            id="pip added, for others",
        ),
        pytest.param(
            with_pip("lib-core"),
            ["`flask` is locked but nothing asks for it"],
            id="pip removed",
        ),
        pytest.param(
            with_pip("flask<4"), ["`lib-core` is no longer asked for"], id="pip removed, conda brings it all the same"
        ),
        pytest.param(
            with_pip("flask<3", "lib-core"), ["`flask<3` is not met: 3.0.3 is locked"], id="pip changed, unmet"
        ),
        pytest.param(
            with_pip("flask<5", "lib-core"),
            ["`flask<5` was `flask<4` when this was locked"],
            id="pip changed, still met",
        ),
        pytest.param(
            with_pip("flask[async]<4", "lib-core"),
            ["`flask[async]<4` is not met: 3.0.3 is locked without extra `async`"],
            id="extra",
        ),
        pytest.param(
            with_pip("flask<4", "lib-core>=6"),
            ["`lib-core>=6` is not met: 5.0 is locked"],
            id="pip unmet by conda",
        ),
        pytest.param(
            with_pip("flask<4", "lib-core[fast]"),
            ["`lib-core[fast]` is not met: 5.0 is locked without extra `fast`"],
            id="an extra of what conda brings that was not asked for then",
        ),
        pytest.param(
            replace(SPEC, pip=replace(SPEC.pip, indexes=(Index(name="acme", url="https://pip.acme.test/simple"),))),
            ["package index `acme` was added"],
            id="indexes",
        ),
        pytest.param(
            with_system(cuda="12.4", glibc="2.36"),
            [
                "`glibc` is now `2.36`: the lock was made for `2.28`",
                "`cuda` is now `12.4`: the lock was made for not set",
            ],
            id="system",
        ),
        pytest.param(
            replace(SPEC, image=ImageSpec(base="debian:12", interpreter="/usr/bin/python3")),
            [
                "`base` is now `debian:12`: the lock was made for `debian:trixie-slim`",
                "`interpreter` is now `/usr/bin/python3`: the lock was made for not set",
            ],
            id="base",
        ),
        pytest.param(
            replace(
                SPEC,
                variables=(("A", "b"),),
                image=ImageSpec(
                    user="1000", workdir="/srv", cmd=("python", "-V"), entrypoint=(), labels=(("a", "b\n"),)
                ),
            ),
            [
                "`variables.A` is `b`: it was not set when this was locked",
                "`user` is `1000`: it was not set when this was locked",
                "`workdir` is `/srv`: it was not set when this was locked",
                "`entrypoint` is `[]`: it was not set when this was locked",
                '`cmd` is `["python", "-V"]`: it was not set when this was locked',
                '`labels.a` is `"b\\n"`: it was not set when this was locked',
            ],
            id="image",
        ),
        pytest.param(
            replace(SPEC, conda=CondaSpec(), pip=PipSpec()),
            [
                "`numpy >=1.20` is no longer asked for",
                "`lib-core` is no longer asked for",
                "`base` is now `python:3.11-slim`: the lock was made for `debian:trixie-slim`",
                "`pandas` is locked but nothing asks for it",
                "`flask` is locked but nothing asks for it",
            ],
            id="nothing",
        ),
    ],
)
def test_a_manifest_that_was_changed(spec: EnvSpec, messages: list[str]) -> None:
    assert said(spec, LOCK) == messages


def test_a_reason_says_of_what_kind_it_is_and_what_it_is_about() -> None:
    assert problems(with_conda("numpy >=2", "scipy"), LOCK, JUDGES) == (
        Problem(
            kind="unmet",
            platform="linux-64",
            subject="numpy >=2",
            message="`numpy >=2` is not met: 1.26.4 is locked",
        ),
        Problem(
            kind="unmet",
            platform="linux-64",
            subject="scipy",
            message="`scipy` is not met: nothing of that name is locked",
        ),
        Problem(
            kind="unasked",
            platform="linux-64",
            subject="pandas",
            message="`pandas` is locked but nothing asks for it",
        ),
    )
