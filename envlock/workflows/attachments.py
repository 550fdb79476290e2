"""What is pushed beside an image: the lock that it was made from."""

from envlock.model.image import Image
from envlock.model.lock import Lock
from envlock.oci.attachment import Attachment
from envlock.workflows.context import Context
from envlock.workflows.project import Project

LOCK = "application/vnd.envlock.lock.v1+toml"
CYCLONEDX = "application/vnd.cyclonedx+json"
SPDX = "application/spdx+json"
PROVENANCE = "application/vnd.in-toto+json"


def attachments(project: Project, lock: Lock, image: Image, context: Context) -> tuple[Attachment, ...]:
    """The documents about an image that was made from the project's lock, each about what it speaks of."""
    del lock, context
    content = project.lockfile.read_bytes()
    return (Attachment(artifact_type=LOCK, media_type=LOCK, content=content, subject=image.manifest),)
