"""run --in docker: a command in a container of the environment's image.

The image is what is asked for by id, so that the engine is sent it once. Containers are started by the docker program,
in Podman's engine by podman's: terminals, signals and what else people know of `docker run` are theirs.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envlock.errors import OutsideError
from envlock.lockfile.reader import read_lock
from envlock.model.platform import PLATFORMS
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.workflows import later_images
from envlock.workflows.build import BuildOptions, BuildResult, build
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.record import Used, recording
from envlock.workflows.run import without_foreign

if TYPE_CHECKING:
    from envlock.images.docker_engine.running import Seen

_LOCAL = ("unix", "npipe")
_TO_PODMAN = ("--remote", "--url")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What goes to the program as it is; `tty` is whether a person sits at both ends, `record` whether the run is
    recorded."""

    volumes: tuple[str, ...] = ()
    gpus: str | None = None
    network: str | None = None
    tty: bool = False
    record: bool = True


def run_in_docker(project: Project, context: Context, command: Sequence[str], options: RunOptions) -> int:
    """Runs a command in a new container on our own stdin, stdout and stderr; its exit code, or docker's own."""
    with recording(project, context, wanted=options.record) as recorded:
        engine = later_images.look_into_engine(context)
        chosen = BuildOptions(platforms=(_platform(engine.architecture),))
        result = build(project, context, chosen)
        image = _image(result, context)
        if image is None:
            image = _image(build(project, context, BuildOptions(platforms=chosen.platforms, load=True)), context)
        if image is None:
            raise OutsideError(f"the Docker engine does not have `{result.name}`, which was loaded into it just now")
        if urlsplit(engine.address.url).scheme not in _LOCAL:
            context.warn("the engine is on another machine: folders are mounted as that one has them")
        words = [*_program(engine, context), "run", "--rm", "--interactive", "--pull", "never"]
        words += _options(options, init=engine.init, rootless=engine.rootless)
        context.cache.users.leave()  # the engine has its own copy
        return recorded.attach(
            [*words, "--entrypoint", command[0], image, *command[1:]],
            {**without_foreign(context.environment), **engine.address.variables()},
            _used(project, command, chosen.platforms[0], result),
        )


def _used(project: Project, command: Sequence[str], platform: str, result: BuildResult) -> Used:
    lock = read_lock(project.lockfile)
    locked = lock.platform(platform)
    python = locked.python if locked else None
    return Used(command=tuple(command), lock=lock, platform=platform, python=python, image=result.digest)


def _platform(architecture: str) -> str:
    found = next((p.name for p in PLATFORMS.values() if p.has_images and p.architecture == architecture), None)
    if found is None:
        raise OutsideError(f"the engine runs on `{architecture}`, for which no images are made")
    return found


def _image(result: BuildResult, context: Context) -> str | None:
    """The id that the engine has it under: most go by the config, those upon containerd by the manifest."""
    config = read_manifest(Layout(context.cache.image_layout).read(result.digest), "the image in the cache").config
    return later_images.look_into_engine(context, (config.digest, result.digest)).image


def _program(engine: "Seen", context: Context) -> list[str]:
    # of a container in Podman's engine that removes itself the docker program is told no exit code
    name = "podman" if engine.name == "Podman" else "docker"
    program = shutil.which(name, path=context.environment.get("PATH", os.defpath))
    if program is None:
        raise OutsideError(
            f"`{name}` is not on PATH, which starts containers in {engine.name}'s engine",
            hint="install it, or run without `--in docker`",
        )
    return [program, *_TO_PODMAN, engine.address.url] if name == "podman" else [program]


def _options(options: RunOptions, *, init: bool, rootless: bool) -> Iterator[str]:
    here = str(Path.cwd())
    # where the engine is an ordinary user's, root in the container is that user outside
    user = "0:0" if rootless else f"{os.getuid()}:{os.getgid()}"
    yield from ("--user", user, "--volume", f"{here}:{here}", "--workdir", here, "--env", "HOME=/tmp")
    yield from ["--tty"] * options.tty + ["--init"] * init
    for volume in options.volumes:
        yield from ("--volume", volume)
    for name, value in (("--gpus", options.gpus), ("--network", options.network)):
        yield from (name, value) if value else ()
