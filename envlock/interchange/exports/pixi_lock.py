"""pixi.lock, version 7: one environment named `default`, all platforms, conda and pip packages."""

from envlock.interchange.exports.contents import Contents, git_url
from envlock.interchange.exports.yaml_text import Value, yaml_text
from envlock.model.lock import CondaPackage, PipPackage, PlatformLock, PrefixPackage
from envlock.model.match_specs import conda_name
from envlock.model.platform import System, VirtualPackage, virtual_packages

_VERSION = 7


def pixi_lock(contents: Contents) -> str:
    """Packages by where they are, in the order in which pixi writes them."""
    channels: list[Value] = [{"url": contents.channels[name]} for name in contents.lock.inputs.channels]
    environment: dict[str, Value] = {"channels": channels}
    if contents.index_urls:
        environment["indexes"] = contents.index_urls
    environment["packages"] = {
        locked.platform: [{_kind(p): _place(p, contents)} for p in locked.prefix_packages]
        for locked in contents.platforms
    }
    every = {_place(p, contents): p for locked in contents.platforms for p in locked.prefix_packages}
    return yaml_text(
        {
            "version": _VERSION,
            "platforms": [_platform(locked, contents) for locked in contents.platforms],
            "environments": {"default": environment},
            "packages": [_package(p, place, contents) for place, p in sorted(every.items())],
        }
    )


def _platform(locked: PlatformLock, contents: Contents) -> Value:
    system = dict(contents.lock.inputs.systems).get(locked.platform, System())
    return {"name": locked.platform, "virtual-packages": [_virtual(p) for p in virtual_packages(system)]}


def _virtual(package: VirtualPackage) -> str:
    build = f"={package.build}" if package.build != "0" else ""
    return f"{package.name}={package.version}{build}"


def _kind(package: PrefixPackage) -> str:
    return "conda" if isinstance(package, CondaPackage) else "pypi"


def _place(package: PrefixPackage, contents: Contents) -> str:
    if isinstance(package, CondaPackage) or not (package.git or package.path):
        return contents.urls[package]
    if package.path:
        return contents.local(package.path)
    inside = f"&subdirectory={package.subdirectory}" if package.subdirectory else ""
    return f"git+{git_url(package)}?rev={package.commit}{inside}#{package.commit}"


def _package(package: PrefixPackage, place: str, contents: Contents) -> Value:
    fields = _conda(package, place) if isinstance(package, CondaPackage) else _pypi(package, contents)
    return {_kind(package): place, **{key: value for key, value in fields.items() if value}}


def _conda(package: CondaPackage, place: str) -> dict[str, Value | None]:
    """Name, version and build are read off the URL, and its folder, where it is none of a local channel."""
    return {
        "subdir": package.subdir if place.startswith("file:") else None,
        "noarch": _noarch(package),
        "sha256": package.sha256,
        "depends": package.requires,
        "constrains": package.constrains,
        "size": package.size,
    }


def _noarch(package: CondaPackage) -> str | None:
    """How it is linked. What is called `python` without having modules is linked like all else."""
    if package.subdir != "noarch":
        return None
    python = package.provides or "python" in map(conda_name, package.requires)
    return "python" if python else "generic"


def _pypi(package: PipPackage, contents: Contents) -> dict[str, Value | None]:
    return {
        "name": package.name,
        "version": package.version,
        "index": contents.indexes.get(package.index or ""),
        "sha256": package.sha256,
        "requires_dist": package.requires,
        "requires_python": package.requires_python,
    }
