"""Values that both of Azure ML's forms of an environment have."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from envlock.interchange.conda import environment_import
from envlock.interchange.docker.dockerfile_file import REST
from envlock.interchange.docker.dockerfile_file import read as read_dockerfile
from envlock.interchange.moved_spec import moved_spec
from envlock.interchange.source import Source
from envlock.interchange.written import text_of
from envlock.model.image_values import variable_name
from envlock.model.imported import Imported, Remark
from envlock.model.masking import shareable
from envlock.system.text_file import display

# what the SDK writes where nobody set any
_EXAMPLE = ("EXAMPLE_ENV_VAR", "EXAMPLE_VALUE")
# an address of the default index that is no longer in use, which the SDK adds to what it makes itself
_UNASKED = re.compile(r"https?://[a-z]+\.python\.org/simple")
_UNFIT = re.compile(r"[^a-z0-9]+")


def named(text: str) -> tuple[str, tuple[Remark, ...]]:
    """An environment's name of Azure's, which may have capitals, as one of ours."""
    name = _UNFIT.sub("-", text.lower()).strip("-")
    if re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", text):
        return text, ()
    why = f"names have small letters, digits and `-` here: it is `{name}`" if name else "it cannot be a name here"
    return name, (Remark(what=f"name: {text}", why=why),) if text else ()


def variables(found: Mapping[str, str], line: int | None) -> tuple[dict[str, str], tuple[Remark, ...]]:
    """Those that can stand in env.toml, without secrets, and without the SDK's example."""
    kept: dict[str, str] = {}
    remarks: list[Remark] = []
    for name, value in found.items():
        why = _unwanted(name, value)
        if why:
            remarks.append(Remark(what=name, why=why, line=line))
        else:
            kept[name] = value
    return kept, tuple(remarks)


def _unwanted(name: str, value: str) -> str | None:
    if (name, value) == _EXAMPLE:
        return "it is the example that the SDK writes where no variable is set"
    try:
        shareable(variable_name(name), value)
    except ValueError as error:
        return str(error)
    return None


def with_registry(image: str, address: str) -> str:
    """An image of a registry that is named apart from it."""
    registry = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    first, slash, _ = image.partition("/")
    has_own = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return image if has_own or not registry else f"{registry}/{image}"


def specification(source: Source, folder: Path, path: str) -> Imported:
    """A conda specification in a file, with paths as they are from `folder`."""
    full = folder / path
    found = environment_import.read(replace(source, path=full, text=text_of(full)))
    return _without_unasked(_seen_from(folder, full, found))


def _without_unasked(found: Imported) -> Imported:
    pip = found.spec.pip
    kept = tuple(index for index in pip.indexes if not _UNASKED.fullmatch(index.url or ""))
    if kept == pip.indexes:
        return found
    remark = Remark(what="--extra-index-url", why="the SDK adds it unasked: it is the default index once more")
    spec = replace(found.spec, pip=replace(pip, indexes=kept))
    return replace(found, spec=spec, remarks=(*found.remarks, remark))


def dockerfile(source: Source, context: Path, path: str, folder: Path) -> Imported:
    """What a Dockerfile with its build context comes to, with paths as they are from `folder`."""
    full = context / path
    # its files are named from the context on, wherever in it the Dockerfile itself is
    found = read_dockerfile(replace(source, path=context / full.name, text=text_of(full)))
    moved = _seen_from(folder, context / full.name, found)
    if found.spec.image.dockerfile not in (None, REST) and full.parent.resolve() != context.resolve():
        why = "the context of a Dockerfile is the folder that it lies in here: move it to the top of its context"
        moved = replace(moved, remarks=(*moved.remarks, Remark(what=path, why=why)))
        kept = (full.resolve()).relative_to(folder.resolve()).as_posix()
        moved = replace(moved, spec=replace(moved.spec, image=replace(moved.spec.image, dockerfile=kept)))
    return moved


def _seen_from(folder: Path, full: Path, found: Imported) -> Imported:
    parent = full.parent.resolve()
    if not parent.is_relative_to(folder.resolve()):
        raise ValueError(f"`{display(full)}` is outside of the folder")
    spec = moved_spec(found.spec, parent.relative_to(folder.resolve()).as_posix())
    if found.spec.image.dockerfile == REST and found.files:
        spec = replace(spec, image=replace(spec.image, dockerfile=REST))
    remarks = tuple(replace(each, file=each.file or display(full)) for each in found.remarks)
    return replace(found, spec=spec, remarks=remarks)


def inline(source: Source, text: str, line: int | None) -> Imported:
    """A conda specification that stands in the definition itself, at a line."""
    found = environment_import.read(replace(source, text=text))
    own = ("", display(source.path))
    remarks = (replace(each, line=line) if each.file in own else each for each in found.remarks)
    return _without_unasked(replace(found, remarks=tuple(remarks)))
