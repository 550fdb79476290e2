"""The table `[image]`."""

from envlock.manifest import later
from envlock.manifest.addresses import Surroundings
from envlock.model.fields import Item, Table
from envlock.model.image_values import absolute_path, user
from envlock.model.reference import parse_reference
from envlock.model.spec import ImageSpec

OCI = "oci:"
SCRATCH = "scratch"
_BESIDE_DEBIAN = {
    "base": "the image stands on one of the two",
    "interpreter": "the suite's Python is where Debian puts it",
}


def read_image(table: Table, surroundings: Surroundings) -> ImageSpec:
    """The settings of the image; what is wrong is noted in the document."""
    debian = table.table("debian")
    if table.is_table("debian"):
        _refuse_beside_debian(table)
    return ImageSpec(
        debian=later.read_debian(debian, surroundings) if table.is_table("debian") else None,
        base=table.text("base", lambda text: _base(text, surroundings)),
        interpreter=table.text("interpreter", absolute_path),
        repository=table.text("repository", _repository),
        user=table.text("user", user),
        workdir=table.text("workdir", absolute_path),
        entrypoint=_values(table.texts("entrypoint", prose=True)),
        cmd=_values(table.texts("cmd", prose=True)),
        labels=table.table("labels").entries(prose=True),
    )


def _refuse_beside_debian(table: Table) -> None:
    """The image is made from Debian's packages, or on another one: not on both."""
    for key, why in _BESIDE_DEBIAN.items():
        if key in table:
            table.refuse(key, f"not together with `image.debian`: {why}")


def _base(text: str, surroundings: Surroundings) -> str:
    if text == SCRATCH:
        return text
    if text.startswith(OCI):
        return OCI + surroundings.inside(text.removeprefix(OCI))
    return _reference(text)


def _reference(text: str) -> str:
    expected = "expected an image such as `debian:trixie-slim`, `oci:FOLDER` or `scratch`"
    return _parsed_reference(text, expected)


def _repository(text: str) -> str:
    expected = "expected a repository such as `ghcr.io/acme/train`"
    if "@" in text or ":" in text.rpartition("/")[2]:
        raise ValueError(f"{expected}, without tag or digest: these are envlock's to set")
    return _parsed_reference(text, expected)


def _parsed_reference(text: str, expected: str) -> str:
    if "://" in text or any(character.isspace() for character in text):
        raise ValueError(expected)
    try:
        parse_reference(text)
    except ValueError as error:
        raise ValueError(f"{expected}: {error}") from None
    return text


def _values(items: tuple[Item, ...] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(item.value for item in items)
