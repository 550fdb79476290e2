"""An image that a registry has under the tag of a lock: is it the one of that lock?"""

from envlock.errors import UserInputError
from envlock.model.reference import Reference, parse_reference
from envlock.oci.document import parse
from envlock.registry.found import Found
from envlock.workflows import later
from envlock.workflows.build_target import Target
from envlock.workflows.context import Context
from envlock.workflows.make_image import HASH_ANNOTATION, KEY_ANNOTATION


def answers(target: Target, found: Found) -> bool:
    """Does its annotation hold the full key? A tag holds only the beginning of one."""
    told = parse(found.content, f"`{target.name}`").optional("annotations")
    name = KEY_ANNOTATION if target.is_index else HASH_ANNOTATION
    stated = told.optional(name) if told else None
    return stated is not None and stated.value == target.key


def destination(target: Target) -> Reference:
    """Where an image goes; UserInputError for what is no name of a repository."""
    try:
        return parse_reference(target.name)
    except ValueError as error:
        raise UserInputError(
            f"images go nowhere: {error}", hint='`[image] repository = "registry.test/team/train"` in env.toml'
        ) from error


def in_registry(target: Target, context: Context) -> Found | None:
    """The image of this very key, where its repository has it; one request."""
    context.progress(f"asking for {target.name}")
    found = later.registry_client(context).find(destination(target))
    return found if found and answers(target, found) else None
