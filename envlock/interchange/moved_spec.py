"""A spec seen from another folder: every relative path in it starts there."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace

from envlock.interchange.pip.direct import LONGEST, as_path
from envlock.model.imported import Imported, Pinned
from envlock.model.spec import EnvSpec, ImageSpec, Wants

_OCI = "oci:"
_RELATIVE = re.compile(
    r"(?P<head>\s*(?:[A-Za-z0-9._-]+\s*(?:\[[^\[\]]*\])?\s*@\s*)?)(?P<path>\.{1,2}(?:/[^\s;\[]*)?)(?=[\s;\[]|$)"
)


def moved_spec(spec: EnvSpec, folder: str) -> EnvSpec:
    """The spec with its paths, which are relative to `folder`, as they are seen from where that is relative to."""
    if folder == ".":
        return spec
    return replace(
        spec,
        conda=replace(
            spec.conda,
            channels=tuple(moved(channel, folder) for channel in spec.conda.channels),
        ),
        pip=replace(
            spec.pip,
            dependencies=_requirements(spec.pip.dependencies, folder),
            editable=tuple(replace(each, path=_path(each.path, folder)) for each in spec.pip.editable),
        ),
        platform_wants=tuple((name, _wants(wants, folder)) for name, wants in spec.platform_wants),
        groups=tuple((name, _wants(wants, folder)) for name, wants in spec.groups),
        image=_image(spec.image, folder),
    )


def moved_import(imported: Imported, folder: str) -> EnvSpec:
    """The same of what was read elsewhere; a Dockerfile that it brings along lies beside env.toml."""
    spec, dockerfile = moved_spec(imported.spec, folder), imported.spec.image.dockerfile
    brought = dockerfile in dict(imported.files)
    return replace(spec, image=replace(spec.image, dockerfile=dockerfile)) if brought else spec


def moved_pins(pinned: Iterable[Pinned], folder: str) -> tuple[Pinned, ...]:
    """The same of what is pinned from files, folders and channels."""
    return tuple(
        replace(
            each,
            conda=tuple(replace(p, channel=moved(p.channel, folder)) for p in each.conda),
            pip=tuple(replace(p, source=moved(p.source, folder) if p.source else None) for p in each.pip),
        )
        for each in pinned
    )


def moved(text: str, folder: str) -> str:
    """A requirement, channel or folder that names a relative path, seen from where env.toml lies."""
    found = _RELATIVE.match(text) if len(text) <= LONGEST and folder != "." else None
    if not found:
        return text
    return found["head"] + as_path(posixpath.join(folder, found["path"])) + text[found.end() :]


def _requirements(texts: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(sorted(moved(text, folder) for text in texts))


def _wants(wants: Wants, folder: str) -> Wants:
    return replace(wants, pip=_requirements(wants.pip, folder))


def _image(image: ImageSpec, folder: str) -> ImageSpec:
    base = image.base
    if base and base.startswith(_OCI):
        base = _OCI + posixpath.normpath(posixpath.join(folder, base.removeprefix(_OCI)))
    debian = image.debian
    return replace(
        image,
        base=base,
        debian=replace(debian, keys=_path(debian.keys, folder) if debian.keys else None) if debian else None,
        dockerfile=_path(image.dockerfile, folder) if image.dockerfile else None,
        copy=tuple(_path(each, folder) for each in image.copy),
    )


def _path(text: str, folder: str) -> str:
    # an absolute path is refused by the reader, as it is written
    return text if text.startswith("/") else as_path(posixpath.join(folder, text))
