"""Which index a distribution may come from: where an index says which are its own, from that one and from no other."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from envlock.model.spec import Index


def bound_to(name: str, indexes: Iterable[Index]) -> Index | None:
    """The one index that a distribution may come from; None where any may have it that binds nothing."""
    name = canonicalize_name(name)
    return next((index for index in indexes if any(fnmatchcase(name, p.lower()) for p in index.packages)), None)


def may_come_from(name: str, index: str, indexes: Iterable[Index]) -> bool:
    """May a distribution come from the index of this name?"""
    indexes = tuple(indexes)
    bound = bound_to(name, indexes)
    if bound:
        return bound.name == index
    return not any(i.packages for i in indexes if i.name == index)
