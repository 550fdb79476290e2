"""A base of Debian's packages in a lock, held against env.toml and against itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, DebianPackage, Lock, PlatformLock
from envlock.model.spec import CondaSpec, DebianSpec, EnvSpec, ImageSpec, PipSpec
from tests.support.answering_lock import conda, pip, said
from tests.support.debian_lock import GROUP, MANIFEST, PYTHON, base_lock, debian, relock
from tests.support.processes import run
from tests.support.projects import Project, new_project

TOOL = debian("tool", "1:2.0-1", "libc6 (>= 2.36)", "libtool (>= 1.5)", "pager | less")
LIBTOOL = debian("libtool", "1.6-1+b2", "libc6 (>= 2.14)")
LESS = debian("less", "590-2.1", "libc6 (>= 2.34)", provides=("pager",))
MINE = (TOOL, LIBTOOL, LESS)


def spec_of(*packages: str, python: str | None = None, pip: tuple[str, ...] = (), **more: object) -> EnvSpec:
    debian_spec = DebianSpec(suite="bookworm", packages=tuple(sorted(packages)))
    spec = EnvSpec(name="small", python=python, pip=PipSpec(dependencies=pip), image=ImageSpec(debian=debian_spec))
    return replace(spec, **more)  # type: ignore[arg-type]


SPEC = spec_of("tool")
LOCK = base_lock(SPEC, *GROUP, *MINE)


def with_packages(*changed: DebianPackage, without: tuple[str, ...] = (), lock: Lock = LOCK) -> Lock:
    """The lock with some packages in other states, or without some; nothing else is changed by it."""
    (platform,) = lock.platforms
    found = {p.name: p for p in platform.debian} | {p.name: p for p in changed}
    packages = tuple(found[name] for name in sorted(found) if name not in without)
    return replace(lock, platforms=(replace(platform, debian=packages),))


def with_base(lock: Lock = LOCK, **changed: object) -> Lock:
    (platform,) = lock.platforms
    return replace(lock, platforms=(replace(platform, base=replace(platform.base, **changed)),))  # type: ignore[arg-type]


def test_a_lock_that_answers() -> None:
    assert said(SPEC, LOCK) == []


@pytest.mark.parametrize(
    "root", ["tool", "tool (>= 1:2.0)", "tool (= 1:2.0-1)", "tool (<< 1:2.0-1+deb12u1)", "libtool (>= 1.6-1)", "pager"]
)
def test_what_is_asked_for_and_met(root: str) -> None:
    spec = spec_of("tool", root)
    assert said(spec, base_lock(spec, *GROUP, *MINE)) == []


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        ("absent", "nothing of that name is locked"),
        ("tool (>= 1:2.0-2)", "1:2.0-1 is locked"),
        ("tool (>= 1:2.0~rc1-9)", None),
        ("tool (>> 1:2.0-1)", "1:2.0-1 is locked"),
        ("libtool (<< 1.6)", "1.6-1+b2 is locked"),
        ("pager (>= 1)", "`less` 590-2.1 provides no version of it"),
    ],
)
def test_what_is_asked_for_in_env_toml(root: str, reason: str | None) -> None:
    spec = spec_of("tool", root)
    expected = [] if reason is None else [f"`{root}` is not met: {reason}"]
    assert said(spec, base_lock(spec, *GROUP, *MINE)) == expected


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        ("libtool (>= 2)", "1.6-1+b2 is locked"),
        ("libtool (= 1.6-1)", "1.6-1+b2 is locked"),
        ("absent", "nothing of that name is locked"),
        ("absent | missing", "nothing of these names is locked"),
        ("absent | libtool (>= 2)", "libtool 1.6-1+b2 is locked"),
        ("absent | libtool (>= 1.6)", None),
        ("libtool:any (>= 1.6)", None),
        ("libtool:amd64", None),
        ("libtool:i386", "1.6-1+b2 for `amd64` is locked"),
        ("pager", None),
        ("virtual (>= 2)", None),
        ("virtual (>= 3)", "`libtool` 1.6-1+b2 provides 2.1"),
    ],
)
def test_what_a_package_asks_for(need: str, reason: str | None) -> None:
    providing = replace(LIBTOOL, provides=("virtual (= 2.1)",))
    lock = with_packages(replace(TOOL, requires=(*TOOL.requires, need)), providing)
    expected = [] if reason is None else [f"`{need}` is not met (asked for by `tool`): {reason}"]
    assert said(SPEC, lock) == expected


@pytest.mark.parametrize("limits", [("libtool (<< 1.5)",), ("libtool (<< 1.5)", "libtool (>= 1.2)")])
def test_env_toml_is_named_where_it_is_the_other_side(limits: tuple[str, ...]) -> None:
    spec = spec_of("tool", *limits)
    lock = base_lock(spec, *GROUP, TOOL, LESS, debian("libtool", "1.4-1"))
    assert said(spec, lock) == [
        "`libtool (>= 1.5)` is not met (asked for by `tool`): 1.4-1 is locked, and env.toml asks for `libtool (<< 1.5)`"
    ]


@pytest.mark.parametrize(
    ("conflict", "reason"),
    [
        ("libtool (<< 1.6)", None),
        ("libtool (<< 1.7)", "`libtool` 1.6-1+b2 is locked"),
        ("pager", "`less` 590-2.1 is locked"),
        ("tool", None),
        ("absent", None),
    ],
)
def test_what_cannot_be_beside_each_other(conflict: str, reason: str | None) -> None:
    lock = with_packages(replace(TOOL, conflicts=(conflict,), provides=("tool",)))
    expected = [] if reason is None else [f"`tool` cannot be beside `{conflict}`: {reason}"]
    assert said(SPEC, lock) == expected


def test_one_of_a_kind_may_provide_what_it_conflicts_with() -> None:
    agents = debian("agent", "1", provides=("mail-agent",), conflicts=("mail-agent",))
    spec = spec_of("tool", "agent")
    assert said(spec, base_lock(spec, *GROUP, *MINE, agents)) == []


def test_what_nothing_asks_for_is_named_once_with_all_that_it_brings() -> None:
    idle = (debian("idle", "1", "idle-data"), debian("idle-data", "1"), debian("ring", "1", "ring-b"))
    lock = base_lock(SPEC, *GROUP, *MINE, *idle, debian("ring-b", "1", "ring"))
    assert said(SPEC, lock) == [
        "`idle` is locked but nothing asks for it",
        "`ring` is locked but nothing asks for it",
    ]


def test_of_alternatives_the_first_that_is_met_is_asked_for() -> None:
    """As when the second was locked first: it is needed no more."""
    most = debian("most", "5", provides=("pager",))
    spec = spec_of("tool", "most")
    tool = replace(TOOL, requires=("libtool (>= 1.5)", "most | less"))
    assert said(spec, base_lock(spec, *GROUP, tool, LIBTOOL, most)) == []
    assert said(spec, base_lock(spec, *GROUP, tool, LIBTOOL, most, LESS)) == [
        "`less` is locked but nothing asks for it"
    ]


@pytest.mark.parametrize("name", ["base-files", "base-passwd", "dash", "libstdc++6"])
def test_what_every_base_has(name: str) -> None:
    assert said(SPEC, with_packages(without=(name,))) == [
        f"`{name}` is part of every base: nothing of that name is locked"
    ]


def test_a_package_of_another_architecture() -> None:
    assert said(SPEC, with_packages(replace(LIBTOOL, architecture="arm64"))) == [
        "`libtool` is locked for `arm64`, which is another architecture"
    ]
    assert said(SPEC, with_packages(replace(LIBTOOL, architecture="all"))) == []


def test_a_package_of_a_component_that_is_not_asked_for() -> None:
    lock = with_packages(replace(LIBTOOL, file="pool/non-free/libt/libtool/libtool_1.6-1+b2_amd64.deb"))
    assert said(SPEC, lock) == ["`libtool` is locked from `non-free`, which is not among the components"]
    security = with_packages(
        replace(LIBTOOL, file="pool/updates/main/libt/libtool/libtool_1.6-1+b2_amd64.deb", archive="security")
    )
    assert said(SPEC, security) == []


# --- Python ------------------------------------------------------------------------------------------------------

WHEELS = spec_of("tool", python="3.11", pip=("flask",))
FLASK = pip("flask", "3.0.3")
WITH_PYTHON = base_lock(WHEELS, *GROUP, *MINE, *PYTHON, interpreter="python3.11", pip=(FLASK,))


def test_the_python_of_the_suite() -> None:
    assert said(WHEELS, WITH_PYTHON) == []
    anyone = replace(WHEELS, python=None)
    lock = base_lock(anyone, *GROUP, *MINE, *PYTHON, interpreter="python3.11", pip=(FLASK,))
    assert said(anyone, lock) == []


@pytest.mark.parametrize(
    ("spec", "lock", "expected"),
    [
        pytest.param(
            WHEELS,
            with_packages(without=("python3.11", "python3.11-minimal"), lock=WITH_PYTHON),
            [
                "`python3.11` is to bring the Python: nothing of that name is locked",
                "`/usr/bin/python3.11` is recorded, and no package that brings it is locked",
            ],
            id="no package",
        ),
        pytest.param(
            WHEELS,
            with_base(WITH_PYTHON, interpreter=None, python=None),
            ["wheels are locked, and no Python for them in Debian bookworm"],
            id="not recorded",
        ),
        pytest.param(
            WHEELS,
            with_base(WITH_PYTHON, python="3.11.9"),
            ["python 3.11.9 is recorded, and `python3.11` 3.11.2-6+deb12u6 is locked"],
            id="recorded otherwise",
        ),
        pytest.param(
            replace(WHEELS, python="3.11.9"),
            WITH_PYTHON,
            ["`python` is now `3.11.9`: the lock was made for `3.11`"],
            id="an exact one that is asked for now",
        ),
        pytest.param(
            SPEC,
            base_lock(SPEC, *GROUP, *MINE, *PYTHON),
            ["`python3.11` is locked but nothing asks for it"],
            id="for nobody",
        ),
    ],
)
def test_a_python_that_is_not_right(spec: EnvSpec, lock: Lock, expected: list[str]) -> None:
    assert said(spec, lock) == expected


def test_with_conda_there_is_no_python_in_the_base() -> None:
    spec = spec_of("tool", python="3.11", conda=CondaSpec(dependencies=("numpy",)))
    lock = base_lock(spec, *GROUP, *MINE)
    (platform,) = lock.platforms
    brought = replace(platform, conda=(conda("numpy", "1.26.4", "python >=3.11"), conda("python", "3.11.7")))
    assert said(spec, replace(lock, platforms=(brought,))) == []


# --- another base ------------------------------------------------------------------------------------------------

IMAGE = EnvSpec(name="small", image=ImageSpec(base="debian:trixie-slim"))
IMAGE_BASE = Base(reference="debian:trixie-slim", digest=f"sha256:{'d' * 64}", glibc="2.41", shell="/bin/sh")


def locked_with(spec: EnvSpec, base: Base, *packages: DebianPackage) -> Lock:
    lock = replace(LOCK, inputs=replace(LOCK.inputs, base=spec.base, debian=spec.image.debian))
    return replace(lock, platforms=(PlatformLock(platform="linux-64", base=base, debian=packages),))


@pytest.mark.parametrize(
    ("spec", "lock", "expected"),
    [
        pytest.param(
            replace(SPEC, image=ImageSpec(debian=DebianSpec(suite="trixie", packages=("tool",)))),
            replace(LOCK, inputs=replace(LOCK.inputs, debian=DebianSpec(suite="trixie", packages=("tool",)))),
            ["Debian trixie is asked for: Debian bookworm is locked"],
            id="another suite",
        ),
        pytest.param(
            IMAGE,
            locked_with(IMAGE, LOCK.platforms[0].base, *LOCK.platforms[0].debian),
            ["base `debian:trixie-slim` is asked for: Debian bookworm is locked"],
            id="an image is asked for",
        ),
        pytest.param(
            IMAGE,
            locked_with(IMAGE, IMAGE_BASE, LIBTOOL),
            ["`libtool` is locked, a package of Debian's, beside base `debian:trixie-slim`"],
            id="packages are left over",
        ),
        pytest.param(
            SPEC,
            locked_with(SPEC, IMAGE_BASE, *LOCK.platforms[0].debian),
            ["Debian bookworm is asked for: base `debian:trixie-slim` is locked"],
            id="an image is locked",
        ),
        pytest.param(
            SPEC,
            with_base(glibc="2.41"),
            ["glibc 2.41 is recorded, and `libc6` 2.36-9+deb12u10 is locked"],
            id="glibc of another branch",
        ),
        pytest.param(
            SPEC,
            with_base(shell="/opt/sh"),
            ["shell /opt/sh is recorded, and `dash` 0.5.12-2 is locked"],
            id="another shell",
        ),
        pytest.param(
            SPEC,
            with_base(dates=()),
            ["no dates of Debian bookworm are recorded, by which older indexes are refused"],
            id="no dates",
        ),
    ],
)
def test_another_base(spec: EnvSpec, lock: Lock, expected: list[str]) -> None:
    assert said(spec, lock) == expected


def test_a_base_that_is_too_old_for_what_is_declared() -> None:
    spec = spec_of("tool", systems=(("linux-64", replace(SPEC.system("linux-64"), glibc="2.39")),))
    assert said(spec, base_lock(spec, *GROUP, *MINE)) == [
        "Debian bookworm has glibc 2.36, and packages are chosen for glibc 2.39"
    ]


def test_a_platform_without_images_has_no_packages() -> None:
    spec = replace(SPEC, platforms=("osx-arm64",))
    lock = replace(LOCK, inputs=replace(LOCK.inputs, platforms=("osx-arm64",), systems=()))
    lock = replace(
        lock,
        inputs=type(lock.inputs).of(spec),
        platforms=(PlatformLock(platform="osx-arm64", base=Base()),),
    )
    assert said(spec, lock) == []


# --- whole commands ----------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Of which `tool`, `less` and `other` are asked for, and locked."""
    found = new_project(tmp_path / "small", MANIFEST, cache=tmp_path / "cache")
    relock(found, *MINE, debian("other", "1.0-1"))
    return found


