"""Environments whose base is Debian's packages, taken from an archive of the tests."""

from collections.abc import Sequence
from pathlib import Path

from tests.support.debian_archive import Archive
from tests.support.debian_packages import SUITE
from tests.support.projects import Project, new_project

MINOR = "3.11"  # the Python of that suite


def debian_manifest(
    archive: Archive,
    packages: Sequence[str],
    *,
    mirror: str | None = None,
    python: str | None = None,
    pip: Sequence[str] = (),
    index: str | None = None,
    platforms: Sequence[str] = ("linux-64",),
    image: str = "",
    debian: str = "",
) -> str:
    """An env.toml; the archive's folder is the mirror where `mirror` names none. `image` and `debian` are further
    lines of `[image]` and `[image.debian]`."""
    parts = [f'name = "train"\nplatforms = {[*platforms]}', *([f'python = "{python}"'] if python else [])]
    parts += [f"\n[pip]\ndependencies = {[*pip]}"] if pip else []
    parts += [f'\n[[pip.indexes]]\nname = "ours"\nurl = "{index}"\ndefault = true'] if index else []
    parts += [f"\n[image]\n{image}"] if image else []
    parts += [f'\n[image.debian]\nsuite = "{SUITE}"\npackages = {[*packages]}']
    parts += [f'mirror = "{mirror or archive.mirror.as_uri()}"\nkeys = "./archive.asc"', debian]
    return "\n".join(parts) + "\n"


def debian_project(folder: Path, archive: Archive, manifest: str, *, cache: Path) -> Project:
    """An environment that believes the archive's key."""
    project = new_project(folder, manifest, cache=cache)
    (folder / "archive.asc").write_bytes(archive.keys.read_bytes())
    return project
