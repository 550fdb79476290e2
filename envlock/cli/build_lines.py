"""What `build` says about an image: what its layers are, and which of them had to be made."""

from collections.abc import Iterator, Sequence

from envlock.cli.text import number, size
from envlock.errors import escaped
from envlock.model.image_layers import BuiltLayer, Came
from envlock.workflows.build import BuildResult

_SHOWN = 4


def build_lines(result: BuildResult) -> Iterator[str]:
    for note in result.notes:
        yield f"note: {escaped(note)}"
    yield result.name
    base = [layer for layer in result.layers if layer.part == "base"]
    yield f"  base  {_made(base)}" if base else f"  base  {number(result.base_layers, 'layer')}"
    env = [layer for layer in result.layers if layer.part == "env"]
    yield f"  env   {_made(env) if not result.cached else 'as it was built before'}   {result.seconds:.1f} s"


def _made(layers: Sequence[BuiltLayer]) -> str:
    """How many there are, and which of them were made, the largest first."""
    made = sorted((layer for layer in layers if layer.came is Came.MADE), key=lambda layer: -layer.size)
    names = [f"{_named(layer)} {size(layer.size)}" for layer in made[:_SHOWN]]
    more = ", …" if len(made) > _SHOWN else ""
    built = f", {len(made)} built ({', '.join(names)}{more})" if made else ""
    cached = f": {len(layers) - len(made)} cached" if layers else ""
    return f"{number(len(layers), 'layer')}{cached}{built}"


def _named(layer: BuiltLayer) -> str:
    """By its one package, or by the first of them."""
    first, more, _ = layer.title.rpartition(": ")[2].partition(", ")
    return f"{first} + …" if more else first
