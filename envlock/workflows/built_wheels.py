"""Wheels of what is none: built once for a Python and a machine, kept in the cache, and used as any other."""

import hashlib
import platform as machine
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from envlock.environments.installed_wheel import as_wheel
from envlock.environments.interpreter import find_python
from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.model.spec import Index, python_minor
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers.uv_build import BuildRequest, build_wheel, install_editable
from envlock.sources.metadata import said_by
from envlock.sources.source_folder import source_folder
from envlock.sources.source_metadata import static_metadata
from envlock.sources.supply import Supply
from envlock.system.cache import typed
from envlock.system.parts import scratch_folder
from envlock.workflows.context import Context
from envlock.workflows.logins import uv_logins

_BUILT = "built-wheels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where wheels are built: for Python `version`, by `interpreter` (a path), one of this machine where it is None.

    What building needs comes from the `indexes`, in the versions that are newest then: it is not locked.
    """

    supply: Supply
    indexes: tuple[Index, ...]
    context: Context
    version: str
    interpreter: str | None = None

    def metadata(self, package: PipPackage) -> WheelMetadata:
        """What a package says of itself: read where it can be, else of the wheel that is built of it."""
        static = static_metadata(source_folder(package, self.supply))
        if static:
            return static
        return said_by(self.wheel(package))

    def wheel(self, package: PipPackage) -> Path:
        """The wheel of a package for this machine, in the cache."""
        here = f"cp{python_minor(self.version)} {machine.system()} {machine.machine()}"
        key = hashlib.sha256(f"{package.name} {package.identity} {here}".encode()).hexdigest()
        cache = self.context.cache
        with cache.lock(f"build-{key[:32]}"):
            kept = cache.record(_BUILT, key, lambda kept: (typed(kept["sha256"], str), typed(kept["file"], str)))
            if kept and cache.intact(*kept):
                path = cache.package(*kept)
                assert path
                return path
            path = self._built(package)
            cache.keep(_BUILT, key, {"sha256": path.parent.name, "file": path.name})
        return path

    def editable_wheel(self, name: str, project: Path, into: Path) -> Path:
        """A wheel, in `into`, that leads to a local project where it is: of this machine alone, and never kept."""
        self.context.progress(f"installing `{name}` editable, which runs its code")
        with scratch_folder(self.context.cache.root / "stages") as folder:
            install_editable(self._request(name, project), folder)
            return as_wheel(folder, into)

    def _built(self, package: PipPackage) -> Path:
        cache = self.context.cache
        self.context.progress(f"building a wheel of `{package.name}`, which runs its code")
        with scratch_folder(cache.root / "stages") as folder:
            project = folder / "project"
            shutil.copytree(source_folder(package, self.supply), project, symlinks=True)
            (folder / "wheel").mkdir()
            with build_wheel(self._request(package.name, project), folder / "wheel").open("rb") as wheel:
                sha256 = hashlib.file_digest(wheel, "sha256").hexdigest()
                wheel.seek(0)
                return cache.add_package(
                    sha256, Path(wheel.name).name, lambda target: shutil.copyfileobj(wheel, target)
                )

    def _request(self, name: str, project: Path) -> BuildRequest:
        python, version = (self.interpreter, self.version) if self.interpreter else self._any_python()
        return BuildRequest(
            name=name,
            source=project,
            python=python,
            version=version,
            indexes=self.indexes,
            cache=self.context.cache.solver_cache,
            offline=self.context.offline,
            credentials=uv_logins(self.indexes, self.context.environment),
        )

    def _any_python(self) -> tuple[str, str]:
        """Path and version of one of that minor; for what a wheel says of itself, another is better than none."""
        try:
            found = find_python(python_minor(self.version))
        except OutsideError:
            return sys.executable, machine.python_version()
        return found.path, found.version
