"""What is wanted: env.toml as values, every field checked and normalised by `manifest.reader`."""

from dataclasses import dataclass, field

from envlock.model.platform import DEFAULT_PLATFORM, System

DEFAULT_CHANNEL = "conda-forge"
DEFAULT_INDEX = "pypi"
# where channels are that are written as a name
CONDA_ALIAS = "https://conda.anaconda.org"
DEFAULT_PYTHON = "3.12"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSpec:
    """`[conda]`: channels in order of priority, match specs normalised and sorted."""

    channels: tuple[str, ...] = (DEFAULT_CHANNEL,)
    channel_priority: str = "strict"
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A package index; `url` is None for the default one, whose address the libraries know."""

    name: str
    url: str | None = None
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PipSpec:
    """`[pip]`: PEP 508 requirements, normalised and sorted; indexes in order."""

    dependencies: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """`[image]`: everything but `repository` is part of the lock hash, as resolved."""

    base: str | None = None
    interpreter: str | None = None
    repository: str | None = None
    user: str | None = None
    workdir: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvSpec:
    """One environment as its manifest states it. `python` is a minor ("3.11") or exact version."""

    name: str
    description: str = ""
    python: str | None = None
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,)
    systems: tuple[tuple[str, System], ...] = ()
    conda: CondaSpec = field(default_factory=CondaSpec)
    pip: PipSpec = field(default_factory=PipSpec)
    variables: tuple[tuple[str, str], ...] = ()
    image: ImageSpec = field(default_factory=ImageSpec)

    @property
    def has_conda(self) -> bool:
        """Where there are conda dependencies, Python comes from conda."""
        return bool(self.conda.dependencies)

    @property
    def base(self) -> str:
        """The base image's reference: as written, else the documented default."""
        if self.image.base:
            return self.image.base
        return "debian:trixie-slim" if self.has_conda else f"python:{python_minor(self.python)}-slim"

    def system(self, platform: str) -> System:
        """The declared system of a platform, or the documented default."""
        return dict(self.systems).get(platform, System())

    def conda_roots(self) -> tuple[str, ...]:
        """The match specs to solve: the dependencies, and Python as the key `python` says."""
        if not self.has_conda or not self.python:
            return self.conda.dependencies
        exact = self.python.count(".") >= 2
        return tuple(
            sorted({*self.conda.dependencies, f"python =={self.python}" if exact else f"python {self.python}.*"})
        )


def python_minor(version: str | None) -> str:
    """The minor version of a version: "3.11.7" -> "3.11"; without one, the documented default."""
    return ".".join((version or DEFAULT_PYTHON).split(".")[:2])
