"""A layer in words."""

from envlock.model.image_layers import BuiltLayer


def layer_name(layer: BuiltLayer) -> str:
    """By its one package, or by the first of them."""
    first, more, _ = layer.title.rpartition(": ")[2].partition(", ")
    if " " not in first:  # no package with its version: what kind of layer it is says more
        first = layer.title.partition(", ")[0]
    return f"{first} + …" if more else first
