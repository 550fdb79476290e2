"""conda packages chosen by conda-lock: what is declared reaches the program that solves, and no more."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.model.lock import CondaPackage as Locked
from envlock.model.platform import System
from envlock.solvers import conda_lock, conda_rattler
from envlock.solvers.requests import CondaAnswer, CondaRequest
from tests.support.conda_channel import write_channel
from tests.support.dry_run_solver import calls, install_solver
from tests.support.projects import MINOR, manifest_text, new_project
from tests.support.solving import CondaSolver, conda_request, package, write_channels


class Solver(CondaSolver):
    """`folder` is the one of PATH with the program that solves."""

    def solve(self, requests: Sequence[CondaRequest]) -> list[tuple[CondaAnswer, ...]]:
        return conda_lock.solve(requests)


FIRST = (
    package("tool", "1.0", "lib"),
    package("tool", "2.0", "lib >=2"),
    package("lib", "1.0"),
    package("lib", "2.0", constrains=("limited <2",)),
    package("limited", "1.0"),
    package("limited", "2.0"),
    package("needs-new", "1.0", "lib >=2"),
    package("system", "1.0"),
    package("system", "2.0", "__glibc >=2.28"),
    package("system", "3.0", "__glibc >=2.34"),
    package("gpu", "1.0"),
    package("gpu", "2.0", "__cuda >=12"),
    package("vector", "1.0", "__archspec * x86_64"),
    package("both", "1.0"),
)
SECOND = (package("both", "2.0"), package("second-only", "1.0", "both"))


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_channels(tmp_path_factory.mktemp("channels"), first=FIRST, second=SECOND)


@pytest.fixture
def solver(channels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Solver:
    install_solver(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return Solver(tmp_path / "bin", conda_request(channels, tmp_path / "cache"))


def test_an_answer_is_what_the_default_engine_would_say_of_it(solver: Solver) -> None:
    asked = solver.asked("tool", "second-only", "vector")
    assert conda_lock.solve([asked]) == conda_rattler.solve([asked])


@pytest.mark.parametrize(
    ("specs", "changes", "versions"),
    [
        (["tool <2"], {}, {"tool": "1.0", "lib": "2.0"}),
        (["second-only"], {}, {"second-only": "1.0", "both": "1.0"}),
        (["second-only"], {"priority": "flexible"}, {"second-only": "1.0", "both": "2.0"}),
        (["./second::both"], {"priority": "flexible"}, {"both": "2.0"}),
        (["system"], {}, {"system": "2.0"}),
        (["system"], {"system": System(glibc="2.17")}, {"system": "1.0"}),
        (["system"], {"system": System(glibc="2.36")}, {"system": "3.0"}),
        (["gpu"], {}, {"gpu": "1.0"}),
        (["gpu"], {"system": System(cuda="12.4")}, {"gpu": "2.0"}),
        (["tool"], {"limits": ("lib <2", "absent <1")}, {"tool": "1.0", "lib": "1.0"}),
        (["limited", "lib"], {}, {"limited": "1.0", "lib": "2.0"}),
    ],
)
def test_what_is_declared_counts(
    solver: Solver, specs: list[str], changes: dict[str, Any], versions: Mapping[str, str]
) -> None:
    assert solver.versions(*specs, **changes) == versions


def pins(solver: Solver, *specs: str) -> tuple[Locked, ...]:
    return tuple(solver.ask(*specs).values())


@pytest.mark.parametrize(
    ("pinned", "specs", "versions", "runs"),
    [
        (["tool 1.*", "lib 1.*"], ["tool"], {"tool": "1.0", "lib": "1.0"}, 1),
        (["tool 1.*", "lib 1.*"], ["lib"], {"lib": "1.0"}, 1),
        (["lib 1.*", "both"], ["lib", "both", "gpu"], {"lib": "1.0", "both": "1.0", "gpu": "1.0"}, 1),
        # one that cannot be kept takes no other with it
        (
            ["lib 1.*", "limited 1.*", "system 1.*"],
            ["lib >=2", "limited", "system"],
            {"lib": "2.0", "limited": "1.0", "system": "1.0"},
            None,
        ),
        (["tool 1.*", "lib 1.*"], ["tool", "needs-new"], {"tool": "1.0", "lib": "2.0", "needs-new": "1.0"}, None),
    ],
)
def test_pins_are_kept_while_they_hold(
    solver: Solver, pinned: list[str], specs: list[str], versions: Mapping[str, str], runs: int | None
) -> None:
    keep = pins(solver, *pinned)
    before = len(calls(solver.folder))
    assert solver.versions(*specs, keep=keep) == versions
    assert runs is None or len(calls(solver.folder)) - before == runs


def test_what_nothing_meets(solver: Solver) -> None:
    with pytest.raises(UserInputError) as failure:
        solver.ask("tool >=9")
    assert failure.value.message.startswith(
        "what [conda] asks for cannot be had on linux-64 from `./first`, `./second`\n"
    )
    assert "tool >=9" in failure.value.message
    assert failure.value.hint == "loosen one of the requirements named above, or add a channel"


def test_without_a_program_that_solves(solver: Solver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(UserInputError) as failure:
        solver.ask("tool")
    assert failure.value.message == "conda-lock needs one of `mamba`, `micromamba`, `conda` on PATH, and there is none"
    assert failure.value.hint == 'install micromamba, or take `conda-solver = "rattler"`'


@pytest.mark.parametrize("name", conda_lock.PROGRAMS)
def test_each_program_that_can_solve_is_found(solver: Solver, name: str) -> None:
    (solver.folder / "mamba").rename(solver.folder / name)
    assert conda_lock.find_program() == str(solver.folder / name)
    assert solver.versions("lib") == {"lib": "2.0"}


def test_a_program_that_fails_is_told_in_its_own_words(solver: Solver) -> None:
    program = solver.folder / "mamba"
    program.write_text("#!/bin/sh\necho 'critical libmamba the disk is full' >&2\nexit 1\n")
    with pytest.raises(OutsideError) as failure:
        solver.ask("tool")
    assert failure.value.message == (
        "`mamba` could not solve [conda] for conda-lock\ncritical libmamba the disk is full"
    )


def test_a_limit_in_time_is_refused(solver: Solver) -> None:
    with pytest.raises(UserInputError) as failure:
        solver.ask("tool", cutoff="2026-01-01T00:00:00Z")
    assert failure.value.message == "`exclude-newer` cannot be held by conda-lock, which knows no such limit"
    assert not calls(solver.folder)


def test_a_package_that_its_channel_does_not_have(solver: Solver, tmp_path: Path) -> None:
    write_channel(tmp_path / "other", [package("stray")])
    url = (tmp_path / "other/linux-64/stray-1.0-0.conda").as_uri()
    record = f'{{"name": "stray", "version": "1.0", "build": "0", "url": "{url}", "md5": "", "depends": []}}'
    (solver.folder / "mamba").write_text(f"""#!/bin/sh\necho '{{"actions": {{"FETCH": [{record}]}}}}'\n""")
    with pytest.raises(OutsideError) as failure:
        solver.ask("tool")
    assert failure.value.message == "`stray-1.0-0.conda` was chosen, and no channel of env.toml has it"


