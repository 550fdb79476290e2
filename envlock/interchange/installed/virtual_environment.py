"""A virtual environment as it is installed, by venv, virtualenv, uv or envlock: Python, and every distribution."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from envlock.interchange.installed.conda_meta import META
from envlock.interchange.installed.pinned_distributions import pinned_distributions
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.interchange.installed.prefix_platform import captured_system, only_platform
from envlock.interchange.installed.site_packages import read_site
from envlock.interchange.source import Source
from envlock.model.imported import Imported, Pinned, Remark
from envlock.model.spec import EnvSpec, PipSpec, python_minor

CONFIGURATION = "pyvenv.cfg"
_SITE = re.compile(r"python(?P<version>\d+\.\d+)")
_VERSION = re.compile(r"(?P<full>\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)(?:[.+].*)?")
_USUAL = ("", "venv", "env", "virtualenv")


def is_one(path: Path, text: str) -> bool:
    return not text and (path / CONFIGURATION).is_file() and not (path / META).is_dir()


def read(source: Source) -> Imported:
    """ValueError says what is wrong with it."""
    files = PrefixFiles(source.path)
    said = _configuration(files)
    implementation = said.get("implementation", "CPython")
    if implementation.lower() != "cpython":
        raise ValueError(f"its Python is {implementation}: environments are for CPython")
    folder, minor = _site(files, said)
    platform = only_platform(("win-64",) if folder.startswith("Lib") else (), source)
    site = read_site(folder, frozenset(), files)
    pip = pinned_distributions(site.distributions, source)
    spec = EnvSpec(
        name=_name(source.path),
        python=minor,
        platforms=(platform,),
        systems=captured_system(platform, (), site.distributions),
        pip=PipSpec(dependencies=tuple(sorted(pip.requested)), editable=pip.editable),
    )
    return Imported(
        spec=spec,
        remarks=(*_told(said, files), *site.remarks, *pip.remarks),
        pinned=(Pinned(platform=platform, python=_version(said) or minor, pip=pip.pip),),
    )


def _configuration(files: PrefixFiles) -> Mapping[str, str]:
    try:
        lines = (files.text(CONFIGURATION) or "").splitlines()
    except ValueError as error:
        raise files.wrong(CONFIGURATION, error) from error
    pairs = (line.partition("=") for line in lines)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _version(said: Mapping[str, str]) -> str | None:
    match = _VERSION.fullmatch(said.get("version") or said.get("version_info") or "")
    return match["full"] if match else None


def _site(files: PrefixFiles, said: Mapping[str, str]) -> tuple[str, str]:
    """Where the distributions are, and for which minor version; that is stated, or there is one alone."""
    version = _version(said)
    if files.names("Lib/site-packages") and version:
        return "Lib/site-packages", python_minor(version)
    found = [name for name in files.names("lib") if name.startswith(("python", "pypy"))]
    stated = f"python{python_minor(version)}" if version else None
    name = stated if stated in found else found[0] if len(found) == 1 and not stated else ""
    match = _SITE.fullmatch(name)
    if not match:
        there = ", ".join(f"lib/{each}" for each in found) or "nothing in `lib`"
        raise ValueError(f"there is no Python {version or 'version'} in it that could be told: {there}")
    return f"lib/{name}/site-packages", match["version"]


def _told(said: Mapping[str, str], files: PrefixFiles) -> Iterator[Remark]:
    if said.get("include-system-site-packages", "").lower() == "true":
        why = "packages of the system's Python, which are seen in it too"
        yield Remark(what="include-system-site-packages = true", why=why, file=files.shown(CONFIGURATION))


def _name(path: Path) -> str:
    """Its folder's; of `.venv` and the like that of the project."""
    place = path.resolve()
    name = place.name.lower()
    return place.parent.name.lower() if name.startswith(".") or name in _USUAL else name
