"""What answers a manifest: env.lock as values. Text to and from these is made by `lockfile`."""

from dataclasses import dataclass

from envlock.model.platform import System
from envlock.model.spec import EnvSpec, Index

LOCK_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPackage:
    """A conda package. `requires` and `constrains` are match specs; `provides` is the Python
    distributions found inside it, as "name==version"; `channel` is as the manifest names it."""

    name: str
    version: str
    build: str
    subdir: str
    file: str
    sha256: str
    size: int
    channel: str
    requires: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()

    kind = "conda"


@dataclass(frozen=True, slots=True, kw_only=True)
class PipPackage:
    """A wheel. `requires` is the PEP 508 strings that apply on this platform, markers evaluated
    and dropped; `extras` those asked for; `uploaded` is UTC, as the index says, where it does."""

    name: str
    version: str
    file: str
    sha256: str
    size: int | None
    index: str
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    uploaded: str | None = None

    kind = "pip"
    build = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base image: `digest` is of this platform's manifest; the rest was read of it once.

    `scratch` has no digest. `python` is the full version of `interpreter` (an absolute path).
    """

    reference: str
    digest: str | None = None
    glibc: str | None = None
    interpreter: str | None = None
    python: str | None = None
    shell: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLock:
    """Everything locked for one platform, packages sorted by name."""

    platform: str
    base: Base
    conda: tuple[CondaPackage, ...] = ()
    pip: tuple[PipPackage, ...] = ()

    @property
    def packages(self) -> "tuple[CondaPackage | PipPackage, ...]":
        """All packages, sorted by kind and name."""
        return (*self.conda, *self.pip)

    @property
    def python(self) -> str | None:
        """The full version of the Python that the packages run on."""
        return next((p.version for p in self.conda if p.name == "python"), self.base.python)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the solve was asked, complete and normalised: lists as sorted sets, channels in order."""

    python: str | None
    platforms: tuple[str, ...]
    systems: tuple[tuple[str, System], ...]
    channels: tuple[str, ...]
    channel_priority: str
    conda: tuple[str, ...]
    pip: tuple[str, ...]
    indexes: tuple[Index, ...]
    base: str
    interpreter: str | None

    @classmethod
    def of(cls, spec: EnvSpec) -> "Inputs":
        """The inputs of a manifest. What only describes (name, description) is not among them."""
        conda = spec.conda if spec.has_conda else None
        return cls(
            python=spec.python,
            platforms=tuple(sorted(spec.platforms)),
            systems=tuple(sorted((p, spec.system(p)) for p in spec.platforms)),
            channels=conda.channels if conda else (),
            channel_priority=conda.channel_priority if conda else "strict",
            conda=spec.conda.dependencies,
            pip=spec.pip.dependencies,
            indexes=spec.pip.indexes,
            base=spec.base,
            interpreter=spec.image.interpreter,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """What the image is told beyond its packages; all of it is part of the lock hash."""

    variables: tuple[tuple[str, str], ...] = ()
    user: str | None = None
    workdir: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, spec: EnvSpec) -> "ImageSettings":
        image = spec.image
        return cls(
            variables=spec.variables,
            user=image.user,
            workdir=image.workdir,
            entrypoint=image.entrypoint,
            cmd=image.cmd,
            labels=image.labels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """env.lock, whole. `version` fixes the format and the form of the lock hash."""

    inputs: Inputs
    image: ImageSettings
    platforms: tuple[PlatformLock, ...]
    version: int = LOCK_VERSION

    def platform(self, name: str) -> PlatformLock | None:
        return next((p for p in self.platforms if p.platform == name), None)
