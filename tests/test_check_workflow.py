"""Every edge that `envlock check` walks: what is asked for now and was, each requirement and what is locked."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from tests.support.processes import run
from tests.support.projects import Project, new_project
from tests.support.services import require

MANIFEST = """name = "small"
python = "3.11"

[conda]
channels = ["./near", "conda-forge"]
dependencies = ["scipy >=1.11"]

[pip]
dependencies = ["app", "numpy <3"]

[[pip.indexes]]
name = "ours"
url = "https://wheels.envlock.test/simple"

[variables]
MODE = "fast"

[image]
base = "registry.envlock.test/base:1"
user = "1000"
workdir = "/srv"
entrypoint = ["tool"]
cmd = ["--help"]
labels = { team = "maps" }
"""


def conda(name: str, version: str, build: str, **more: Any) -> CondaPackage:
    file = f"{name}-{version}-{build}.conda"
    return CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir="linux-64",
        file=file,
        sha256="c" * 64,
        size=1,
        channel="./near",
        **more,
    )


CONDA = (
    conda("python", "3.11.7", "0_cp311", constrains=("python_abi 3.11.* *_cp311",)),
    conda("python_abi", "3.11", "0_cp311"),
    conda("numpy", "1.26.4", "py311_0", requires=("python_abi 3.11.* *_cp311",), provides=("numpy==1.26.4",)),
    conda("scipy", "1.12.0", "py311_0", requires=("__glibc >=2.17", "numpy >=1.23,<2.3", "python >=3.11,<3.12.0a0")),
)
APP = PipPackage(
    name="app",
    version="1.0",
    file="app-1.0-py3-none-any.whl",
    sha256="a" * 64,
    size=1,
    index="ours",
    requires=("lib[fast]>=1", "numpy>=1.22"),
)
LIB = PipPackage(
    name="lib",
    version="1.5",
    file="lib-1.5-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="b" * 64,
    size=1,
    index="pypi",
    extras=("fast",),
    requires_python=">=3.8",
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Locked by hand, and right."""
    project = new_project(tmp_path / "small", MANIFEST, cache=tmp_path / "cache")
    spec = read_manifest(project.manifest)
    locked = PlatformLock(
        platform="linux-64",
        base=Base(reference=spec.base, digest=f"sha256:{'d' * 64}", glibc="2.36", shell="/bin/sh"),
        conda=CONDA,
        pip=(APP, LIB),
    )
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(lock))
    return project


def reasons(project: Project) -> list[str]:
    """What check prints below its first line; nothing where it is content."""
    result = project.call("check")
    if result.code == 0:
        assert (result.stdout, result.stderr) == ("", "")
        return []
    title, *found = result.stdout.splitlines()
    assert (result.code, title, result.stderr) == (
        1,
        "env.lock does not answer env.toml",
        "hint: run `envlock lock`\n",
    )
    return [line.removeprefix("  ") for line in found]


def edit(project: Project, package: str, *changes: tuple[str, str]) -> None:
    """Changes lines of one package in env.lock, as a careless hand would."""
    tables = project.lockfile.read_text().split("\n\n")
    (number,) = [n for n, table in enumerate(tables) if table.startswith("[[") and f'name = "{package}"\n' in table]
    for old, new in changes:
        assert tables[number].count(old) == 1, (old, tables[number])
        tables[number] = tables[number].replace(old, new)
    project.lockfile.write_text("\n\n".join(tables))


def remove(project: Project, package: str) -> None:
    tables = project.lockfile.read_text().split("\n\n")
    kept = [table for table in tables if not (table.startswith("[[") and f'name = "{package}"\n' in table)]
    assert len(kept) == len(tables) - 1
    project.lockfile.write_text("\n\n".join(kept).rstrip("\n") + "\n")


