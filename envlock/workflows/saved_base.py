"""The base image of a saved folder: brought into the cache from there, checked, so that no registry is asked."""

from pathlib import Path

from envlock.errors import OutsideError
from envlock.images.base import copy_base
from envlock.model.lock import PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.sources.saved_places import IMAGES
from envlock.system.saved_folder import saved_root
from envlock.workflows.context import Context
from envlock.workflows.project import Project


def bring_saved_base(locked: PlatformLock, project: Project, context: Context) -> bool:
    """Is the locked base in the cache now, whole, because the folder around env.toml has it?

    OutsideError where what is there is not what was locked.
    """
    digest, root = locked.base.digest, saved_root(project.folder.resolve())
    folder = Path(root, IMAGES) if root else None
    if digest is None or folder is None or not Layout(folder).has(digest):
        return False
    layout = Layout(context.cache.image_layout)
    if not _is_whole(layout, digest):
        try:
            copy_base(folder, layout, PLATFORMS[locked.platform], digest=digest)
        except OutsideError as error:
            raise OutsideError(
                f"the base `{locked.base.reference}` in `{IMAGES}` is not what was saved: {error.message}",
                hint="get the folder anew from where it was saved",
            ) from error
    return True


def _is_whole(layout: Layout, digest: str) -> bool:
    return layout.has(digest) and all(map(layout.has, read_manifest(layout.read(digest), f"`{digest}`").blobs))
