"""Azure ML's folder of an environment, as its first SDK loads it: the definition, and what lies beside it."""

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from envlock.interchange.exports.contents import Contents
from envlock.interchange.exports.environment_yml import environment_yml
from envlock.model.lock import ImageSettings, PipPackage, PlatformLock
from envlock.model.masking import holds_secret
from envlock.model.platform import PLATFORMS
from envlock.model.reference import parse_reference
from envlock.model.spec import MAIN

DEFINITION = "azureml_environment.json"
CONDA_DEPENDENCIES = "conda_dependencies.yml"
BASE_DOCKERFILE = "BaseDockerfile"
_SHM_SIZE = "2g"  # what the SDK writes unasked


def azureml_folder(contents: Contents, dockerfile: str | None) -> dict[str, str]:
    """The files by their names, of one platform. `dockerfile` is the text of the one that env.toml names."""
    (locked,) = contents.platforms
    base = dockerfile if dockerfile is not None else _debian(contents.whole[0])
    managed = not (locked.conda or locked.pip)
    found = {DEFINITION: json.dumps(_definition(contents, managed=managed, made=base is not None), indent=4) + "\n"}
    if not managed:
        image = replace(contents.lock.image, variables=())  # they stand in the definition
        without = replace(contents, lock=replace(contents.lock, image=image))
        found[CONDA_DEPENDENCIES] = environment_yml(without, hashes=True)
    return found | ({BASE_DOCKERFILE: base} if base is not None else {})


def _definition(contents: Contents, *, managed: bool, made: bool) -> dict[str, Any]:
    """Every key that the SDK writes; it takes what is missing for something else than its default."""
    (locked,) = contents.platforms
    architecture = PLATFORMS[locked.platform].architecture
    return {
        "name": contents.name,
        "version": None,
        "environmentVariables": dict(sorted(_variables(contents.lock.image))),
        "python": {
            "userManagedDependencies": managed,
            "interpreterPath": (managed and locked.base.interpreter) or "python",
            "condaDependenciesFile": None,
            "baseCondaEnvironment": None,
        },
        "docker": {
            "enabled": False,
            "baseImage": None if made else _base(locked),
            "baseDockerfile": None,
            "buildContext": None,
            "sharedVolumes": True,
            "shmSize": _SHM_SIZE,
            "arguments": [],
            "baseImageRegistry": dict.fromkeys(("address", "username", "password", "registryIdentity")),
            "platform": {"os": "Linux", "architecture": architecture},
        },
        "spark": {"repositories": [], "packages": [], "precachePackages": True},
        "databricks": {f"{kind}Libraries": [] for kind in ("maven", "pypi", "rcran", "jar", "egg")},
        "r": None,
        "inferencingStackVersion": None,
        "assetId": None,
    }


def _variables(image: ImageSettings) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in image.variables if not holds_secret(name, value))


def _base(locked: PlatformLock) -> str | None:
    """By digest: the image of this platform."""
    base = locked.base
    if not base.reference or not base.digest or base.reference.startswith("oci:"):
        return None
    return str(parse_reference(base.reference).at(base.digest))


def _debian(locked: PlatformLock) -> str | None:
    """Debian's packages by version, over the image that Debian itself makes."""
    if not locked.base.suite:
        return None
    packages = "".join(f" \\\n    {package.name}={package.version}" for package in locked.debian)
    install = "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --allow-downgrades"
    return f"FROM debian:{locked.base.suite}-slim\nRUN apt-get update && {install}{packages}\n"


def azureml_notes(contents: Contents, *, copies: bool) -> Iterator[str]:
    """What the folder cannot say; `copies` where the Dockerfile takes files of its context."""
    (locked,) = contents.platforms
    image = contents.lock.image
    for name, value in image.variables:
        if holds_secret(name, value):
            yield f"`{name}` left out: it looks like a secret"
    yield from _of_base(locked, copies=copies)
    for key in ("user", "workdir", "entrypoint", "cmd", "labels", "copy", "bytecode"):
        if getattr(image, key):
            yield f"`[image] {key}` left out: a definition of Azure ML has no place for it"
    others = [other.platform for other in contents.lock.platforms if other.platform != locked.platform]
    if others:
        yield f"{', '.join(others)} left out: a definition is of one platform, here {locked.platform}"
    groups = sorted({group for package in contents.whole[0].prefix_packages for group in package.groups} - {MAIN})
    yield from (f"the group `{group}` left out" for group in groups)
    for package in locked.pip:
        yield from _of_package(package)


def _of_base(locked: PlatformLock, *, copies: bool) -> Iterator[str]:
    base = locked.base
    if base.reference and not _base(locked):
        yield f"the base `{base.reference}` left out: only an image in a registry can be named"
    if base.suite:
        yield "Debian's mirrors drop versions some weeks after newer ones came: `BaseDockerfile` cannot be built then"
    if copies:
        yield "`BaseDockerfile` has no build context there: what it copies is missing"


def _of_package(package: PipPackage) -> Iterator[str]:
    if package.path and posixpath.normpath(package.path).startswith(".."):
        yield f"`{package.name}` is named by a path that leads out of the folder: it is not in it"
    elif package.tree:
        yield f"`{package.name}` is a folder, which is left out: give pip a wheel of it"
    elif package.git:
        yield f"`{package.name}` is from git: pip compares no hash of it, and so none of any other"


def local_files(contents: Contents) -> Mapping[str, str]:
    """The files that packages are, by their paths in the folder: paths from env.toml on."""
    (locked,) = contents.platforms
    paths = (package.path for package in locked.pip if package.path and not package.tree)
    return {path: path for path in map(posixpath.normpath, paths) if not path.startswith("..")}
