"""Where conda environments are on this machine, by their names."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from envlock.errors import UserInputError
from envlock.model.words import did_you_mean

_META = "conda-meta"  # what every prefix has
_LISTS = ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS")
_ROOTS = ("MAMBA_ROOT_PREFIX", "CONDA_ROOT")
_PROGRAMS = ("CONDA_EXE", "MAMBA_EXE")


def conda_prefix(given: str | Path, environment: Mapping[str, str]) -> Path:
    """The folder of a conda environment: the one given, or that of the name; UserInputError where there is none."""
    if (Path(given) / _META).is_dir():
        return Path(given).resolve()
    known = {prefix.name: prefix for prefix in reversed([*_prefixes(environment)])}
    if str(given) in known:
        return known[str(given)]
    raise UserInputError(
        f"there is no conda environment `{given}` on this machine",
        hint=did_you_mean(str(given), known) or "`conda env list` shows where they are: give the folder of one",
    )


def _prefixes(environment: Mapping[str, str]) -> Iterator[Path]:
    """All that can be found, those of the current conda first."""
    home = Path(environment.get("HOME") or os.devnull)
    active = [Path(path) for path in [environment.get("CONDA_PREFIX")] if path]
    yield from (folder for folder in [*active, *_folders(environment, home)] if (folder / _META).is_dir())
    try:
        listed = (home / ".conda" / "environments.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        listed = []
    yield from (Path(line.strip()) for line in listed if line.strip() and (Path(line.strip()) / _META).is_dir())


def _folders(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    lists = [environment.get(name, "") for name in _LISTS]
    roots = [Path(environment[name]) for name in _ROOTS if environment.get(name)]
    roots += [Path(environment[name]).parents[1] for name in _PROGRAMS if environment.get(name)]
    places = [Path(word) for each in lists for word in each.split(os.pathsep) if word]
    for place in (*places, *(root / "envs" for root in roots), home / ".conda" / "envs"):
        if place.is_dir():
            yield from sorted(place.iterdir())
