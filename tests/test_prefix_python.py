"""The Python of an environment that does not come from conda: found on this machine, and made a virtual environment."""

import sys
from pathlib import Path

import pytest

from envlock.environments.interpreter import find_python, python_by_uv
from envlock.environments.prefix import write_prefix
from envlock.environments.venv import venv_files
from envlock.errors import OutsideError
from envlock.model.files import Inline, PrefixFile
from tests.support.processes import run

FULL = ".".join(map(str, sys.version_info[:3]))
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_files_of_a_virtual_environment() -> None:
    assert venv_files("/usr/bin", "/usr/bin/python3.11", "3.11.2") == (
        PrefixFile(path="bin/python", link="python3.11"),
        PrefixFile(path="bin/python3", link="python3.11"),
        PrefixFile(path="bin/python3.11", link="/usr/bin/python3.11"),
        PrefixFile(
            path="pyvenv.cfg",
            content=Inline(b"home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n"),
        ),
    )


@pytest.mark.parametrize("name", ["python", "python3", f"python{MINOR}"])
def test_python_takes_the_prefix_for_its_own(tmp_path: Path, name: str) -> None:
    found = find_python(MINOR)
    write_prefix(tmp_path, venv_files(found.home, found.path, found.version))
    # Debian's Python looks into folders of its own, too, behind that one and below the same prefix
    code = (
        "import sys, site; folders = site.getsitepackages(); assert all(f.startswith(sys.prefix) for f in folders)\n"
        "print(sys.prefix, folders[0], sys.flags.no_user_site or site.ENABLE_USER_SITE)"
    )
    site_packages = tmp_path / "lib" / f"python{MINOR}" / "site-packages"
    assert run((tmp_path / "bin" / name, "-c", code)) == f"{tmp_path} {site_packages} False\n"


@pytest.mark.parametrize("wanted", [MINOR, FULL])
def test_the_python_that_runs_envlock_is_taken_where_it_fits(wanted: str) -> None:
    found = find_python(wanted)
    assert found.version == FULL
    assert found.path == str(Path(sys._base_executable).resolve())  # type: ignore[attr-defined]
    assert run((found.path, "-c", "import sys; print(sys.prefix == sys.base_prefix)")) == "True\n"


@pytest.mark.parametrize("wanted", ["3.7", "3.11.99", "4.0"])
def test_a_python_that_is_nowhere_is_an_error_with_a_way_out(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    minor = ".".join(wanted.split(".")[:2])
    with pytest.raises(OutsideError) as missing:
        find_python(wanted)
    assert missing.value.message == f"no Python {wanted} on this machine"
    assert missing.value.hint == f"`uv python install {wanted}`, or install python{minor}"


def test_uv_finds_a_python_on_path_and_no_virtual_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a person's own settings of uv ask for something else."""
    base = find_python(FULL)
    write_prefix(tmp_path / "env", venv_files(base.home, base.path, base.version))
    monkeypatch.setenv("PATH", f"{tmp_path}/env/bin:{base.home}")
    monkeypatch.setenv("UV_PYTHON_PREFERENCE", "only-managed")
    assert [python_by_uv(wanted) for wanted in (MINOR, FULL)] == [base, base]


def test_uv_finding_nothing_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert python_by_uv("3.11.99") is None
