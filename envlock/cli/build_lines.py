"""What `build` says about an image: what its layers are, which had to be made, and what had to be sent."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from envlock.cli.layer_text import layer_name
from envlock.cli.text import number, size
from envlock.errors import escaped
from envlock.model.image_layers import BuiltLayer, Came
from envlock.workflows.build import BuildResult

if TYPE_CHECKING:
    from envlock.registry.transfer import Pushed

_SHOWN = 4
_CAME = {Came.CACHED: "cached", Came.REUSED: "in the registry already"}


def build_lines(result: BuildResult) -> Iterator[str]:
    for note in result.notes:
        yield f"note: {escaped(note)}"
    if result.cached == "registry":
        return  # there is nothing to say but which it is
    yield result.name
    base = [layer for layer in result.layers if layer.part == "base"]
    env = [layer for layer in result.layers if layer.part == "env"]
    known = f"{number(len(env), 'layer')}: as it was built before"
    yield f"  base  {_made(base) if base else _base(result)}"
    yield f"  env   {known if result.cached else _made(env)}   {result.seconds:.1f} s"
    if result.pushed:
        yield f"  push  {_sent(result.pushed)}   {result.pushing:.1f} s"


def _base(result: BuildResult) -> str:
    """The layers of a base that others made; of one that was pushed, where they are."""
    count = number(len(result.base), "layer")
    if not result.pushed or not result.base:
        return count
    sent = len(result.pushed.sent.intersection(result.base))
    return f"{count}: {sent} sent" if sent else f"{count}   in the registry already"


def _made(layers: Sequence[BuiltLayer]) -> str:
    """How many there are, how many of them were there already, and which were made, the largest first."""
    counts = Counter(layer.came for layer in layers)
    there = [f"{counts[came]} {said}" for came, said in _CAME.items() if counts[came]]
    made = sorted((layer for layer in layers if layer.came is Came.MADE), key=lambda layer: -layer.size)
    names = [f"{layer_name(layer)} {size(layer.size)}" for layer in made[:_SHOWN]]
    more = ", …" if len(made) > _SHOWN else ""
    built = [f"{len(made)} built ({', '.join(names)}{more})"] if made else []
    said = ", ".join((*there, *built))
    return f"{number(len(layers), 'layer')}{f': {said}' if said else ''}"


def _sent(pushed: "Pushed") -> str:
    """What went to the registry; manifests go each time."""
    taken = f", {pushed.mounted} taken over" if pushed.mounted else ""
    return f"{number(pushed.layers, 'layer')}, {size(pushed.uploaded_bytes)}{taken}"
