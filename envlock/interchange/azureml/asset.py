"""An environment as Azure ML's second command line and SDK write it: a YAML file with its `$schema`."""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.azureml.values import dockerfile, named, specification
from envlock.interchange.conda.environment_import import imported_environment
from envlock.interchange.source import Source
from envlock.interchange.united import united
from envlock.interchange.yaml_nodes import (
    NUMBERS,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Wrong,
    graph,
    is_nothing,
    line_of,
    pairs,
    text_in,
)
from envlock.model.imported import Imported, Remark
from envlock.model.masking import masked, shareable
from envlock.model.platform import DEFAULT_PLATFORM
from envlock.model.reference import parse_reference
from envlock.model.spec import EnvSpec
from envlock.system.text_file import display

_SCHEMA = re.compile(r"^#? *[\"']?\$schema[\"']?:.*environment\.schema\.json", re.MULTILINE)
_KEYS = re.compile(r"^(?:conda_file|image|build|docker):", re.MULTILINE)
_OTHERS = re.compile(r"^(?:dependencies|channels|services|jobs|steps|package):", re.MULTILINE)
_SERVICE = "it is kept by Azure ML's service"
_LEFT_OUT = {
    "version": "versions are tags in git: `envlock register` makes one",
    "inference_config": "they are settings of the server: add it to [pip], and its command to `[image] cmd`",
    "properties": _SERVICE,
    **dict.fromkeys(("id", "creation_context", "latest_version", "is_anonymous", "auto_version", "type"), _SERVICE),
    **dict.fromkeys(("resource_group", "datastore", "upstream_lineage", "stage", "intellectual_property"), _SERVICE),
}
_SCALARS = ("tag:yaml.org,2002:bool", *NUMBERS)


def is_one(path: Path, text: str) -> bool:
    if path.suffix not in (".yml", ".yaml", ".json"):
        return False
    return bool(_SCHEMA.search(text) or (_KEYS.search(text) and re.search("^name:", text, re.MULTILINE))) and not (
        _OTHERS.search(text)
    )


def read(source: Source) -> Imported:
    """UserInputError names file and line of what cannot be."""
    reading = _Reading(source)
    try:
        for key, value in pairs(graph(source.text)):
            reading.key(key.value, value, line_of(key))
        return reading.imported()
    except Wrong as wrong:
        name = display(source.path)
        raise UserInputError(f"{name}:{wrong.line}: {wrong}" if wrong.line else f"{name}: {wrong}") from None


