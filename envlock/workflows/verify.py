"""verify: is an image what its lock makes? It is derived anew, and every byte of the image is held against that.

Nothing inside the image is believed: what it states only says what to compare.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envlock.errors import OutsideError
from envlock.model.digest import image_key, image_tag, lock_hash
from envlock.model.image import Descriptor, Image
from envlock.model.image_verdict import Verdict
from envlock.model.layers import LAYOUT
from envlock.model.lock import PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.oci.blob import BrokenBlob
from envlock.oci.compress import compressor_id
from envlock.oci.differences import differences
from envlock.oci.document import parse
from envlock.oci.image_check import without_compressor
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.manifest import Manifest, read_config, read_document
from envlock.oci.several import index_of
from envlock.workflows import later_images
from envlock.workflows.context import Context
from envlock.workflows.image_places import ImagePlace, image_place
from envlock.workflows.make_image import COMPRESSOR_ANNOTATION, HASH_ANNOTATION, KEY_ANNOTATION, LAYOUT_ANNOTATION
from envlock.workflows.verify_target import DOCKER_TAG, Against, Asked, Judged, against, against_named, annotations_of

_MOST_ENTRIES = 50  # of an index: those of a locked platform are looked into, each as often as it stands there


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """`env` as on the command line; without `use_cache` every layer is made anew, also where this machine has it."""

    env: str | None = None
    start: Path = Path()
    use_cache: bool = True


def verify(image: str, context: Context, options: VerifyOptions = VerifyOptions()) -> Verdict:
    """Holds an image against its lock. OutsideError where what is needed for that cannot be had."""
    place = image_place(image, context)
    top, content = place.top()
    stated = annotations_of(content)
    told = stated.get(KEY_ANNOTATION, stated.get(HASH_ANNOTATION))
    if options.env is not None:
        target = against_named(options.env, options.start, context)
    else:
        target = against(told, options.start, place.repository)
    asked = Asked(place=place, target=target, context=context, use_cache=options.use_cache)
    document = read_document(content, f"`{place.title}`")
    if isinstance(document, Manifest):
        locked = _of_manifest(asked, document)
        judged: tuple[Judged, ...] = (later_images.judge(asked, locked, top),) if locked else ()
        key = lock_hash(target.lock, locked) if locked else image_key(target.lock)
        problems: tuple[str, ...] = () if locked else ("config: it is for no platform that is locked",)
    else:
        locks, entries = _linux(target), document[:_MOST_ENTRIES]
        judged = tuple(later_images.judge(asked, locked, entry) for locked, entry in _matching(locks, entries))
        key = image_key(target.lock)
        problems = (*_of_count(document), *_of_entries(locks, entries), *_of_index(content, key, judged))
    return Verdict(
        title=place.title,
        digest=top.digest,
        environment=target.project.title,
        found_by_hash=target.found,
        problems=(*place.problems(), *_of_tags(place, key, judged), *problems),
        platforms=tuple(each.verdict for each in judged),
    )


def _of_manifest(asked: Asked, manifest: Manifest) -> PlatformLock | None:
    """What is locked for the platform that the config states; where only one is locked, for that."""
    locks = _linux(asked.target)
    if len(locks) == 1:
        return locks[0]
    stated = _stated(asked.place, manifest)
    return next((p for p in locks if _named(p) == stated), None)


def _stated(place: ImagePlace, manifest: Manifest) -> str | None:
    """The platform that the config names; None where it cannot be read."""
    try:
        config = place.read(manifest.config)
    except BrokenBlob:
        return None
    try:
        return read_config(config, "the config").platform
    except OutsideError:
        return None


def _linux(target: Against) -> tuple[PlatformLock, ...]:
    return tuple(p.of_groups() for p in target.lock.platforms if PLATFORMS[p.platform].has_images)


def _named(locked: PlatformLock) -> str:
    platform = PLATFORMS[locked.platform]
    return f"{platform.os}/{platform.architecture}"


def _matching(
    locks: Sequence[PlatformLock], entries: Sequence[IndexEntry]
) -> Iterator[tuple[PlatformLock, Descriptor]]:
    """The entries of locked platforms, each as often as it stands there."""
    for entry in entries:
        yield from ((p, entry.descriptor) for p in locks if _named(p) == f"{entry.os}/{entry.architecture}")


def _of_count(entries: Sequence[IndexEntry]) -> Iterator[str]:
    if len(entries) > _MOST_ENTRIES:
        yield f"index: it has {len(entries)} entries, of which the first {_MOST_ENTRIES} are looked into"


def _of_entries(locks: Sequence[PlatformLock], entries: Sequence[IndexEntry]) -> Iterator[str]:
    """Which platforms are missing, and which entries are too many."""
    wanted, found = [_named(p) for p in locks], [f"{e.os}/{e.architecture}" for e in entries]
    for name in wanted:
        if name not in found:
            yield f"index: it has no image for {name}, which is locked"
    for number, (name, entry) in enumerate(zip(found, entries, strict=True)):
        if name not in wanted:
            yield f"index: `{entry.descriptor.digest}` is for {name}, which is not locked"
        elif name in found[:number]:
            yield f"index: `{entry.descriptor.digest}` is another image for {name}"


def _of_index(content: bytes, key: str, judged: Sequence[Judged]) -> Iterator[str]:
    """What the index says beyond its entries, and what its entries say of those that are what they should be."""
    derived = [each.expected for each in judged if each.expected]
    if not derived:
        return
    expected = _content(index_of(derived, _annotations(key)))
    ours, theirs = (dict(parse(each, "the index").mapping()) for each in (expected, content))
    mine = {_platform_of(entry): entry for entry in ours.pop("manifests")}
    for entry in theirs.pop("manifests")[:_MOST_ENTRIES]:
        known = mine.get(_platform_of(entry))
        if known:
            lines = differences(_beyond(entry), _beyond(known), entry["digest"])
            yield from (f"index: {line}" for line in lines)
    if any(each.repacked for each in judged):
        ours, theirs = without_compressor(ours), without_compressor(theirs)
    yield from (f"index: {line}" for line in differences(theirs, ours, ""))


def _platform_of(entry: dict[str, Any]) -> tuple[str | None, str | None]:
    stated = entry.get("platform") or {}
    return stated.get("os"), stated.get("architecture")


def _beyond(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry says beyond which manifest is meant, into which is looked."""
    return {name: value for name, value in entry.items() if name not in ("digest", "size")}


def _content(image: Image) -> bytes:
    return Layout(image.layout).read(image.manifest)


def _annotations(key: str) -> dict[str, str]:
    return {KEY_ANNOTATION: key, LAYOUT_ANNOTATION: str(LAYOUT), COMPRESSOR_ANNOTATION: compressor_id()}


def _of_tags(place: ImagePlace, key: str, judged: Sequence[Judged]) -> Iterator[str]:
    """A tag that is made of a hash says what it stands for; others may stand for anything."""
    by_docker = any(each.verdict.unverifiable for each in judged)
    expected = f"{image_tag(key)}{DOCKER_TAG if by_docker else ''}"
    yield from (
        f"tag: it is `{t}`, expected `{expected}`" for t in place.tags if t.startswith("lock-") and t != expected
    )
