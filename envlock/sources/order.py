"""Where a locked package is looked for, in order: the folder that it was saved to, the mirror, where it was last seen,
where its kind comes from."""

from collections.abc import Iterator

from envlock.model.lock import Package
from envlock.sources.kinds import KINDS
from envlock.sources.place import Place, at
from envlock.sources.saved_places import saved_places
from envlock.sources.supply import Supply
from envlock.system.cache import typed

# where a package was last seen, by its sha256: never believed, and no mirror
PLACES = "places"


def places(package: Package, supply: Supply) -> Iterator[Place]:
    """Every place where the package may be, the best first."""
    yield from saved_places(package, supply)
    kept = supply.cache.record(PLACES, package.sha256, lambda kept: typed(kept, str))
    mirrored, own = KINDS[package.kind].places(package, supply)
    yield from mirrored
    if kept:
        yield at(kept, remembered=True)
    yield from own
