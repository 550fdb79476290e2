"""The table `[image]`."""

from collections.abc import Mapping

from envlock.interchange.addresses import Surroundings
from envlock.interchange.pip.direct import as_path
from envlock.manifest import later
from envlock.model.fields import Item, Table
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image_values import absolute_path, copied_name, user
from envlock.model.reference import parse_reference
from envlock.model.spec import ImageSpec

OCI = "oci:"
SCRATCH = "scratch"
_ONE_OF_TWO = "the image stands on one of the two"
# what the image stands on, and what has no place beside it
_ALONE = {
    "debian": {
        "base": _ONE_OF_TWO,
        "dockerfile": _ONE_OF_TWO,
        "interpreter": "the suite's Python is where Debian puts it",
    },
    "dockerfile": {"base": _ONE_OF_TWO},
}


def read_image(table: Table, surroundings: Surroundings) -> ImageSpec:
    """The settings of the image; what is wrong is noted in the document."""
    debian = table.table("debian")
    for key, others in _ALONE.items():
        _refuse_beside(key, others, table)
    workdir = table.text("workdir", absolute_path)
    return ImageSpec(
        debian=later.read_debian(debian, surroundings) if table.is_table("debian") else None,
        base=table.text("base", lambda text: _base(text, surroundings)),
        dockerfile=table.text("dockerfile", surroundings.inside),
        interpreter=table.text("interpreter", absolute_path),
        repository=table.text("repository", _repository),
        user=table.text("user", user),
        workdir=workdir,
        entrypoint=_values(table.texts("entrypoint", prose=True)),
        cmd=_values(table.texts("cmd", prose=True)),
        labels=table.table("labels").entries(prose=True),
        copy=_copied(table, surroundings, workdir),
        bytecode=table.flag("bytecode"),
    )


def _refuse_beside(key: str, others: Mapping[str, str], table: Table) -> None:
    """The image is made on one base, not on two."""
    for other, why in others.items():
        if key in table and other in table:
            table.refuse(other, f"not together with `image.{key}`: {why}")


def _copied(table: Table, surroundings: Surroundings, workdir: str | None) -> tuple[str, ...]:
    """What is copied into the folder that commands begin in, which is not the environment's own."""
    items = table.texts("copy", lambda text: as_path(surroundings.inside(text))) or ()
    table.document.refuse_twice(items, copied_name)
    if items and "workdir" not in table:
        table.refuse("copy", 'missing beside it: `workdir = "/srv"`, or another folder to copy into')
    elif items and f"{workdir}/".startswith(f"{IMAGE_PREFIX}/"):
        table.refuse("copy", f"not into `{IMAGE_PREFIX}`, which is the environment's own: choose another `workdir`")
    return tuple(sorted(item.value for item in items))


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
