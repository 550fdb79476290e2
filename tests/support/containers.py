"""Images that were built, judged by other programs, and what commands print in containers of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from docker.errors import ContainerError

from envlock.model.lock import PlatformLock
from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.docker_engine import Engine
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.services import require

USER = "1000:1000"
DISTRIBUTIONS = """
import json, re
from importlib.metadata import distributions
print(json.dumps({re.sub("[-_.]+", "-", d.metadata["Name"]).lower(): d.version for d in distributions()}))
"""


def started(engine: Engine, image: str, *command: str, user: str | None = USER, **settings: Any) -> str:
    """What a command prints in a container that may write to /tmp alone and reaches nobody; `user` None is the
    image's own."""
    return _printed(engine, image, command, user=user, **settings)


def _printed(engine: Engine, image: str, command: Sequence[str], **settings: Any) -> str:
    isolation: dict[str, Any] = {"network_mode": "none", "read_only": True, "tmpfs": {"/tmp": ""}}
    try:
        output = engine.client.containers.run(image, list(command), remove=True, **{**isolation, **settings})
    except ContainerError as error:
        pytest.fail(str(error.stderr))
    assert isinstance(output, bytes)
    return output.decode()


def built_everywhere(project: Project, engine: Engine, folder: Path) -> str:
    """Builds into a folder, a file and the engine, judged by the validator and by skopeo; the image's name there."""
    digest = project.must("build", "--output", folder / "layout").strip().rpartition("@")[2]
    layout = Layout(folder / "layout")
    (listed,) = layout.manifests()
    assert (listed.descriptor.digest, problems(layout, listed.descriptor)) == (digest, ())
    project.must("build", "--output", folder / "image.tar")
    image = loaded(project, engine)
    tag = image.partition(":")[2]
    skopeo = (require("skopeo", "skopeo"), "inspect", "--raw")
    assert json.loads(run((*skopeo, f"oci:{layout.root}:{tag}"))) == json.loads(layout.read(listed.descriptor))
    archived = json.loads(run((*skopeo, "--config", f"docker-archive:{folder / 'image.tar'}")))
    assert archived["rootfs"]["diff_ids"] == engine.client.images.get(image).attrs["RootFS"]["Layers"]
    return image


def loaded(project: Project, engine: Engine, *arguments: str) -> str:
    """The name that an engine has the image by, after `build --load`."""
    printed = project.given(DOCKER_HOST=engine.url).must("--quiet", "build", "--load", "--json", *arguments)
    (built,) = json.loads(printed)
    return str(built["name"])


def locked_distributions(locked: PlatformLock) -> dict[str, str]:
    """What Python is to find, by the lock: wheels, and what conda packages have inside."""
    provided = (text.split("==") for package in locked.conda for text in package.provides)
    return {name: version for name, version in provided} | {package.name: package.version for package in locked.pip}


def same_everywhere(project: Project, engine: Engine, image: str) -> dict[str, str]:
    """The distributions, which the lock, the local prefix and the container agree on."""
    locked = locked_distributions(project.locked())
    here = json.loads(project.must("run", "python", "-c", DISTRIBUTIONS))
    inside = json.loads(started(engine, image, "python", "-c", DISTRIBUTIONS))
    assert here == locked
    assert inside == locked
    return locked
