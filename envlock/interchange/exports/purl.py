"""Package URLs: what scanners know a package by. The one door to their library."""

from packageurl import PackageURL

from envlock.interchange.exports.contents import git_url
from envlock.model.lock import Base, CondaPackage, DebianPackage, Package, PipPackage
from envlock.model.reference import parse_reference

_FOLDER = "oci:"


def purl(package: Package, base: Base) -> PackageURL:
    """The package URL of a locked package; what is only on this machine (paths, URLs of channels) is left out."""
    if isinstance(package, DebianPackage):
        return _debian(package, base)
    return _conda(package) if isinstance(package, CondaPackage) else _pip(package)


def base_purl(base: Base) -> PackageURL | None:
    """Of a base that is in a registry."""
    if base.reference is None or base.digest is None or base.reference.startswith(_FOLDER):
        return None
    reference = parse_reference(base.reference)
    where = f"{reference.registry}/{reference.repository}"
    qualifiers = {"repository_url": where, **({"tag": reference.tag} if reference.tag else {})}
    name = reference.repository.rpartition("/")[2]
    return PackageURL(type="oci", name=name, version=base.digest, qualifiers=qualifiers)


def _debian(package: DebianPackage, base: Base) -> PackageURL:
    qualifiers = {"arch": package.architecture, **({"distro": base.suite} if base.suite else {})}
    return PackageURL(type="deb", namespace="debian", name=package.name, version=package.version, qualifiers=qualifiers)


def _conda(package: CondaPackage) -> PackageURL:
    named = {} if "/" in package.channel else {"channel": package.channel}
    form = "tar.bz2" if package.file.endswith(".tar.bz2") else "conda"
    qualifiers = {"build": package.build, **named, "subdir": package.subdir, "type": form}
    return PackageURL(type="conda", name=package.name, version=package.version, qualifiers=qualifiers)


def _pip(package: PipPackage) -> PackageURL:
    qualifiers = {}
    if package.git:
        qualifiers = {"vcs_url": f"git+{git_url(package)}@{package.commit}"}
    elif package.url:
        qualifiers = {"download_url": package.url}
    return PackageURL(type="pypi", name=package.name, version=package.version, qualifiers=qualifiers)
