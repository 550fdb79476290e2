"""Which pins may move."""

from dataclasses import dataclass

BASE = "base"  # the name by which `-P` means the base image


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """All pins, or those of some names; `base` is the base image."""

    everything: bool = False
    names: frozenset[str] = frozenset()

    def moves(self, name: str) -> bool:
        return self.everything or name in self.names

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


KEEP = Upgrade()
