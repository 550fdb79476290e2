"""What answers a manifest: env.lock as values. Text to and from these is made by `lockfile`."""

from dataclasses import dataclass, replace

from envlock.model.platform import System
from envlock.model.spec import MAIN, DebianSpec, EditableProject, EnvSpec, Index, Wants

LOCK_VERSION = 1

# (kind, name) of a locked package
Node = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianPackage:
    """A Debian package of the base. `file` is its path in the pool, `archive` the one whose pool that is ("main", or
    "security"); `architecture` is "amd64", "arm64" or "all". The rest are relations in Debian's form, one an item,
    sorted: `requires` is Pre-Depends and Depends ("libc6 (>= 2.36)", "awk | mawk"), `provides` the virtual packages
    ("awk", "libzstd-dev (= 1.5)"), `conflicts` Conflicts and Breaks."""

    name: str
    version: str
    architecture: str
    file: str
    sha256: str
    size: int
    archive: str = "main"
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    kind = "debian"
    build = ""
    uploaded = None
    groups = (MAIN,)

    @property
    def node(self) -> Node:
        return self.kind, self.name

    @property
    def identity(self) -> str:
        """What tells its bytes from all others."""
        return self.sha256

    @property
    def file_name(self) -> str:
        """The last part of `file`."""
        return self.file.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPackage:
    """A conda package. `requires` and `constrains` are match specs; `provides` is the Python
    distributions found inside it, as "name==version"; `channel` is as the manifest names it; `uploaded` is when it
    was built, in UTC, as the channel says, where it does; `groups` are those that need it, sorted; `extras` is what
    `model.conda_extras` says."""

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
    extras: tuple[str, ...] = ()
    uploaded: str | None = None
    groups: tuple[str, ...] = (MAIN,)

    kind = "conda"

    @property
    def node(self) -> Node:
        return self.kind, self.name

    @property
    def identity(self) -> str:
        """What tells its bytes from all others."""
        return self.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class PipPackage:
    """A distribution: a wheel, or what a wheel is built from.

    `requires` is the PEP 508 strings that apply on this platform, markers evaluated and dropped, but for those that
    only an extra brings: these keep `; extra == "NAME"`. `extras` are those asked for; `uploaded` is UTC, as the index
    says, where it does; `groups` are those that need it, sorted.

    One of these says where it is from: `index` (by name; `file`, `sha256`), `url` of a file (`file`, `sha256`),
    `path` of a file below env.toml's repository (`file`, `sha256`) or of a folder (`tree`), `git` with `commit`.
    `builds` marks what is no wheel: installing it runs code of its own.
    """

    name: str
    version: str
    file: str = ""
    sha256: str = ""
    size: int | None = None
    index: str | None = None
    url: str | None = None
    path: str | None = None
    tree: str | None = None
    git: str | None = None
    commit: str | None = None
    subdirectory: str | None = None
    builds: bool = False
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    uploaded: str | None = None
    groups: tuple[str, ...] = (MAIN,)

    kind = "pip"
    build = ""

    @property
    def node(self) -> Node:
        return self.kind, self.name

    @property
    def identity(self) -> str:
        """What tells its bytes from all others: a sha256, the hash of a folder, a commit (and the folder within)."""
        return self.sha256 or self.tree or f"{self.commit}{f'/{self.subdirectory}' if self.subdirectory else ''}"

    @property
    def source(self) -> str:
        """Where it is from, for people: the index by its name, or the address that env.toml gives."""
        return self.index or self.url or self.path or self.git or ""


# a package of the environment itself, which is installed into its prefix; and any
PrefixPackage = CondaPackage | PipPackage
Package = DebianPackage | CondaPackage | PipPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base image: `digest` is of this platform's manifest; the rest was read of it once.

    `scratch` has no digest; a platform that no image is made for has no `reference`. `python` is the full version of
    `interpreter` (an absolute path), or where there is no base to read it from, the one that wheels were chosen for.

    A base of Debian's packages has neither, but the `suite` (a codename) that they are from, and the UTC `dates` of
    the indexes that they were chosen from, by suite, sorted: ("bookworm-security", "2026-11-21T00:53:02Z").

    Nor has one that a Dockerfile makes: `context` is the sha256 (64 hex) of that file and all that it may copy.
    """

    reference: str | None = None
    digest: str | None = None
    context: str | None = None
    suite: str | None = None
    dates: tuple[tuple[str, str], ...] = ()
    glibc: str | None = None
    interpreter: str | None = None
    python: str | None = None
    shell: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLock:
    """Everything locked for one platform, packages sorted by name."""

    platform: str
    base: Base
    debian: tuple[DebianPackage, ...] = ()
    conda: tuple[CondaPackage, ...] = ()
    pip: tuple[PipPackage, ...] = ()

    @property
    def packages(self) -> tuple[Package, ...]:
        """All packages: those of the base, conda's, and distributions, each sorted by name."""
        return (*self.debian, *self.conda, *self.pip)

    @property
    def prefix_packages(self) -> tuple[PrefixPackage, ...]:
        """What is installed into the environment's prefix: all but the base's."""
        return (*self.conda, *self.pip)

    def of_groups(self, *groups: str) -> "PlatformLock":
        """What the main set and these groups need, and nothing else."""
        wanted = {MAIN, *groups}
        return replace(
            self,
            conda=tuple(p for p in self.conda if not wanted.isdisjoint(p.groups)),
            pip=tuple(p for p in self.pip if not wanted.isdisjoint(p.groups)),
        )

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
    base: str | None
    interpreter: str | None
    dockerfile: str | None = None
    debian: DebianSpec | None = None
    editable: tuple[EditableProject, ...] = ()
    platform_wants: tuple[tuple[str, Wants], ...] = ()
    groups: tuple[tuple[str, Wants], ...] = ()
    exclude_newer: str | None = None
    constraints: tuple[str, ...] = ()

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
            dockerfile=spec.image.dockerfile,
            # where packages are found, and who is believed, may change: they stay what they are
            debian=replace(spec.image.debian, mirror=None, snapshot=None, keys=None) if spec.image.debian else None,
            editable=spec.pip.editable,
            platform_wants=tuple((p, w) for p, w in spec.platform_wants if w and p in spec.platforms),
            groups=tuple((g, w) for g, w in spec.groups),
            exclude_newer=spec.lock.exclude_newer,
            constraints=spec.pip.constraints,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """What the image is told beyond its packages; all of it is part of the lock hash, `copy` by what is in it."""

    variables: tuple[tuple[str, str], ...] = ()
    user: str | None = None
    workdir: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    copy: tuple[str, ...] = ()
    bytecode: bool = False

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
            copy=image.copy,
            bytecode=image.bytecode,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """env.lock, whole. `version` fixes the format and the form of the lock hash.

    `copied` has for each path of `image.copy` the sha256 (64 hex) of what goes into the image, sorted.
    """

    inputs: Inputs
    image: ImageSettings
    platforms: tuple[PlatformLock, ...]
    copied: tuple[tuple[str, str], ...] = ()
    version: int = LOCK_VERSION

    def platform(self, name: str) -> PlatformLock | None:
        return next((p for p in self.platforms if p.platform == name), None)
