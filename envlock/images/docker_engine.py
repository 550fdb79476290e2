"""The one door to a Docker engine (or Podman's socket): the docker SDK."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from envlock.errors import OutsideError
from envlock.model.image import Image
from envlock.oci.archive import archive_chunks

_TIMEOUT = 600  # seconds: an engine answers only when it has unpacked everything


def load(image: Image, names: Sequence[str]) -> None:
    """Puts an image into the engine at DOCKER_HOST, else the default socket, streaming it there."""
    with _engine() as client:
        # the SDK raises for none of this: the answer is a stream of lines, and a refusal is one of them
        for line in client.api.load_image(archive_chunks(image, names)):
            said = line.get("error") or line.get("message")
            if said:
                raise OutsideError(f"the Docker engine refuses: {str(said).strip()}")
        for name in names:
            client.images.get(name)


def engine_version() -> str:
    """The engine as it names itself, such as "Docker Engine - Community 20.10.24"; OutsideError without one."""
    with _engine() as client:
        said = client.version()
    return f"{said.get('Platform', {}).get('Name') or 'Docker'} {said['Version']}"


@contextmanager
def _engine() -> Iterator[Any]:
    try:
        client = docker.from_env(timeout=_TIMEOUT)
    except DockerException as error:
        raise _failed(error) from error
    try:
        yield client
    except (DockerException, RequestException) as error:
        raise _failed(error) from error
    finally:
        client.close()


def _failed(error: Exception) -> OutsideError:
    if isinstance(error, APIError) and error.explanation:
        return OutsideError(f"the Docker engine refuses: {str(error.explanation).strip()}")
    reason = _system_reason(error) or str(error)
    return OutsideError(f"the Docker engine does not answer: {reason}", hint="is it running? `envlock doctor` looks")


def _system_reason(error: BaseException | None) -> str | None:
    """What the system said at the bottom of it, such as "Permission denied"; the layers above only quote it."""
    said = None
    while error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else said
        error = error.__cause__ or error.__context__
    return said
