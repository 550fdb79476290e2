"""`CondaDependencies`: the conda and pip packages of an environment as one object, as Azure ML's scripts make it."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from envlock.api.definition import Definition, InMemory, add, put, remove
from envlock.api.words import words
from envlock.interchange.exports.yaml_text import Value, yaml_text
from envlock.interchange.moved_spec import moved_spec
from envlock.model.spec import EnvSpec
from envlock.system.files import write_whole
from envlock.workflows.dependencies import Wish
from envlock.workflows.draft import new_draft

_CHANNELS = ("conda", "channels")


class CondaDependencies:
    """Python, channels, conda and pip packages: of its own, or those of an environment, which change with it.

    Nothing is added unasked: no SDK, no `pip`, no Python version.
    """

    __slots__ = ("_definition",)

    def __init__(self) -> None:
        self._definition: Definition = InMemory(new_draft("packages", Path.cwd()))
        put(self._definition, (("python",), None))

    @classmethod
    def create(
        cls,
        *,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str | None = None,
    ) -> "CondaDependencies":
        """Of packages: match specs (`numpy>=1.26`, `conda-forge::numpy`), requirements (PEP 508), a Python version."""
        made = cls()
        if python_version:
            made.set_python_version(python_version)
        made._add("conda", *words(conda_packages or ()))
        made._add("pip", *words(pip_packages or ()))
        return made

    @classmethod
    def _of(cls, definition: Definition) -> "CondaDependencies":
        made = cls.__new__(cls)
        made._definition = definition
        return made

    def _put_into(self, definition: Definition) -> None:
        """Makes these the packages of an environment, in place of all that it has; its Python stays where this has
        none."""
        away = Path(os.path.relpath(self._definition.home.resolve(), definition.home.resolve())).as_posix()
        spec = moved_spec(self._definition.spec, away)
        if spec.python:
            put(definition, (("python",), spec.python))
        put(definition, (_CHANNELS, spec.conda.channels), (("conda", "dependencies"), spec.conda.dependencies or None))
        put(definition, (("pip", "dependencies"), spec.pip.dependencies or None))

    def add_conda_package(self, conda_package: str) -> None:
        """Asks for a conda package (a match spec); `python=3.12` sets the Python."""
        self._add("conda", conda_package)

    def add_pip_package(self, pip_package: str) -> None:
        """Asks for a pip package (PEP 508), or a wheel by its path or URL."""
        self._add("pip", pip_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Asks for it no more; UserInputError where it is not there."""
        self._remove("conda", conda_package)

    def remove_pip_package(self, pip_package: str) -> None:
        self._remove("pip", pip_package)

    def add_channel(self, channel: str) -> None:
        """A further channel, after those that are there: a name, URL or path."""
        channels = self._definition.spec.conda.channels
        if channel not in channels:
            put(self._definition, (_CHANNELS, (*channels, channel)))

    def remove_channel(self, channel: str) -> None:
        channels = tuple(each for each in self._definition.spec.conda.channels if each != channel)
        put(self._definition, (_CHANNELS, channels))

    def set_python_version(self, version: str) -> None:
        """A minor ("3.12") or exact ("3.12.4") version."""
        put(self._definition, (("python",), version))

    @property
    def python_version(self) -> str | None:
        return self._definition.spec.python

    def get_python_version(self) -> str | None:
        return self.python_version

    @property
    def conda_packages(self) -> tuple[str, ...]:
        """Match specs, sorted."""
        return self._definition.spec.conda.dependencies

    @property
    def pip_packages(self) -> tuple[str, ...]:
        """Requirements, sorted."""
        return self._definition.spec.pip.dependencies

    @property
    def conda_channels(self) -> tuple[str, ...]:
        """The best first."""
        return self._definition.spec.conda.channels

    def serialize_to_string(self) -> str:
        """What is asked for, as an environment.yml."""
        return yaml_text(_document(self._definition.spec))

    def save(self, path: str | Path | None = None) -> str:
        """Writes that to a file, by default `conda_dependencies.yml`; its path."""
        place = Path(path or "conda_dependencies.yml")
        write_whole(place, self.serialize_to_string().encode())
        return str(place)

    def _add(self, kind: str, *specs: str) -> None:
        if specs:
            add(self._definition, Wish(texts=specs, folder=Path.cwd(), kind=kind))

    def _remove(self, kind: str, name: str) -> None:
        remove(self._definition, Wish(texts=(name,), folder=Path.cwd(), kind=kind))

    def __repr__(self) -> str:
        return self.serialize_to_string()


def _document(spec: EnvSpec) -> dict[str, Value]:
    """Python first, as people have it; `pip` itself, without which conda warns, where there is something for it."""
    dependencies: list[Value] = [f"python={spec.python}"] if spec.python else []
    dependencies += spec.conda.dependencies
    if spec.pip.dependencies:
        named = any(re.match(r"pip(?![\w.-])", text) for text in spec.conda.dependencies)
        dependencies += [*([] if named else ["pip"]), {"pip": [*spec.pip.dependencies]}]
    return {"channels": [*spec.conda.channels], "dependencies": dependencies}
