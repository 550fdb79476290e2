"""Sizes and layers in the report of `ci`: how large an image was and is, why, and what of it had to be made."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from envlock.cli import diff_table, text
from envlock.cli.layer_text import layer_name
from envlock.cli.markdown import named, table
from envlock.cli.text import number
from envlock.model.changes import OnPlatform
from envlock.model.image_layers import BuiltLayer, Came
from envlock.workflows.ci_report import CiImage, Outcome

if TYPE_CHECKING:
    from envlock.model.lock import Package
    from envlock.workflows.diff import Comparison

# of the biggest, so many are named
_CAUSES, _LAYERS = 3, 4
_CAME = {
    Came.MADE: "made here",
    Came.CACHED: "from the cache",
    Came.REUSED: "in the registry already",
}
_NO_BREAK = "\u00a0"
_UNKNOWN = f"not{_NO_BREAK}known"
Sizes = tuple[int | None, int | None]


def size(count: int) -> str:
    """In one piece, however narrow a column is."""
    return unbroken(text.size(count))


def signed(count: int) -> str:
    return unbroken(diff_table.signed(count))


def sizes_table(outcome: Outcome) -> str:
    """Before and after, of the image and of what is downloaded for it on each platform; "" where nothing changes."""
    rows = list(_size_rows(outcome)) if outcome.subject.comparison or outcome.subject.is_changed else []
    titles = ("Size", "Before", "After", "Difference", "Biggest causes")
    return "\n".join(table(titles, rows, right=titles[1:4])) if rows else ""


def image_sizes(outcome: Outcome) -> Sizes:
    return (outcome.image.before, outcome.image.size) if outcome.image else (None, None)


def move_of(sizes: Sizes) -> str:
    """ "81 MB → 83 MB (+1.9 MB)"; "" where nothing is known."""
    before, after = sizes
    if before is None or after is None:
        return size(after) if after is not None else ""
    return size(after) if before == after else f"{size(before)} → {size(after)} ({signed(after - before)})"


def size_in_short(sizes: Sizes) -> str:
    """ "75 MB (+1.9 MB)"; "" where nothing is known."""
    before, after = sizes
    if after is None:
        return ""
    by = after - before if before is not None else 0
    return unbroken(f"{size(after)} ({signed(by)})" if by else size(after))


def unbroken(words: str) -> str:
    """Words that stay in one line: a column is made no narrower than they are."""
    return words.replace(" ", _NO_BREAK)


def _size_rows(outcome: Outcome) -> Iterator[Sequence[str]]:
    image, comparison = image_sizes(outcome), outcome.subject.comparison
    if image[1] is not None:
        other = comparison and comparison.changes.base and image[0] is not None
        before, *rest = _three(image)
        # of an environment that was there, and whose image nobody has
        unknown = _UNKNOWN if outcome.subject.was else ""
        yield "image", before or unknown, *rest, "another base" if other else ""
    for total in comparison.totals if comparison else ():
        several = f", {total.platform}" if comparison and len(comparison.totals) > 1 else ""
        yield f"download{several}", *_three(total.sizes), _causes(comparison, total.platform)


def _three(sizes: Sizes) -> tuple[str, str, str]:
    before, after = sizes
    by = (after or 0) - (before or 0)
    known = before is not None or after is not None
    return (
        size(before) if before is not None else "",
        size(after) if after is not None else "",
        signed(by) if by and known and before is not None else "",
    )


def _causes(comparison: "Comparison | None", platform: str) -> str:
    """The packages that a platform grew or shrank by most."""
    places = [(change, on) for change, _ in (comparison.packages if comparison else ()) for on in change.on]
    found = [(change.name, _by(on)) for change, on in places if on.platform == platform and _by(on)]
    found.sort(key=lambda cause: (-abs(cause[1]), cause[0]))
    return ", ".join(f"{named(name)} {signed(by)}" for name, by in found[:_CAUSES])


def _by(on: OnPlatform) -> int:
    """0 where a size is not known."""
    sides = (_bytes(on.before), _bytes(on.after))
    return sides[1] - sides[0] if sides[0] is not None and sides[1] is not None else 0


def _bytes(package: "Package | None") -> int | None:
    return package.size if package else 0


def layers_table(image: CiImage) -> str:
    """Which layers are new, and where the others are from: each in one row, so that all rows are the image. Of an image
    that was found whole, none was looked at."""
    layers = _once(image)
    rows = [row for came in Came if (row := _layer_row(came, layers))]
    others = image.base_layers - sum(1 for layer in layers if layer.part != "env")
    if others > 0:
        left = image.size - sum(layer.size for layer in layers) if image.size is not None and layers else 0
        rows.append(("of the base image", str(others), size(left) if left > 0 else "", ""))
    titles = ("Layers", "Count", "Size", "Biggest")
    return "\n".join(table(titles, rows, right=titles[1:3])) if rows else ""


def layers_in_short(image: CiImage | None) -> str:
    """ "2 of 14 made"; "" where nothing is known of them."""
    if image is None or not image.layers:
        return ""
    layers = _once(image)
    made = [layer for layer in layers if layer.came is Came.MADE]
    count = sum(1 for layer in layers if layer.part == "env") + image.base_layers
    return unbroken(f"{len(made) or 'none'} of {count} made")


def _once(image: CiImage) -> tuple[BuiltLayer, ...]:
    """Platforms can share a layer: that of the second is from the cache, where the first has just made it."""
    found: dict[str, BuiltLayer] = {}
    for layer in image.layers:
        found.setdefault(layer.digest, layer)
    return tuple(found.values())


def _layer_row(came: Came, layers: Sequence[BuiltLayer]) -> tuple[str, str, str, str] | None:
    those = [layer for layer in layers if layer.came is came]
    if not those:
        return None
    by_name: Counter[str] = Counter()  # one package has a layer on each platform
    for layer in those:
        by_name[layer_name(layer)] += layer.size
    biggest = [f"{named(name)} {size(count)}" for name, count in by_name.most_common(_LAYERS)]
    return _CAME[came], str(len(those)), size(sum(layer.size for layer in those)), ", ".join(biggest)


def sent(image: CiImage) -> str:
    """What a push sent, in words."""
    pushed = image.pushed
    if pushed is None:
        return ""
    taken = f", {pushed.mounted} taken over from elsewhere in the registry" if pushed.mounted else ""
    return f"{number(pushed.layers, 'layer')}, {size(pushed.uploaded_bytes)}{taken}"
