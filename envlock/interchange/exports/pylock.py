"""pylock.toml (PEP 751): the pip packages of all platforms, told apart by markers where they differ."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from packaging.markers import Marker
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockValidationError,
)
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from envlock.errors import UserInputError
from envlock.interchange.exports.contents import Contents, git_url
from envlock.interchange.exports.merged import Merged, merged, platform_marker
from envlock.interchange.exports.toml_text import toml_text
from envlock.model.lock import PipPackage


def pylock_toml(contents: Contents) -> str:
    """The text; installers refuse it for other platforms and Pythons than it was locked for."""
    pythons = contents.pythons
    pylock = Pylock(
        lock_version=Version("1.0"),
        environments=[Marker(platform_marker(locked.platform)) for locked in contents.platforms],
        requires_python=SpecifierSet(f"=={pythons[0]}.*") if len(pythons) == 1 else None,
        created_by="envlock",
        packages=[_package(each, contents) for each in merged(contents.platforms)],
    )
    try:
        pylock.validate()
    except PylockValidationError as error:
        raise UserInputError(f"a pylock file cannot hold what is locked: {error}") from error
    return toml_text(pylock.to_dict())


def _package(each: Merged, contents: Contents) -> Package:
    package = each.package
    fields: dict[str, Any] = {
        "name": canonicalize_name(package.name),
        "marker": Marker(each.marker) if each.marker else None,
        "requires_python": SpecifierSet(package.requires_python) if package.requires_python else None,
        # a folder or a repository may say another version of itself by now
        "version": None if package.git or package.tree else Version(package.version),
    }
    return Package(**fields, **_source(each.files, contents))


def _source(files: Sequence[PipPackage], contents: Contents) -> dict[str, Any]:
    package = files[0]
    if package.git:
        vcs = PackageVcs(
            type="git",
            url=git_url(package),
            commit_id=package.commit or "",
            subdirectory=package.subdirectory,
        )
        return {"vcs": vcs}
    if package.tree:
        path = contents.local(package.path or "")
        return {"directory": PackageDirectory(path=path, editable=False, subdirectory=package.subdirectory)}
    if package.index is None:
        return {"archive": _archive(package, contents)}
    index = contents.indexes.get(package.index)
    if package.builds:
        return {"index": index, "sdist": PackageSdist(**_file(package, contents))}
    return {"index": index, "wheels": [PackageWheel(**_file(wheel, contents)) for wheel in files]}


def _archive(package: PipPackage, contents: Contents) -> PackageArchive:
    """A file that env.toml names by its path or URL."""
    return PackageArchive(
        path=contents.local(package.path) if package.path else None,
        url=contents.urls[package] if package.url else None,
        size=package.size,
        hashes={"sha256": package.sha256},
        subdirectory=package.subdirectory,
    )


def _file(package: PipPackage, contents: Contents) -> dict[str, Any]:
    return {
        "name": package.file,
        "upload_time": datetime.fromisoformat(package.uploaded) if package.uploaded else None,
        "url": contents.urls[package],
        "size": package.size,
        "hashes": {"sha256": package.sha256},
    }