def test_a_lock_is_read_as_it_was_written(project: Project) -> None:
    lock = read_lock(project.lockfile)
    assert lock_text(lock) == project.lockfile.read_text()
    assert project.call("check") == (0, "", "")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"tool",', '"tool (>= 1:3)",', "linux-64: `tool (>= 1:3)` is not met: 1:2.0-1 is locked (env.toml:7)"),
        (
            '"less",\n',
            '"less",\n    "git",\n',
            "linux-64: `git` is not met: nothing of that name is locked (env.toml:9)",
        ),
        ('    "other",\n', "", "linux-64: `other` is locked but nothing asks for it"),
    ],
)
def test_reasons_name_the_line(project: Project, old: str, new: str, expected: str) -> None:
    project.change(old, new)
    assert project.call("check") == (
        1,
        f"env.lock does not answer env.toml\n  {expected}\n",
        "hint: run `envlock lock`\n",
    )


def test_the_order_of_packages_and_where_they_are_found_do_not_matter(project: Project) -> None:
    text = project.manifest.read_text()
    project.manifest.write_text(
        text.replace('"tool",\n    "less",', '"less",\n    "tool",') + 'mirror = "https://mirror.test/debian"\n'
    )
    assert project.call("check") == (0, "", "")


def git(project: Project, *arguments: str) -> str:
    identity = ("-c", "user.name=Kim", "-c", "user.email=kim@envlock.test")
    return run(("git", "-C", project.folder, *identity, *arguments))


