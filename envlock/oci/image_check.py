"""An image held against the one that was derived from its lock: documents, settings, and each layer by its bytes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from envlock.errors import OutsideError
from envlock.model.image import CONFIG_TYPE, Descriptor
from envlock.oci.differences import differences
from envlock.oci.document import parse
from envlock.oci.image import digest_of
from envlock.oci.manifest import read_manifest

COMPRESSOR = "dev.envlock.compressor"
OTHER = "it is not what the lock makes"
_OURS = "envlock: "
_DEBIAN = re.compile(r"debian( \d\d)?: ")  # layers of ours that the environment stands on
# of a layer's descriptor: what is compared otherwise
_BLOB = ("digest", "size", "mediaType")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A manifest and its config, as they are stored."""

    manifest: bytes
    config: bytes

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        return read_manifest(self.manifest, "the manifest").layers

    @property
    def diff_ids(self) -> tuple[str, ...]:
        stated = parse(self.config, "the config").field("rootfs").field("diff_ids")
        return tuple(node.digest() for node in stated.items())

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Of each layer whether it is of the "base" or of the "env", and what it is: ours say it in the history."""
        history = parse(self.config, "the config").optional("history")
        entries = history.items() if history else ()
        # an entry of a setting has no layer
        filled = [each for each in entries if each.mapping().get("empty_layer") is not True]
        lines = [line.text() if (line := each.optional("created_by")) else "" for each in filled]
        count = len(self.layers)
        # histories may be shorter than they should be: they are told from the top down
        told = [*[""] * (count - len(lines)), *lines[len(lines) - count if len(lines) > count else 0 :]]
        return tuple(_part(line, number) for number, line in enumerate(told, 1))

    @property
    def titles(self) -> tuple[str, ...]:
        return tuple(title for _, title in self.parts)


def _part(line: str, number: int) -> tuple[str, str]:
    title = line.removeprefix(_OURS)
    if title == line:
        return "base", f"base layer {number}"
    return ("base" if _DEBIAN.match(title) else "env"), title


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFound:
    """A layer as its bytes are: `diff_id` is None where they cannot be read, and `wrong` says why."""

    descriptor: Descriptor
    diff_id: str | None = None
    wrong: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerProblem:
    """A layer that is not what the lock makes: `found` None where it is missing, `expected` None for one too many."""

    title: str
    what: str
    found: Descriptor | None = None
    expected: Descriptor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCheck:
    """What is wrong with an image of one platform; `notes` are what is unlike, and no less right for it. `repacked`:
    layers are compressed otherwise."""

    problems: tuple[str, ...] = ()
    layers: tuple[LayerProblem, ...] = ()
    notes: tuple[str, ...] = ()
    right: int = field(default=0)
    repacked: bool = False


def check_image(found: Documents, expected: Documents, read: Callable[[Descriptor], LayerFound]) -> ImageCheck:
    """Holds an image against the expected one; `read` gives a layer as it was hashed."""
    try:
        return _checked(found, expected, read)
    except OutsideError as error:  # a document that cannot be read as one
        return ImageCheck(problems=(error.message,))


def _checked(found: Documents, expected: Documents, read: Callable[[Descriptor], LayerFound]) -> ImageCheck:
    layers = [read(layer) for layer in found.layers]
    wrong = tuple(_layer_problems(layers, expected))
    pairs = [*_pairs(layers, expected)]
    packed = any(layer.descriptor.digest != wanted.digest for layer, wanted in pairs)
    problems = (*_of_manifest(found, expected, packed=packed), *_of_config(found, expected, layers))
    return ImageCheck(
        problems=problems,
        layers=wrong,
        notes=tuple(_packings(pairs)) or (() if problems or wrong else tuple(_spellings(found, expected))),
        right=len(pairs),
        repacked=packed,
    )


def _pairs(layers: Sequence[LayerFound], expected: Documents) -> Iterator[tuple[LayerFound, Descriptor]]:
    """The layers that are what they should be, where they should be, each with the one that was derived."""
    for operation, first, last, begin, _ in _operations(layers, expected):
        if operation == "equal":
            yield from zip(layers[first:last], expected.layers[begin:], strict=False)


def _layer_problems(layers: Sequence[LayerFound], expected: Documents) -> Iterator[LayerProblem]:
    titles, wanted = expected.titles, expected.layers
    for operation, first, last, begin, end in _operations(layers, expected):
        if operation == "equal":
            continue
        for number, place in enumerate(range(first, last)):
            layer, other = layers[place], begin + number
            name = f"layer {place + 1}"
            if other < end:
                what = layer.wrong or OTHER
                title = f"{name} ({titles[other]})"
                yield LayerProblem(title=title, what=what, found=layer.descriptor, expected=wanted[other])
            else:
                what = layer.wrong or "the lock makes no such layer"
                yield LayerProblem(title=name, what=what, found=layer.descriptor)
        for other in range(begin + (last - first), end):
            yield LayerProblem(title=titles[other], what="this layer is missing", expected=wanted[other])


def _operations(layers: Sequence[LayerFound], expected: Documents) -> list[tuple[str, int, int, int, int]]:
    """As difflib has them, over diff ids; a layer that cannot be read is like no other."""
    found = [layer.diff_id or f"unreadable {n}" for n, layer in enumerate(layers)]
    matcher = SequenceMatcher(None, found, expected.diff_ids, autojunk=False)
    return list(matcher.get_opcodes())


def _packings(pairs: Sequence[tuple[LayerFound, Descriptor]]) -> Iterator[str]:
    others = [layer for layer, wanted in pairs if layer.descriptor.digest != wanted.digest]
    if others:
        kinds = sorted({layer.descriptor.media_type.rpartition(".")[2] for layer in others})
        count = f"{len(others)} layer{'s are' if len(others) > 1 else ' is'}"
        yield f"{count} compressed otherwise ({', '.join(kinds)}), with the same files"


def _spellings(found: Documents, expected: Documents) -> Iterator[str]:
    """Of an image that is right: the same JSON may be written in many ways, each of which has a digest of its own."""
    if found != expected:
        yield f"its documents are written otherwise: the lock makes the manifest {digest_of(expected.manifest)}"


def _of_manifest(found: Documents, expected: Documents, *, packed: bool) -> Iterator[str]:
    ours, theirs = _whole(expected.manifest), _whole(found.manifest)
    for name in ("config", "layers"):
        ours[name], theirs[name] = _beyond(ours[name]), _beyond(theirs[name])
    if len(ours["layers"]) == len(theirs["layers"]):
        for number, (mine, other) in enumerate(zip(ours["layers"], theirs["layers"], strict=True), 1):
            yield from (f"manifest: {line}" for line in differences(other, mine, f"layer {number}"))
    del ours["layers"], theirs["layers"]
    if packed:
        ours, theirs = without_compressor(ours), without_compressor(theirs)
    yield from (f"manifest: {line}" for line in differences(theirs, ours, ""))
    config = parse(found.manifest, "the manifest").field("config").descriptor()
    if config.media_type != CONFIG_TYPE:
        yield f"manifest: the config is of type `{config.media_type}`, expected `{CONFIG_TYPE}`"


def without_compressor(document: dict[str, Any]) -> dict[str, Any]:
    """A manifest or index without the annotation of who compressed: where the layers say that it was another."""
    annotations = document.get("annotations")
    if not isinstance(annotations, dict):
        return document
    return {**document, "annotations": {name: value for name, value in annotations.items() if name != COMPRESSOR}}


def _beyond(value: Any) -> Any:
    """What descriptors say beyond which blob is meant: annotations, urls."""
    if isinstance(value, list):
        return [_beyond(each) for each in value]
    return {k: v for k, v in value.items() if k not in _BLOB} if isinstance(value, Mapping) else value


def _of_config(found: Documents, expected: Documents, layers: Sequence[LayerFound]) -> Iterator[str]:
    ours, theirs = _whole(expected.config), _whole(found.config)
    history, other_history = ours.pop("history", []), theirs.pop("history", [])
    rootfs, other_rootfs = ours.pop("rootfs", {}), theirs.pop("rootfs", {})
    yield from (f"config: {line}" for line in differences(theirs, ours, ""))
    yield from _of_history(other_history, history)
    yield from (f"config: {line}" for line in differences(_without(other_rootfs), _without(rootfs), "rootfs"))
    stated = found.diff_ids
    if len(stated) != len(layers):
        yield f"config: it has {len(stated)} diff ids for {len(layers)} layers"
    for number, (said, layer) in enumerate(zip(stated, layers, strict=False), 1):
        if layer.diff_id not in (None, said):
            yield f"config: the diff id of layer {number} is said to be {said}, and is {layer.diff_id}"


def _of_history(found: Any, expected: Any) -> Iterator[str]:
    if not isinstance(found, list) or not isinstance(expected, list) or len(found) != len(expected):
        count = len(found) if isinstance(found, list) else "no"
        yield f"config: the history has {count} entries, expected {len(expected)}"
        return
    for number, (theirs, ours) in enumerate(zip(found, expected, strict=True), 1):
        yield from (f"config: history entry {number}: {line}" for line in differences(theirs, ours, ""))


def _without(rootfs: Any) -> Any:
    return {k: v for k, v in rootfs.items() if k != "diff_ids"} if isinstance(rootfs, Mapping) else rootfs


def _whole(content: bytes) -> dict[str, Any]:
    return dict(parse(content, "the document").mapping())
