"""environment.yml: one platform, conda packages by version and build, and what pip is to install on top."""

from envlock.interchange.contents import Contents, git_requirement
from envlock.interchange.yaml_text import Value, yaml_text
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.spec import DEFAULT_CHANNEL


def environment_yml(contents: Contents) -> str:
    """`nodefaults`, since conda would add channels of its own; Python by its minor version where it is not conda's."""
    (locked,) = contents.platforms
    dependencies: list[Value] = [_conda(package, contents) for package in locked.conda]
    if not locked.conda:
        dependencies += [f"python={minor}" for minor in contents.pythons]
    if locked.pip and "pip" not in {package.name for package in locked.conda}:
        dependencies.append("pip")  # micromamba does not add it of itself
    if locked.pip:
        index = [f"--index-url {contents.own_default_index}"] if contents.own_default_index else []
        dependencies.append({"pip": [*index, *(_pip(package, contents) for package in locked.pip)]})
    channels = (*(contents.channel_names or [DEFAULT_CHANNEL]), "nodefaults")
    variables = dict(sorted(contents.lock.image.variables))
    document: dict[str, Value] = {"name": contents.name, "channels": channels, "dependencies": dependencies}
    return yaml_text(document | ({"variables": variables} if variables else {}))


def _conda(package: CondaPackage, contents: Contents) -> str:
    # a build may be in several channels with other bytes
    several = len(contents.lock.inputs.channels) > 1
    channel = f"{contents.channel_name(package.channel)}::" if several else ""
    return f"{channel}{package.name}={package.version}={package.build}"


def _pip(package: PipPackage, contents: Contents) -> str:
    if package.path:
        return contents.local(package.path)
    if package.git:
        return f"{package.name} @ {git_requirement(package)}"
    if package.index == contents.default_index:
        return f"{package.name}=={package.version}"
    # of another index by URL: pip would look for the name on all that it is given
    return f"{package.name} @ {contents.urls[package]}#sha256={package.sha256}"
