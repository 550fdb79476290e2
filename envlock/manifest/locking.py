"""The table `[lock]`."""

from datetime import UTC, datetime

from envlock.model.fields import Table, matching
from envlock.model.spec import LockSpec

_SPAN = r"[1-9]\d{0,3}[dhw]"
_TIME = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?"
_shaped = matching(f"{_SPAN}|{_TIME}", "a UTC time such as `2026-01-31T12:00:00Z`, or a span such as `7d`")


def read_lock_spec(table: Table) -> LockSpec:
    """How to lock; what is wrong is noted in the document."""
    default = LockSpec()
    return LockSpec(
        exclude_newer=table.text("exclude-newer", _cutoff),
        pip_resolver=table.text("pip-resolver", matching("uv|pip-tools", "`uv` or `pip-tools`"))
        or default.pip_resolver,
        conda_solver=table.text("conda-solver", matching("rattler|conda-lock", "`rattler` or `conda-lock`"))
        or default.conda_solver,
    )


def _cutoff(text: str) -> str:
    """A span as it is written, a time in UTC and with seconds; a date is its first moment."""
    if len(_shaped(text)) < len("2026-01-31"):
        return text
    try:
        time = datetime.fromisoformat(text)
        utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the first and the last day there is, in another zone
        raise ValueError(f"no such time: {error}") from None
    return utc.isoformat(timespec="seconds").replace("+00:00", "Z")
