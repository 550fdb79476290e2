"""The order of Debian's versions, by Debian's own rules."""

from functools import lru_cache

from debian.debian_support import NativeVersion


@lru_cache(maxsize=1 << 16)
def compare(one: str, other: str) -> int:
    """Negative where `one` is the earlier version, positive where it is the later, 0 where they are the same."""
    if one == other:
        return 0
    # not `version_compare`, which leaves it to the machine's apt where Python can load that
    first, second = NativeVersion(one), NativeVersion(other)
    return (first > second) - (first < second)
