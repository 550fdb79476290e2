"""env.toml to values: every field checked and normalised, everything wrong with a file said at once."""

import os
import tomllib
from pathlib import Path

from envlock.errors import EnvlockError
from envlock.interchange.addresses import Surroundings
from envlock.manifest import later
from envlock.manifest.dependencies import read_conda, read_groups, read_pip, read_platform_wants
from envlock.manifest.image import read_image
from envlock.manifest.layer import Layer
from envlock.manifest.locking import read_lock_spec
from envlock.manifest.names import environment_name, folder_name
from envlock.manifest.systems import read_systems
from envlock.manifest.workspace import WORKSPACE, Workspace, read_exclude
from envlock.model.fields import Document, Table, matching, not_toml
from envlock.model.image_values import variable_name
from envlock.model.platform import DEFAULT_PLATFORM
from envlock.model.spec import EnvSpec
from envlock.model.system_values import platform_name
from envlock.system.text_file import display, read_text

LIMIT = 1 << 20

_python = matching(
    r"3\.(?:[89]|[1-9]\d{1,2})(?:\.(?:0|[1-9]\d{0,2}))?", "a version such as `3.11` or `3.11.7`, 3.8 or newer"
)


def read_manifest(path: Path, text: str | None = None) -> EnvSpec:
    """Reads an env.toml; one UserInputError tells all that is wrong with it. With `text`, as if that stood in it."""
    document = open_manifest(path, text)
    root, surroundings = document.root, Surroundings(path.parent)
    root.has("extends")
    platforms = root.table("platform")
    wanted = _platforms(root)
    spec = EnvSpec(
        name=root.text("name", environment_name) or folder_name(root, path.absolute().parent.name),
        description=root.text("description", prose=True) or "",
        python=root.text("python", _python),
        platforms=wanted,
        systems=read_systems(platforms, wanted),
        conda=read_conda(root.table("conda"), surroundings),
        pip=read_pip(root.table("pip"), surroundings),
        platform_wants=read_platform_wants(platforms, surroundings),
        groups=read_groups(root.table("groups"), surroundings),
        lock=read_lock_spec(root.table("lock")),
        variables=root.table("variables").entries(variable_name),
        image=read_image(root.table("image"), surroundings),
        files=_files(document, path.parent),
    )
    read_exclude(root.table(WORKSPACE))
    if spec.has_conda and spec.image.interpreter:
        document.refuse(("image", "interpreter"), "not to be had together with conda packages: Python is conda's there")
    document.close()
    return spec


def read_workspace(path: Path, text: str | None = None) -> Workspace:
    """The table `[workspace]` of an env.toml; UserInputError where that is all it has, and something is wrong with it.

    Empty where there is none, and where nothing can be read: who reads it as an environment is told why.
    """
    try:
        document = open_manifest(path, text)
    except EnvlockError:
        return Workspace()
    found = Workspace(
        exclude=read_exclude(document.root.table(WORKSPACE)), alone=set(document.root.names()) == {WORKSPACE}
    )
    if found.alone:
        document.close()
    return found


def open_manifest(path: Path, text: str | None = None) -> Document:
    """The document, parsed and not yet looked at; UserInputError where it is no TOML."""
    name = display(path)
    if text is None:
        text = read_text(path, limit=LIMIT, absent="`envlock init` writes one")
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise not_toml(name, text, error) from None
    own = Layer(path, text, values, Document(name, text, values))
    return later.composed(own) if own.reaches_out else own.document


def _files(document: Document, folder: Path) -> tuple[str, ...]:
    """What else was read, relative to env.toml."""
    return tuple(sorted({Path(os.path.relpath(path, folder)).as_posix() for path in document.read_too}))


def _platforms(root: Table) -> tuple[str, ...]:
    items = root.texts("platforms", platform_name, filled=True) or ()
    root.document.refuse_twice(items)
    return tuple(sorted(item.value for item in items)) or (DEFAULT_PLATFORM,)
