"""Single edits and clean merges that once passed as a right lock, and right locks that did not pass."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import problems
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import System, virtual_packages
from envlock.model.spec import CondaSpec, EnvSpec, ImageSpec, Index, PipSpec
from envlock.system.conda.matching import matches
from tests.support.answering_lock import JUDGES, LOCK, SPEC, conda, pip, said
from tests.support.processes import run
from tests.support.projects import Project, new_project

(PLATFORM,) = LOCK.platforms
WHEELS = EnvSpec(name="wheels", python="3.11", pip=PipSpec(dependencies=("flask",)))
PYTHON_BASE = Base(
    reference="python:3.11-slim",
    digest=f"sha256:{'d' * 64}",
    glibc="2.36",
    interpreter="/usr/local/bin/python3.11",
    python="3.11.7",
)
SCRATCH = Base(reference="scratch", python="3.11.0")


def lock_of(spec: EnvSpec, base: Base, *packages: CondaPackage | PipPackage) -> Lock:
    """What answers a manifest with these packages."""
    locked = PlatformLock(
        platform="linux-64",
        base=base,
        conda=tuple(p for p in packages if isinstance(p, CondaPackage)),
        pip=tuple(p for p in packages if isinstance(p, PipPackage)),
    )
    return Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))


def conda_spec(
    *dependencies: str, system: System | None = None, channels: tuple[str, ...] = ("conda-forge",)
) -> EnvSpec:
    return EnvSpec(
        name="packages",
        systems=(("linux-64", system or System()),),
        conda=CondaSpec(dependencies=dependencies, channels=channels),
    )


DEBIAN = Base(reference="debian:trixie-slim", digest=f"sha256:{'d' * 64}", glibc="2.41", shell="/bin/sh")


# --- packages of another platform -------------------------------------------------------------------------------


def test_a_package_of_another_platform() -> None:
    spec = conda_spec("tool")
    (tool,) = lock_of(spec, DEBIAN, conda("tool", "1.0")).platforms[0].conda
    for subdir, words in (
        ("noarch", []),
        ("osx-64", ["`tool` is locked for `osx-64`, which is another platform"]),
    ):
        assert said(spec, lock_of(spec, DEBIAN, replace(tool, subdir=subdir))) == words


# --- build numbers, and the folder of a channel ------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        'numpy[build_number=">=1"]',
        'acme::numpy >=1[build_number="3"]',
        "numpy[build_number=>=1, subdir=linux-64]",
        "numpy[subdir='linux-64', build_number='>=1']",
    ],
)
@pytest.mark.parametrize("build", ["py311h64a7726_0", "release", "mkl_py311_7"])
def test_a_build_number_is_not_guessed_from_the_build(spec: str, build: str) -> None:
    assert matches(spec, "numpy", "1.26.4", build, "linux-64")


@pytest.mark.parametrize("spec", ['numpy >=2[build_number=">=1"]', 'numpy[build_number=">=1", subdir="noarch"]'])
def test_the_rest_of_a_spec_with_a_build_number_is_held(spec: str) -> None:
    assert not matches(spec, "numpy", "1.26.4", "py311_1", "linux-64")


# --- the build is named where it matters -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "found"),
    [
        ("lib >=2", "1.5"),
        ("lib >= 2, < 3", "1.5"),
        ("lib==2", "1.5"),
        ("lib~=2.0", "1.5"),
        ("lib >=2|<1", "1.5"),
        ("lib 1.5 py_1", "1.5 py_0"),
        ("lib >= 1.5 py_1", "1.5 py_0"),
        ("lib=1.5=py_1", "1.5 py_0"),
        ("lib 1.5=py_1", "1.5 py_0"),
        ("lib[build='py_1']", "1.5 py_0"),
        ("lib[version='>=2']", "1.5"),
        ("acme::lib", "1.5 from `conda-forge/linux-64`"),
        ("acme::lib >=2 py_1", "1.5 py_0 from `conda-forge/linux-64`"),
        ('lib[subdir="noarch"]', "1.5 from `conda-forge/linux-64`"),
    ],
)
def test_what_is_locked_is_named_as_far_as_it_is_asked_for(need: str, found: str) -> None:
    spec = conda_spec(need, channels=("conda-forge", "acme"))
    package = replace(conda("lib", "1.5"), build="py_0", file="lib-1.5-py_0.conda")
    assert said(spec, lock_of(spec, DEBIAN, package)) == [f"`{need}` is not met: {found} is locked"]


# --- channels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "channel", "is_met"),
    [
        ("acme::lib", "acme", True),
        ("acme/linux-64::lib >=1", "acme", True),
        ("acme/noarch::lib", "acme", False),
        ("acme/label/rc::lib", "acme/label/rc", True),
        ("acme/label/rc::lib", "acme", False),
        ("acme::lib", "acme/label/rc", False),
        ("acme::lib", "conda-forge", False),
        ("acme::lib", "https://conda.anaconda.org/acme", True),
        ("acme::lib", "https://conda.envlock.test/acme", False),
    ],
)
def test_the_channel_that_is_asked_for(need: str, channel: str, is_met: bool) -> None:
    spec = conda_spec(need, channels=(channel,))
    expected = [] if is_met else [f"`{need}` is not met: 1.5 from `{channel}/linux-64` is locked"]
    assert said(spec, lock_of(spec, DEBIAN, replace(conda("lib", "1.5"), channel=channel))) == expected


def test_a_channel_that_a_package_asks_for() -> None:
    spec = conda_spec("tool")
    lock = lock_of(spec, DEBIAN, conda("lib", "1.5"), conda("tool", "1.0", "acme::lib"))
    assert said(spec, lock) == [
        "`acme::lib` is not met (asked for by `tool`): 1.5 from `conda-forge/linux-64` is locked"
    ]


# --- the declared system -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "system", "reason"),
    [
        ("__glibc >=2.17", System(), None),
        ("__glibc >=2.99", System(), "the declared system has 2.28"),
        ("__glibc >=2.17", System(glibc=None), "the declared system has none"),
        ("__cuda >=12", System(), "the declared system has none"),
        ("__cuda >=12", System(cuda="11.8"), "the declared system has 11.8"),
        ("__cuda >=12", System(cuda="12.4"), None),
        ("__linux", System(), None),
        ("__linux", System(linux=None), "the declared system has none"),
        ("__linux >=5", System(), "the declared system has 4.18"),
        ("__unix", System(), None),
        ("__archspec 1 x86_64", System(), None),
        ("__archspec 1 x86_64_v3", System(), "the declared system has 1 x86_64"),
        ("__archspec 1 x86_64_v3", System(archspec="x86_64_v3"), None),
        ("__archspec", System(archspec=None), "the declared system has none"),
        ("__win", System(), "the declared system has none"),
    ],
)
def test_what_packages_require_of_the_system(need: str, system: System, reason: str | None) -> None:
    spec = conda_spec("lib", system=system)
    expected = [f"`{need}` is not met (asked for by `lib`): {reason}"] if reason else []
    assert said(spec, lock_of(spec, DEBIAN, conda("lib", "1.5", need))) == expected


@pytest.mark.parametrize(
    ("cuda", "expected"),
    [
        (None, []),
        ("12.4", []),
        ("11.8", ["`__cuda >=12` is not met (asked for by `lib`): the declared system has 11.8"]),
    ],
)
def test_a_limit_to_the_system_is_of_account_where_there_is_one(cuda: str | None, expected: list[str]) -> None:
    spec = conda_spec("lib", system=System(cuda=cuda))
    assert said(spec, lock_of(spec, DEBIAN, conda("lib", "1.5", constrains=("__cuda >=12",)))) == expected


def test_env_toml_may_ask_something_of_the_system() -> None:
    spec = conda_spec("__cuda >=12", "lib")
    lock = lock_of(spec, DEBIAN, conda("lib", "1.5"))
    assert said(spec, lock) == ["`__cuda >=12` is not met: the declared system has none"]


def test_the_declared_system_in_conda_s_words() -> None:
    everything = System(glibc="2.36", linux="6.1", cuda="12.4", archspec="x86_64_v3")
    assert [(v.name, v.version, v.build) for v in virtual_packages(everything)] == [
        ("__unix", "0", "0"),
        ("__linux", "6.1", "0"),
        ("__glibc", "2.36", "0"),
        ("__cuda", "12.4", "0"),
        ("__archspec", "1", "x86_64_v3"),
    ]
    nothing = System(glibc=None, linux=None, cuda=None, archspec=None)
    assert [v.name for v in virtual_packages(nothing)] == ["__unix"]


# --- what nothing asks for ---------------------------------------------------------------------------------------


def unasked(*names: str) -> list[str]:
    return [f"`{name}` is locked but nothing asks for it" for name in names]


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ([conda("a", "1", "b"), conda("b", "1", "a")], ["a"]),
        ([conda("a", "1", "a")], ["a"]),
        ([conda("a", "1", "b"), conda("b", "1", "c"), conda("c", "1", "b")], ["a"]),
        ([conda("a", "1", "b"), conda("b", "1", "a"), conda("c", "1", "d"), conda("d", "1", "c")], ["a", "c"]),
        ([conda("a", "1", "b"), conda("b", "1", "a"), conda("c", "1", "b")], ["c"]),
        ([conda("a", "1", "lib")], ["a"]),
    ],
)
def test_conda_packages_that_only_ask_for_one_another(more: list[CondaPackage], names: list[str]) -> None:
    spec = conda_spec("lib")
    assert said(spec, lock_of(spec, DEBIAN, conda("lib", "1.5"), *more)) == unasked(*names)


def test_wheels_that_only_ask_for_one_another() -> None:
    lock = lock_of(WHEELS, PYTHON_BASE, pip("flask", "3.0"), pip("pit", "1.0", "trap"), pip("trap", "1.0", "pit"))
    assert said(WHEELS, lock) == unasked("pit")


def test_rings_that_something_asks_for() -> None:
    ring = (pip("flask", "3.0", "pit"), pip("pit", "1.0", "trap"), pip("trap", "1.0", "pit", "trap"))
    assert said(WHEELS, lock_of(WHEELS, PYTHON_BASE, *ring)) == []
    spec = conda_spec("lib")
    assert said(spec, lock_of(spec, DEBIAN, conda("lib", "1.5", "back"), conda("back", "1", "lib"))) == []


def test_what_conda_brings_asks_for_no_wheel() -> None:
    spec = replace(SPEC, pip=PipSpec(dependencies=("pandas",)))
    lock = lock_of(spec, DEBIAN, *PLATFORM.conda, pip("tzdata", "2026.1"))
    assert said(spec, lock) == unasked("tzdata")


# --- where packages and the base come from -----------------------------------------------------------------------


def test_a_lock_of_wheels_alone_that_answers() -> None:
    assert said(WHEELS, lock_of(WHEELS, PYTHON_BASE, pip("flask", "3.0"))) == []


def test_a_channel_that_nobody_named() -> None:
    edited = (replace(PLATFORM.conda[0], channel="elsewhere"), *PLATFORM.conda[1:])
    assert said(SPEC, replace(LOCK, platforms=(replace(PLATFORM, conda=edited),))) == [
        "`numpy` is locked from `elsewhere`, which is not among the channels"
    ]


@pytest.mark.parametrize(("index", "is_known"), [("pypi", True), ("ours", True), ("elsewhere", False)])
def test_an_index_that_nobody_named(index: str, is_known: bool) -> None:
    ours = Index(name="ours", url="https://wheels.envlock.test/simple")
    spec = replace(WHEELS, pip=replace(WHEELS.pip, indexes=(ours,)))
    expected = [] if is_known else ["`flask` is locked from `elsewhere`, which is not among the package indexes"]
    assert said(spec, lock_of(spec, PYTHON_BASE, pip("flask", "3.0", index=index))) == expected


def with_image(**image: str) -> EnvSpec:
    return replace(WHEELS, image=ImageSpec(**image))  # type: ignore[arg-type]


NO_PYTHON = ["wheels are locked, and no Python for them in base `python:3.11-slim`"]
OLD_GLIBC = ["base `python:3.11-slim` has glibc 2.17, and packages are chosen for glibc 2.28"]


@pytest.mark.parametrize(
    ("spec", "base", "expected"),
    [
        (WHEELS, replace(PYTHON_BASE, reference="python:3.11"), [
            "base `python:3.11-slim` is asked for: `python:3.11` is locked"
        ]),
        (with_image(interpreter="/opt/python"), PYTHON_BASE, [
            "interpreter `/opt/python` is asked for: `/usr/local/bin/python3.11` is locked"
        ]),
        (with_image(interpreter="/opt/python"), replace(PYTHON_BASE, interpreter="/opt/python"), []),
        (WHEELS, replace(PYTHON_BASE, glibc="2.17"), OLD_GLIBC),
        (WHEELS, replace(PYTHON_BASE, glibc="2.9"), [OLD_GLIBC[0].replace("2.17", "2.9")]),
        (WHEELS, replace(PYTHON_BASE, glibc="2.28"), []),
        (WHEELS, replace(PYTHON_BASE, glibc=None), [
            "base `python:3.11-slim` has no glibc, which packages are made for"
        ]),
        (WHEELS, replace(PYTHON_BASE, python="3.12.1"), [
            "Python 3.11 is asked for: 3.12.1 is locked in base `python:3.11-slim`"
        ]),
        (replace(WHEELS, python="3.11.8"), PYTHON_BASE, [
            "Python 3.11.8 is asked for: 3.11.7 is locked in base `python:3.11-slim`"
        ]),
        (replace(WHEELS, python=None), replace(PYTHON_BASE, reference="python:3.12-slim"), [
            "Python 3.12 is asked for: 3.11.7 is locked in base `python:3.12-slim`"
        ]),
        (WHEELS, replace(PYTHON_BASE, python=None), NO_PYTHON),
        (WHEELS, replace(PYTHON_BASE, interpreter=None), NO_PYTHON),
        (with_image(base="scratch"), SCRATCH, []),
        (with_image(base="scratch"), replace(SCRATCH, python=None), [
            "wheels are locked, and no Python for them in base `scratch`"
        ]),
        (replace(with_image(base="scratch"), python=None), replace(SCRATCH, python=None), []),
    ],
)  # fmt: skip
def test_a_base_that_was_edited(spec: EnvSpec, base: Base, expected: list[str]) -> None:
    assert said(spec, lock_of(spec, base, pip("flask", "3.0"))) == expected


def test_where_the_question_is_another_one_that_is_said_once() -> None:
    spec = replace(WHEELS, python="3.12", image=ImageSpec(base="python:3.12-slim"))
    lock = lock_of(WHEELS, PYTHON_BASE, pip("flask", "3.0"))
    assert said(spec, lock) == [
        "`python` is now `3.12`: the lock was made for `3.11`",
        "`base` is now `python:3.12-slim`: the lock was made for `python:3.11-slim`",
    ]


def test_reasons_about_the_base_name_its_keys() -> None:
    base = replace(PYTHON_BASE, reference="other", glibc="2.17", python="3.12.1")
    lock = lock_of(WHEELS, base, pip("flask", "3.0", index="elsewhere"))
    found = problems(WHEELS, lock, JUDGES)
    assert [(p.kind, p.subject, p.platform) for p in found] == [
        ("origin", subject, "linux-64") for subject in ("indexes", "base", "glibc", "python")
    ]


# --- two clean branches that merge into a wrong lock ---------------------------------------------------------------

BEFORE = """name = "small"

