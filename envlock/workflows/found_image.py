"""An image that a registry has under the tag of a lock: is it the one of that lock?"""

from envlock.oci.document import parse
from envlock.registry.found import Found
from envlock.workflows.build_target import Target
from envlock.workflows.make_image import HASH_ANNOTATION, KEY_ANNOTATION


def answers(target: Target, found: Found) -> bool:
    """Does its annotation hold the full key? A tag holds only the beginning of one."""
    told = parse(found.content, f"`{target.name}`").optional("annotations")
    name = KEY_ANNOTATION if target.is_index else HASH_ANNOTATION
    stated = told.optional(name) if told else None
    return stated is not None and stated.value == target.key
