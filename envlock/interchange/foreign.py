"""Files of other tools that an environment can be made from: which is which, and who reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from envlock.interchange.azureml import asset as azureml_asset
from envlock.interchange.azureml import definition as azureml_definition
from envlock.interchange.conda import conda_lock_file, environment_import, explicit_file, pixi_lock_file
from envlock.interchange.docker import dockerfile_file
from envlock.interchange.installed import conda_prefix, virtual_environment
from envlock.interchange.pip import poetry_lock_file, project_import, pylock_file, requirements_file, uv_lock_file
from envlock.interchange.source import Source
from envlock.model.imported import Imported


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """One kind of file: `is_one` tells it by its path and text (what it is called in a table is its name for people),
    `read` reads it, and raises ValueError, or UserInputError that names file and line, where it cannot. Some are
    `folders` as well: no folder is one of the others, whatever it is called."""

    is_one: Callable[[Path, str], bool]
    read: Callable[[Source], Imported]
    folders: bool = False


# in the order in which they are asked; each reader's module has its two functions
FOREIGN: dict[str, Foreign] = {
    "azureml": Foreign(is_one=azureml_definition.is_one, read=azureml_definition.read, folders=True),
    "azureml-v2": Foreign(is_one=azureml_asset.is_one, read=azureml_asset.read),
    "conda prefix": Foreign(is_one=conda_prefix.is_one, read=conda_prefix.read, folders=True),
    "virtual environment": Foreign(is_one=virtual_environment.is_one, read=virtual_environment.read, folders=True),
    "explicit": Foreign(is_one=explicit_file.is_one, read=explicit_file.read),
    "conda-lock": Foreign(is_one=conda_lock_file.is_one, read=conda_lock_file.read),
    "pixi": Foreign(is_one=pixi_lock_file.is_one, read=pixi_lock_file.read),
    "pylock": Foreign(is_one=pylock_file.is_one, read=pylock_file.read),
    "uv.lock": Foreign(is_one=uv_lock_file.is_one, read=uv_lock_file.read),
    "poetry.lock": Foreign(is_one=poetry_lock_file.is_one, read=poetry_lock_file.read),
    "dockerfile": Foreign(is_one=dockerfile_file.is_one, read=dockerfile_file.read),
    "environment.yml": Foreign(is_one=environment_import.is_one, read=environment_import.read),
    "pyproject.toml": Foreign(is_one=project_import.is_one, read=project_import.read),
    "requirements.txt": Foreign(is_one=requirements_file.is_one, read=requirements_file.read),
}


def foreign_of(path: Path, text: str) -> str | None:
    """What kind of file this is, by its name and text; None where nobody knows it."""
    return next(
        (name for name, kind in FOREIGN.items() if (kind.folders or not path.is_dir()) and kind.is_one(path, text)),
        None,
    )