def test_what_this_machine_is_set_to_has_no_say(
    solver: Solver, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (isolated_home / ".condarc").write_text("channels: [somewhere]\npinned_packages: [lib <2]\n")
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "2.99")
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "99")
    monkeypatch.setenv("CONDA_FLAGS", "--no-such-flag")
    monkeypatch.setenv("MAMBA_CHANNEL_PRIORITY", "disabled")
    monkeypatch.setenv("CONDARC", str(isolated_home / ".condarc"))
    assert solver.versions("system", "gpu", "second-only") == {
        "system": "2.0",
        "gpu": "1.0",
        "second-only": "1.0",
        "both": "1.0",
    }
    (call,) = calls(solver.folder)
    assert "CONDARC" not in call["environment"]
    assert "PYTHONPATH" not in call["environment"]
    assert not Path(call["environment"]["HOME"], ".condarc").exists()
    assert call["environment"]["CONDA_OVERRIDE_GLIBC"] == "2.28"
    assert call["environment"]["CONDA_OVERRIDE_CUDA"] == ""


# the whole command


def test_a_lock_by_conda_lock_is_the_one_by_rattler(solver: Solver, channels: Path, tmp_path: Path) -> None:
    engine = '[lock]\nconda-solver = "conda-lock"\n'
    channel = (channels / "first").as_uri()
    text = manifest_text(conda=["tool <2", "system"], channels=[channel], more=engine)
    text = text.replace(f'python = "{MINOR}"\n', "")
    project = new_project(tmp_path / "project", text, cache=tmp_path / "envlock-cache")
    project.must("lock")
    project.must("check")
    lock = project.lockfile.read_bytes()
    asked = len(calls(solver.folder))
    assert asked == 1
    assert "nothing to do" in project.call("lock").stderr
    assert len(calls(solver.folder)) == asked
    # the engine is no input: with another one the lock still answers, and made anew it is the same
    project.change('conda-solver = "conda-lock"', 'conda-solver = "rattler"')
    project.must("check")
    project.lockfile.unlink()
    project.must("lock")
    assert project.lockfile.read_bytes() == lock
    assert len(calls(solver.folder)) == asked
