"""environment.yml: one platform, conda packages by version and build, and what pip is to install on top."""

from envlock.interchange.exports.contents import Contents, git_requirement
from envlock.interchange.exports.yaml_text import Value, yaml_text
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.spec import DEFAULT_CHANNEL


def environment_yml(contents: Contents, *, hashes: bool = False) -> str:
    """`nodefaults`, since conda would add channels of its own; Python by its minor version where it is not conda's.

    With `hashes` pip compares them, where it can do so of all that it installs.
    """
    (locked,) = contents.platforms
    dependencies: list[Value] = [_conda(package, contents) for package in locked.conda]
    if not locked.conda:
        dependencies += [f"python={minor}" for minor in contents.pythons]
    if locked.pip and "pip" not in {package.name for package in locked.conda}:
        dependencies.append("pip")  # micromamba does not add it of itself
    if locked.pip:
        index = [f"--index-url {contents.own_default_index}"] if contents.own_default_index else []
        hashed = hashes and all(package.sha256 and not package.git for package in locked.pip)
        dependencies.append({"pip": [*index, *(_pip(package, contents, hashed=hashed) for package in locked.pip)]})
    channels = (*(contents.channel_names or [DEFAULT_CHANNEL]), "nodefaults")
    variables = dict(sorted(contents.lock.image.variables))
    document: dict[str, Value] = {"name": contents.name, "channels": channels, "dependencies": dependencies}
    return yaml_text(document | ({"variables": variables} if variables else {}))


def _conda(package: CondaPackage, contents: Contents) -> str:
    # a build may be in several channels with other bytes
    several = len(contents.lock.inputs.channels) > 1
    channel = f"{contents.channel_name(package.channel)}::" if several else ""
    return f"{channel}{package.name}={package.version}={package.build}"


def _pip(package: PipPackage, contents: Contents, *, hashed: bool) -> str:
    checked = f" --hash=sha256:{package.sha256}" if hashed else ""
    if package.path:
        return contents.local(package.path) + checked
    if package.git:
        return f"{package.name} @ {git_requirement(package)}"
    if package.index == contents.default_index:
        return f"{package.name}=={package.version}{checked}"
    # of another index by URL: pip would look for the name on all that it is given
    return f"{package.name} @ {contents.urls[package]}#sha256={package.sha256}{checked}"
