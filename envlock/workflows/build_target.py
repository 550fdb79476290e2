"""What is to be built: which platforms of a lock, by which engine, and the names that follow from that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from envlock.errors import UserInputError
from envlock.model.digest import image_key, image_tag, lock_hash
from envlock.model.lock import Lock, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.workflows.make_image import DOCKER, EMBEDDED, engine_for, why_docker
from envlock.workflows.project import Project

# where the image of an environment goes, by its name and by what its env.toml says; None: nowhere
Place = Callable[[str, str | None], str | None]


def as_stated(_name: str, stated: str | None) -> str | None:
    """Nobody but env.toml says it."""
    return stated


# no slots: hashes are worked out once
@dataclass(frozen=True, kw_only=True)
class Target:
    """An image to be made of a project's lock: `platforms` are main sets; `repository` is where the image goes,
    `place` tells where those of other environments do."""

    project: Project
    lock: Lock
    platforms: tuple[PlatformLock, ...]
    engine: str
    repository: str
    notes: tuple[str, ...] = ()
    place: Place = field(default=as_stated, compare=False)

    @property
    def is_index(self) -> bool:
        return len(self.platforms) > 1

    @cached_property
    def key(self) -> str:
        """The image key, in full; of one platform, its lock hash."""
        return image_key(self.lock) if self.is_index else lock_hash(self.lock, self.platforms[0])

    @cached_property
    def name(self) -> str:
        return f"{self.repository}:{image_tag(self.key)}{'' if self.engine == EMBEDDED else f'-{self.engine}'}"


def target_of(
    project: Project, lock: Lock, repository: str, platforms: Sequence[str] = (), engine: str | None = None
) -> Target:
    """What these wishes come to; UserInputError for a platform that is not locked."""
    chosen = tuple(p.of_groups() for p in _chosen(lock, platforms))
    needy = [p for p in chosen if engine_for(p) != EMBEDDED]
    engine = engine or (DOCKER if needy else EMBEDDED)
    notes = _why(needy) if engine == DOCKER else ()
    return Target(project=project, lock=lock, platforms=chosen, engine=engine, repository=repository, notes=notes)


def _why(needy: Sequence[PlatformLock]) -> tuple[str, ...]:
    reason = f", for {why_docker(needy[0])}" if needy else ""
    return (f"made by the docker engine{reason}: outside the promise of the same image everywhere",)


def _chosen(lock: Lock, names: Sequence[str]) -> list[PlatformLock]:
    possible = [platform for platform in lock.platforms if PLATFORMS[platform.platform].has_images]
    if not possible:
        raise UserInputError("no image is made for the locked platforms", hint="add `linux-64` to `platforms`")
    for name in names:
        if name not in {p.platform for p in possible}:
            raise UserInputError(
                f"`{name}` is not among the locked platforms", hint="add it to `platforms` in env.toml"
            )
    return [p for p in possible if p.platform in names] if names else possible
