"""One platform of one environment being locked: what every step of it needs to know."""

from dataclasses import dataclass

from envlock.model.platform import PLATFORMS, Platform, System
from envlock.model.spec import EnvSpec, Wants
from envlock.sources.places import Sources
from envlock.workflows.context import Context
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTask:
    """What is wanted, for which platform, from where, and with what at hand."""

    spec: EnvSpec
    name: str
    project: Project
    sources: Sources
    context: Context

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
