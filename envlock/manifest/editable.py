"""`[pip] editable`: local projects, what they require read from their pyproject.toml."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from envlock.interchange.addresses import Surroundings
from envlock.interchange.moved_spec import moved
from envlock.interchange.pip.direct import as_path, path_of
from envlock.interchange.pip.project_file import PROJECT_FILE, extra_name, missing_extra, read_project_file, required
from envlock.model.fields import Item, Table
from envlock.model.place import Place
from envlock.model.spec import EditableProject
from envlock.system.text_file import display

_SHAPE = re.compile(r"(?P<path>\.{1,2}(?:/[^\[\]]*)?)(?:\[(?P<extras>[^\[\]]*)\])?")


class Editable(NamedTuple):
    """A project, and where each of its dependencies is written."""

    project: EditableProject
    places: dict[str, Place]


def read_editable(table: Table, surroundings: Surroundings) -> tuple[Editable, ...]:
    """The projects, sorted by path; what is wrong is noted."""
    items = table.texts("editable", lambda text: _normalized(text, surroundings)) or ()
    written = (item for item in items if table.document.in_toml(item.path))
    table.document.refuse_twice(written, lambda text: text.partition("[")[0])
    asked: dict[str, list[Item]] = {}
    for item in items:
        asked.setdefault(item.value.partition("[")[0], []).append(item)
    found = tuple(one for path in sorted(asked) for one in _project(path, asked[path], table, surroundings))
    named = (Item(asked[one.project.path][0].path, one.project.name) for one in found if one.project.name)
    table.document.refuse_twice(named)
    return found


def _normalized(text: str, surroundings: Surroundings) -> str:
    found = _SHAPE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"expected a folder such as `./project` or `./project[extra]`, got `{text}`")
    path = as_path(found["path"])
    surroundings.inside(path)
    extras = sorted({extra_name(extra.strip()) for extra in (found["extras"] or "").split(",") if extra.strip()})
    return f"{path}[{','.join(extras)}]" if extras else path


def _extras(text: str) -> list[str]:
    return [extra for extra in text.partition("[")[2].removesuffix("]").split(",") if extra]


def _project(path: str, items: list[Item], table: Table, surroundings: Surroundings) -> Iterator[Editable]:
    """A project with all the extras that something asks for."""
    item = items[0]
    extras = tuple(sorted({extra for each in items for extra in _extras(each.value)}))
    file = surroundings.folder / path / PROJECT_FILE
    try:
        project = read_project_file(file)
    except ValueError as error:
        table.document.refuse(item.path, str(error))
        return
    table.document.read_too.append(file)
    missing = missing_extra(project, extras)
    if missing:
        table.document.refuse(item.path, missing)
    needs = {moved(one.text, path): Place(display(file), one.line) for one in required(project, extras)}
    for need, place in needs.items():
        table.document.note((place, f": {why}") for why in _leaving(need, surroundings))
    table.document.note(project.document.findings())
    wanted = EditableProject(path=path, name=project.name, extras=extras, dependencies=tuple(sorted(needs)))
    yield Editable(wanted, needs)


def _leaving(requirement: str, surroundings: Surroundings) -> Iterator[str]:
    """Why a requirement's own path cannot be."""
    try:
        surroundings.inside(path_of(requirement) or ".")
    except ValueError as error:
        yield str(error)
