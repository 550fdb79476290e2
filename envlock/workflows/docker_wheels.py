"""Wheels of what is none, built in a container of the base: sources go in verified, wheels come out, and are kept.

pip is that of envlock's own environment, put in beside the base's Python; it takes nothing but the files beside it.
"""

import hashlib
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from envlock.errors import OutsideError
from envlock.model.digest import canonical_json
from envlock.model.files import IMAGE_PREFIX
from envlock.model.lock import PipPackage, PlatformLock
from envlock.sources.source_folder import source_folder
from envlock.sources.source_metadata import build_requires
from envlock.sources.supply import Supply
from envlock.system.cache import Cache, typed
from envlock.workflows.docker_needs import BuildNeeds
from envlock.workflows.docker_room import Room

_WHEELS = "docker-wheels"
_TOP = "envlock"
_PIP, _SOURCE, _FOUND, _OUT = (f"/{_TOP}/{part}" for part in ("pip", "source", "found", "out"))
_LACKING = re.compile(r"No matching distribution found for (.+?)(?: \(from .*\))?$")
_PLAIN = re.compile(r"[\w.+!-]+", re.ASCII)  # of tags the name's parser takes any text
_ROUNDS = 12


def kept_wheels(locked: PlatformLock, base: str, cache: Cache) -> dict[str, Path]:
    """By name the wheels that were built before upon this base, whose digest is given, and these conda packages."""
    found = {}
    for package in locked.pip:
        kept = cache.record(_WHEELS, _key(package, locked, base), _sha256_and_file) if package.builds else None
        path = cache.package(*kept) if kept and cache.intact(*kept) else None
        if path:
            found[package.name] = path
    return found


def with_wheels(locked: PlatformLock, wheels: dict[str, Path]) -> PlatformLock:
    """The lock as if wheels had been locked: what packs them need not know of anything else."""
    return replace(locked, pip=tuple(_as_wheel(p, wheels[p.name]) if p.builds else p for p in locked.pip))


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelShop:
    """Where wheels are built for one platform."""

    room: Room
    locked: PlatformLock
    base: str  # its digest
    needs: BuildNeeds
    supply: Supply

    def build(self, packages: Iterable[PipPackage]) -> dict[str, Path]:
        self._put(lambda archive: _add_tree(archive, _pip_folder(), f"{_PIP}/pip"))
        return {package.name: self._wheel(package) for package in packages}

    def _wheel(self, package: PipPackage) -> Path:
        self.room.log.line(f"building a wheel of `{package.name}` in a container")
        source = source_folder(package, self.supply)
        self._put(lambda archive: _add_tree(archive, source, f"{_SOURCE}/{package.name}"))
        needs = build_requires(source)
        for _ in range(_ROUNDS):
            self._put(partial(_add_files, files=self.needs.files(needs)))
            code, lacking = self._pip(package)
            if code == 0:
                return self._brought_out(package)
            if lacking <= needs:
                break
            needs |= lacking
        raise self.room.log.failed(OutsideError(f"`{package.name}` could not be built"))

    def _pip(self, package: PipPackage) -> tuple[int, frozenset[str]]:
        """pip's exit code, and what it lacked."""
        lacking: set[str] = set()

        def line(said: str) -> None:
            if found := _LACKING.search(said.strip()):
                with suppress(InvalidRequirement):  # anything that runs there may say such a line
                    lacking.add(str(Requirement(found[1])))
            self.room.log.line(said)

        command = [self._python, "-m", "pip", "wheel", "--no-deps", "--no-index", "--find-links", _FOUND]
        command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        command += ["--wheel-dir", f"{_OUT}/{package.name}", f"{_SOURCE}/{package.name}"]
        code = self.room.run(command, {"PYTHONPATH": _PIP, "PIP_CONFIG_FILE": "/dev/null"}, line)
        return code, frozenset(lacking)

    @property
    def _python(self) -> str:
        conda = any(p.name == "python" for p in self.locked.conda)
        python = f"{IMAGE_PREFIX}/bin/python" if conda else self.locked.base.interpreter
        if python is None:
            raise OutsideError("there is no Python in the image that wheels could be built by")
        return python

    def _put(self, fill: Callable[[tarfile.TarFile], None]) -> None:
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                fill(archive)
            file.seek(0)
            self.room.container.put(file)

    def _brought_out(self, package: PipPackage) -> Path:
        found = [path for path in self._wheels(package)]
        if len(found) != 1:
            raise OutsideError(f"building `{package.name}` gave {len(found)} wheels, not one")
        key = _key(package, self.locked, self.base)
        self.supply.cache.keep(_WHEELS, key, {"sha256": found[0].parent.name, "file": found[0].name})
        return found[0]

    def _wheels(self, package: PipPackage) -> Iterator[Path]:
        for member, content in self.room.container.get(f"{_OUT}/{package.name}"):
            name = member.name.rpartition("/")[2]
            if content is not None and name.endswith(".whl"):
                yield self._kept(name, content, package)

    def _kept(self, name: str, content: IO[bytes], package: PipPackage) -> Path:
        try:
            built, *_ = parse_wheel_filename(name if _PLAIN.fullmatch(name) else "")
        except InvalidWheelFilename as error:
            raise OutsideError(f"building `{package.name}` gave {name!r}, which is no name of a wheel") from error
        if built != canonicalize_name(package.name):
            raise OutsideError(f"building `{package.name}` gave a wheel of `{built}`")
        # where there is room: a system's own folder for such files may be in memory
        with tempfile.TemporaryFile(dir=self.supply.cache.root) as file:
            shutil.copyfileobj(content, file)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            return self.supply.cache.add_package(sha256, name, lambda target: shutil.copyfileobj(file, target))


def _key(package: PipPackage, locked: PlatformLock, base: str) -> str:
    """What a wheel was built of, in which base, beside which conda packages."""
    below = [*(p.sha256 for p in locked.debian), *(p.sha256 for p in locked.conda)]
    told = [package.name, package.identity, locked.platform, locked.python or "", base, below]
    return hashlib.sha256(canonical_json(told)).hexdigest()


def _as_wheel(package: PipPackage, wheel: Path) -> PipPackage:
    """What is known of it by name, version and needs, with the wheel for its source."""
    return PipPackage(
        name=package.name,
        version=package.version,
        file=wheel.name,
        sha256=wheel.parent.name,
        size=wheel.stat().st_size,
        extras=package.extras,
        requires=package.requires,
        requires_python=package.requires_python,
        groups=package.groups,
    )


def _pip_folder() -> Path:
    found = find_spec("pip")
    if found is None or found.origin is None:
        raise OutsideError("envlock's own environment has no pip to build wheels by", hint="install envlock anew")
    return Path(found.origin).parent


def _add_tree(archive: tarfile.TarFile, folder: Path, target: str) -> None:
    def owned(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return None if info.name.endswith("/__pycache__") else info

    archive.add(folder, arcname=target.lstrip("/"), filter=owned)


def _add_files(archive: tarfile.TarFile, files: dict[str, Path]) -> None:
    folder = tarfile.TarInfo(_FOUND.lstrip("/"))
    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    archive.addfile(folder)
    for name, path in files.items():
        archive.add(path, arcname=f"{_FOUND.lstrip('/')}/{name}")


def _sha256_and_file(kept: dict[str, object]) -> tuple[str, str]:
    return typed(kept["sha256"], str), typed(kept["file"], str)