def test_a_lock_that_answers(project: Project) -> None:
    assert reasons(project) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '"./near", "conda-forge"',
            '"conda-forge", "./near"',
            ["channel `conda-forge` was put before `./near` (env.toml:5)"],
        ),
        ("channels =", 'channel-priority = "flexible"\nchannels =', [
            "`channel-priority` is now `flexible`: the lock was made for `strict` (env.toml:5)"
        ]),
        ('"scipy >=1.11"', '"scipy >=1.12"', ["`scipy >=1.12` was `scipy >=1.11` when this was locked (env.toml:6)"]),
        ('"scipy >=1.11"', '"scipy >=1.13"', ["linux-64: `scipy >=1.13` is not met: 1.12.0 is locked (env.toml:6)"]),
        ('"scipy >=1.11"', '"scipy >=1.11", "numpy"', ["`numpy` was not asked for when this was locked (env.toml:6)"]),
        ('"scipy >=1.11"', '"scipy >=1.11", "xarray"', [
            "linux-64: `xarray` is not met: nothing of that name is locked (env.toml:6)"
        ]),
        ('"scipy >=1.11"', '"numpy"', [
            "`numpy` was not asked for when this was locked (env.toml:6)",
            "linux-64: `scipy` is locked but nothing asks for it",
        ]),
        ('"app", "numpy <3"', '"app", "numpy <2"', ["`numpy<2` was `numpy<3` when this was locked (env.toml:9)"]),
        ('"app", "numpy <3"', '"app"', ["`numpy<3` is no longer asked for"]),
        ('"app", "numpy <3"', '"numpy <3"', ["linux-64: `app` is locked but nothing asks for it"]),
        ('"app", "numpy <3"', '"app", "numpy <3", "flask"', [
            "linux-64: `flask` is not met: nothing of that name is locked (env.toml:9)"
        ]),
        ('"app", "numpy <3"', '"app[web]", "numpy <3"', [
            "linux-64: `app[web]` is not met: 1.0 is locked without extra `web` (env.toml:9)"
        ]),
        ('python = "3.11"', 'python = "3.12"', [
            "`python` is now `3.12`: the lock was made for `3.11` (env.toml:2)",
            "linux-64: `python 3.12.*` is not met: 3.11.7 is locked (env.toml:2)",
        ]),
        ("wheels.envlock", "others.envlock", [
            "package index `ours` is now at `https://others.envlock.test/simple`: "
            "the lock was made for `https://wheels.envlock.test/simple` (env.toml:11)"
        ]),
        ("base:1", "base:2", [
            "`base` is now `registry.envlock.test/base:2`: the lock was made for "
            "`registry.envlock.test/base:1` (env.toml:19)"
        ]),
        ("[variables]", '[platform.linux-64]\nglibc = "2.36"\n[variables]', [
            "linux-64: `glibc` is now `2.36`: the lock was made for `2.28` (env.toml:16)"
        ]),
        ('MODE = "fast"', 'MODE = "slow"', ["`variables.MODE` is `slow`: `fast` is locked (env.toml:16)"]),
        ('MODE = "fast"', 'TEMPO = "1"', [
            "`variables.TEMPO` is `1`: it was not set when this was locked (env.toml:16)",
            "`variables.MODE` is no longer set: `fast` is locked (env.toml:15)",
        ]),
        ('team = "maps"', 'team = "roads"', ["`labels.team` is `roads`: `maps` is locked (env.toml:24)"]),
        ('user = "1000"', 'user = "1001"', ["`user` is `1001`: `1000` is locked (env.toml:20)"]),
        ('workdir = "/srv"\n', "", ["`workdir` is no longer set: `/srv` is locked (env.toml:18)"]),
        ('["tool"]', '["tool", "é"]', ['`entrypoint` is `["tool", "é"]`: `["tool"]` is locked (env.toml:22)']),
        ('cmd = ["--help"]', "cmd = []", ['`cmd` is `[]`: `["--help"]` is locked (env.toml:23)']),
        ('name = "small"', '# comment\nname = "other"', []),
        ('["app", "numpy <3"]', '["NumPy<3", "App"]', []),
    ],
)  # fmt: skip
def test_a_changed_manifest(project: Project, old: str, new: str, expected: list[str]) -> None:
    project.change(old, new)
    assert reasons(project) == expected


