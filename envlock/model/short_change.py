"""A change in a few words, as it is kept: reading what is kept needs no parser."""

from typing import NamedTuple


class ShortChange(NamedTuple):
    """`before` is empty where it was added, `after` where it was removed; both are the same where only bytes, origin
    or groups are others."""

    name: str
    before: str
    after: str
