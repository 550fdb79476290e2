"""envlock run by other Pythons of this machine, each in an environment with all that envlock needs, made once."""

import os
import subprocess
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from tests.support.cache import AMBIENT, made_once, recipe_key
from tests.support.processes import PROJECT, CommandError, run
from tests.support.services import unavailable

START = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from envlock.cli.main import main; main()"


@cache
def envlock_under(minor: str) -> tuple[str | Path, ...]:
    """The words by which a CPython of this minor version is `envlock`."""
    python = _python(minor)
    if python is None:
        unavailable(f"no Python {minor} on this machine")
    folder = made_once(_name(python), lambda target: _install(python, target))
    return folder / "bin" / "python", "-c", START


def is_here(minor: str) -> bool:
    """Has this machine a CPython of this minor version?"""
    return _python(minor) is not None


def _name(python: Path) -> str:
    return f"envlock-python-{recipe_key(str(python), PROJECT / 'pyproject.toml')}"


@cache
def _python(minor: str) -> Path | None:
    """What uv finds on PATH or among its own, or stands behind the shims of pyenv, of which uv does not get past the
    first that starts nothing."""
    pyenv = Path(AMBIENT.get("PYENV_ROOT") or Path(AMBIENT.get("HOME", "/"), ".pyenv"))
    on_path = [Path(folder) for folder in AMBIENT.get("PATH", "").split(os.pathsep) if folder]
    folders = [folder for folder in on_path if folder != pyenv / "shims"]
    folders += sorted(pyenv.glob(f"versions/{minor}.*/bin"))
    path = os.pathsep.join(map(str, folders))
    command = (find_uv_bin(), "--no-config", "python", "find", "--system", "--no-python-downloads", f"cpython@{minor}")
    found = subprocess.run(command, capture_output=True, text=True, check=False, env={**AMBIENT, "PATH": path})
    return Path(found.stdout.strip()).resolve() if found.returncode == 0 else None


def _install(python: Path, target: Path) -> None:
    # made_once gives the folder its final name afterwards: only what works from any place is used of it
    uv = (find_uv_bin(), "--quiet", "--no-config")
    run((*uv, "venv", "--clear", "--no-python-downloads", "--python", python, target))
    where = ("--python", target / "bin" / "python", "--system-certs", "--only-binary", ":all:")
    try:
        run((*uv, "pip", "install", *where, "--requirements", PROJECT / "pyproject.toml"))
    except CommandError as error:
        unavailable(f"the libraries of envlock cannot be installed: {error}")
