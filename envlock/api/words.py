"""Several words, as callers give them."""

from collections.abc import Iterable


def words(given: str | Iterable[str]) -> tuple[str, ...]:
    """One word by itself is one, not its letters."""
    return (given,) if isinstance(given, str) else tuple(given)
