"""Bytecode beside the modules of an image: compiled once a package, whichever machine the image is for.

A pyc belongs to the minor version of a Python, not to a platform; the cache keeps those of a package by its content,
that version, and the paths at which its modules will lie.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from envlock.environments.bytecode import Module, compile_modules, packed_files
from envlock.environments.interpreter import Interpreter, find_python
from envlock.errors import OutsideError
from envlock.model.digest import canonical_json
from envlock.model.files import PrefixFile
from envlock.model.lock import Lock, PlatformLock
from envlock.model.spec import python_minor
from envlock.system.cache import typed
from envlock.system.parts import scratch_folder
from envlock.workflows.context import Context

FORM = 1  # of what is compiled, and how: to be raised when the bytes become others
_BYTECODE = "bytecode"


@dataclass(frozen=True, kw_only=True)
class Bytecode:
    """For Python `version` ("3.11.7"): any of that minor version compiles, one of just that version rather."""

    version: str
    context: Context
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def minor(self) -> str:
        return python_minor(self.version)

    @property
    def scheme(self) -> list[Any]:
        """What decides the bytes, beside the modules: the magic number of released Pythons is that of their minor."""
        return [_BYTECODE, FORM, self.minor]

    def path_of(self, path: str) -> str:
        """Where the bytecode of a module lies."""
        place = PurePosixPath(path)
        return str(place.parent / "__pycache__" / f"{place.stem}.cpython-{self.minor.replace('.', '')}.pyc")

    def without_shipped(self, kept: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """The paths of each package without the bytecode that packages bring of modules that are there: it is told
        by times that files in images do not have, so that Python would not believe it."""
        modules = {path for paths in kept.values() for path in paths if self._is_module(path)}
        return {key: tuple(path for path in paths if self._source(path) not in modules) for key, paths in kept.items()}

    def files(self, key: str, files: Iterable[PrefixFile], *, root: str, everywhere: bool) -> tuple[PrefixFile, ...]:
        """The bytecode of all modules among files that will lie below `root`: `everywhere`, or only where installed
        ones lie. `key` is a digest of the files."""
        sources = [f for f in files if f.content and (self._is_module(f.path) or (everywhere and _is_python(f.path)))]
        found = tuple(packed_files(self._pack(key, sources, root))) if sources else ()
        self._counts[key] = len(found)
        return found

    def count(self, keys: Iterable[str]) -> int:
        """How many files were made for these keys."""
        return sum(self._counts[key] for key in keys)

    def _pack(self, key: str, sources: Sequence[PrefixFile], root: str) -> Path:
        cache, record = self.context.cache, digest_of([*self.scheme, root, key])
        with cache.lock(f"bytecode-{record[:32]}"):
            kept = cache.record(_BYTECODE, record, lambda kept: (typed(kept["sha256"], str), typed(kept["file"], str)))
            if kept and cache.intact(*kept):
                path = cache.package(*kept)
                assert path
                return path
            modules = (
                Module(name=self.path_of(f.path), filename=f"{root.rstrip('/')}/{f.path}", source=f.content)
                for f in sources
                if f.content
            )
            path = self._compiled(modules)
            cache.keep(_BYTECODE, record, {"sha256": path.parent.name, "file": path.name})
        return path

    def _compiled(self, modules: Iterable[Module]) -> Path:
        cache = self.context.cache
        with (
            scratch_folder(cache.root / "stages") as folder,
            compile_modules(self._python(), modules, folder).open("rb") as pack,
        ):
            sha256 = hashlib.file_digest(pack, "sha256").hexdigest()
            pack.seek(0)
            return cache.add_package(sha256, "bytecode.pack", lambda target: shutil.copyfileobj(pack, target))

    def _python(self) -> Interpreter:
        return self.context.once(("bytecode", self.version), self._find)

    def _find(self) -> Interpreter:
        try:
            return find_python(self.version)
        except OutsideError:
            pass
        try:
            return find_python(self.minor)
        except OutsideError as error:
            hint = f"{error.hint}; or take `bytecode = true` out of env.toml"
            raise OutsideError(f"`bytecode = true`: {error.message} that could compile it", hint=hint) from None

    def _is_module(self, path: str) -> bool:
        return path.startswith(f"lib/python{self.minor}/") and _is_python(path)

    def _source(self, path: str) -> str | None:
        """The module that a path has bytecode of, at whatever level of optimisation."""
        found = re.fullmatch(
            rf"(.*/)__pycache__/([^/]+)\.cpython-{self.minor.replace('.', '')}(?:\.opt-[12])?\.pyc", path
        )
        return f"{found[1]}{found[2]}.py" if found else None


def bytecode_for(lock: Lock, locked: PlatformLock, context: Context) -> Bytecode | None:
    """What makes the bytecode of an image; None where none is asked for, or there is no Python."""
    return Bytecode(version=locked.python, context=context) if lock.image.bytecode and locked.python else None


def digest_of(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _is_python(path: str) -> bool:
    return path.endswith(".py")
