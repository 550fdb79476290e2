"""env.lock as git shows it: lines of packages, and what is no lock as it is."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.lines import lock_lines
from envlock.lockfile.writer import HEADER, lock_text
from envlock.model.lock import LOCK_VERSION, Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.spec import CondaSpec, DebianSpec, EnvSpec, ImageSpec, Index, PipSpec, Wants
from envlock.workflows.textconv import textconv
from tests.support.answering_lock import conda, pip
from tests.support.locked_project import PLATFORM, locked_project
from tests.support.processes import run
from tests.support.projects import ENVLOCK, Project
from tests.support.repository import History, set_version

SPEC = EnvSpec(
    name="small",
    python="3.11",
    platforms=("osx-arm64", "linux-64"),
    conda=CondaSpec(channels=("conda-forge", "acme"), dependencies=('numpy >=1.20 # "quoted"',)),
    pip=PipSpec(dependencies=("flask<4",), indexes=(Index(name="ours", url="https://acme.test/simple", default=True),)),
    groups=(("dev", Wants(pip=("pytest",))),),
    image=ImageSpec(user="1000", cmd=("python", "-V")),
)
GIT = PipPackage(
    name="lib", version="1.0", git="https://acme.test/lib.git", commit="ab" * 20, builds=True, groups=("dev", "main")
)
LINUX = PlatformLock(
    platform="linux-64",
    base=Base(reference="debian:trixie-slim", digest="sha256:" + "0" * 64),
    conda=(conda("numpy", "2.1.3"), conda("only-linux", "1")),
    pip=(pip("flask", "3.0.3"), GIT),
)
MAC = PlatformLock(
    platform="osx-arm64",
    base=Base(),
    conda=(replace(conda("numpy", "2.1.3"), build="1", file="numpy-2.1.3-1.conda", sha256="5" * 64),),
    pip=(pip("flask", "3.0.2"),),
)
LOCK = Lock(inputs=Inputs.of(SPEC), image=ImageSettings.of(SPEC), platforms=(LINUX, MAC))


def lines(lock: Lock) -> list[str]:
    text = lock_lines(lock_text(lock))
    assert text is not None
    return text.splitlines()


def test_settings_bases_and_packages_are_lines() -> None:
    assert [line.partition("  #")[0] for line in lines(LOCK)] == [
        "inputs python 3.11",
        "inputs platforms linux-64",
        "inputs platforms osx-arm64",
        "inputs base debian:trixie-slim",
        "inputs conda channels conda-forge",
        "inputs conda channels acme",
        "inputs conda channel-priority strict",
        'inputs conda dependencies numpy >=1.20 # "quoted"',
        "inputs pip dependencies flask<4",
        "inputs pip indexes ours name ours",
        "inputs pip indexes ours url https://acme.test/simple",
        "inputs pip indexes ours default true",
        "inputs groups dev pip pytest",
        "inputs platform linux-64 glibc 2.28",
        "inputs platform linux-64 linux 4.18",
        "inputs platform linux-64 archspec x86_64",
        "inputs platform osx-arm64 macos 13.0",
        "inputs platform osx-arm64 archspec m1",
        "image user 1000",
        "image cmd python",
        "image cmd -V",
        "",
        "base reference debian:trixie-slim  linux-64",
        f"base digest sha256:{'0' * 64}  linux-64",
        "",
        "flask 3.0.2  pypi  osx-arm64",
        "flask 3.0.3  pypi  linux-64",
        "lib 1.0  https://acme.test/lib.git@abababababab  to be built  of dev, main  linux-64",
        "numpy 2.1.3  conda-forge  linux-64, osx-arm64",
        "only-linux 1  conda-forge  linux-64",
    ]


@pytest.mark.parametrize(
    "change",
    [{"sha256": "9" * 64}, {"build": "3"}, {"requires": ("python",)}, {"size": 7}, {"provides": ("numpy==1",)}],
)
def test_whatever_else_is_locked_of_a_package_shows(change: dict[str, object]) -> None:
    other = replace(MAC, conda=(replace(MAC.conda[0], **change),))  # type: ignore[arg-type]
    before, after = lines(LOCK), lines(replace(LOCK, platforms=(LINUX, other)))
    ((old, new),) = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert old.partition("#")[0] == new.partition("#")[0] == "numpy 2.1.3  conda-forge  linux-64, osx-arm64  "


def test_a_platform_without_anything_and_a_base_of_debian_packages() -> None:
    image = ImageSpec(debian=DebianSpec(suite="bookworm", packages=("git", "tzdata")))
    spec = replace(SPEC, conda=CondaSpec(), image=image, platforms=("linux-64", "win-64"))
    linux = PlatformLock(
        platform="linux-64", base=Base(suite="bookworm", dates=(("bookworm", "2026-01-01T00:00:00Z"),))
    )
    empty = PlatformLock(platform="win-64", base=Base())
    said = lines(Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(linux, empty)))
    assert said[-3:] == [
        "base suite bookworm  linux-64",
        "base dates bookworm 2026-01-01T00:00:00Z  linux-64",
        "nothing  win-64",
    ]


def test_it_reads_what_the_writer_writes() -> None:
    assert lock_text(LOCK).startswith(f"{HEADER}\nlock-version = {LOCK_VERSION}\n")


TEXT = lock_text(LOCK)
CONFLICT = TEXT.replace('version = "3.0.3"\n', '<<<<<<< HEAD\nversion = "3.0.3"\n=======\nversion = "3.1"\n>>>>>>> b\n')


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\x00\xff\xfe binary",
        TEXT.replace("lock-version = 1", "lock-version = 2").encode(),
        TEXT.replace("lock-version = 1", "lock-version = 0").encode(),
        TEXT[: len(TEXT) // 2].encode(),
        CONFLICT.encode(),
        TEXT.replace("[inputs]", "[inputs").encode(),
        TEXT.replace('name = "numpy"', "name = numpy").encode(),
        TEXT.replace('user = "1000"', 'user = "\ud800"').encode(errors="surrogatepass"),
        b"[project]\nname = 'other'\n",
    ],
    ids=range(11),
)
def test_what_is_no_lock_is_shown_as_it_is(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "env.lock").write_bytes(data)
    project = Project(folder=tmp_path, cache=tmp_path / "cache")
    done = subprocess.run(
        (*project.command, "textconv", "env.lock"),
        cwd=tmp_path,
        env=project.environment(),
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (data, b"")


def test_line_ends_of_another_system_are_no_other_text(tmp_path: Path) -> None:
    (tmp_path / "env.lock").write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert textconv(tmp_path / "env.lock").decode() == lock_lines(TEXT)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = Project(folder=tmp_path, cache=tmp_path / "cache").call("textconv", "env.lock")
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr == "error: `env.lock` cannot be read: No such file or directory\n"


def test_git_prints_changes_of_packages(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train", git=True)
    history = History(project.folder)
    history.commit()
    set_version(project, "flask", "3.2.0")
    history.commit("flask 3.2.0")
    project.must("hooks", "install")
    for words in (("diff", "HEAD^", "HEAD"), ("show",), ("log", "-p", "-1"), ("diff", "HEAD^")):
        said = history.git(*words, "--", "env.lock").splitlines()
        lines = [line for line in said if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))]
        changed = [line.partition("  #")[0] for line in lines]
        assert changed == [f"-flask 3.1.3  pypi  {PLATFORM}", f"+flask 3.2.0  pypi  {PLATFORM}"]
    # what git keeps of it is made anew when it is lost; without envlock it shows the file
    run(("git", "config", "diff.envlock.textconv", script_without_envlock(project)), folder=project.folder)
    assert '+version = "3.2.0"' in history.git("show", "--", "env.lock").splitlines()


def script_without_envlock(project: Project) -> str:
    """The line that git runs, as it is where envlock is gone."""
    line = run(("git", "config", "diff.envlock.textconv"), folder=project.folder).strip()
    return line.replace(str(ENVLOCK), "/none/envlock").replace("e=envlock", "e=/none/envlock")
