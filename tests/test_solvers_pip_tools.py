"""Wheels chosen by pip-tools: as uv chooses them, for the declared system, and for this machine's platform only."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.model.index_file import IndexFile
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import Index
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers import pip_uv
from envlock.solvers.index_server import Serving, serve
from envlock.solvers.pip_tools import Doors, solve
from envlock.solvers.requests import PipAnswer, PipRequest, Provided
from envlock.sources.index import wheels_on
from envlock.sources.metadata import said_by
from envlock.system.http import Http
from tests.conftest import IndexServers
from tests.support.index_server import IndexServer
from tests.support.projects import manifest_text, new_project
from tests.support.solving import PipSolver, pin, pip_request, write_wheels
from tests.support.tiny_wheels import write_wheel

NEW = "2026-03-01T12:00:00Z"


def no_python(version: str) -> str:
    raise OutsideError(f"no Python {version} on this machine", hint=f"install python{version}")


class Solver(PipSolver):
    @property
    def doors(self) -> Doors:
        http = Http()

        def files_of(index: Index, name: str) -> tuple[IndexFile, ...] | None:
            return wheels_on(http, index.url, name=name, index=index.name)

        def metadata_of(file: IndexFile) -> WheelMetadata:
            return said_by(Path(urlsplit(file.url).path) if file.index is None else self._served(file.file))

        def wheel_at(name: str, url: str) -> IndexFile:
            return IndexFile(name=name, version="1.0", file=url.rpartition("/")[2], url=url, sha256="0" * 64)

        return Doors(files_of=files_of, wheel_at=wheel_at, metadata_of=metadata_of, python=no_python)

    def _served(self, file: str) -> Path:
        return next(path for path in self.folder.parent.rglob(file) if path.parent.name != "local")

    def solve(self, request: PipRequest) -> tuple[PipAnswer, ...]:
        return solve(request, self.doors)

    def refusal(self, *requirements: str, **changes: Any) -> UserInputError:
        with pytest.raises(UserInputError) as failure:
            self.ask(*requirements, **changes)
        return failure.value


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = write_wheels(tmp_path / "wheels")
    write_wheel(folder, "setuptools", "70.0")
    return folder


@pytest.fixture
def index(wheels: Path, index_server: IndexServers) -> IndexServer:
    return index_server(wheels, uploaded={"lib_core-2.0-py3-none-any.whl": NEW})


@pytest.fixture
def solver(wheels: Path, index: IndexServer, tmp_path: Path) -> Solver:
    return Solver(wheels, pip_request(index.url, tmp_path / "cache"))


def test_an_answer_is_what_the_default_engine_would_say_of_it(solver: Solver) -> None:
    asked = ("app[more]", "setuptools")
    assert solver.ask(*asked) == pip_uv.solve(replace(solver.request, requirements=asked))


@pytest.mark.parametrize(
    ("requirements", "changes", "versions"),
    [
        (["app", "old"], {}, {"app": "1.0", "lib-core": "1.0", "old": "1.0"}),
        (["app[more]"], {}, {"app": "1.0", "extra-only": "1.0", "lib-core": "2.0"}),
        (["lib-core<2; sys_platform == 'linux'", "app; python_version < '3'"], {}, {"lib-core": "1.0"}),
        (["lib-core"], {"keep": (pin("lib-core", "1.0"), pin("absent", "1.0"))}, {"lib-core": "1.0"}),
        (["lib-core>=2"], {"keep": (pin("lib-core", "1.0"),)}, {"lib-core": "2.0"}),
        (["app"], {"limits": ("lib-core<2", "absent<1")}, {"app": "1.0", "lib-core": "1.0"}),
        (["lib-core"], {"cutoff": "2026-02-01T00:00:00Z"}, {"lib-core": "1.0"}),
        (["lib-core"], {"cutoff": NEW}, {"lib-core": "1.0"}),
    ],
)
def test_extras_markers_pins_and_a_limit_in_time(
    solver: Solver, requirements: list[str], changes: dict[str, Any], versions: Mapping[str, str]
) -> None:
    assert solver.versions(*requirements, **changes) == versions


@pytest.mark.parametrize(
    ("glibc", "file"),
    [
        ("2.17", "many-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"),
        ("2.28", "many-2.0-cp311-cp311-manylinux_2_28_x86_64.whl"),
    ],
)
def test_the_declared_glibc_holds_whatever_this_machine_has(solver: Solver, glibc: str, file: str) -> None:
    """pip alone would take what runs here."""
    write_wheel(solver.folder, "many", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    write_wheel(solver.folder, "many", "1.0", tag="py3-none-manylinux_2_17_x86_64")
    write_wheel(solver.folder, "many", "2.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    write_wheel(solver.folder, "many", "3.0", tag="cp39-cp39-manylinux_2_17_x86_64")
    (answer,) = solver.ask("many", system=System(glibc=glibc))
    assert answer.file == file


def test_a_python_that_is_declared_newer_than_ours_is_newer(solver: Solver) -> None:
    write_wheel(solver.folder, "many", "1.0")
    write_wheel(solver.folder, "many", "2.0", requires_python=">=3.11.99")
    assert solver.versions("many") == {"many": "1.0"}
    assert solver.versions("many", python="3.11.99") == {"many": "2.0"}


def test_markers_are_settled_by_the_declared_python(solver: Solver) -> None:
    """To the patch: the Python that pip runs on may be another."""
    marked = ["old; python_full_version < '3.11.3'", "extra-only; extra == 'more' and python_full_version >= '3.11.99'"]
    write_wheel(solver.folder, "marked", requires=[*marked, "not a requirement"], extras=["more"])
    assert solver.versions("marked[more]", python="3.11.2") == {"lib-core": "1.0", "marked": "1.0", "old": "1.0"}
    assert solver.versions("marked[more]", python="3.11.3") == {"marked": "1.0"}
    assert solver.versions("marked[more]", python="3.11.99") == {"extra-only": "1.0", "marked": "1.0"}
    assert solver.versions("app; python_full_version == '3.11.2'", python="3.11.3") == {}


# what conda provides


def test_what_conda_provides_is_the_only_version_and_not_in_the_answer(solver: Solver, index: IndexServer) -> None:
    write_wheel(solver.folder, "uses", requires=["only-conda[fast]>=2", "lib-core>=1.4"])
    brought = Provided(version="2.1", extras=("fast",), requires=("old; extra == 'fast'",))
    provided = {"only-conda": brought, "lib-core": Provided(version="1.5.0+local"), "unused": Provided(version="3")}
    assert solver.versions("uses", provided=provided) == {"old": "1.0", "uses": "1.0"}
    assert "/simple/lib-core/" not in [path for _, path in index.requests]


def test_a_version_that_no_resolver_can_read_counts_as_there(solver: Solver) -> None:
    provided = {"lib-core": Provided(version="2024_b")}
    assert solver.versions("app", "lib-core>=9", provided=provided) == {"app": "1.0"}


def test_a_conflict_with_what_conda_provides_names_both_sides(solver: Solver) -> None:
    error = solver.refusal("old", provided={"lib-core": Provided(version="2.5")})
    assert error.message == (
        "what [pip] asks for cannot be had on linux-64\n"
        "Could not find a version that satisfies the requirement lib-core<2 (from old) (from versions: 2.5)\n"
        "  `old` 1.0 asks for `lib-core<2`\n"
        "  `lib-core` 2.5 comes from [conda]"
    )
    assert error.hint == "loosen one of the requirements named above"


# what cannot be


def test_what_does_not_go_together_is_said_with_both_sides(solver: Solver) -> None:
    assert solver.refusal("old", "lib-core>=2").message == (
        "what [pip] asks for cannot be had on linux-64\n"
        "  [pip] asks for `lib-core>=2`\n"
        "  `old` 1.0 asks for `lib-core<2`"
    )


@pytest.mark.parametrize(
    ("requirement", "changes", "note"),
    [
        ("many", {}, "`many` has no wheel for Python 3.11 and glibc 2.28 (linux-64)"),
        ("lib-core>=2", {"cutoff": "2026-02-01T00:00:00Z"}, "only what was uploaded before 2026-02-01T00:00:00Z"),
        ("absent", {}, "[pip] asks for `absent`"),
    ],
)
def test_what_pip_was_not_shown_is_said(solver: Solver, requirement: str, changes: dict[str, Any], note: str) -> None:
    write_wheel(solver.folder, "many", tag="cp311-cp311-manylinux_2_34_x86_64")
    assert note in solver.refusal(requirement, **changes).message


@pytest.mark.parametrize("platform", ["linux-aarch64", "osx-arm64", "win-64"])
def test_another_platform_is_refused(solver: Solver, platform: str, index: IndexServer) -> None:
    error = solver.refusal("app", platform=PLATFORMS[platform])
    assert error.message == (
        f"pip-tools resolves for the platform it runs on, which is linux-64, and not for {platform}"
    )
    assert error.hint == 'take `pip-resolver = "uv"`, which resolves for any platform and Python'
    assert not index.requests


def test_another_python_is_refused_where_there_is_none(solver: Solver) -> None:
    error = solver.refusal("app", python="3.9.1")
    assert error.message == "pip-tools resolves for the Python it runs on, and there is no Python 3.9 on this machine"
    assert error.hint is not None
    assert error.hint.startswith("install python3.9; or take `pip-resolver")


def test_the_python_that_is_handed_in_resolves(solver: Solver, tmp_path: Path) -> None:
    """With our libraries, which it does not have itself; which one was asked, it writes down."""
    python = tmp_path / "python3.9"
    python.write_text(f'#!/bin/sh\necho "$0" > {tmp_path}/used\nexec {sys._base_executable} "$@"\n')  # type: ignore[attr-defined]
    python.chmod(0o755)
    doors = replace(solver.doors, python=lambda _: str(python))
    request = replace(solver.request, requirements=("app",), python="3.9.1")
    assert [answer.name for answer in solve(request, doors)] == ["app", "lib-core"]
    assert (tmp_path / "used").read_text().strip() == str(python)


# sources of their own


def test_a_wheel_by_its_own_path_is_the_only_one(solver: Solver, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "local", "lib.core", "1.0", requires=["extra-only"])
    (app, extra, lib) = solver.ask("app", f"lib-core @ {wheel.as_uri()}")
    assert (lib.url, lib.file, lib.index) == (wheel.as_uri(), wheel.name, None)
    assert [app.name, extra.name] == ["app", "extra-only"]


def test_a_wheel_that_fits_another_machine_is_refused(solver: Solver, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "local", "tool", tag="cp311-cp311-win_amd64")
    assert solver.refusal(f"tool @ {wheel.as_uri()}").message == (
        "`tool` 1.0 has no wheel for Python 3.11 and glibc 2.28 (linux-64)"
    )


@pytest.mark.parametrize("source", ["git+https://git.test/tool@v1", "https://host.test/tool-1.0.tar.gz", "file:///x"])
def test_what_would_have_to_be_built_is_refused(solver: Solver, source: str) -> None:
    error = solver.refusal(f"tool @ {source}")
    assert error.message == f"`tool` would have to be built from {source}, and pip-tools is not let build anything"


# several indexes


def test_a_package_comes_from_the_index_it_is_bound_to_or_the_first(
    solver: Solver, index: IndexServer, index_server: IndexServers, tmp_path: Path
) -> None:
    """pip alone would take the newest of all indexes."""
    for name in ("lib-core", "acme-tool", "app"):
        write_wheel(tmp_path / "more", name, "1.5", requires=["acme-tool"] if name == "app" else ())
    write_wheel(solver.folder, "acme-tool", "9.0")
    more = index_server(tmp_path / "more")
    ours = Index(name="ours", url=index.url, default=True)
    first = (Index(name="more", url=more.url), ours)
    found = {a.name: (a.version, a.index) for a in solver.ask("lib-core", "app", indexes=first)}
    assert found == {"lib-core": ("1.5", "more"), "app": ("1.5", "more"), "acme-tool": ("1.5", "more")}
    bound = (Index(name="more", url=more.url, packages=("acme-*",)), ours)
    found = {a.name: (a.version, a.index) for a in solver.ask("lib-core", "acme-tool", indexes=bound)}
    assert found == {"lib-core": ("2.0", "ours"), "acme-tool": ("1.5", "more")}


# the machine around it


def test_what_this_machine_is_set_to_has_no_say(
    solver: Solver, isolated_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "constraints.txt").write_text("lib-core<2")
    settings = "[global]\nindex-url = http://127.0.0.1:9/\npre = true\n"
    for place in (isolated_home / ".pip/pip.conf", isolated_home / ".config/pip/pip.conf", tmp_path / "pip.conf"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(settings)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_PRE", "1")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.pip-tools]\npre = true\n")
    write_wheel(solver.folder, "lib.core", "3.0rc1")
    assert solver.versions("lib-core") == {"lib-core": "2.0"}


def test_an_index_that_fails_is_said_in_its_words(solver: Solver) -> None:
    def refused(_index: Index, _name: str) -> tuple[IndexFile, ...] | None:
        raise OutsideError("the index is on fire")

    with pytest.raises(OutsideError, match="the index is on fire"):
        solve(replace(solver.request, requirements=("app",)), replace(solver.doors, files_of=refused))


def test_the_index_of_ours_answers_only_who_knows_its_word() -> None:
    file = IndexFile(name="tool", version="1.0", file="tool-1.0-py3-none-any.whl", url="https://me:word@host.test/x")
    serving = Serving(wheels=lambda _: (file,), metadata=lambda _: WheelMetadata(name="tool", version="1.0"))
    with serve(serving) as url:
        page = urllib.request.urlopen(f"{url}tool/").read().decode()
        metadata = urllib.request.urlopen(urljoin(url, f"../files/{file.file}.metadata")).read().decode()
        host, _, _ = url.removeprefix("http://").partition("/")
        for path in ("/simple/tool/", "/guess/simple/tool/", "/", f"/files/{file.file}.metadata"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"http://{host}{path}")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(urljoin(url, f"../files/{file.file}"))
    assert '"filename": "tool-1.0-py3-none-any.whl"' in page
    assert "word" not in page
    assert metadata == "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n"


# the whole command


def test_a_lock_by_pip_tools_is_the_one_by_uv(wheels: Path, index: IndexServer, tmp_path: Path) -> None:
    text = manifest_text(pip=["app[more]", "lib-core<2"], index=index.url, more='[lock]\npip-resolver = "pip-tools"\n')
    project = new_project(tmp_path / "project", text, cache=tmp_path / "envlock-cache")
    project.must("lock")
    project.must("check")
    lock = project.lockfile.read_bytes()
    index.requests.clear()
    assert "nothing to do" in project.call("lock").stderr
    assert not index.requests
    project.lockfile.unlink()
    project.must("--offline", "lock")
    assert project.lockfile.read_bytes() == lock
    # the engine is no input: with another one the lock still answers, and made anew it is the same
    project.change('pip-resolver = "pip-tools"', 'pip-resolver = "uv"')
    project.must("check")
    project.lockfile.unlink()
    project.must("lock")
    assert project.lockfile.read_bytes() == lock


def test_a_local_wheel_and_what_moves_by_pip_tools(wheels: Path, index: IndexServer, tmp_path: Path) -> None:
    more = '[lock]\npip-resolver = "pip-tools"\n'
    text = manifest_text(pip=["tool @ ./dist/tool-1.0-py3-none-any.whl", "lib-core<2"], index=index.url, more=more)
    project = new_project(tmp_path / "project", text, cache=tmp_path / "envlock-cache")
    write_wheel(project.folder / "dist", "tool", requires=["lib-core"])
    project.must("lock")
    assert project.versions() == {"lib-core": "1.0", "tool": "1.0"}
    project.change("'lib-core<2'", "'lib-core'")
    project.must("lock")
    assert project.versions() == {"lib-core": "1.0", "tool": "1.0"}
    project.must("lock", "-P", "lib-core")
    assert project.versions() == {"lib-core": "2.0", "tool": "1.0"}
    project.must("check")