NUMPY_1_21 = (('"1.26.4"', '"1.21.6"'), ("numpy-1.26.4", "numpy-1.21.6"), ("numpy==1.26.4", "numpy==1.21.6"))


@pytest.mark.parametrize(
    ("package", "changes", "expected"),
    [
        ("scipy", [('"1.12.0"', '"1.10.0"'), ("scipy-1.12.0", "scipy-1.10.0")], [
            "`scipy >=1.11` is not met: 1.10.0 is locked (env.toml:6)"
        ]),
        ("numpy", NUMPY_1_21, [
            "`numpy >=1.23,<2.3` is not met (asked for by `scipy`): 1.21.6 is locked",
            "`numpy>=1.22` is not met (asked for by `app`): 1.21.6 is locked",
        ]),
        ("python_abi", [('"3.11"', '"3.12"'), ("python_abi-3.11", "python_abi-3.12")], [
            "`python_abi 3.11.* *_cp311` is not met (asked for by `numpy`): 3.12 0_cp311 is locked",
            "`python_abi 3.11.* *_cp311` is not met (asked for by `python`): 3.12 0_cp311 is locked",
        ]),
        ("lib", [('"1.5"', '"0.9"'), ("lib-1.5", "lib-0.9")], [
            "`lib[fast]>=1` is not met (asked for by `app`): 0.9 is locked"
        ]),
        ("lib", [("cp311-cp311", "cp312-cp312")], [
            "`lib` has no wheel for Python 3.11.7: `lib-1.5-cp312-cp312-manylinux_2_28_x86_64.whl` is locked"
        ]),
        ("lib", [("2_28", "2_36")], [
            "`lib` has no wheel for glibc 2.28: `lib-1.5-cp311-cp311-manylinux_2_36_x86_64.whl` is locked"
        ]),
        ("lib", [('extras = [\n    "fast",\n]\n', "")], [
            "`lib[fast]>=1` is not met (asked for by `app`): 1.5 is locked without extra `fast`"
        ]),
        ("lib", [(">=3.8", "<3.11")], ["`python <3.11` is not met (asked for by `lib`): 3.11.7 is locked"]),
        ("app", [('    "lib[fast]>=1",\n', "")], ["`lib` is locked but nothing asks for it"]),
        ("numpy", [("numpy==1.26.4", "lib==1.5")], [
            "`numpy<3` is not met: nothing of that name is locked (env.toml:9)",
            "`numpy>=1.22` is not met (asked for by `app`): nothing of that name is locked",
            "`lib` is locked twice: as a wheel, and inside conda's `numpy`",
        ]),
    ],
)  # fmt: skip
def test_a_package_that_was_edited(
    project: Project, package: str, changes: list[tuple[str, str]], expected: list[str]
) -> None:
    edit(project, package, *changes)
    assert reasons(project) == [f"linux-64: {reason}" for reason in expected]


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("lib", ["`lib[fast]>=1` is not met (asked for by `app`): nothing of that name is locked"]),
        ("app", [
            "`app` is not met: nothing of that name is locked (env.toml:9)",
            "`lib` is locked but nothing asks for it",
        ]),
        ("scipy", [
            "`scipy >=1.11` is not met: nothing of that name is locked (env.toml:6)",
        ]),
        ("python_abi", [
            "`python_abi 3.11.* *_cp311` is not met (asked for by `numpy`): nothing of that name is locked"
        ]),
    ],
)  # fmt: skip
def test_a_package_that_was_taken_out(project: Project, package: str, expected: list[str]) -> None:
    remove(project, package)
    assert reasons(project) == [f"linux-64: {reason}" for reason in expected]


