"""The real first SDK of Azure ML: in an environment of its own, made once a machine, and run without network."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from tests.support.cache import made_once, recipe_key
from tests.support.processes import CommandError, run
from tests.support.services import unavailable

SDK = "azureml-core==1.61.*"
# what it warns of goes to stderr, which nobody reads; the answer is the last line
_START = """
import json, sys, warnings
warnings.simplefilter("ignore")
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies
folder = sys.argv[1]
"""
_LOADED = """
env = Environment.load_from_directory(folder)
conda = env.python.conda_dependencies
print(json.dumps({
    "name": env.name,
    "variables": env.environment_variables,
    "image": env.docker.base_image,
    "dockerfile": env.docker.base_dockerfile,
    "architecture": env.docker.platform.architecture,
    "managed": env.python.user_managed_dependencies,
    "interpreter": env.python.interpreter_path,
    "channels": list(conda.conda_channels) if conda else None,
    "conda": list(conda.conda_packages) if conda else None,
    "pip": list(conda.pip_packages) if conda else None,
    "options": list(conda.pip_options) if conda else None,
}))
"""


@cache
def _python() -> Path:
    return made_once(f"azureml-{recipe_key(SDK, sys.executable)}", _install) / "bin" / "python"


def _install(target: Path) -> None:
    uv = (find_uv_bin(), "--quiet", "--no-config")
    where = ("--python", target / "bin" / "python", "--system-certs", "--only-binary", ":all:")
    try:
        run((*uv, "venv", "--clear", "--no-python-downloads", "--python", sys.executable, target))
        run((*uv, "pip", "install", *where, SDK))
    except CommandError as error:
        unavailable(f"the SDK of Azure ML cannot be installed: {error}")


def sdk(script: str, folder: Path) -> str:
    """What a script prints that has `Environment`, `CondaDependencies` and `folder`; it has no network."""
    # its program is never found on PATH: the folder was made under another name
    away = ("unshare", "--map-root-user", "--net")
    return run((*away, _python(), "-c", _START + script, folder), folder=folder.parent)


def loaded(folder: Path) -> dict[str, Any]:
    """A folder as the SDK loads it."""
    found: dict[str, Any] = json.loads(sdk(_LOADED, folder).strip().splitlines()[-1])
    return found
