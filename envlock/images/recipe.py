"""What a builder is given: the layers to make, each with what its bytes depend on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from envlock.errors import OutsideError
from envlock.model.files import IMAGE_PREFIX, SystemFile
from envlock.oci.image import BaseImage, ConfigChanges
from envlock.oci.layer import LayerFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLayer:
    """`key` is a digest of all that decides the bytes; `files` gives them, `count` of them, when they are wanted.

    `size` is that of the files, in bytes: work for large layers is begun first. The files stand below `root`; what
    their parents are like is said by `folders`, as `write_layer` has it. `part` is "env", or "base" for a layer that is
    made as well and that the environment stands on. `added` is how many files there are beyond `count`, once they were
    made: of modules, only those that compile have bytecode.
    """

    title: str
    key: str
    count: int
    size: int
    files: Callable[[], Iterable[LayerFile]]
    root: str = IMAGE_PREFIX
    part: str = "env"
    made_of: frozenset[str] = frozenset()
    folders: Mapping[str, SystemFile | None] = field(default_factory=dict)
    added: Callable[[], int] = lambda: 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecipe:
    """Everything that an image is made of; `base` may be the empty one (scratch)."""

    base: BaseImage
    layers: tuple[PlannedLayer, ...]
    changes: ConfigChanges
    annotations: Mapping[str, str]


def require_all(layers: Iterable[PlannedLayer], files: int) -> None:
    """OutsideError where the layers together do not have as many files as there are: none may vanish between them."""
    planned = sum(layer.count for layer in layers)
    if planned != files:
        raise OutsideError(f"the layers would have {planned} files, and the packages bring {files}")
