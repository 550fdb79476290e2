"""What is wanted: env.toml as values, every field checked and normalised by `manifest.reader`."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS, System

DEFAULT_CHANNEL = "conda-forge"
DEFAULT_INDEX = "pypi"
# where channels are that are written as a name
CONDA_ALIAS = "https://conda.anaconda.org"
DEFAULT_PYTHON = "3.12"
# the group of all that belongs to no other: what images hold and `install` installs unasked
MAIN = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSpec:
    """`[conda]`: channels in order of priority, match specs normalised and sorted."""

    channels: tuple[str, ...] = (DEFAULT_CHANNEL,)
    channel_priority: str = "strict"
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A package index; `url` is None for the default one, whose address the libraries know.

    Distributions whose names match one of `packages` (names, or patterns with `*`) come from this index and from no
    other, and nothing else comes from it.
    """

    name: str
    url: str | None = None
    default: bool = False
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableProject:
    """A local project that `install` and `run` install editable: its folder relative to env.toml (`./project`), and
    from its pyproject.toml its name, and what it requires with the extras that are asked for, normalised and sorted."""

    path: str
    name: str
    extras: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipSpec:
    """`[pip]`: PEP 508 requirements, normalised and sorted; indexes in order; editable projects sorted by path;
    constraints, which limit what is chosen without asking for it, by name, limits and marker alone.

    A requirement that names its own source is `name[extras] @ SOURCE ; marker`, where SOURCE is a URL
    (`https://…`, `git+https://…@REV`) or a path relative to env.toml that begins with `./` or `../`.
    """

    dependencies: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    editable: tuple[EditableProject, ...] = ()
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """Requirements of one place: match specs and PEP 508 requirements, normalised and sorted."""

    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conda or self.pip)

    def __add__(self, other: "Wants") -> "Wants":
        return Wants(
            conda=tuple(sorted({*self.conda, *other.conda})),
            pip=tuple(sorted({*self.pip, *other.pip})),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSpec:
    """`[lock]`: how to lock. `exclude_newer` is a UTC time ("2026-01-31T12:00:00Z") or a span ("7d"), as written."""

    exclude_newer: str | None = None
    pip_resolver: str = "uv"
    conda_solver: str = "rattler"


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianSpec:
    """`[image.debian]`: a base made from Debian's packages.

    `suite` is a codename ("bookworm"); `packages` are relations in Debian's form, without alternatives, normalised and
    sorted ("git", "libgomp1 (>= 12)"); `components` are sorted. `mirror` and `snapshot` are URLs without slash at their
    end, `keys` a path relative to env.toml: they say where packages are found and who is believed, not which they are.
    Without `docs`, documentation and translations are left out of images.
    """

    suite: str
    packages: tuple[str, ...] = ()
    components: tuple[str, ...] = ("main",)
    docs: bool = True
    mirror: str | None = None
    snapshot: str | None = None
    keys: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """`[image]`: everything but `repository` is part of the lock hash, as resolved.

    One of `base`, `debian` and `dockerfile` (its path relative to env.toml) says what the image stands on. `copy` are
    paths relative to env.toml (`./src`), sorted, of files and folders that go into `workdir`.
    """

    base: str | None = None
    debian: DebianSpec | None = None
    dockerfile: str | None = None
    interpreter: str | None = None
    repository: str | None = None
    user: str | None = None
    workdir: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    copy: tuple[str, ...] = ()
    bytecode: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvSpec:
    """One environment as its manifest states it, with all that it takes from other files.

    `python` is a minor ("3.11") or exact version; `platform_wants` and `groups` are sorted by name; `files` are the
    other files it was read from, relative to env.toml.
    """

    name: str
    description: str = ""
    python: str | None = None
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,)
    systems: tuple[tuple[str, System], ...] = ()
    conda: CondaSpec = field(default_factory=CondaSpec)
    pip: PipSpec = field(default_factory=PipSpec)
    platform_wants: tuple[tuple[str, Wants], ...] = ()
    groups: tuple[tuple[str, Wants], ...] = ()
    lock: LockSpec = field(default_factory=LockSpec)
    variables: tuple[tuple[str, str], ...] = ()
    image: ImageSpec = field(default_factory=ImageSpec)
    files: tuple[str, ...] = ()

    @property
    def has_conda(self) -> bool:
        """Where anything asks for a conda package, Python comes from conda, on every platform."""
        # what is inherited for a platform that is not among these asks for nothing
        platforms = (wants for name, wants in self.platform_wants if name in self.platforms)
        return bool(self.conda.dependencies or any(w.conda for w in (*platforms, *dict(self.groups).values())))

    @property
    def base(self) -> str | None:
        """The base image's reference: as written, else the documented default; None where the base is Debian's
        packages, or what a Dockerfile makes."""
        if self.image.base or self.image.debian or self.image.dockerfile:
            return self.image.base
        return default_base(self.python, conda=self.has_conda)

    def system(self, platform: str) -> System:
        """The declared system of a platform, or the documented default."""
        return dict(self.systems).get(platform, PLATFORMS[platform].system)

    def wants(self, platform: str, group: str = MAIN) -> Wants:
        """What a group asks for on a platform; the main one: the dependencies, the platform's, and the key `python`."""
        if group != MAIN:
            return dict(self.groups).get(group, Wants())
        own = Wants(conda=self.conda.dependencies, pip=self.pip.dependencies)
        editable = Wants(pip=tuple(need for project in self.pip.editable for need in project.dependencies))
        python = Wants(conda=tuple(self._stated_python()))
        return own + dict(self.platform_wants).get(platform, Wants()) + editable + python

    def all_wants(self, platform: str) -> Wants:
        """What all groups together ask for on a platform: this is what is solved."""
        wants = self.wants(platform)
        for _, group in self.groups:
            wants += group
        return wants

    @property
    def group_names(self) -> tuple[str, ...]:
        """All groups, the main one first."""
        return (MAIN, *(name for name, _ in self.groups))

    def _stated_python(self) -> Iterator[str]:
        if self.has_conda and self.python:
            exact = self.python.count(".") >= 2
            yield f"python =={self.python}" if exact else f"python {self.python}.*"


def python_minor(version: str | None) -> str:
    """The minor version of a version: "3.11.7" -> "3.11"; without one, the documented default."""
    return ".".join((version or DEFAULT_PYTHON).split(".")[:2])


def default_base(python: str | None, *, conda: bool) -> str:
    """The base image where none is written."""
    return "debian:trixie-slim" if conda else f"python:{python_minor(python)}-slim"
