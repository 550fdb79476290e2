"""The files that `from` names: environment.yml, requirements.in, pyproject.toml, kept as the source."""

import re
from collections.abc import Iterator
from pathlib import Path

from envlock.interchange.pip.project_file import PROJECT_FILE, extra_name, missing_extra, read_project_file, required
from envlock.interchange.pip.requirement_lines import Reading
from envlock.interchange.written import Written, refused, text_of
from envlock.manifest import later
from envlock.model.place import Place, key_text

_WITH_EXTRAS = re.compile(r"(?P<path>[^\[\]]*)(?:\[(?P<extras>[^\[\]]*)\])?")
_YAML = (".yml", ".yaml")


def path_of_source(text: str) -> str:
    """The file that an item of `from` names: `pyproject.toml[dev]` is one of its extras too."""
    found = _WITH_EXTRAS.fullmatch(text)
    if not found or (found["extras"] and not found["path"].endswith(".toml")):
        raise ValueError(f"expected a file such as `requirements.in` or `pyproject.toml[dev]`, got `{text}`")
    return found["path"]


def conda_source(text: str) -> str:
    """What `[conda] from` may name."""
    if not text.endswith(_YAML):
        raise ValueError(f"expected an environment.yml, got `{text}`")
    return path_of_source(text)


def pip_source(text: str) -> str:
    """What `[pip] from` may name."""
    path = path_of_source(text)
    if path.endswith(_YAML):
        raise ValueError(f"an environment.yml belongs into `conda.from`, got `{text}`")
    if path.endswith(".toml") and not path.endswith(PROJECT_FILE):
        raise ValueError(f"expected `requirements.in`, or of TOML a `{PROJECT_FILE}`, got `{text}`")
    return path


def written_in(text: str, folder: Path, reading: Reading) -> Iterator[Written]:
    """What a file says that `from` names; ValueError where it cannot be read."""
    path = folder / path_of_source(text)
    if path.name.endswith(_YAML):
        content = text_of(path)
        reading.files.append(path)
        return later.read_environment_yml(path, content, reading)
    return _project(path, text, reading) if path.name == PROJECT_FILE else reading.lines(path)


def _project(path: Path, text: str, reading: Reading) -> Iterator[Written]:
    project = read_project_file(path)
    reading.files.append(path)
    extras = [
        extra_name(extra.strip()) for extra in text.partition("[")[2].removesuffix("]").split(",") if extra.strip()
    ]
    missing = missing_extra(project, extras)
    yield from [refused(path, None, missing)] if missing else []
    yield from (refused(path, place.line, _keyed(place, what)) for place, what in project.document.findings())
    yield from required(project, extras)


def _keyed(place: Place, what: str) -> str:
    return f"`{key_text(place.key)}`{what}" if place.key else what
