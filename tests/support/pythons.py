"""envlock run by other Pythons of this machine, each in an environment with all that envlock needs, made once."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from tests.support.cache import AMBIENT, cache_folder, made_once, recipe_key
from tests.support.processes import PROJECT, CommandError, run
from tests.support.services import unavailable

VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
START = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from envlock.cli.main import main; main()"


@cache
def envlock_under(minor: str) -> tuple[str | Path, ...]:
    """The words by which a CPython of this minor version is `envlock`."""
    python = _python(minor)
    if python is None:
        unavailable(f"no Python {minor} on this machine")
    folder = made_once(_name(python), lambda target: _install(python, target))
    return folder / "bin" / "python", "-c", START


def made_before(minor: str) -> bool:
    """Is the environment of this minor version here already?"""
    python = _python(minor)
    return python is not None and (cache_folder() / _name(python)).is_dir()


def _name(python: Path) -> str:
    return f"envlock-python-{recipe_key(str(python), PROJECT / 'pyproject.toml')}"


@cache
def _python(minor: str) -> Path | None:
    """On PATH, or behind the shims of pyenv, which start nothing but the version that is chosen there."""
    pyenv = Path(AMBIENT.get("PYENV_ROOT") or Path(AMBIENT.get("HOME", "/"), ".pyenv"))
    folders = (*AMBIENT.get("PATH", "").split(os.pathsep), *sorted(pyenv.glob(f"versions/{minor}.*/bin")))
    for folder in folders:
        program = shutil.which(f"python{minor}", path=str(folder))
        if program and _answer(program) == minor:
            return Path(program).resolve()
    return None


def _answer(program: str) -> str:
    return subprocess.run((program, "-I", "-c", VERSION), capture_output=True, text=True, check=False).stdout.strip()


def _install(python: Path, target: Path) -> None:
    # made_once gives the folder its final name afterwards: only what works from any place is used of it
    uv = (find_uv_bin(), "--quiet", "--no-config")
    run((*uv, "venv", "--clear", "--no-python-downloads", "--python", python, target))
    where = ("--python", target / "bin" / "python", "--system-certs", "--only-binary", ":all:")
    try:
        run((*uv, "pip", "install", *where, "--requirements", PROJECT / "pyproject.toml"))
    except CommandError as error:
        unavailable(f"the libraries of envlock cannot be installed: {error}")
