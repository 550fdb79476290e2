"""Jenkins: what it says of an event, and where it is told what came of it."""

from collections.abc import Mapping

from envlock.forges.nowhere import Nowhere


class Jenkins(Nowhere):
    """One job there; `variables` are those of its process."""

    name = "jenkins"

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
