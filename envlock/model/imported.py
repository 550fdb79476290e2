"""What is taken over from a file of another tool, what it pins, and what is not carried over."""

from dataclasses import dataclass, field

from envlock.model.spec import MAIN, EnvSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that is not carried over, or not as it stands: `what` as it is written there, and `why`.

    `file` is as a person is shown it, "" for what was read; what holds a secret never stands in `what`.
    """

    what: str
    why: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """A file that a lock of another tool allows for a distribution. Without `name` it is known by its sha256 alone,
    without `url` it is looked up on its index. `url` holds no secret; `uploaded` is UTC."""

    name: str = ""
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    uploaded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedConda:
    """A conda package as a lock of another tool, or a prefix, has it. `channel` is as `[conda] channels` names it;
    what is None the file does not say. `requires`, `constrains`, `provides` and `uploaded` are as in `CondaPackage`."""

    name: str
    version: str
    build: str
    subdir: str
    file: str
    channel: str
    url: str | None = None
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    requires: tuple[str, ...] | None = None
    constrains: tuple[str, ...] | None = None
    provides: tuple[str, ...] | None = None
    uploaded: str | None = None
    groups: tuple[str, ...] = (MAIN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPip:
    """A distribution as a lock of another tool, or a prefix, has it; `name` is canonical.

    From an index: `files` are those that are allowed, of which one is chosen for each platform, and `index` is its URL,
    None for the default one. Else `source` says where it is from, as after `NAME @` in env.toml: `https://….whl`,
    `./wheels/x.whl`, `./folder`, `git+https://…@COMMIT#subdirectory=…`. `extras` are those that the file asks for;
    `requires` the requirements of it (PEP 508, with their markers), None where the file does not say.

    `marker` (PEP 508) limits it to some Pythons, where the file is for more than one: it is evaluated when the Python
    is known, and nothing but the Python decides it any more. A name may stand more than once, with markers of which
    one holds for each Python.
    """

    name: str
    version: str
    files: tuple[PinnedFile, ...] = ()
    index: str | None = None
    source: str | None = None
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] | None = None
    groups: tuple[str, ...] = (MAIN,)
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """All that is pinned for one platform: what does not apply there is not among it; what only the Python decides is
    left to `PinnedPip.marker`.

    `python` is a full or minor version, None where the file names none, or a conda package brings it;
    `requires_python` limits which it may be (">=3.10"), where the file does.
    """

    platform: str
    python: str | None = None
    requires_python: str | None = None
    conda: tuple[PinnedConda, ...] = ()
    pip: tuple[PinnedPip, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file of another tool comes to.

    `spec` is what env.toml is to say, normalised; its `name` is "" where the file gives none, and its paths are
    relative to the folder of the file that was read. Where there are `pinned` packages, env.lock is made of them
    without solving; a spec that asks for nothing then asks for what no pinned package requires (`spec.groups` and
    `platform_wants` likewise). `files` are to be written beside env.toml: relative path, content.
    """

    spec: EnvSpec
    remarks: tuple[Remark, ...] = ()
    pinned: tuple[Pinned, ...] = ()
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
