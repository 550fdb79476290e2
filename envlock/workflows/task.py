"""One platform of one environment being locked: what every step of it needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envlock.model.cutoff import is_newer
from envlock.model.imported import Pinned
from envlock.model.lock import Base, CondaPackage, DebianPackage, Inputs, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, Platform, System
from envlock.model.spec import EnvSpec, Wants
from envlock.sources.places import Sources
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.upgrade import KEEP, Upgrade

_EXACTLY = {"debian": "{} (= {})", "conda": "{} =={}", "pip": "{}=={}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTask:
    """What is wanted, for which platform, from where, and with what at hand.

    `pins` are of the lock that there is, which was made for `asked`, and `upgrade` says which of them may move; nothing
    that was published after `cutoff` (UTC) is taken. `dates` are the latest of Debian's releases that any platform was
    locked from, by suite: older ones are no news of it. Where another tool's lock is taken over, `pinned` is what
    it has for the platform: then nothing is solved.
    """

    spec: EnvSpec
    name: str
    project: Project
    sources: Sources
    context: Context
    pins: PlatformLock | None = None
    asked: Inputs | None = None
    upgrade: Upgrade = KEEP
    cutoff: str | None = None
    dates: Mapping[str, str] = field(default_factory=dict)
    pinned: Pinned | None = None

    @property
    def wants(self) -> Wants:
        """What all groups together ask for here."""
        return self.spec.all_wants(self.name)

    @property
    def platform(self) -> Platform:
        return PLATFORMS[self.name]

    @property
    def system(self) -> System:
        return self.spec.system(self.name)

    @property
    def likely_python(self) -> str | None:
        """The Python that is locked, where wheels are wanted and nothing says that it will be another."""
        pins, debian = self.pins, self.spec.image.debian
        if not (pins and self.wants.pip and bool(pins.conda) == self.spec.has_conda):
            return None
        # another suite has another Python
        same = pins.conda or pins.base.suite == (debian.suite if debian else None)
        return pins.python if same else None

    @property
    def kept_base(self) -> Base | None:
        return self.pins.base if self.pins and not self.upgrade.moves_base else None

    @property
    def kept_debian(self) -> tuple[DebianPackage, ...]:
        pins = self.pins.debian if self.pins and not self.upgrade.moves_base else ()
        return tuple(p for p in pins if not self.upgrade.moves(p.kind, p.name))

    @property
    def kept_conda(self) -> tuple[CondaPackage, ...]:
        return tuple(p for p in self.pins.conda if self._keeps(p)) if self.pins else ()

    @property
    def kept_pip(self) -> tuple[PipPackage, ...]:
        return tuple(p for p in self.pins.pip if self._keeps(p)) if self.pins else ()

    @property
    def has_late_debian(self) -> bool:
        """Were Debian packages locked from a release that is excluded by now?"""
        dates = self.pins.base.dates if self.pins else ()
        return any(is_newer(date, self.cutoff) for _, date in dates)

    def limits(self, kind: str) -> tuple[str, ...]:
        """What `-P NAME==VERSION` says of the packages of a kind that are locked here, as requirements of that kind."""
        locked = {p.name for p in self.pins.packages if p.kind == kind} if self.pins else set()
        found = ((name, self.upgrade.version(kind, name)) for name in sorted(locked))
        return tuple(_EXACTLY[kind].format(name, version) for name, version in found if version)

    def _keeps(self, package: CondaPackage | PipPackage) -> bool:
        return not self.upgrade.moves(package.kind, package.name) and not is_newer(package.uploaded, self.cutoff)
