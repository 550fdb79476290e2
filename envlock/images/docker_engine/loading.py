"""Images on their way into an engine."""

from collections.abc import Mapping, Sequence

from envlock.errors import OutsideError
from envlock.images.docker_engine.connection import Engine, connected, refusal
from envlock.model.image import Image
from envlock.oci.archive import archive_chunks
from envlock.oci.several import image_for


def load(image: Image, names: Sequence[str], environment: Mapping[str, str]) -> None:
    """Puts an image into the engine that these variables mean, streaming it there; of several platforms, the one that
    the engine runs."""
    with connected(environment) as engine:
        load_into(engine, _for(engine, image) if image.is_index else image, names)


def _for(engine: Engine, image: Image) -> Image:
    architecture = str(engine.client.version().get("Arch"))
    found = image_for(image, architecture)
    if found is None:
        raise OutsideError(f"the engine runs {architecture}, and the image has no such platform")
    return found


def load_into(engine: Engine, image: Image, names: Sequence[str]) -> None:
    # the SDK raises for none of this: the answer is a stream of lines, and a refusal is one of them
    for line in engine.client.api.load_image(archive_chunks(image, names)):
        said = line.get("error") or line.get("message")
        if said:
            raise refusal(str(said))
    for name in names:
        engine.client.images.get(name)
