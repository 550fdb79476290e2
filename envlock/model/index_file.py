"""A wheel that can be chosen, as the index that it is on describes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One wheel of a distribution; `index` is the manifest's name of the index, where it is on one, `uploaded` UTC.

    `yanked` is the reason, or "" for none given; None where it is not yanked.
    """

    name: str
    version: str
    file: str
    url: str
    index: str | None = None
    sha256: str | None = None
    size: int | None = None
    uploaded: str | None = None
    requires_python: str | None = None
    yanked: str | None = None
