"""An environment as Azure ML's first SDK saves it: azureml_environment.json, and what lies beside it."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from envlock.errors import UserInputError
from envlock.interchange.azureml.rest import left_out
from envlock.interchange.azureml.values import (
    dockerfile,
    inline,
    named,
    specification,
    variables,
    with_registry,
)
from envlock.interchange.docker.dockerfile_file import REST
from envlock.interchange.docker.dockerfile_file import read as read_dockerfile
from envlock.interchange.docker.dockerfile_stage import without_secrets
from envlock.interchange.source import Source
from envlock.interchange.united import united
from envlock.interchange.written import text_of
from envlock.model.image_values import absolute_path
from envlock.model.imported import Imported, Remark
from envlock.model.platform import DEFAULT_PLATFORM
from envlock.model.reference import parse_reference
from envlock.model.spec import EnvSpec, ImageSpec
from envlock.system.text_file import display

DEFINITION = "azureml_environment.json"
CONDA_DEPENDENCIES = "conda_dependencies.yml"
BASE_DOCKERFILE = "BaseDockerfile"
_KEY = re.compile(r'\s*"(?P<key>[A-Za-z]+)"\s*:')
_ARCHITECTURES = {"amd64": "linux-64", "x86_64": "linux-64", "arm64": "linux-aarch64", "aarch64": "linux-aarch64"}
_CARRIED = frozenset(
    (
        *("name", "environmentVariables", "python.userManagedDependencies", "python.interpreterPath"),
        *("python.condaDependencies", "python.condaDependenciesFile", "docker.baseImage", "docker.baseDockerfile"),
        *("docker.baseImageRegistry.address", "docker.platform.os", "docker.platform.architecture"),
    )
)


def is_one(path: Path, text: str) -> bool:
    return (path / DEFINITION).is_file() if path.is_dir() else path.name == DEFINITION or _is_definition(path, text)


def _is_definition(path: Path, text: str) -> bool:
    return path.suffix == ".json" and '"userManagedDependencies"' in text


def read(source: Source) -> Imported:
    """UserInputError names file and line of what cannot be."""
    path = source.path / DEFINITION if source.path.is_dir() else source.path
    text = text_of(path) if source.path.is_dir() else source.text
    definition = Definition(path, text)
    found = _Reading(definition, replace(source, path=path, text="")).imported()
    if path == source.path:
        return found
    return replace(found, remarks=tuple(replace(each, file=each.file or display(path)) for each in found.remarks))


class Definition:
    """The JSON of a definition; every value is asked for with the type that it must have."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.name = path, display(path)
        try:
            found = json.loads(text)
            json.dumps(found, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            raise UserInputError(f"{self.name}:{error.lineno}: not valid JSON: {error.msg}") from None
        except UnicodeEncodeError:
            raise UserInputError(f"`{self.name}` has half of a character (`\\ud800` to `\\udfff`)") from None
        except RecursionError:
            raise UserInputError(f"`{self.name}` is nested too deeply") from None
        if not isinstance(found, dict):
            raise UserInputError(f"`{self.name}` is no definition of an environment: expected `{{…}}`")
        self.values: dict[str, Any] = found
        self.lines = _lines(text)

    def at(self, keys: str, kind: type) -> Any:
        """The value at a key path, None where there is none."""
        value: Any = self.values
        for key in keys.split("."):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self.wrong(key, "expected `{…}` around it")
            value = value.get(key)
        if value is not None and not isinstance(value, kind):
            raise self.wrong(keys.rpartition(".")[2], f"expected {_KINDS[kind]} at `{keys}`")
        return value

    def wrong(self, key: str, why: str) -> UserInputError:
        line = self.lines.get(key)
        return UserInputError(f"{self.name}:{line}: {why}" if line else f"{self.name}: {why}")


_KINDS = {str: "text", bool: "`true` or `false`", dict: "`{…}`", list: "`[…]`"}


def _lines(text: str) -> dict[str, int]:
    """The line of each key, of the first where several have its name."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _KEY.match(line):
            found.setdefault(match["key"], number)
    return found


class _Reading:
    def __init__(self, definition: Definition, source: Source) -> None:
        self.definition, self.source = definition, source
        self.folder = source.path.parent
        self.remarks: list[Remark] = []

    def imported(self) -> Imported:
        definition = self.definition
        name, remarks = named(definition.at("name", str) or "")
        self.remarks += remarks
        base = self._base()
        packages = self._packages()
        own = EnvSpec(name=name, variables=tuple(sorted(self._variables().items())), platforms=self._platforms())
        spec = united([own, packages.spec, base.spec])
        spec = replace(spec, image=self._image(base.spec.image), platforms=own.platforms)
        self.remarks += left_out(definition.values, _CARRIED, definition.lines)
        ordered = sorted(self.remarks, key=lambda each: (each.file, each.line or 0))
        return Imported(spec=spec, remarks=(*ordered, *packages.remarks, *base.remarks), files=base.files)

    def _say(self, what: str, why: str) -> None:
        self.remarks.append(Remark(what=what, why=why, line=self.definition.lines.get(what.rpartition(".")[2])))

    def _variables(self) -> dict[str, str]:
        found = self.definition.at("environmentVariables", dict) or {}
        line = self.definition.lines.get("environmentVariables")
        if not all(isinstance(value, str) for value in found.values()):
            raise self.definition.wrong("environmentVariables", "expected text as the value of each variable")
        kept, remarks = variables(found, line)
        self.remarks += remarks
        return kept

    def _platforms(self) -> tuple[str, ...]:
        system = self.definition.at("docker.platform.os", str) or "Linux"
        architecture = self.definition.at("docker.platform.architecture", str) or "amd64"
        platform = _ARCHITECTURES.get(architecture.lower())
        if system.lower() == "linux" and platform:
            return (platform,)
        self._say("docker.platform", f"there are no images of {system} on {architecture}: `{DEFAULT_PLATFORM}` it is")
        return (DEFAULT_PLATFORM,)

    def _packages(self) -> Imported:
        """The conda specification; none where Python is the user's own, and it is not looked at."""
        definition = self.definition
        given: Mapping[str, Any] | None = definition.at("python.condaDependencies", dict)
        file = definition.at("python.condaDependenciesFile", str)
        beside = CONDA_DEPENDENCIES if (self.folder / CONDA_DEPENDENCIES).is_file() else None
        nothing = Imported(spec=EnvSpec(name=""))
        if definition.at("python.userManagedDependencies", bool):
            if given or beside:
                self._say("userManagedDependencies", "it is true: the packages of the conda specification are not used")
            return nothing
        if beside or (file and not given and (self.folder / file).is_file()):
            found = specification(self.source, self.folder, beside or file)
        elif given:
            found = inline(self.source, json.dumps(given), definition.lines.get("condaDependencies"))
        else:
            self._say(file or CONDA_DEPENDENCIES, "it is not there: nothing says which packages the environment has")
            return nothing
        # what conda calls it is the SDK's to say: all are "project_environment"
        return replace(found, spec=replace(found.spec, name=""))

    def _base(self) -> Imported:
        """What the image stands on, where that is a Dockerfile."""
        given = self.definition.at("docker.baseDockerfile", str)
        if (self.folder / BASE_DOCKERFILE).is_file():
            return self._dockerfile(dockerfile(self.source, self.folder, BASE_DOCKERFILE, self.folder), None)
        if given:
            found = dockerfile_text(self.source, self.folder, given)
            return self._dockerfile(found, given)
        return Imported(spec=EnvSpec(name=""))

    def _dockerfile(self, found: Imported, text: str | None) -> Imported:
        """As it stands where packages of it would come before those of the environment, which may need them."""
        asks = found.spec.conda.dependencies or found.spec.pip.dependencies
        if not asks and (found.spec.image.dockerfile is None or found.files):
            return found
        path = REST if text is not None else BASE_DOCKERFILE
        files = ((REST, without_secrets(text).encode()),) if text is not None else ()
        why = "it is built as it stands, and env.lock does not know what it installs"
        remark = Remark(what="docker.baseDockerfile" if text is not None else BASE_DOCKERFILE, why=why)
        hidden = f"what looks like a secret stands as `***` in `{REST}`: no file holds one"
        remarks = (remark, replace(remark, why=hidden)) if files and files[0][1].decode() != text else (remark,)
        return Imported(spec=EnvSpec(name="", image=ImageSpec(dockerfile=path)), remarks=remarks, files=files)

    def _image(self, given: ImageSpec) -> ImageSpec:
        definition = self.definition
        address = definition.at("docker.baseImageRegistry.address", str) or ""
        base = definition.at("docker.baseImage", str)
        made = given.base or given.dockerfile or given.debian
        if base and made:
            self._say("docker.baseImage", "the Dockerfile says what the image stands on")
        elif base:
            given = replace(given, base=self._reference(with_registry(base, address)))
        elif address:
            self._say("docker.baseImageRegistry.address", "the Dockerfile names its images itself")
        return replace(given, interpreter=self._interpreter(given))

    def _reference(self, text: str) -> str:
        try:
            parse_reference(text)
        except ValueError as error:
            raise self.definition.wrong("baseImage", f"`docker.baseImage`: {error}") from None
        return text

    def _interpreter(self, image: ImageSpec) -> str | None:
        """Only where Python is the user's own is it looked at; `python` is whichever comes first in PATH."""
        path = self.definition.at("python.interpreterPath", str) or "python"
        if not self.definition.at("python.userManagedDependencies", bool) or path == "python" or image.debian:
            return None
        try:
            return absolute_path(path)
        except ValueError:
            self._say("python.interpreterPath", f"`{path}` is no absolute path: state it as `[image] interpreter`")
            return None


def dockerfile_text(source: Source, folder: Path, text: str) -> Imported:
    """A Dockerfile without a build context of its own: nothing can be copied from one."""
    return read_dockerfile(replace(source, path=folder / BASE_DOCKERFILE, text=text))
