"""Words for people: what somebody may have meant, many names in one line."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A question that names the nearest known word, where one is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first of them, and how many more there are: "`a`, `b` and 7 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more