[platform.linux-64]
glibc = "2.28"

[conda]
dependencies = [
    "numpy",
    "pip",
]

[image]
base = "scratch"
"""
NUMPY, PIP = conda("numpy", "1.26.4"), conda("pip", "24.0")


def git(project: Project, *arguments: str) -> None:
    identity = ("-c", "user.name=Kim", "-c", "user.email=kim@envlock.test")
    run(("git", "-C", project.folder, *identity, *arguments))


def merged(project: Project, one: Callable[[], None], other: Callable[[], None]) -> list[str]:
    """What check says of two branches, each of which it is content with, once git merged them."""

    def branch(change: Callable[[], None], message: str) -> None:
        change()
        assert project.call("check").code == 0
        git(project, "add", "env.toml", "env.lock")
        git(project, "commit", "--quiet", "--message", message)

    branch(lambda: relock(project, NUMPY, PIP), "start")
    git(project, "switch", "--quiet", "--create", "other")
    branch(other, "other")
    git(project, "switch", "--quiet", "-")
    branch(one, "one")
    git(project, "merge", "--quiet", "--no-edit", "other")
    result = project.call("check")
    assert result.code == 1
    return [line.strip() for line in result.stdout.splitlines()[1:]]


def relock(project: Project, *packages: CondaPackage | PipPackage, **changes: str) -> None:
    """Writes the lock that `envlock lock` would write for these packages, after a change of env.toml."""
    for old, new in changes.items():
        project.change(old, new)
    project.lockfile.write_text(
        lock_text(lock_of(read_manifest(project.manifest), Base(reference="scratch"), *packages))
    )


def test_one_branch_adds_what_needs_a_newer_glibc_and_the_other_lowers_it(tmp_path: Path) -> None:
    project = new_project(tmp_path / "small", BEFORE, cache=tmp_path / "cache")
    scipy = conda("scipy", "1.12.0", "__glibc >=2.28,<3.0.a0")
    assert merged(
        project,
        lambda: relock(project, NUMPY, PIP, **{'glibc = "2.28"': 'glibc = "2.17"'}),
        lambda: relock(project, NUMPY, PIP, scipy, **{'    "pip",\n': '    "pip",\n    "scipy",\n'}),
    ) == ["linux-64: `__glibc >=2.28,<3.0.a0` is not met (asked for by `scipy`): the declared system has 2.17"]


# --- the line of env.toml ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["install", "build"])
def test_who_needs_a_lock_that_answers_names_the_line(tmp_path: Path, command: str) -> None:
    project = new_project(tmp_path / "small", BEFORE, cache=tmp_path / "cache")
    relock(project, NUMPY, PIP)
    project.change('    "numpy",', '    "numpy >=2",')
    result = project.call("--quiet", command)
    assert (result.code, result.stderr) == (
        1,
        "error: env.lock does not answer env.toml\n"
        "  linux-64: `numpy >=2` is not met: 1.26.4 is locked (env.toml:8)\n"
        "hint: run `envlock lock`\n",
    )
