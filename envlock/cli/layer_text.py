"""A layer in words."""

from envlock.model.image_layers import BuiltLayer


def layer_name(layer: BuiltLayer) -> str:
    """By its one package, or by the first of them."""
    first, more, _ = layer.title.rpartition(": ")[2].partition(", ")
    return f"{first} + …" if more else first
