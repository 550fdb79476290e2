"""What a check says of groups, platforms, indexes, upload times and packages with a source of their own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from envlock.model.freshness import problems
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import CondaSpec, EditableProject, EnvSpec, ImageSpec, Index, LockSpec, PipSpec, Wants
from tests.support.answering_lock import JUDGES, conda, pip

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ACME = Index(name="acme", url="https://pip.acme.test/simple", packages=("acme-*", "core"))
SPEC = EnvSpec(
    name="wheels",
    python="3.11",
    pip=PipSpec(dependencies=("flask",)),
    image=ImageSpec(base="scratch"),
)


def lock_of(spec: EnvSpec, *packages: CondaPackage | PipPackage, platforms: tuple[str, ...] = ("linux-64",)) -> Lock:
    """What answers a manifest with these packages, the same on each platform."""
    return Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings.of(spec),
        platforms=tuple(
            PlatformLock(
                platform=name,
                base=Base(reference="scratch" if PLATFORMS[name].has_images else None, python="3.11.0"),
                conda=tuple(p for p in packages if isinstance(p, CondaPackage)),
                pip=tuple(p for p in packages if isinstance(p, PipPackage)),
            )
            for name in platforms
        ),
    )


def said(spec: EnvSpec, lock: Lock) -> list[str]:
    return [p.message for p in problems(spec, lock, JUDGES, now=NOW)]


def asking(*pip: str, **more: object) -> EnvSpec:
    return replace(SPEC, pip=replace(SPEC.pip, dependencies=pip, **more))  # type: ignore[arg-type]


# --- groups --------------------------------------------------------------------------------------------------------

FLASK, CLICK = pip("flask", "3.0", "click"), pip("click", "8.1")
GROUPED = replace(SPEC, groups=(("dev", Wants(pip=("pytest",))), ("docs", Wants(pip=("click", "sphinx")))))
PYTEST, SPHINX = pip("pytest", "8.0", "pluggy", groups=("dev",)), pip("sphinx", "7.0", groups=("docs",))
PLUGGY = pip("pluggy", "1.5", groups=("dev",))
ANSWER = (FLASK, replace(CLICK, groups=("docs", "main")), PYTEST, PLUGGY, SPHINX)


def with_groups(**groups: tuple[str, ...]) -> Lock:
    """The lock that answers, but for the groups of these packages."""
    return lock_of(GROUPED, *(replace(p, groups=groups.get(p.name, p.groups)) for p in ANSWER))


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (with_groups(), []),
        (with_groups(pytest=("main",)), ["`pytest` is needed by group `dev` and locked for group `main`"]),
        (
            with_groups(click=("main",)),
            ["`click` is needed by groups `docs`, `main` and locked for group `main` only"],
        ),
        (
            with_groups(click=("dev", "docs", "main")),
            ["`click` is needed by groups `docs`, `main` and locked for groups `dev`, `docs`, `main`"],
        ),
        # what goes with it is not named again
        (
            with_groups(pytest=("main",), pluggy=("main",)),
            ["`pytest` is needed by group `dev` and locked for group `main`"],
        ),
        (with_groups(pluggy=("docs",)), ["`pluggy` is needed by group `dev` and locked for group `docs`"]),
    ],
)
def test_groups_that_were_edited(lock: Lock, expected: list[str]) -> None:
    assert said(GROUPED, lock) == expected


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((("dev", Wants(pip=("pytest",))),), [
            "group `docs` is gone",
            "`sphinx` is locked but nothing asks for it",
            "`click` is needed by group `main` and locked for groups `docs`, `main`",
        ]),
        ((*GROUPED.groups, ("more", Wants())), ["group `more` is new"]),
        ((("dev", Wants(pip=("pytest>=9",))), GROUPED.groups[1]), ["`pytest>=9` is not met: 8.0 is locked"]),
        ((("dev", Wants(pip=("pytest>=8",))), GROUPED.groups[1]), [
            "`pytest>=8` was `pytest` in group `dev` when this was locked"
        ]),
        ((("dev", Wants(pip=("pytest", "tox"))), GROUPED.groups[1]), [
            "`tox` is not met: nothing of that name is locked"
        ]),
        ((("dev", Wants(pip=("pluggy", "pytest"))), GROUPED.groups[1]), [
            "`pluggy` was not asked for in group `dev` when this was locked"
        ]),
    ],
)  # fmt: skip
def test_groups_of_env_toml_that_were_changed(groups: tuple[tuple[str, Wants], ...], expected: list[str]) -> None:
    assert said(replace(GROUPED, groups=groups), with_groups()) == expected


def test_a_package_that_moved_from_a_group_to_the_main_set() -> None:
    moved = replace(
        GROUPED, pip=PipSpec(dependencies=("flask", "pytest")), groups=(("dev", Wants()), GROUPED.groups[1])
    )
    assert said(moved, with_groups()) == ["`pytest` is needed by group `main` and locked for group `dev`"]


def test_conda_packages_of_a_group_that_wheels_of_another_stand_on() -> None:
    spec = replace(
        SPEC,
        conda=CondaSpec(dependencies=("python",)),
        groups=(("dev", Wants(conda=("numpy",))), ("plot", Wants(pip=("numpy",)))),
    )
    python = conda("python", "3.11.7")
    numpy = conda("numpy", "1.26.4", provides=("numpy==1.26.4",), groups=("dev", "plot"))
    assert said(spec, lock_of(spec, python, numpy, FLASK, CLICK)) == []
    edited = lock_of(spec, python, replace(numpy, groups=("dev",)), FLASK, CLICK)
    assert said(spec, edited) == ["`numpy` is needed by groups `dev`, `plot` and locked for group `dev` only"]


# --- extras --------------------------------------------------------------------------------------------------------


def test_what_only_an_extra_brings() -> None:
    lib = pip("lib", "1.0", 'fast>=2 ; extra == "speed"', extras=("speed",))
    lock = lock_of(asking("lib[speed]"), lib, pip("fast", "2.0"))
    assert said(asking("lib[speed]"), lock) == []
    old = lock_of(asking("lib[speed]"), lib, pip("fast", "1.0"))
    assert said(asking("lib[speed]"), old) == [
        '`fast>=2 ; extra == "speed"` is not met (asked for by `lib`): 1.0 is locked'
    ]
    assert said(asking("lib"), lock) == [
        "`lib` was `lib[speed]` when this was locked",
        "`fast` is locked but nothing asks for it",
    ]


# --- platforms -----------------------------------------------------------------------------------------------------

EVERYWHERE = replace(SPEC, platforms=tuple(sorted(PLATFORMS)), platform_wants=(("win-64", Wants(pip=("colorama",))),))


def test_all_platforms_are_walked() -> None:
    lock = lock_of(EVERYWHERE, FLASK, CLICK, platforms=EVERYWHERE.platforms)
    found = problems(EVERYWHERE, lock, JUDGES)
    assert [(p.platform, p.message) for p in found] == [
        ("win-64", "`colorama` is not met: nothing of that name is locked")
    ]
    newer = replace(EVERYWHERE, pip=PipSpec(dependencies=("flask>=4",)))
    found = problems(newer, lock, JUDGES)
    assert [p.platform for p in found if p.message == "`flask>=4` is not met: 3.0 is locked"] == [*sorted(PLATFORMS)]


@pytest.mark.parametrize(
    ("wants", "expected"),
    [
        ((), ["`colorama` is locked but nothing asks for it"]),
        ((("win-64", Wants(pip=("colorama>=0.4",))),), [
            "`colorama>=0.4` was `colorama` on `win-64` when this was locked"
        ]),
        ((("win-64", Wants(pip=("click", "colorama"))),), [
            "`click` was not asked for on `win-64` when this was locked"
        ]),
        ((("win-64", Wants(conda=("colorama",))),), ["`colorama` is not met: nothing of that name is locked"]),
    ],
)  # fmt: skip
def test_what_is_asked_for_on_one_platform(wants: tuple[tuple[str, Wants], ...], expected: list[str]) -> None:
    spec = replace(SPEC, platforms=("win-64",), platform_wants=EVERYWHERE.platform_wants)
    lock = lock_of(spec, FLASK, CLICK, pip("colorama", "0.4.6"), platforms=("win-64",))
    assert said(spec, lock) == []
    found = said(replace(spec, platform_wants=wants), lock)
    assert found[: len(expected)] == expected or found[-len(expected) :] == expected


@pytest.mark.parametrize(
    ("platform", "declared", "subject"),
    [
        ("linux-64", System(cuda="12", cuda_arch="9.0"), "cuda-arch"),
        ("osx-arm64", replace(PLATFORMS["osx-arm64"].system, macos="11.0"), "macos"),
        ("win-64", replace(PLATFORMS["win-64"].system, windows="10.0.19041"), "windows"),
    ],
)
def test_a_changed_system_is_named_as_env_toml_spells_it(platform: str, declared: System, subject: str) -> None:
    spec = replace(SPEC, platforms=(platform,), pip=PipSpec())
    lock = lock_of(spec, platforms=(platform,))
    found = problems(replace(spec, systems=((platform, declared),)), lock, JUDGES)
    assert subject in [p.subject for p in found]
    (one,) = (p for p in found if p.subject == subject)
    assert one.message.startswith(f"`{subject}` is now `")
    assert one.platform == platform


# --- wheels that cannot run ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "system", "tag", "cause"),
    [
        ("linux-64", {"glibc": "2.17"}, "cp311-cp311-manylinux_2_28_x86_64", "glibc 2.17"),
        ("linux-64", {"glibc": "2.28"}, "cp311-cp311-manylinux_2_28_x86_64", None),
        ("linux-64", {"glibc": "2.17"}, "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", None),
        ("linux-64", {"glibc": "2.12"}, "cp311-cp311-manylinux2014_x86_64", "glibc 2.12"),
        ("linux-64", {}, "cp311-cp311-manylinux_2_28_aarch64", "`linux-64`"),
        ("linux-64", {}, "cp311-cp311-musllinux_1_2_x86_64", "`linux-64`"),
        ("linux-64", {}, "cp311-cp311-win_amd64", "`linux-64`"),
        ("linux-64", {}, "cp312-cp312-manylinux_2_17_x86_64", "Python 3.11.0"),
        ("linux-64", {}, "cp38-abi3-manylinux_2_17_x86_64", None),
        ("linux-64", {}, "py2-none-any", "Python 3.11.0"),
        ("linux-aarch64", {}, "cp311-cp311-manylinux_2_17_x86_64", "`linux-aarch64`"),
        ("osx-arm64", {"macos": "12.0"}, "cp311-cp311-macosx_14_0_arm64", "macOS 12.0"),
        ("osx-arm64", {"macos": "14.0"}, "cp311-cp311-macosx_14_0_arm64", None),
        ("osx-arm64", {"macos": "12.0"}, "cp311-cp311-macosx_13_0_universal2", "macOS 12.0"),
        ("osx-arm64", {}, "cp311-cp311-macosx_10_9_x86_64", "`osx-arm64`"),
        ("osx-64", {}, "cp311-cp311-macosx_10_9_universal2", None),
        ("win-64", {}, "cp311-cp311-win_amd64", None),
        ("win-64", {}, "cp311-cp311-win32", "`win-64`"),
    ],
)
def test_a_wheel_that_does_not_fit(platform: str, system: dict[str, str], tag: str, cause: str | None) -> None:
    declared = replace(PLATFORMS[platform].system, **system)
    spec = replace(asking("torch"), platforms=(platform,), systems=((platform, declared),))
    package = pip("torch", "2.3.0", tag=tag)
    expected = [f"`torch` has no wheel for {cause}: `{package.file}` is locked"] if cause else []
    assert said(spec, lock_of(spec, package, platforms=(platform,))) == expected


def test_what_is_built_here_needs_no_tag() -> None:
    sdist = pip("torch", "2.3.0", file="torch-2.3.0.tar.gz", builds=True)
    assert said(asking("torch"), lock_of(asking("torch"), sdist)) == []


# --- sources of their own ------------------------------------------------------------------------------------------

COMMIT = "4" * 40


def elsewhere(**source: object) -> PipPackage:
    """A package that is from no index."""
    return replace(pip("lib", "1.0"), index=None, **source)  # type: ignore[arg-type]


FILE, FOLDER = (
    elsewhere(path="./lib-1.0-py3-none-any.whl"),
    elsewhere(path="./lib", tree="a" * 64, file="", builds=True),
)
URL = elsewhere(url="https://files.acme.test/lib-1.0-py3-none-any.whl")
REPOSITORY = "git+https://git.acme.test/lib"
GIT = elsewhere(git=f"{REPOSITORY}@v1", commit=COMMIT, file="", builds=True)


@pytest.mark.parametrize(
    ("need", "package", "found"),
    [
        ("lib @ ./lib-1.0-py3-none-any.whl", FILE, None),
        ("lib @ ./other-1.0-py3-none-any.whl", FILE, "`./lib-1.0-py3-none-any.whl`"),
        ("lib @ ./lib", FOLDER, None),
        ("lib[x] @ ./lib", replace(FOLDER, extras=("x",)), None),
        ('lib @ ./lib ; python_version > "3"', FOLDER, None),
        ("lib @ ./lib", pip("lib", "1.0"), "`pypi`"),
        ("lib @ https://files.acme.test/lib-1.0-py3-none-any.whl", URL, None),
        ("lib @ https://files.acme.test/lib-1.0-py3-none-any.whl", FILE, "`./lib-1.0-py3-none-any.whl`"),
        (f"lib @ {REPOSITORY}@v1", GIT, None),
        (f"lib @ {REPOSITORY}@v2", GIT, f"`{REPOSITORY}@v1`"),
        (f"lib @ {REPOSITORY}@v1#subdirectory=py", replace(GIT, subdirectory="py"), None),
        (f"lib @ {REPOSITORY}@v1#subdirectory=py", GIT, f"`{REPOSITORY}@v1`"),
        (f"lib @ {REPOSITORY}@{COMMIT}", replace(GIT, git=f"{REPOSITORY}@{COMMIT}"), None),
        (f"lib @ {REPOSITORY}@{COMMIT}", replace(GIT, git=f"{REPOSITORY}@{COMMIT}", commit="5" * 40), "it"),
        ("lib @ ./lib", conda("lib", "1.0", provides=("lib==1.0",)), "conda"),
    ],
)
def test_a_package_is_from_the_source_that_is_asked_for(
    need: str, package: CondaPackage | PipPackage, found: str | None
) -> None:
    spec = asking(need)
    if isinstance(package, CondaPackage):
        spec = replace(spec, conda=CondaSpec(dependencies=("lib",)))
    messages = [m for m in said(spec, lock_of(spec, package)) if m.startswith(f"`{need}` is not met")]
    source = package.source if found == "it" and isinstance(package, PipPackage) else None
    assert messages == (
        [f"`{need}` is not met: 1.0 from {f'`{source}`' if source else found} is locked"] if found else []
    )


def test_a_source_that_nothing_names() -> None:
    lock = lock_of(asking("lib"), FOLDER)
    assert said(asking("lib"), lock) == ["`lib` is locked from `./lib`, which nothing names for it"]


def test_a_source_that_env_toml_no_longer_names() -> None:
    lock = lock_of(asking("lib @ ./lib"), FOLDER)
    assert said(asking("lib"), lock) == ["`lib` was `lib @ ./lib` when this was locked"]
    assert said(asking("lib @ ./lib2"), lock) == ["`lib @ ./lib2` is not met: 1.0 from `./lib` is locked"]


# --- editable projects ---------------------------------------------------------------------------------------------

APP = EditableProject(path="./app", name="app", extras=("web",), dependencies=("flask>=3",))
EDITABLE = asking(editable=(APP,))


def edited(**changes: object) -> EnvSpec:
    return asking(editable=(replace(APP, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (EDITABLE, []),
        (asking("app", editable=(APP,)), ["`app` was not asked for when this was locked"]),
        (edited(dependencies=("flask>=4",)), ["`flask>=4` is not met: 3.0 is locked"]),
        (edited(dependencies=("flask>=2",)), ["`flask>=2` was `flask>=3` by `./app` when this was locked"]),
        (edited(extras=()), ["editable project `./app` is now `app`: the lock was made for `app[web]`"]),
        (edited(path="./src"), [
            "editable project `./app` was taken out",
            "editable project `./src` was added",
        ]),
        (asking("flask>=3"), [
            "`flask>=3` was not asked for when this was locked",
            "editable project `./app` was taken out",
        ]),
    ],
)  # fmt: skip
def test_editable_projects(spec: EnvSpec, expected: list[str]) -> None:
    assert said(spec, lock_of(EDITABLE, FLASK, CLICK)) == expected


def test_an_editable_project_that_is_locked_too() -> None:
    spec = asking("app", editable=(APP,))
    assert said(spec, lock_of(spec, FLASK, CLICK, pip("app", "1.0"))) == [
        "`app` is locked twice: as a wheel, and as the editable project `./app`"
    ]


# --- indexes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "index", "expected"),
    [
        ("acme-core", "acme", []),
        ("core", "acme", []),
        ("acme-core", "pypi", ["`acme-core` is locked from `pypi`: it is to come from `acme` alone"]),
        ("flask", "acme", ["`flask` is locked from `acme`, which is for `acme-*`, `core` alone"]),
        ("flask", "pypi", []),
    ],
)
def test_packages_that_are_pinned_to_an_index(name: str, index: str, expected: list[str]) -> None:
    spec = asking(name, indexes=(ACME,))
    assert said(spec, lock_of(spec, pip(name, "1.0", index=index))) == expected


PYPI = Index(name="pypi")


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        ((ACME, PYPI), []),
        ((PYPI, ACME), ["package index `pypi` was put before `acme`"]),
        ((PYPI,), ["package index `acme` was taken out"]),
        ((ACME, Index(name="more", url="https://more.test/simple"), PYPI), [
            "package index `more` was added before `pypi`"
        ]),
        ((replace(ACME, url="https://new.acme.test/simple"), PYPI), [
            "package index `acme` is now at `https://new.acme.test/simple`: "
            "the lock was made for `https://pip.acme.test/simple`"
        ]),
        ((replace(ACME, packages=("acme-*",)), PYPI), [
            "package index `acme` is now for `acme-*` alone: the lock was made for `acme-*`, `core` alone"
        ]),
        ((replace(ACME, packages=()), PYPI), [
            "package index `acme` is now for all packages: the lock was made for `acme-*`, `core` alone"
        ]),
        ((ACME, replace(PYPI, default=True)), ["package index `pypi` is now the default one"]),
    ],
)  # fmt: skip
def test_indexes_that_were_changed(indexes: tuple[Index, ...], expected: list[str]) -> None:
    lock = lock_of(asking("flask", indexes=(ACME, PYPI)), FLASK, CLICK)
    assert said(asking("flask", indexes=indexes), lock) == expected


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (("a", "b", "c"), []),
        (("b", "a", "c"), ["channel `b` was put before `a`"]),
        (("c", "a", "b"), ["channel `c` was put before `a`"]),
        (("a", "c"), ["channel `b` was taken out"]),
        (("a", "b", "x", "c"), ["channel `x` was added before `c`"]),
        (("a", "b", "c", "x"), ["channel `x` was added"]),
        (("c", "a", "x"), ["channel `b` was taken out", "channel `x` was added", "channel `c` was put before `a`"]),
    ],
)
def test_channels_that_were_changed(channels: tuple[str, ...], expected: list[str]) -> None:
    spec = EnvSpec(name="x", conda=CondaSpec(channels=("a", "b", "c"), dependencies=("lib",)))
    lock = lock_of(spec, replace(conda("lib", "1.0"), channel="a"))
    lock = replace(lock, inputs=replace(lock.inputs, base="scratch"))
    spec = replace(spec, image=ImageSpec(base="scratch"))
    assert said(replace(spec, conda=replace(spec.conda, channels=channels)), lock) == expected


# --- upload times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "uploaded", "shown"),
    [
        ("2026-06-01T00:00:00Z", "2026-05-31T23:59:59Z", None),
        ("2026-06-01T00:00:00Z", "2026-06-01T08:00:00.5Z", "2026-06-01T00:00:00Z"),
        ("2026-06-01T00:00:00Z", None, None),
        ("7d", "2026-06-08T11:59:59Z", None),
        ("7d", "2026-06-08T12:00:01Z", "7d (2026-06-08T12:00:00Z)"),
        (None, "2030-01-01T00:00:00Z", None),
    ],
)
def test_what_was_uploaded_too_late(limit: str | None, uploaded: str | None, shown: str | None) -> None:
    spec = replace(SPEC, lock=LockSpec(exclude_newer=limit))
    lock = lock_of(spec, replace(FLASK, uploaded=uploaded), CLICK)
    expected = [f"`flask` 3.0 was uploaded {uploaded}, after `exclude-newer` {shown}"] if shown else []
    assert said(spec, lock) == expected


@pytest.mark.parametrize(("new", "old", "same"), [("1w", "7d", True), ("7d", "8d", False), (None, "7d", False)])
def test_a_cutoff_that_was_changed(new: str | None, old: str, same: bool) -> None:
    lock = lock_of(replace(SPEC, lock=LockSpec(exclude_newer=old)), FLASK, CLICK)
    shown = f"`{new}`" if new else "not set"
    expected = [] if same else [f"`exclude-newer` is now {shown}: the lock was made for `{old}`"]
    assert said(replace(SPEC, lock=LockSpec(exclude_newer=new)), lock) == expected
