"""Images of Dockerfiles: by BuildKit, through the docker program, where both are there; else by the engine itself."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from docker.errors import APIError

from envlock.errors import OutsideError
from envlock.images.docker_engine.session import Session
from envlock.images.dockerfile import DockerContext, stage_context, write_context
from envlock.model.platform import Platform
from envlock.system.parts import scratch_folder
from envlock.system.process import run, scrubbed, told

# since this version the program has BuildKit's part no longer in itself, but in buildx
_SPLIT = 23
_PROGRAM = "docker"
_USUAL = ("/usr/local/bin", "/usr/bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerfileBuild:
    """What is to be built: `anew` passes over what the engine has of earlier builds, and looks for newer bases;
    `environment` is that of the process."""

    context: DockerContext
    platform: Platform
    network: str | None
    anew: bool
    stages: Path
    environment: Mapping[str, str] = field(repr=False)


class _Build(Protocol):
    """As the two of them."""

    def __call__(
        self, session: Session, wanted: DockerfileBuild, line: Callable[[str], None], *, pull: bool
    ) -> None: ...


def build_dockerfile(session: Session, wanted: DockerfileBuild, line: Callable[[str], None]) -> str:
    """The name of the new image in the engine, which goes with the session; what is said goes to `line`."""
    name = session.image_name("base")
    program = _buildkit(wanted.environment) if session.engine.has_buildkit else None
    build: _Build = partial(_by_buildkit, program) if program else _by_engine
    try:
        build(session, wanted, line, pull=wanted.anew)
    except (APIError, OutsideError):
        if not wanted.anew:
            raise
        line("once more, with the images that the engine has")  # one of them may be in no registry
        build(session, wanted, line, pull=False)
    session.engine.client.images.get(name)
    return name


def _by_buildkit(
    program: str, session: Session, wanted: DockerfileBuild, line: Callable[[str], None], *, pull: bool
) -> None:
    with scratch_folder(wanted.stages) as folder:
        dockerfile = stage_context(wanted.context, folder)
        command = [program, "build", "--progress", "plain", "--file", str(dockerfile)]
        command += ["--tag", session.image_name("base"), "--platform", _platform(wanted.platform)]
        command += ["--network", wanted.network] if wanted.network else []
        command += ["--no-cache"] if wanted.anew else []
        command += ["--pull"] if pull else []
        variables = {**_scrubbed(wanted.environment), **session.engine.address.variables(), "DOCKER_BUILDKIT": "1"}
        # an image with attestations is an index, which older engines do not load
        variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
        code = told([*command, str(folder / "context")], environment=variables, line=line)
    if code:
        raise OutsideError(f"`{wanted.context.name}` could not be built")


def _by_engine(session: Session, wanted: DockerfileBuild, line: Callable[[str], None], *, pull: bool) -> None:
    with tempfile.TemporaryFile() as archive:
        dockerfile = write_context(wanted.context, archive)
        archive.seek(0)
        said = session.engine.client.api.build(
            fileobj=archive,
            custom_context=True,
            dockerfile=dockerfile,
            tag=session.image_name("base"),
            platform=_platform(wanted.platform),
            network_mode=wanted.network,
            nocache=wanted.anew,
            pull=pull,
            rm=True,
            forcerm=True,
            decode=True,
        )
        for each in said:
            _say(each, wanted, line)


def _say(each: dict[str, Any], wanted: DockerfileBuild, line: Callable[[str], None]) -> None:
    for text in str(each.get("stream") or each.get("status") or "").splitlines():
        if text.strip():
            line(text)
    if each.get("error"):
        line(str(each["error"]))
        raise OutsideError(f"`{wanted.context.name}` could not be built")


def _platform(platform: Platform) -> str:
    return f"{platform.os}/{platform.architecture}"


def _scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """The docker program's logins are its own: it is asked for images that the Dockerfile names."""
    own = ("DOCKER_CONFIG", "BUILDX_CONFIG", "BUILDX_BUILDER")
    return {**scrubbed("SSH_AUTH_SOCK"), **{name: environment[name] for name in own if name in environment}}


def _buildkit(environment: Mapping[str, str]) -> str | None:
    """A docker program that builds by BuildKit: the first on PATH need not be one that does."""
    return next((program for program in _programs(environment) if _has_buildkit(program, environment)), None)


def _programs(environment: Mapping[str, str]) -> Iterator[str]:
    folders = [*environment.get("PATH", os.defpath).split(os.pathsep), *_USUAL]
    for folder in dict.fromkeys(filter(None, folders)):
        place = Path(folder, _PROGRAM)
        if place.is_file() and os.access(place, os.X_OK):
            yield str(place)


def _has_buildkit(program: str, environment: Mapping[str, str]) -> bool:
    variables = _scrubbed(environment)
    words = run([program, "--version"], environment=variables).stdout.split()
    # Podman has a program of that name, too
    if words[:2] != ["Docker", "version"]:
        return False
    major = words[2].partition(".")[0]
    if major.isdecimal() and int(major) < _SPLIT:
        return True
    return run([program, "buildx", "version"], environment=variables).code == 0
