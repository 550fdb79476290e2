"""What was found of an image that was held against its lock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLayer:
    """A layer that is not what the lock makes: `files` of it are not, the `first` of them as (what, path)."""

    title: str
    what: str
    files: int = 0
    first: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformVerdict:
    """What was found of the image of one platform: `right` of its `layers` are what they should be.

    `packages` are those that the expected image was derived from. `unverifiable` says what nobody can tell.
    """

    platform: str
    digest: str
    packages: int = 0
    right: int = 0
    layers: int = 0
    problems: tuple[str, ...] = ()
    wrong: tuple[WrongLayer, ...] = ()
    notes: tuple[str, ...] = ()
    unverifiable: str | None = None

    @property
    def is_good(self) -> bool:
        return not (self.problems or self.wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of an image; `problems` are those of what names it, or holds its platforms together.

    `found_by_hash`: the image's own word led to the environment.
    """

    title: str
    digest: str
    environment: str
    found_by_hash: bool
    problems: tuple[str, ...]
    platforms: tuple[PlatformVerdict, ...]

    @property
    def is_good(self) -> bool:
        return not self.problems and all(platform.is_good for platform in self.platforms)

    @property
    def unverifiable(self) -> tuple[str, ...]:
        return tuple(platform.unverifiable for platform in self.platforms if platform.unverifiable)
