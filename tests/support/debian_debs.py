"""Tiny packages, built by Debian's own `dpkg-deb` from a description of what is in them."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from tests.support.cache import AMBIENT
from tests.support.processes import run
from tests.support.services import require


class _Named(TypedDict):
    name: str


class Tiny(_Named, total=False):
    """A package by its name and what is not as usual: paths are below the root, `scripts` by their names
    ("postinst", "conffiles", "triggers"), `fields` any further ones of the control file."""

    version: str
    architecture: str
    depends: str
    pre_depends: str
    recommends: str
    provides: str
    conflicts: str
    breaks: str
    replaces: str
    multi_arch: str
    essential: str
    priority: str
    fields: Mapping[str, str]
    files: Mapping[str, str | bytes]
    links: Mapping[str, str]
    modes: Mapping[str, int]
    scripts: Mapping[str, str]
    compression: str


FIELDS = {
    "depends": "Depends",
    "pre_depends": "Pre-Depends",
    "recommends": "Recommends",
    "provides": "Provides",
    "conflicts": "Conflicts",
    "breaks": "Breaks",
    "replaces": "Replaces",
    "multi_arch": "Multi-Arch",
    "essential": "Essential",
}
EXECUTED = ("preinst", "postinst", "prerm", "postrm", "config")


def tiny_deb(folder: Path, package: Tiny) -> Path:
    """`NAME_VERSION_ARCHITECTURE.deb` in a folder, with root as owner of everything."""
    folder.mkdir(parents=True, exist_ok=True)
    version = package.get("version", "1.0")
    name = f"{package['name']}_{version.partition(':')[2] or version}_{package.get('architecture', 'amd64')}.deb"
    with tempfile.TemporaryDirectory(prefix="envlock-deb-") as place:
        root = Path(place, "root")
        _write_members(root, package)
        _write_control(root / "DEBIAN", package)
        command = (require("dpkg-deb", "dpkg"), "--root-owner-group", f"-Z{package.get('compression', 'gzip')}")
        run((*command, "--build", root, folder / name), environment={**AMBIENT, "SOURCE_DATE_EPOCH": "0"})
    return folder / name


def _write_members(root: Path, package: Tiny) -> None:
    for path in (*package.get("files", {}), *package.get("links", {}), *package.get("modes", {})):
        # joined to a folder, "/usr/bin/dash" would be this machine's own
        assert not path.startswith("/"), f"{path} is not below the package's root"
        assert ".." not in Path(path).parts, f"{path} leads out of the package's root"
    for path, content in package.get("files", {}).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(0o644)
    for path, target in package.get("links", {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    for folder in (root, *root.rglob("*")):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o755)
    for path, mode in package.get("modes", {}).items():
        (root / path).chmod(mode)


def _write_control(folder: Path, package: Tiny) -> None:
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    (folder / "control").write_text("".join(f"{name}: {value}\n" for name, value in _fields(package).items()))
    for name, text in package.get("scripts", {}).items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755 if name in EXECUTED else 0o644)


def _fields(package: Tiny) -> dict[str, str]:
    stated = {FIELDS[key]: str(value) for key, value in package.items() if key in FIELDS}
    return {
        "Package": package["name"],
        "Version": package.get("version", "1.0"),
        "Architecture": package.get("architecture", "amd64"),
        "Maintainer": "Tests <tests@packages.test>",
        "Priority": package.get("priority", "optional"),
        "Section": "misc",
        **stated,
        **package.get("fields", {}),
        "Description": f"a tiny {package['name']}",
    }
