"""The kinds of packages, as fetching sees them: where each may be, how it is downloaded, and what helps then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar

from envlock.model.lock import CondaPackage, DebianPackage, Package, PipPackage
from envlock.sources import conda_places, debian_places, wheel_places
from envlock.sources.place import Place
from envlock.sources.supply import Supply

P = TypeVar("P", bound=Package)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[P]):
    """`places` are those of mirrors, and the own ones, each the best first; `source` is for people; `download` fills
    an empty file with at most so many bytes, and is False where nothing is at the URL; hints say what to do next."""

    places: Callable[[P, Supply], tuple[list[Place], list[Place]]]
    source: Callable[[P], str]
    download: Callable[[P, str, IO[bytes], int, Supply], bool]
    hint: Callable[[P], str]
    login_hint: str


KINDS: Mapping[str, Kind[Any]] = {
    DebianPackage.kind: Kind(
        places=debian_places.places,
        source=debian_places.source,
        download=debian_places.download,
        hint=debian_places.hint,
        login_hint=debian_places.LOGIN_HINT,
    ),
    CondaPackage.kind: Kind(
        places=conda_places.places,
        source=conda_places.source,
        download=conda_places.download,
        hint=conda_places.hint,
        login_hint=conda_places.LOGIN_HINT,
    ),
    PipPackage.kind: Kind(
        places=wheel_places.places,
        source=wheel_places.source,
        download=wheel_places.download,
        hint=wheel_places.hint,
        login_hint=wheel_places.LOGIN_HINT,
    ),
}
