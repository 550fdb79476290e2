"""Which wheels are chosen, for a declared Python and system, around what conda provides."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from installer.sources import WheelFile

from envlock.errors import OutsideError, UserInputError
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import Index
from envlock.solvers.pip_uv import solve
from envlock.solvers.requests import PipAnswer, PipRequest, Provided
from envlock.solvers.stubs import write_stub
from tests.conftest import IndexServers
from tests.support.http_server import Request, Response, serve
from tests.support.index_server import IndexServer, WheelFolders
from tests.support.solving import PipSolver, pin, pip_request, write_wheels
from tests.support.tiny_wheels import write_wheel

NEW = "2026-03-01T12:00:00Z"


class Solver(PipSolver):
    def solve(self, request: PipRequest) -> tuple[PipAnswer, ...]:
        return solve(request)

    def files(self, *requirements: str, **changes: Any) -> list[str]:
        return [answer.file for answer in self.ask(*requirements, **changes)]


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return write_wheels(tmp_path / "wheels")


@pytest.fixture
def index(wheels: Path, index_server: IndexServers) -> IndexServer:
    return index_server(wheels, uploaded={"app-1.0-py3-none-any.whl": NEW})


@pytest.fixture
def solver(wheels: Path, index: IndexServer, tmp_path: Path) -> Solver:
    return Solver(wheels, pip_request(index.url, tmp_path / "cache"))


def test_an_answer_says_all_that_is_locked(solver: Solver, index: IndexServer) -> None:
    app, lib = solver.ask("app")
    file = solver.folder / "app-1.0-py3-none-any.whl"
    assert app == PipAnswer(
        name="app",
        version="1.0",
        file=file.name,
        url=f"{index.server.url}/files/{file.name}",
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        size=file.stat().st_size,
        index="ours",
        uploaded=NEW,
    )
    assert (lib.name, lib.version) == ("lib-core", "2.0")


@pytest.mark.parametrize(
    ("requirements", "versions"),
    [
        (["app", "old"], {"app": "1.0", "lib-core": "1.0", "old": "1.0"}),
        (["app[more]"], {"app": "1.0", "extra-only": "1.0", "lib-core": "2.0"}),
        (["app; python_version < '3'"], {}),
        (["lib-core; python_full_version == '3.11.7'"], {"lib-core": "2.0"}),
        (["lib-core<2; sys_platform == 'linux'", "lib-core>=2; sys_platform == 'win32'"], {"lib-core": "1.0"}),
    ],
)
def test_extras_and_markers_of_the_declared_platform(
    solver: Solver, requirements: list[str], versions: Mapping[str, str]
) -> None:
    assert solver.versions(*requirements) == versions


@pytest.mark.parametrize(
    ("keep", "requirement", "version"),
    [
        (["1.0"], "lib-core", "1.0"),
        (["1.0"], "lib-core>=2", "2.0"),
        (["0.5"], "lib-core", "2.0"),
        ([], "lib-core", "2.0"),
    ],
)
def test_pins_are_kept_while_they_hold(solver: Solver, keep: list[str], requirement: str, version: str) -> None:
    kept = tuple(pin("lib-core", pinned) for pinned in (*keep,))
    assert solver.versions(requirement, keep=(*kept, pin("absent", "1.0"))) == {"lib-core": version}


# of one version, from worst to best for glibc 2.36; each declared glibc takes the best it can run
TAGS = (
    "py3-none-any",
    "py3-none-linux_x86_64",
    "py3-none-manylinux1_x86_64",
    "py3-none-manylinux2014_x86_64",
    "cp39-abi3-manylinux_2_17_x86_64",
    "cp311-none-manylinux_2_17_x86_64",
    "cp311-abi3-manylinux_2_17_x86_64",
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp311-cp311-manylinux_2_28_x86_64",
    "cp311-cp311-manylinux_2_34_x86_64",
)


@pytest.mark.parametrize(
    ("glibc", "python", "count", "best"),
    [
        ("2.36", "3.11.7", 10, "cp311-cp311-manylinux_2_34_x86_64"),
        ("2.28", "3.11.7", 10, "cp311-cp311-manylinux_2_28_x86_64"),
        ("2.17", "3.11.7", 10, "cp311-cp311-manylinux_2_17_x86_64"),
        (None, "3.11.7", 10, "cp311-cp311-manylinux_2_17_x86_64"),
        ("2.28", "3.12.1", 10, "cp311-abi3-manylinux_2_17_x86_64"),
        ("2.28", "3.10.1", 10, "cp39-abi3-manylinux_2_17_x86_64"),
        ("2.28", "3.11.7", 6, "cp311-none-manylinux_2_17_x86_64"),
        ("2.28", "3.11.7", 5, "cp39-abi3-manylinux_2_17_x86_64"),
        ("2.28", "3.11.7", 4, "py3-none-manylinux2014_x86_64"),
        ("2.28", "3.11.7", 3, "py3-none-manylinux1_x86_64"),
        ("2.28", "3.11.7", 2, "py3-none-linux_x86_64"),
        ("2.28", "3.11.7", 1, "py3-none-any"),
    ],
)
def test_the_best_wheel_for_the_declared_system(
    solver: Solver, glibc: str | None, python: str, count: int, best: str
) -> None:
    for tag in (*TAGS[:count], "cp311-cp311-musllinux_1_2_x86_64", "cp311-cp311-manylinux_2_17_aarch64"):
        write_wheel(solver.folder, "many", tag=tag)
    assert solver.files("many", python=python, system=System(glibc=glibc)) == [f"many-1.0-{best}.whl"]


FOREIGN = (
    "py3-none-any",
    "cp311-cp311-manylinux_2_17_aarch64",
    "cp311-cp311-manylinux_2_28_aarch64",
    "cp311-cp311-macosx_10_9_x86_64",
    "cp311-cp311-macosx_11_0_arm64",
    "cp311-cp311-macosx_12_0_universal2",
    "cp311-cp311-macosx_14_0_arm64",
    "cp311-cp311-win_amd64",
    "cp311-cp311-win32",
)


@pytest.mark.parametrize(
    ("platform", "declared", "best"),
    [
        ("linux-aarch64", {}, "cp311-cp311-manylinux_2_28_aarch64"),
        ("linux-aarch64", {"glibc": "2.17"}, "cp311-cp311-manylinux_2_17_aarch64"),
        ("osx-64", {}, "cp311-cp311-macosx_12_0_universal2"),
        ("osx-64", {"macos": "10.12"}, "cp311-cp311-macosx_10_9_x86_64"),
        ("osx-arm64", {}, "cp311-cp311-macosx_12_0_universal2"),
        ("osx-arm64", {"macos": "11.0"}, "cp311-cp311-macosx_11_0_arm64"),
        ("osx-arm64", {"macos": "14.4"}, "cp311-cp311-macosx_14_0_arm64"),
        ("win-64", {}, "cp311-cp311-win_amd64"),
    ],
)
def test_the_best_wheel_for_every_platform(solver: Solver, platform: str, declared: dict[str, str], best: str) -> None:
    for tag in FOREIGN:
        write_wheel(solver.folder, "many", tag=tag)
    system = replace(PLATFORMS[platform].system, **declared)
    assert solver.files("many", platform=PLATFORMS[platform], system=system) == [f"many-1.0-{best}.whl"]


@pytest.mark.parametrize(
    ("platform", "declared", "tag", "cause"),
    [
        ("linux-64", {"glibc": "2.17"}, "py3-none-manylinux_2_28_x86_64", "glibc 2.17 (linux-64)"),
        ("linux-aarch64", {}, "py3-none-manylinux_2_17_x86_64", "glibc 2.28 (linux-aarch64)"),
        ("osx-arm64", {"macos": "11.0"}, "py3-none-macosx_14_0_arm64", "macOS 11.0 (osx-arm64)"),
        ("osx-64", {}, "py3-none-macosx_11_0_arm64", "macOS 13.0 (osx-64)"),
        ("win-64", {}, "py3-none-manylinux_2_17_x86_64", "Windows (win-64)"),
        ("linux-64", {}, "cp310-cp310-manylinux_2_17_x86_64", "Python 3.11"),
    ],
)
def test_an_error_names_what_wheels_are_lacking_for(
    solver: Solver, platform: str, declared: dict[str, str], tag: str, cause: str
) -> None:
    write_wheel(solver.folder, "torch", tag=tag)
    system = replace(PLATFORMS[platform].system, **declared)
    with pytest.raises(UserInputError) as failure:
        solver.ask("torch", platform=PLATFORMS[platform], system=system)
    first, *_ = failure.value.message.splitlines()
    assert first == f"what [pip] asks for cannot be had on {platform}: `torch` has no wheel for {cause}"
    assert "--no-b" not in failure.value.message


def test_of_several_builds_the_highest(solver: Solver) -> None:
    wheel = write_wheel(solver.folder, "built")
    for build in ("2", "10", "9_x"):
        wheel.with_name(f"built-1.0-{build}-py3-none-any.whl").write_bytes(wheel.read_bytes())
    assert solver.files("built") == ["built-1.0-10-py3-none-any.whl"]


def test_a_wheel_that_only_the_solver_would_take(solver: Solver) -> None:
    """Of a glibc that uv knows no platform for, ours is the stricter table."""
    write_wheel(solver.folder, "newer", tag="py3-none-manylinux_2_17_x86_64")
    with pytest.raises(UserInputError) as failure:
        solver.ask("newer", system=System(glibc="2.12"))
    assert failure.value.message == "`newer` 1.0 has no wheel for Python 3.11 and glibc 2.12 (linux-64)"
    assert failure.value.hint == "allow another version, or declare a newer system in [platform.NAME]"


def test_what_conda_provides_is_the_only_version_and_not_in_the_answer(solver: Solver) -> None:
    assert solver.versions("app", provided={"lib-core": Provided(version="1.5"), "unused": Provided(version="3")}) == {
        "app": "1.0"
    }
    assert solver.versions("app", "lib-core", provided={"lib-core": Provided(version="1.5.0+local")}) == {"app": "1.0"}


def test_what_conda_provides_needs_nothing_of_the_index(solver: Solver, index: IndexServer) -> None:
    write_wheel(solver.folder, "uses", requires=["only-conda[fast]>=2"])
    assert solver.versions("uses", provided={"only-conda": Provided(version="2.1")}) == {"uses": "1.0"}
    assert "/simple/only-conda/" not in [path for _, path in index.requests]


def test_an_extra_of_what_conda_provides_brings_what_it_needs(solver: Solver) -> None:
    brought = Provided(
        version="2.1", extras=("fast", "slow"), requires=("old; extra == 'fast'", "absent; extra == 'slow'")
    )
    write_wheel(solver.folder, "uses", requires=["only-conda[fast]>=2"])
    found = solver.versions("uses", "lib-core", provided={"only-conda": brought})
    assert found == {"lib-core": "1.0", "old": "1.0", "uses": "1.0"}
    assert solver.versions("only-conda[fast]", provided={"only-conda": brought}) == {"lib-core": "1.0", "old": "1.0"}
    assert solver.versions("only-conda", provided={"only-conda": brought}) == {}


def test_a_version_that_is_not_pep_440_ties_nothing(solver: Solver) -> None:
    assert solver.versions("app", provided={"lib-core": Provided(version="2024_b")}) == {"app": "1.0"}


def test_a_conflict_with_what_conda_provides_names_both_sides(solver: Solver) -> None:
    with pytest.raises(UserInputError) as failure:
        solver.ask("old", provided={"lib-core": Provided(version="2.5"), "lib": Provided(version="1")})
    assert failure.value.message.startswith("what [pip] asks for cannot be had on linux-64\n")
    assert failure.value.message.endswith("\n  `lib-core` 2.5 comes from [conda]")
    assert failure.value.hint == "loosen one of the requirements named above"


def test_what_nothing_meets(solver: Solver) -> None:
    with pytest.raises(UserInputError) as failure:
        solver.ask("old", "lib-core>=2")
    assert "all versions of old depend on lib-core<2" in failure.value.message
    assert "comes from [conda]" not in failure.value.message


# several indexes


def test_a_package_comes_from_the_first_index_that_has_it(
    solver: Solver, index: IndexServer, index_server: IndexServers, tmp_path: Path
) -> None:
    """A newer one of the same name elsewhere does not take its place."""
    write_wheel(tmp_path / "more", "lib-core", "1.5")
    more = index_server(tmp_path / "more")
    indexes = (Index(name="more", url=more.url), Index(name="ours", url=index.url, default=True))
    assert solver.versions("lib-core", "app", indexes=indexes) == {"lib-core": "1.5", "app": "1.0"}


LOGIN = "Basic bWU6d29yZA=="  # me:word


def test_logins_are_used_and_stand_in_no_answer(solver: Solver) -> None:
    pages = WheelFolders((solver.folder,))

    def guarded(request: Request) -> Response | None:
        if request.headers.get("Authorization") == LOGIN:
            return pages.page(request)
        return Response(status=401, headers={"WWW-Authenticate": "Basic"})

    with serve(guarded) as server:
        indexes = (Index(name="ours", url=f"{server.url}/simple/", default=True),)
        login = {"UV_INDEX_OURS_USERNAME": "me", "UV_INDEX_OURS_PASSWORD": "word"}
        found = solver.ask("app", indexes=indexes, credentials=login)
        assert [answer.name for answer in found] == ["app", "lib-core"]
        assert "word" not in repr(found)
        with pytest.raises(OutsideError) as failure:
            solver.ask("app", indexes=indexes, cache=solver.folder / "another")
    assert failure.value.message.startswith("an index of [pip] does not let us in (401 Unauthorized)\n")
    assert "ENVLOCK_INDEX_NAME_USERNAME" in (failure.value.hint or "")


def test_what_this_machine_is_set_to_has_no_say(
    solver: Solver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("UV_PRERELEASE", "allow")
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2000-01-01")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    (tmp_path / "constraints.txt").write_text("lib-core<2")
    monkeypatch.setenv("UV_CONSTRAINT", str(tmp_path / "constraints.txt"))
    write_wheel(solver.folder, "lib.core", "3.0rc1")
    assert solver.versions("lib-core") == {"lib-core": "2.0"}


def test_offline_with_what_was_seen_and_without(solver: Solver, index: IndexServer) -> None:
    before = solver.ask("app")
    index.requests.clear()
    assert solver.ask("app", offline=True) == before
    assert index.requests == []
    with pytest.raises(OutsideError) as failure:
        solver.ask("old", offline=True)
    assert failure.value.message.startswith("what [pip] asks for is not in the cache, and this is --offline\n")


# stand-ins


def test_a_stand_in_is_a_wheel_of_nothing(tmp_path: Path) -> None:
    path = write_stub(
        tmp_path, name="lib-core", version="1!2.0+x", extras=("fast", "more"), requires=("a>=1; extra == 'fast'",)
    )
    assert path.name == "lib_core-1!2.0+x-py3-none-any.whl"
    with WheelFile.open(path) as wheel:
        wheel.validate_record()
        metadata = BytesParser().parsebytes(wheel.read_dist_info("METADATA").encode())
    assert (metadata["Name"], metadata["Version"]) == ("lib-core", "1!2.0+x")
    assert metadata.get_all("Provides-Extra") == ["fast", "more"]
    assert metadata.get_all("Requires-Dist") == ["a>=1; extra == 'fast'"]
    with zipfile.ZipFile(path) as archive:
        assert all(".dist-info/" in name for name in archive.namelist())


def test_a_stand_in_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, other = (write_stub(folder, name="a", version="1") for folder in (tmp_path, tmp_path / "other"))
    assert one.read_bytes() == other.read_bytes()


# the index of this machine


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_real_wheels_for_every_platform(platform: str, tmp_path: Path) -> None:
    """Of projects that make wheels for all of them: each is one of the platform, all are of one set of versions."""
    request = PipRequest(
        requirements=("numpy==2.4.6", "pyyaml==6.0.3", "colorama==0.4.6; sys_platform == 'win32'", "pandas==3.0.0"),
        indexes=(),
        provided={},
        python="3.11.7",
        platform=PLATFORMS[platform],
        system=PLATFORMS[platform].system,
        keep=(),
        cache=tmp_path / "cache",
        offline=False,
    )
    found = {answer.name: answer for answer in solve(request)}
    assert ("colorama" in found) == (platform == "win-64")
    expected = {
        "linux-64": "manylinux_2_28_x86_64",
        "linux-aarch64": "manylinux_2_28_aarch64",
        "osx-64": "macosx_10_13_x86_64",
        "osx-arm64": "macosx_11_0_arm64",
        "win-64": "win_amd64",
    }
    file = found["pyyaml"].file
    assert file.startswith("pyyaml-6.0.3-cp311-cp311-")
    assert expected[platform] in file
    assert all(answer.index == "pypi" and answer.sha256 and answer.uploaded for answer in found.values())
