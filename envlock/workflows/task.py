"""One platform of one environment being locked: what every step of it needs to know."""

from dataclasses import dataclass

from envlock.model.cutoff import is_newer
from envlock.model.lock import Base, CondaPackage, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, Platform, System
from envlock.model.spec import EnvSpec, Wants
from envlock.sources.places import Sources
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.upgrade import BASE, KEEP, Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTask:
    """What is wanted, for which platform, from where, and with what at hand.

    `pins` are of the lock that there is, and `upgrade` says which of them may move; nothing that was published after
    `cutoff` (UTC) is taken.
    """

    spec: EnvSpec
    name: str
    project: Project
    sources: Sources
    context: Context
    pins: PlatformLock | None = None
    upgrade: Upgrade = KEEP
    cutoff: str | None = None

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
        pins = self.pins
        same = pins and self.wants.pip and bool(pins.conda) == self.spec.has_conda
        return pins.python if pins and same else None

    @property
    def kept_base(self) -> Base | None:
        return self.pins.base if self.pins and not self.upgrade.moves(BASE) else None

    @property
    def kept_conda(self) -> tuple[CondaPackage, ...]:
        return tuple(p for p in self.pins.conda if self._keeps(p)) if self.pins else ()

    @property
    def kept_pip(self) -> tuple[PipPackage, ...]:
        return tuple(p for p in self.pins.pip if self._keeps(p)) if self.pins else ()

    def limits(self, kind: str) -> tuple[str, ...]:
        """What `-P NAME==VERSION` says of the packages of a kind that are locked here, as requirements of that kind."""
        locked = {p.name for p in self.pins.packages if p.kind == kind} if self.pins else set()
        joined = " ==" if kind == "conda" else "=="
        return tuple(
            f"{name}{joined}{version}" for name in sorted(locked) for version in [self.upgrade.version(name)] if version
        )

    def _keeps(self, package: CondaPackage | PipPackage) -> bool:
        return not self.upgrade.moves(package.name) and not is_newer(package.uploaded, self.cutoff)