class _Reading:
    def __init__(self, source: Source) -> None:
        self.source, self.folder = source, source.path.parent
        self.spec = EnvSpec(name="")
        self.parts: list[Imported] = []
        self.remarks: list[Remark] = []

    def key(self, name: str, value: Node, line: int) -> None:
        """One key of the file; what has no equivalent is named, unless it is empty."""
        read = _READ.get(name)
        if read:
            read(self, value)
        elif not is_nothing(value) and not (isinstance(value, MappingNode | SequenceNode) and not value.value):
            (shown,) = masked((f"{name}: {value.value}",)) if isinstance(value, ScalarNode) else (name,)
            why = _LEFT_OUT.get(name, "env.toml has no key for it")
            self.remarks.append(Remark(what=shown, why=why, line=line))

    def imported(self) -> Imported:
        if self.spec.image.base and any(part.spec.image != EnvSpec(name="").image for part in self.parts):
            self.remarks.append(Remark(what=f"image: {self.spec.image.base}", why="the Dockerfile says what it is"))
        spec = united([self.spec, *(part.spec for part in self.parts)])
        image = next((part.spec.image for part in self.parts if part.spec.image != spec.image), spec.image)
        made = image.dockerfile or image.debian or image.base
        image = replace(image, base=self.spec.image.base) if not made else image
        labels = tuple(sorted({**dict(image.labels), **dict(self.spec.image.labels)}.items()))
        files = tuple(file for part in self.parts for file in part.files)
        remarks = (*self.remarks, *(remark for part in self.parts for remark in part.remarks))
        return Imported(spec=replace(spec, image=replace(image, labels=labels)), remarks=remarks, files=files)

    def schema(self, _value: Node) -> None:
        """It says which kind of file this is."""

    def name(self, value: Node) -> None:
        name, remarks = named(text_in(value, _SCALARS))
        self.spec = replace(self.spec, name=name)
        self.remarks += remarks

    def description(self, value: Node) -> None:
        if not is_nothing(value):
            self.spec = replace(self.spec, description=" ".join(text_in(value, _SCALARS).split()))

    def tags(self, value: Node) -> None:
        """Words by which environments are found there: labels of the image here."""
        labels: dict[str, str] = {}
        for key, item in pairs(value):
            try:
                labels[key.value] = shareable(key.value, text_in(item, _SCALARS))
            except ValueError as error:
                self.remarks.append(Remark(what=f"tags.{key.value}", why=str(error), line=line_of(key)))
        self.spec = replace(self.spec, image=replace(self.spec.image, labels=tuple(sorted(labels.items()))))

    def image(self, value: Node) -> None:
        if is_nothing(value):
            return
        try:
            parse_reference(text_in(value))
        except ValueError as error:
            raise Wrong(value, str(error)) from None
        self.spec = replace(self.spec, image=replace(self.spec.image, base=text_in(value)))

    def docker(self, value: Node) -> None:
        """As the command line had it before its first release."""
        for key, inner in pairs(value):
            {"image": self.image, "build": self.build}.get(key.value, self._unknown(f"docker.{key.value}", key))(inner)

    def _unknown(self, name: str, key: Node) -> Callable[[Node], None]:
        def named(_value: Node) -> None:
            self.remarks.append(Remark(what=name, why="env.toml has no key for it", line=line_of(key)))

        return named

    def build(self, value: Node) -> None:
        found = {key.value: inner for key, inner in pairs(value)}
        context = _local(found.pop("path", None), value) or "."
        path = _local(found.pop("dockerfile_path", None), value) or "Dockerfile"
        for name, inner in found.items():
            self._unknown(f"build.{name}", inner)(inner)
        self._part(value, lambda: dockerfile(self.source, self.folder / context, path, self.folder))

    def conda_file(self, value: Node) -> None:
        if isinstance(value, MappingNode):
            found = imported_environment(value, self.source)
        else:
            path = _local(value, value) or ""
            found = self._read(value, lambda: specification(self.source, self.folder, path))
        # the environment has a name of its own
        self.parts.append(replace(found, spec=replace(found.spec, name="")))

    def os_type(self, value: Node) -> None:
        if not is_nothing(value) and text_in(value).lower() != "linux":
            why = f"there are images of Linux alone: `{DEFAULT_PLATFORM}` it is"
            self.remarks.append(Remark(what=f"os_type: {text_in(value)}", why=why, line=line_of(value)))

    def _part(self, value: Node, read: Callable[[], Imported]) -> None:
        self.parts.append(self._read(value, read))

    def _read(self, value: Node, read: Callable[[], Imported]) -> Imported:
        try:
            return read()
        except ValueError as error:
            raise Wrong(value, str(error)) from None


def _local(node: Node | None, around: Node) -> str | None:
    """A path as it stands there, which may begin with `file:`."""
    if node is None or is_nothing(node):
        return None
    text = text_in(node)
    if "://" in text or text.startswith("azureml:"):
        raise Wrong(around, f"`{text.partition(':')[0]}:` is not on this machine: fetch it, and name the file")
    path = text.removeprefix("file:")
    if path.startswith("/"):
        raise Wrong(around, f"`{path}` is an absolute path: name it from this file on")
    return posixpath.normpath(path)


_READ: Mapping[str, Callable[[_Reading, Node], None]] = {
    "$schema": _Reading.schema,
    "name": _Reading.name,
    "description": _Reading.description,
    "tags": _Reading.tags,
    "image": _Reading.image,
    "docker": _Reading.docker,
    "build": _Reading.build,
    "conda_file": _Reading.conda_file,
    "os_type": _Reading.os_type,
}
