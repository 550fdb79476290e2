"""Where what an environment is made of stands: in memory, in a folder of the work tree, or in history."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

from envlock.errors import UserInputError
from envlock.manifest.dependency_text import CONDA
from envlock.manifest.one_value import Value, with_value
from envlock.manifest.reader import read_manifest
from envlock.model.spec import EnvSpec
from envlock.system.files import repository_root, write_whole
from envlock.workflows.context import Context
from envlock.workflows.curated import curated_named, curated_project
from envlock.workflows.dependencies import Wish, added, removed
from envlock.workflows.draft import Draft, changed, refuse_lost, with_file
from envlock.workflows.edit import Change, How, edit
from envlock.workflows.environment_at import environment_at
from envlock.workflows.project import Project

_PYTHON = re.compile(r"python\s*={1,2}\s*(3\.\d+(?:\.\d+)?)(?:\.\*)?")

T = TypeVar("T")
Contexts = Callable[[], AbstractContextManager[Context]]


class Definition(Protocol):
    """What an environment is made of, to be read and changed."""

    @property
    def spec(self) -> EnvSpec:
        """What is wanted, as env.toml says it."""
        ...

    @property
    def text(self) -> str:
        """The text of env.toml."""
        ...

    @property
    def home(self) -> Path:
        """The folder that paths in it start at."""
        ...

    def change(self, change: Change) -> None:
        """Has something changed in env.toml."""
        ...

    def add_file(self, path: str, content: bytes) -> None:
        """Puts a file beside env.toml."""
        ...


class InMemory:
    """A draft, which no file has yet."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._changing = Lock()

    @property
    def spec(self) -> EnvSpec:
        return self.draft.spec

    @property
    def text(self) -> str:
        return self.draft.text

    @property
    def home(self) -> Path:
        return self.draft.home

    def change(self, change: Change) -> None:
        with self._changing:
            self.draft, _ = changed(self.draft, change)

    def add_file(self, path: str, content: bytes) -> None:
        with self._changing:
            self.draft = with_file(self.draft, path, content)


class InFolder:
    """An environment of the work tree: what is changed is written at once, and env.lock is left to `lock`."""

    def __init__(self, project: Project, contexts: Contexts) -> None:
        self.project = project
        self.touched = False  # since it was locked
        self._contexts = contexts

    @property
    def spec(self) -> EnvSpec:
        return read_manifest(self.project.manifest)

    @property
    def text(self) -> str:
        return self.project.manifest.read_text(encoding="utf-8-sig")

    @property
    def home(self) -> Path:
        return self.project.folder

    def change(self, change: Change) -> None:
        with self._contexts() as context:
            edit(self.project, context, change, How(lock=False))
        self.touched = True

    def add_file(self, path: str, content: bytes) -> None:
        if self.spec.image.dockerfile != path:
            refuse_lost(self.home / path, repository_root(self.home), overwrite=False)
        write_whole(self.home / path, content)
        self.touched = True


class InHistory:
    """An environment as it was, of another repository, or that comes with envlock: it never changes. `word` is what it
    can be asked for by."""

    def __init__(self, word: str, start: Path, contexts: Contexts) -> None:
        self.word = word
        self._start, self._contexts = start, contexts

    @property
    def spec(self) -> EnvSpec:
        return self._read(lambda project: read_manifest(project.manifest))

    @property
    def text(self) -> str:
        return self._read(lambda project: project.manifest.read_text(encoding="utf-8-sig"))

    @property
    def home(self) -> Path:
        return self._start

    def project(self, context: Context) -> Project:
        """Its files, which lie in the cache while the context lasts; locked."""
        return environment_at(self.word, self._start, context)

    def _read(self, read: Callable[[Project], T]) -> T:
        with self._contexts() as context:
            return read(self.project(context))

    def change(self, _change: Change) -> None:
        raise UserInputError(f"`{self.word}` is as it was, and stays so", hint='`env.clone("NAME")` can be changed')

    def add_file(self, _path: str, _content: bytes) -> None:
        self.change(_nothing)


class Curated(InHistory):
    """One that comes with envlock; it is locked when that is needed first."""

    def project(self, context: Context) -> Project:
        return curated_project(self.word, context)

    def _read(self, read: Callable[[Project], T]) -> T:
        return read(curated_named(self.word))


def add(definition: Definition, wish: Wish) -> None:
    """Adds dependencies; a conda package that is Python in one version is the key `python`."""
    _refuse_pinned(definition)
    pythons = [found[1] for text in wish.texts if wish.kind == CONDA and (found := _PYTHON.fullmatch(text.strip()))]
    others = tuple(text for text in wish.texts if wish.kind != CONDA or not _PYTHON.fullmatch(text.strip()))
    if pythons:
        put(definition, (("python",), pythons[-1]))
    if others:
        rest, home = replace(wish, texts=others), definition.home
        definition.change(lambda text, spec: added(text, spec, rest, home))


def remove(definition: Definition, wish: Wish) -> None:
    """Removes dependencies."""
    _refuse_pinned(definition)
    home = definition.home
    definition.change(lambda text, spec: removed(text, spec, wish, home))


def put(definition: Definition, *values: tuple[tuple[str, ...], Value]) -> None:
    """Sets values of env.toml by their key paths; None takes one out."""

    def change(text: str, _spec: EnvSpec) -> tuple[str, tuple[()]]:
        for path, value in values:
            text = with_value(text, path, value)
        return text, ()

    definition.change(change)


def _nothing(text: str, _spec: EnvSpec) -> tuple[str, tuple[()]]:
    return text, ()


def _refuse_pinned(definition: Definition) -> None:
    """What another tool has pinned is taken over as a whole before anything is asked for beside it."""
    if isinstance(definition, InMemory) and definition.draft.imported.pinned:
        raise UserInputError(
            f"`{definition.spec.name}` has pins of another tool, which are to be locked first",
            hint="call `env.lock()`, then change what is wanted",
        )
