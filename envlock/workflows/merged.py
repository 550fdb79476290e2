"""A three-way merge of one file: what goes in, and what comes out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The three states of a file, as text; `base` is None (or empty) where both sides have added it."""

    base: str | None
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The merged text; where it is not `clean` it has conflict markers in it, and nothing of either side is lost.
    `notes` are lines for people: what was done, or what to do next."""

    text: str
    clean: bool
    notes: tuple[str, ...] = ()
