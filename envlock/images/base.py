"""The image that an environment starts from: found, brought into the layout, opened."""

from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.images.rootfs import Rootfs
from envlock.model.image import Descriptor
from envlock.model.platform import Platform
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.manifest import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Config,
    Manifest,
    no_platform,
    read_config,
    read_document,
    read_manifest,
)
from envlock.system.saved_folder import surrounding

FOLDER = "oci:"
_PIECE = 1 << 20
_MOST_NESTED = 3  # indexes in indexes


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledBase:
    """A base whose blobs are all in `layout`; manifest and config as the bytes they are stored as."""

    reference: str
    layout: Layout
    descriptor: Descriptor
    manifest: bytes
    config: bytes

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        return read_manifest(self.manifest, f"the manifest of `{self.reference}`").layers

    @property
    def search_path(self) -> tuple[str, ...]:
        """The folders of the image's PATH, in order."""
        variables = dict(v.partition("=")[::2] for v in _config(self.reference, self.config).variables)
        return tuple(filter(None, variables.get("PATH", "").split(":")))

    def rootfs(self) -> Rootfs:
        return Rootfs(self.layout, self.layers)


def open_base(reference: str, layout: Layout, descriptor: Descriptor) -> PulledBase:
    """A base that was brought into `layout`, from wherever; `reference` is what the manifest calls it."""
    manifest = layout.read(descriptor)
    config = layout.read(read_manifest(manifest, f"the manifest of `{reference}`").config)
    return PulledBase(reference=reference, layout=layout, descriptor=descriptor, manifest=manifest, config=config)


def base_folder(reference: str, project: Path) -> Path | None:
    """The folder that `oci:DIR` means; None for any other reference. It lies inside the repository."""
    if not reference.startswith(FOLDER):
        return None
    written = reference.removeprefix(FOLDER)
    folder = (project / written).resolve()
    within = surrounding(project.resolve())
    if Path(written).is_absolute() or not folder.is_relative_to(within):
        raise UserInputError(f"base `{reference}` leaves the repository", hint="copy the layout into it")
    if not folder.is_dir():
        raise UserInputError(f"base `{reference}`: there is no folder `{written}` beside env.toml")
    return folder


def copy_base(folder: Path, layout: Layout, platform: Platform, *, digest: str | None = None) -> Descriptor:
    """Brings the base in a layout folder into ours, checked, the manifest last.

    Without `digest` the folder must hold one image for the platform.
    """
    source = Layout(folder)
    found = {entry.descriptor.digest: entry for entry in _manifests(source, source.manifests())}
    entry = found.get(digest) if digest else _only(source, tuple(found.values()), platform)
    if entry is None:
        raise OutsideError(
            f"`{folder}` has no image with the locked digest {digest}", hint="lock what it has: `envlock lock -P base`"
        )
    content = source.read(entry.descriptor)
    layout.create()
    for blob in read_manifest(content, _within(source, entry)).blobs:
        if not layout.has(blob):
            _copy(source, layout, blob)
    return layout.put(content, entry.descriptor.media_type)


def _manifests(source: Layout, entries: tuple[IndexEntry, ...], depth: int = 0) -> tuple[IndexEntry, ...]:
    """All image manifests of a layout, those in indexes of its index too."""
    if depth > _MOST_NESTED:
        raise OutsideError(f"`{source.root}` nests indexes deeper than {_MOST_NESTED}")
    found = [entry for entry in entries if entry.descriptor.media_type in MANIFEST_TYPES and entry.os != "unknown"]
    for entry in entries:
        if entry.descriptor.media_type in INDEX_TYPES:
            inner = read_document(source.read(entry.descriptor), _within(source, entry))
            if not isinstance(inner, Manifest):
                found.extend(_manifests(source, inner, depth + 1))
    return tuple(found)


def _only(source: Layout, entries: tuple[IndexEntry, ...], platform: Platform) -> IndexEntry:
    """The one image for a platform; its config says what it is for, an index need not."""
    configs = [(entry, _config_in(source, entry).platform) for entry in entries]
    wanted = f"{platform.os}/{platform.architecture}"
    fitting = [entry for entry, stated in configs if stated == wanted]
    if not fitting:
        raise no_platform(f"`{source.root}`", platform, sorted({stated for _, stated in configs}))
    if len(fitting) > 1:
        raise UserInputError(
            f"`{source.root}` holds {len(fitting)} images for {wanted}, and a base is one",
            hint="keep only one of them in its `index.json`",
        )
    return fitting[0]


def _config_in(source: Layout, entry: IndexEntry) -> Config:
    manifest = read_manifest(source.read(entry.descriptor), _within(source, entry))
    return _config(str(source.root), source.read(manifest.config))


def _config(reference: str, content: bytes) -> Config:
    return read_config(content, f"the config of `{reference}`")


def _within(source: Layout, entry: IndexEntry) -> str:
    return f"`{entry.descriptor.digest}` in `{source.root}`"


def _copy(source: Layout, layout: Layout, blob: Descriptor) -> None:
    path = source.blob_path(blob.digest)
    try:
        with path.open("rb") as file, layout.writer(digest=blob.digest, size=blob.size) as target:
            while piece := file.read(_PIECE):
                target.write(piece)
    except FileNotFoundError:
        raise OutsideError(f"`{path}` is missing", hint="the layout is not whole; copy it anew") from None
