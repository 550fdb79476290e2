"""Where a conda environment is that is known by its name: as conda, mamba and micromamba find it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from envlock.errors import UserInputError
from envlock.model.words import did_you_mean
from envlock.system.text_file import display

_META, _CONFIGURATION = "conda-meta", "pyvenv.cfg"
_ROOTS = ("base", "root")
# prefixes of nested shells: nobody has more of them
_DEEPEST = 10


def prefix_at(given: Path, environment: Mapping[str, str]) -> Path:
    """A prefix by its folder, else a conda environment by its name; UserInputError for a folder that is none."""
    if len(given.parts) == 1 and not given.is_absolute() and not given.is_dir():
        return prefix_named(given.name, environment)
    if given.is_dir() and not _is_prefix(given) and not (given / _CONFIGURATION).is_file():
        raise UserInputError(
            f"`{display(given)}` is neither a conda environment nor a virtual environment",
            hint="what is installed beside a Python itself, its `python -m pip freeze` lists: import that file",
        )
    return given


def prefix_named(name: str, environment: Mapping[str, str]) -> Path:
    """The prefix of a conda environment; `environment` is that of the process.

    UserInputError where there is none, or where several have the name.
    """
    if not name or "/" in name or name in (".", ".."):
        raise UserInputError(f"`{name}` is no name of a conda environment", hint="a folder is taken by `--prefix`")
    known = _known(environment)
    found = sorted({path.resolve() for each, path in known if each == name})
    if not found:
        names = sorted({each for each, _ in known})
        listed = f"known are {', '.join(names[:20])}" if names else "conda's tools have noted none for this user"
        raise UserInputError(f"no conda environment `{name}`", hint=did_you_mean(name, names) or listed)
    if len(found) > 1:
        places = ", ".join(f"`{path}`" for path in found)
        raise UserInputError(f"several conda environments are named `{name}`: {places}", hint="name its folder")
    return found[0]


def _known(environment: Mapping[str, str]) -> list[tuple[str, Path]]:
    """Every environment that can be told of, by name."""
    roots = [root for root in dict.fromkeys(_roots(environment)) if _is_prefix(root)]
    known = [(name, root) for root in roots for name in _ROOTS]
    for folder in dict.fromkeys(_folders(environment, roots)):
        known += [(path.name, path) for path in _inside(folder) if _is_prefix(path)]
    known += [(path.name, path) for path in _noted(environment) if path not in roots and _is_prefix(path)]
    return known


def _roots(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where conda itself is installed, or what micromamba takes for it."""
    if root := environment.get("MAMBA_ROOT_PREFIX"):
        yield Path(root)
    if program := environment.get("CONDA_EXE"):
        yield Path(program).parent.parent
    numbered = (f"CONDA_PREFIX_{depth}" for depth in range(1, _DEEPEST))
    for key in ("CONDA_PREFIX", *numbered):
        prefix = Path(environment.get(key) or "/")
        if (prefix / "condabin").is_dir() or (prefix / "envs").is_dir():
            yield prefix
        elif prefix.parent.name == "envs":
            yield prefix.parent.parent


def _folders(environment: Mapping[str, str], roots: list[Path]) -> Iterator[Path]:
    """The folders in which environments are by their names."""
    for key in ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"):
        yield from (Path(part) for part in environment.get(key, "").split(os.pathsep) if part)
    yield from (root / "envs" for root in roots)
    if home := environment.get("HOME"):
        yield Path(home, ".conda", "envs")


def _noted(environment: Mapping[str, str]) -> Iterator[Path]:
    """What conda's tools have noted of every environment that they made."""
    home = environment.get("HOME")
    try:
        text = Path(home, ".conda", "environments.txt").read_text(encoding="utf-8") if home else ""
    except (OSError, UnicodeDecodeError):
        return
    yield from (Path(line.strip()) for line in text.splitlines() if line.strip().startswith("/"))


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_prefix(path: Path) -> bool:
    return "\0" not in str(path) and (path / _META).is_dir()