def commit(project: Project, message: str) -> None:
    """Commits what check is content with."""
    assert project.call("check") == (0, "", "")
    git(project, "add", "env.toml", "env.lock")
    git(project, "commit", "--quiet", "--message", message)


def merged(project: Project, one: Callable[[], None], other: Callable[[], None]) -> None:
    """What git makes of two branches, which it merges without a conflict."""
    commit(project, "start")
    git(project, "switch", "--quiet", "--create", "one")
    one()
    commit(project, "one")
    git(project, "switch", "--quiet", "-")
    other()
    commit(project, "other")
    git(project, "merge", "--quiet", "--no-edit", "one")
    assert git(project, "status", "--short") == ""


def test_two_clean_branches_merge_into_a_lock_that_is_wrong(project: Project) -> None:
    """One raises `tool`, which needs a newer library than there is where the other held that back."""
    other = debian("other", "1.0-1")
    newer = debian("libtool", "1.9-1", "libc6 (>= 2.14)")
    before = replace(TOOL, requires=("libc6 (>= 2.36)", "libtool (>= 1.5)", "pager | less"))
    # between what the two change in either file there are lines that neither does
    text = project.manifest.read_text().replace(
        '    "tool",\n    "less",\n', '    "libtool",\n    "less",\n    "mawk",\n    "tool",\n'
    )
    project.manifest.write_text(text)
    relock(project, before, newer, LESS, other)

    def raised() -> None:
        project.change('    "tool",', '    "tool (>= 1:2.1)",')
        relock(project, debian("tool", "1:2.1-1", "libtool (>= 1.8)", "pager | less"), newer, LESS, other)

    def held() -> None:
        project.change('    "libtool",', '    "libtool (<< 1.7)",')
        relock(project, before, LIBTOOL, LESS, other)

    merged(project, raised, held)
    expected = (
        "linux-64: `libtool (>= 1.8)` is not met (asked for by `tool`): 1.6-1+b2 is locked, "
        "and env.toml asks for `libtool (<< 1.7)`"
    )
    assert project.call("check") == (
        1,
        f"env.lock does not answer env.toml\n  {expected}\n",
        "hint: run `envlock lock`\n",
    )


def test_one_adds_what_the_other_made_impossible(project: Project) -> None:
    other = debian("other", "1.0-1")

    def one() -> None:
        project.change('    "tool",\n', '    "postfix",\n    "tool",\n')
        relock(project, *MINE, other, debian("postfix", "3.7", provides=("mta",), conflicts=("mta",)))

    def two() -> None:
        project.change('    "other",\n', '    "other",\n    "exim4",\n')
        relock(project, *MINE, other, debian("exim4", "4.96", provides=("mta",)))

    merged(project, one, two)
    expected = "linux-64: `postfix` cannot be beside `mta`: `exim4` 4.96 is locked (env.toml:7)"
    assert project.call("check") == (
        1,
        f"env.lock does not answer env.toml\n  {expected}\n",
        "hint: run `envlock lock`\n",
    )


def test_read_manifest_is_what_the_lock_is_made_for(project: Project) -> None:
    assert read_manifest(project.manifest).image.debian == DebianSpec(
        suite="bookworm", packages=("less", "other", "tool")
    )