def test_two_branches_that_merge_into_a_wrong_lock(tmp_path: Path) -> None:
    """One adds scipy, the other holds numpy back: git merges both files without a conflict."""
    project = new_project(tmp_path / "small", BEFORE, cache=tmp_path / "cache")
    new, old = conda("numpy", "1.26.4", "py311_0"), conda("numpy", "1.21.6", "py311_0")
    between, scipy = conda("pip", "24.0", "0"), conda("scipy", "1.12.0", "py311_0", requires=("numpy >=1.23",))
    relock(project, new, between)
    commit(project, "start")
    git(project, "switch", "--quiet", "--create", "other")
    project.change('    "pip",\n', '    "pip",\n    "scipy",\n')
    relock(project, new, between, scipy)
    assert reasons(project) == []
    commit(project, "add scipy")
    git(project, "switch", "--quiet", "-")
    project.change('    "numpy",\n', '    "numpy <1.22",\n')
    relock(project, old, between)
    assert reasons(project) == []
    commit(project, "hold numpy back")
    git(project, "merge", "--quiet", "--no-edit", "other")
    assert reasons(project) == [
        "linux-64: `numpy >=1.23` is not met (asked for by `scipy`): 1.21.6 is locked, "
        "and env.toml asks for `numpy <1.22`"
    ]


BEFORE = """name = "small"

[conda]
channels = ["./near"]
dependencies = [
    "numpy",
    "pip",
]

[image]
base = "scratch"
"""


def relock(project: Project, *packages: CondaPackage) -> None:
    """Writes the lock that `envlock lock` would write for these packages."""
    spec = read_manifest(project.manifest)
    locked = PlatformLock(platform="linux-64", base=Base(reference="scratch"), conda=packages)
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(lock))


def git(project: Project, *arguments: str) -> None:
    identity = ("-c", "user.name=Kim", "-c", "user.email=kim@envlock.test")
    run(("git", "-C", project.folder, *identity, *arguments))


def commit(project: Project, message: str) -> None:
    git(project, "add", "env.toml", "env.lock")
    git(project, "commit", "--quiet", "--message", message)


def test_a_cache_that_cannot_be_written(project: Project) -> None:
    """Without the right to ignore permissions, which root has elsewhere."""
    project.cache.mkdir(mode=0o555)
    unprivileged = replace(project, command=(require("setpriv", "util-linux"), "--bounding-set=-all", *project.command))
    assert reasons(unprivileged) == []
    assert list(project.cache.iterdir()) == []
    edit(project, "numpy", *NUMPY_1_21)
    assert len(reasons(unprivileged)) == 2


def test_a_verdict_is_of_both_files_as_they_are(project: Project) -> None:
    assert reasons(project) == []
    good = project.lockfile.read_text()
    edit(project, "lib", ("2_28", "2_36"))
    assert len(reasons(project)) == 1
    project.lockfile.write_text(good)
    assert reasons(project) == []
    project.change('"numpy <3"', '"numpy <2"')
    assert len(reasons(project)) == 1


def test_outside_git(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    assert reasons(replace(project, folder=tmp_path / "copy")) == []


@pytest.mark.parametrize("arguments", [["install"], ["run", "true"], ["build"], ["shell"]])
def test_nothing_is_made_of_a_lock_that_does_not_answer(project: Project, arguments: list[str]) -> None:
    edit(project, "numpy", *NUMPY_1_21)
    result = project.call("--quiet", *arguments)
    assert (result.code, result.stdout, result.stderr) == (
        1,
        "",
        "error: env.lock does not answer env.toml\n"
        "  linux-64: `numpy >=1.23,<2.3` is not met (asked for by `scipy`): 1.21.6 is locked\n"
        "  linux-64: `numpy>=1.22` is not met (asked for by `app`): 1.21.6 is locked\n"
        "hint: run `envlock lock`\n",
    )


def test_what_numbers_tell_needs_no_solver_s_library(project: Project) -> None:
    """Match specs as conda packages have them are judged without loading one, which takes longer than the check."""
    called = "print(run(['check'], program='envlock'), 'rattler' in sys.modules)"
    code = f"import sys; from envlock.cli.main import run; {called}"
    python = replace(project, command=(sys.executable, "-c", code))
    assert python.must() == "0 False\n"
    edit(project, "numpy", *NUMPY_1_21)
    assert len(reasons(project)) == 2
