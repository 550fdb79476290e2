"""What an environment is made of, to be read and set."""

from collections.abc import Mapping
from pathlib import Path

from envlock.api import found
from envlock.api.definition import Definition, InFolder
from envlock.api.sections import DockerSection, Packages, PythonSection, Variables
from envlock.api.standing import Standing
from envlock.model.imported import Remark


class Parts:
    """An environment by its parts; what is set is a change of its env.toml."""

    __slots__ = ("_standing", "_version")
    _standing: Standing
    _version: str | None

    @property
    def _definition(self) -> Definition:
        return self._standing.definition

    @property
    def name(self) -> str:
        return self._definition.spec.name

    @property
    def version(self) -> str | None:
        """The registered version; None where what is locked now is none."""
        definition = self._definition
        if isinstance(definition, InFolder):
            return None if definition.touched else found.registered(definition.project, self._standing.session())
        return self._version

    @property
    def folder(self) -> Path | None:
        """Where it is in the work tree; None for a draft, and for what was."""
        return self._definition.project.folder if isinstance(self._definition, InFolder) else None

    @property
    def conda(self) -> Packages:
        """The conda packages that are asked for."""
        return Packages(self._definition, "conda")

    @property
    def pip(self) -> Packages:
        """The pip packages that are asked for."""
        return Packages(self._definition, "pip")

    @property
    def python(self) -> PythonSection:
        return PythonSection(self._definition)

    @property
    def docker(self) -> DockerSection:
        return DockerSection(self._definition)

    @property
    def environment_variables(self) -> Variables:
        """The variables of images and runs; setting one writes it."""
        return Variables(self._definition)

    @environment_variables.setter
    def environment_variables(self, variables: Mapping[str, str]) -> None:
        Variables(self._definition).replace(variables)

    @property
    def not_carried_over(self) -> tuple[Remark, ...]:
        """What of another tool's file is not in it, and why: `what`, `why`, `file`, `line`."""
        return self._standing.remarks

    def serialize_to_string(self) -> str:
        """The text of its env.toml."""
        return self._definition.text
