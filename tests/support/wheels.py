"""Real wheels in pinned versions, downloaded once from whatever index this machine is configured for."""

import sys
from functools import cache
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.support.cache import made_once, recipe_key
from tests.support.processes import CommandError, run
from tests.support.services import unavailable

VERSIONS = {
    "blinker": "1.9.0",
    "click": "8.5.1",
    "cloudpickle": "3.1.2",
    "flask": "3.1.3",
    "itsdangerous": "2.2.0",
    "jinja2": "3.1.6",
    "joblib": "1.6.0",
    "lightgbm": "4.7.0",
    "markupsafe": "3.0.4",
    "narwhals": "2.29.0",
    "numpy": "2.4.6",
    "pandas": "3.1.1",
    "python-dateutil": "4.0.0",
    "pytz": "2026.6",
    "scikit-learn": "1.9.1",
    "scipy": "1.17.1",
    "six": "1.17.0",
    "threadpoolctl": "3.8.0",
    "tzdata": "2026.6",
    "werkzeug": "3.1.9",
}

FOREIGN = ("--platform", "manylinux_2_28_aarch64", "--platform", "manylinux2014_aarch64", "--python-version", "3.11")


@cache
def folder() -> Path:
    """The folder with one wheel of each name, for the running Python."""
    pins = [f"{name}=={version}" for name, version in sorted(VERSIONS.items())]
    key = recipe_key(f"{sys.implementation.cache_tag}", *pins)
    return made_once(f"wheels-{key}", lambda target: _download(pins, target))


def path(name: str) -> Path:
    return paths()[canonicalize_name(name)]


@cache
def paths() -> dict[str, Path]:
    """Each wheel by its normalised name."""
    return {str(parse_wheel_filename(wheel.name)[0]): wheel for wheel in sorted(folder().glob("*.whl"))}


@cache
def foreign_folder() -> Path:
    """The folder with wheels of another architecture, for the Python of Debian 12: one that is compiled."""
    pin = f"markupsafe=={VERSIONS['markupsafe']}"
    return made_once(f"wheels-{recipe_key(*FOREIGN, pin)}", lambda target: _download([pin], target, *FOREIGN))


def _download(pins: list[str], target: Path, *flags: str) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet")
    try:
        run((*pip, "--only-binary", ":all:", "--no-deps", *flags, "--dest", target, *pins))
    except CommandError as error:
        unavailable(f"real wheels cannot be downloaded: {error}")
