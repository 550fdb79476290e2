"""What somebody may have meant."""

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A question that names the nearest known word, where one is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None
