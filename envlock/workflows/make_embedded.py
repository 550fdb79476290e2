"""The embedded engine at work: the base and the packages brought here, layers planned, those that are missing built.

Packages of a Debian base are layers like others, below them, on an image that has nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envlock.images import embedded
from envlock.images.recipe import ImageRecipe, PlannedLayer
from envlock.model.activation import environment, user_variables
from envlock.model.digest import lock_hash
from envlock.model.files import IMAGE_PREFIX
from envlock.model.layers import LAYOUT
from envlock.model.lock import Lock, PlatformLock
from envlock.model.ownership import Ownership
from envlock.oci.compress import compressor_id
from envlock.oci.image import BaseImage, ConfigChanges
from envlock.system.parts import scratch_folder
from envlock.workflows import later_images
from envlock.workflows.activation import variables
from envlock.workflows.base_images import base_image
from envlock.workflows.bytecode import bytecode_for
from envlock.workflows.conda_stage import CondaStage
from envlock.workflows.contents import PackageContents, all_contents
from envlock.workflows.context import Context
from envlock.workflows.later_local import copied_layers
from envlock.workflows.make_image import (
    COMPRESSOR_ANNOTATION,
    HASH_ANNOTATION,
    LAYOUT_ANNOTATION,
    Made,
    MakeOptions,
)
from envlock.workflows.notes import script_notes
from envlock.workflows.package_files import PackageFiles
from envlock.workflows.plan_image import plan_layers
from envlock.workflows.project import Project

_DEBIAN_CONFIG = {"Cmd": ["/bin/sh"]}
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What an engine adds that runs code: `locked` has the wheels that it built in place of their sources, `base` is
    one that it made, `layers` lie on top; of the conda packages of `linked` it ran the link scripts. `key` is the lock
    hash."""

    key: str
    locked: PlatformLock
    base: BaseImage | None = None
    layers: tuple[PlannedLayer, ...] = ()
    linked: frozenset[str] = frozenset()
    annotations: Mapping[str, str] = field(default_factory=dict)


def make_embedded(project: Project, lock: Lock, locked: PlatformLock, context: Context, options: MakeOptions) -> Made:
    """The image of one platform, and what is to be said of its packages' scripts."""
    return pack(project, lock, Executed(key=lock_hash(lock, locked), locked=locked), context, options)


def pack(project: Project, lock: Lock, executed: Executed, context: Context, options: MakeOptions) -> Made:
    """The same of what has run its code by now, if there was any to be run."""
    locked = executed.locked
    base = executed.base or base_image(locked, project, context)
    files = PackageFiles(locked, lock.inputs, project, context)
    contents = all_contents(locked, files, context.cache)
    with scratch_folder(context.cache.root / "stages") as folder:
        debian = later_images.debian_image(project, lock, locked, context, folder) if locked.debian else None
        stage = CondaStage(locked.conda, files, context.cache, folder / "prefix")
        bytecode = bytecode_for(lock, locked, context)
        plan = plan_layers(locked, contents, stage, bytecode)
        copied = copied_layers(project, lock, base, bytecode)
        recipe = ImageRecipe(
            base=replace(base, config=_DEBIAN_CONFIG) if debian else base,
            layers=(*(debian.layers if debian else ()), *plan.layers, *executed.layers, *copied),
            changes=_changes(lock, locked, base, contents, is_there=bool(plan.layers)),
            annotations={
                HASH_ANNOTATION: executed.key,
                LAYOUT_ANNOTATION: str(LAYOUT),
                COMPRESSOR_ANNOTATION: compressor_id(),
                **executed.annotations,
            },
        )
        debian_notes = debian.notes if debian else ()
        how = embedded.BuildWith(
            use_cache=options.use_cache, reuse=options.reuse, bring=files.bring, progress=context.progress
        )
        built = embedded.build(recipe, context.cache, how)
    notes = (
        *(note for c in contents for note in _script_notes(c, executed.linked)),
        *_taken_over(plan.ownership),
        *debian_notes,
    )
    return Made(image=built.image, base_layers=built.base, layers=built.layers, notes=notes)


def _changes(
    lock: Lock, locked: PlatformLock, base: BaseImage, contents: Sequence[PackageContents], *, is_there: bool
) -> ConfigChanges:
    image = lock.image
    texts = {path: text for c in contents for path, text in c.activation}
    inside = environment(
        locked,
        image,
        prefix=IMAGE_PREFIX if is_there else None,
        path=base.environment.get("PATH", _DEFAULT_PATH),
        activated=variables(texts),
    )
    return ConfigChanges(
        environment=tuple(sorted({**user_variables(image.user, base.environment), **inside}.items())),
        user=image.user,
        workdir=image.workdir,
        entrypoint=image.entrypoint,
        cmd=image.cmd,
        labels=dict(image.labels),
    )


def _script_notes(contents: PackageContents, linked: frozenset[str]) -> Iterator[str]:
    scripts = () if contents.package.name in linked else contents.scripts
    return script_notes(contents.package.name, scripts, contents.paths)


def _taken_over(ownership: Ownership) -> Iterator[str]:
    """Which packages brought files that another has now: two that do not know of each other, most often."""
    files: dict[tuple[str, str], list[str]] = {}
    for each in ownership.overridden:
        files.setdefault((each.winner, each.loser), []).append(each.path)
    for (winner, loser), paths in sorted(files.items()):
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield f"`{winner}` has overwritten what `{loser}` brings: {paths[0]}{more}"
