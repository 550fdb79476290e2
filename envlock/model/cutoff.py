"""`[lock] exclude-newer`: up to when what was published counts."""

from datetime import UTC, datetime, timedelta

_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def cutoff(text: str | None, now: datetime) -> str | None:
    """The moment in UTC, as "2026-01-31T12:00:00Z", that a time or a span such as "7d" before `now` means."""
    if text is None or text.endswith("Z"):
        return text
    return (now.astimezone(UTC) - timedelta(hours=int(text[:-1]) * _HOURS[text[-1]])).strftime(_FORM)


def is_newer(uploaded: str | None, limit: str | None) -> bool:
    """Whether what was uploaded then (UTC, seconds or finer) is excluded; what has no time is not."""
    # without the end of a fraction both are of one form, whose order is that of time
    return bool(uploaded and limit) and str(uploaded).rstrip("Z")[:19] > str(limit).rstrip("Z")[:19]
