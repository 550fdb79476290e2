"""A real wheel as the conda package that conda-forge would make of it."""

import configparser
import re
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import cast

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.support.conda_package import CondaPackage, PackageFile
from tests.support.conda_python import Interpreter, script

# where conda-forge's name is another: its `tzdata` is the system's database, not the distribution
CONDA_NAMES = {"tzdata": "python-tzdata"}


def wheel_package(wheel: Path, python: Interpreter) -> CondaPackage:
    """noarch for a wheel of any platform, else linux-64 and bound to the minor version of `python`."""
    name, version, _, tags = parse_wheel_filename(wheel.name)
    pure = all(tag.platform == "any" for tag in tags)
    with zipfile.ZipFile(wheel) as archive:
        metadata = _metadata(archive)
        scripts = _console_scripts(archive)
        files = _pure_files(archive) if pure else _compiled_files(archive, python, scripts)
    compact = python.minor.replace(".", "")
    return CondaPackage(
        name=conda_name(name),
        version=str(version),
        build="pyhd_0" if pure else f"py{compact}_0",
        depends=(*_python_depends(metadata, python, tags, pure), *sorted(_depends(metadata, python))),
        files=files,
        noarch="python" if pure else None,
        entry_points=tuple(f"{command} = {target}" for command, target in scripts.items()) if pure else (),
        license=metadata.get("License-Expression", "unknown"),
    )


def conda_name(distribution: str) -> str:
    name = canonicalize_name(distribution)
    return CONDA_NAMES.get(name, str(name))


def match_spec(name: str, specifiers: SpecifierSet) -> str:
    """PEP 440's clauses in conda's notation, where `==1.*` is written `1.*`."""
    clauses = (re.sub(r"^==(.*\.\*)$", r"\1", str(clause)) for clause in specifiers)
    return f"{name} {','.join(sorted(clauses))}".strip()


def _metadata(archive: zipfile.ZipFile) -> Message:
    (name,) = [entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA")]
    return BytesParser().parsebytes(archive.read(name))


def _console_scripts(archive: zipfile.ZipFile) -> dict[str, str]:
    sections = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    sections.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    for name in archive.namelist():
        if name.endswith(".dist-info/entry_points.txt"):
            sections.read_string(archive.read(name).decode())
    return dict(sections["console_scripts"]) if sections.has_section("console_scripts") else {}


def _python_depends(metadata: Message, python: Interpreter, tags: frozenset[Tag], pure: bool) -> tuple[str, ...]:
    if pure:
        return (match_spec("python", SpecifierSet(metadata.get("Requires-Python", ""))),)
    major, minor = python.minor.split(".")
    compact = major + minor
    return (
        f"__glibc >={_oldest_glibc(tags)},<3.0.a0",
        f"python >={python.minor},<{major}.{int(minor) + 1}.0a0",
        f"python_abi {python.minor}.* *_cp{compact}",
    )


def _oldest_glibc(tags: frozenset[Tag]) -> str:
    found = [re.match(r"manylinux_(\d+)_(\d+)_", tag.platform) for tag in tags]
    major, minor = min((int(match[1]), int(match[2])) for match in found if match)
    return f"{major}.{minor}"


def _depends(metadata: Message, python: Interpreter) -> Iterator[str]:
    marker_environment: dict[str, str] = {
        **cast("dict[str, str]", default_environment()),
        "extra": "",
        "python_version": python.minor,
        "python_full_version": python.version,
    }
    for text in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(marker_environment):
            yield match_spec(conda_name(requirement.name), requirement.specifier)


def _pure_files(archive: zipfile.ZipFile) -> dict[str, PackageFile]:
    return dict(sorted(_unpacked(archive, "site-packages", scripts="python-scripts")))


def _compiled_files(archive: zipfile.ZipFile, python: Interpreter, scripts: dict[str, str]) -> dict[str, PackageFile]:
    site_packages = f"lib/python{python.minor}/site-packages"
    commands = {f"bin/{name}": _command(target) for name, target in scripts.items()}
    return dict(sorted({**dict(_unpacked(archive, site_packages, scripts="bin")), **commands}.items()))


def _command(target: str) -> PackageFile:
    module, function = target.split(":")
    start = function.split(".")[0]
    body = f"import sys\nfrom {module} import {start}\nif __name__ == '__main__':\n    sys.exit({function}())\n"
    return script("python", body)


def _unpacked(archive: zipfile.ZipFile, site_packages: str, scripts: str) -> Iterator[tuple[str, PackageFile]]:
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        name = PurePosixPath(entry.filename)
        content = archive.read(entry)
        yield _place(name, site_packages, scripts), _unpacked_file(content)
        if name.name == "METADATA" and name.parent.suffix == ".dist-info":
            yield f"{site_packages}/{name.parent}/INSTALLER", PackageFile(content=b"conda\n")


def _place(name: PurePosixPath, site_packages: str, scripts: str) -> str:
    """Where a member of a wheel lies in a prefix; of `*.data` each scheme has its own place."""
    if not name.parts[0].endswith(".data"):
        return f"{site_packages}/{name}"
    schemes = {
        "purelib": site_packages,
        "platlib": site_packages,
        "scripts": scripts,
        "headers": "include",
        "data": ".",
    }
    return str(PurePosixPath(schemes[name.parts[1]], *name.parts[2:]))


def _unpacked_file(content: bytes) -> PackageFile:
    start, _, rest = content.partition(b"\n")
    if re.fullmatch(rb"#!pythonw?", start.strip()):  # the wheel format's word for "the environment's Python"
        return script("python", rest.decode())
    return PackageFile(content=content, executable=content.startswith((b"#!", b"\x7fELF")))
