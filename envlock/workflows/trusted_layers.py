"""Layers that need not be made: those of images in the registry that are trusted.

Trusted are the images that are named, and those under the tags of locks that git knows: of this environment at HEAD
and some commits before, and of the other environments of the repository, where they go to the same registry. An image
that this machine has made itself, of the same lock, is not believed to be another there.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from envlock.errors import EnvlockError, OutsideError
from envlock.history.around import repository_around
from envlock.history.past import past_contents
from envlock.lockfile.reader import lock_of, read_lock
from envlock.model.image import LAYER_TYPE
from envlock.model.image_layers import KnownLayer
from envlock.model.lock import Lock
from envlock.model.platform import PLATFORMS
from envlock.model.reference import Reference, parse_reference
from envlock.oci.document import parse
from envlock.oci.image import LAYER_ANNOTATION
from envlock.oci.manifest import Manifest, manifest_for, read_document
from envlock.registry.client import RegistryClient
from envlock.registry.found import Found
from envlock.workflows import later
from envlock.workflows.build_record import recorded_digest
from envlock.workflows.build_target import Target, target_of
from envlock.workflows.context import Context
from envlock.workflows.found_image import answers
from envlock.workflows.project import LOCKFILE, all_projects

_VERSIONS = 6  # of a lock
_COMMITS = 500  # that they are looked for in
Find = Callable[[Reference], Found | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Where the layers of an image of `target` may be found: also in those named by `references`."""

    target: Target
    client: RegistryClient
    context: Context
    references: tuple[Reference, ...] = ()

    def require_writable(self) -> None:
        """OutsideError where nothing can be pushed: said before much is made for it."""
        self.client.require_writable(parse_reference(self.target.name))

    def layers(self, platform: str, wanted: Mapping[str, frozenset[str]]) -> Mapping[str, KnownLayer]:
        """Those of some layers, by key with the packages in each, that trusted images of the platform have."""
        self.context.progress("looking which layers the registry has")
        found: dict[str, KnownLayer] = {}
        for reference in self.references:
            found |= self._layers(reference, self._named, platform, wanted.keys() - found.keys())
        for target in self._targets():
            missing = {key: made_of for key, made_of in wanted.items() if key not in found}
            if _may_have(target, missing):
                believed = partial(self._believed, target)
                found |= self._layers(parse_reference(target.name), believed, platform, missing.keys())
        return found

    def _named(self, reference: Reference) -> Found:
        found = self.client.find(reference)
        if found is None:
            raise OutsideError("it is not there, or not to be read")
        return found

    def _believed(self, target: Target, reference: Reference) -> Found | None:
        found = self.client.find(reference)
        if found is None or not answers(target, found):
            return None
        return found if recorded_digest(target, self.context.cache) in (None, found.descriptor.digest) else None

    def _targets(self) -> Iterator[Target]:
        """What was built of locks that git knows, each once, the likeliest first."""
        registry, seen = parse_reference(self.target.name).registry, set[str]()
        for target in (*self._past(), *self._others()):
            if target.name not in seen and parse_reference(target.name).registry == registry:
                seen.add(target.name)
                yield target

    def _past(self) -> Iterator[Target]:
        project = self.target.project
        repository = repository_around(project.folder)
        if repository is None:
            return
        for content in past_contents(repository, project.lockfile, versions=_VERSIONS, commits=_COMMITS):
            try:
                lock = lock_of(f"{LOCKFILE} in git", content.decode("utf-8-sig").replace("\r\n", "\n"))
                yield self._target_of(lock)
            except (EnvlockError, UnicodeDecodeError):
                continue  # a version of the file that nobody can read now has no image to look for

    def _target_of(self, lock: Lock) -> Target:
        return target_of(self.target.project, lock, self.target.repository)

    def _others(self) -> Iterator[Target]:
        for project in all_projects(self.target.project.folder):
            try:
                spec = later.read_manifest(project)
                place = self.target.place(spec.name, spec.image.repository)
                if project != self.target.project and place:
                    yield target_of(project, read_lock(project.lockfile), place)
            except EnvlockError:
                continue  # whoever builds that one is told

    def _layers(self, reference: Reference, find: Find, platform: str, keys: Collection[str]) -> dict[str, KnownLayer]:
        """Those of one image; what is wrong with it hinders no build that could do without."""
        try:
            image = find(reference) if keys else None
            return dict(self._known(reference, image.content, platform, keys)) if image else {}
        except OutsideError as error:
            self.context.warn(f"no layer of `{reference}` is taken: {error.message}")
            return {}

    def _known(
        self, reference: Reference, content: bytes, platform: str, keys: Collection[str]
    ) -> Iterator[tuple[str, KnownLayer]]:
        document = read_document(content, f"`{reference}`")
        if not isinstance(document, Manifest):
            chosen = manifest_for(document, PLATFORMS[platform])
            if chosen is None:
                return
            content = self.client.get(reference.at(chosen.digest)).content
        wanted = [(n, key) for n, key in enumerate(_keys(content)) if key is not None and key in keys]
        if wanted:
            yield from self._described(reference, content, wanted)

    def _described(
        self, reference: Reference, content: bytes, wanted: Sequence[tuple[int, str]]
    ) -> Iterator[tuple[str, KnownLayer]]:
        """Layers by position and key, with what the image's config says of them."""
        manifest = read_document(content, f"`{reference}`")
        assert isinstance(manifest, Manifest)
        config = parse(self.client.read(reference, manifest.config), f"the config of `{reference}`")
        diff_ids = config.field("rootfs").field("diff_ids").items()
        if len(diff_ids) != len(manifest.layers):
            raise OutsideError(f"it has {len(manifest.layers)} layers, and its config {len(diff_ids)}")
        where = replace(reference, tag=None, digest=None)
        for n, key in wanted:
            # one that somebody has compressed anew would give the image another digest
            if (blob := manifest.layers[n]).media_type == LAYER_TYPE:
                yield key, KnownLayer(blob=blob, diff_id=diff_ids[n].digest(), where=where)


def _may_have(target: Target, wanted: Mapping[str, frozenset[str]]) -> bool:
    """Can its image have one of some layers, as its lock has the packages? Nobody is asked for the others."""
    packages = {package.sha256 for locked in target.platforms for package in locked.packages}
    return any(made_of and made_of <= packages for made_of in wanted.values())


def _keys(content: bytes) -> list[str | None]:
    """What the layers of a manifest are said to be, from the lowest up."""
    layers = parse(content, "manifest").field("layers").items()
    annotations = (layer.optional("annotations") for layer in layers)
    return [told.text_by_name().get(LAYER_ANNOTATION) if told else None for told in annotations]
