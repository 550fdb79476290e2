"""Jenkins: what it says of an event, and where it is told what came of it."""

from collections.abc import Mapping

from envlock.forges.jenkins_event import jenkins_event
from envlock.forges.nowhere import Nowhere
from envlock.model.ci_event import Event


class Jenkins(Nowhere):
    """One job there; `variables` are those of its process."""

    name = "jenkins"

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def event(self) -> Event | None:
        return jenkins_event(self._variables)
