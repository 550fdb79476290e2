"""The image of one platform, held against what the lock makes for it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.model.image_verdict import PlatformVerdict, WrongLayer
from envlock.model.layers import LAYOUT
from envlock.model.lock import PlatformLock
from envlock.oci.blob import BrokenBlob
from envlock.oci.image_check import OTHER, Documents, LayerFound, LayerProblem, check_image
from envlock.oci.layer_check import read_layer
from envlock.oci.layer_files import file_differences
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.system.side_by_side import side_by_side
from envlock.workflows.image_places import ImagePlace
from envlock.workflows.make_image import (
    DOCKER,
    EMBEDDED,
    LAYOUT_ANNOTATION,
    Made,
    MakeOptions,
    engine_for,
    make_image,
)
from envlock.workflows.verify_docker import judge_docker
from envlock.workflows.verify_target import REPRODUCIBLE_ANNOTATION, Asked, Judged, annotations_of

_AT_ONCE = 4
_MOST_LAYERS = 1_000  # engines take some 125; each that is wrong is looked into
# what derives an image, by the number of its layout: images of older ones stay valid, as what made them then says
_MAKERS: Mapping[str, Callable[..., Made]] = {str(LAYOUT): make_image}


def judge(asked: Asked, locked: PlatformLock, manifest: Descriptor) -> Judged:
    """Derives the image of a platform, reads the one that is there, and holds one against the other."""
    try:
        found = _found(asked.place, manifest)
    except BrokenBlob as error:
        return _unreadable(locked, manifest, error)
    layers, stated = found.layers, annotations_of(found.manifest)
    if stated.get(REPRODUCIBLE_ANNOTATION) == "false" or engine_for(locked) == DOCKER:
        read = _all_layers(asked, layers, {})
        return Judged(verdict=judge_docker(asked, locked, manifest, found, read), expected=None)
    make = _MAKERS.get(stated.get(LAYOUT_ANNOTATION, ""), make_image)
    options = MakeOptions(engine=EMBEDDED, use_cache=asked.use_cache)
    made = make(asked.target.project, asked.target.lock, locked, asked.context, options)
    layout = Layout(made.image.layout)
    expected = _documents(layout, made.image.manifest)
    known = dict(zip(expected.layers, expected.diff_ids, strict=True))
    read = _all_layers(asked, layers, known)
    check = check_image(found, expected, read)
    verdict = PlatformVerdict(
        platform=locked.platform,
        digest=manifest.digest,
        packages=len(locked.packages),
        right=check.right,
        layers=len(layers),
        problems=check.problems,
        wrong=tuple(_wrong_layer(problem, asked.place, layout) for problem in check.layers),
        notes=check.notes,
    )
    return Judged(verdict=verdict, expected=made.image, repacked=check.repacked)


def _found(place: ImagePlace, manifest: Descriptor) -> Documents:
    """The documents as they are there; BrokenBlob where they are not those that are described, or no documents."""
    content = place.read(manifest)
    try:
        document = read_manifest(content, "the manifest")
    except OutsideError as error:
        raise BrokenBlob(error.message) from error
    if len(document.layers) > _MOST_LAYERS:
        raise BrokenBlob(f"the manifest has {len(document.layers)} layers, more than any engine runs")
    return Documents(manifest=content, config=place.read(document.config))


def _unreadable(locked: PlatformLock, manifest: Descriptor, error: OutsideError) -> Judged:
    verdict = PlatformVerdict(platform=locked.platform, digest=manifest.digest, problems=(error.message,))
    return Judged(verdict=verdict, expected=None)


def _documents(layout: Layout, manifest: Descriptor) -> Documents:
    content = layout.read(manifest)
    return Documents(manifest=content, config=layout.read(read_manifest(content, "the manifest").config))


def _all_layers(
    asked: Asked, layers: Sequence[Descriptor], known: Mapping[Descriptor, str]
) -> Callable[[Descriptor], LayerFound]:
    """Every layer read, several at a time, none of them kept."""
    wanted = list(dict.fromkeys(layers))
    asked.context.progress(f"reading {len(wanted)} layers of {asked.place.title}")

    def read(layer: Descriptor) -> LayerFound:
        return read_layer(layer, partial(asked.place.pieces, layer), known)

    found = side_by_side(read, wanted, stop=asked.context.stopped.set, at_once=_AT_ONCE)
    return dict(zip(wanted, found, strict=True)).__getitem__


def _wrong_layer(problem: LayerProblem, place: ImagePlace, layout: Layout) -> WrongLayer:
    """The layer with the files that make it wrong, where both sides can be read."""
    here = problem.expected is not None and layout.has(problem.expected)
    if problem.found is None or (problem.expected is not None and not here):
        return WrongLayer(title=problem.title, what=problem.what)
    expected = (problem.expected, partial(layout.pieces, problem.expected)) if problem.expected else None
    files, broken = file_differences((problem.found, partial(place.pieces, problem.found)), expected)
    what = problem.what if broken in (None, problem.what) else f"{problem.what}; {broken}"
    if problem.what == OTHER and not files.count and broken is None:
        what = f"{what}: its files are the same, in a tar that is not"
    return WrongLayer(title=problem.title, what=what, files=files.count, first=tuple(files.first))
