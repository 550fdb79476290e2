"""The bounds that are written for a dependency given by name alone: what was locked, and what follows it."""

from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

# a new minor version of these breaks what was built for the one before
_MINOR = ("python", "perl", "r-base", "julia", "rust", "nodejs")


def conda_bound(name: str, versions: Iterable[str]) -> str | None:
    """From the lowest to below the next major version: ">=2.1.3,<3"; None where there is no telling."""
    found = sorted(set(versions))
    try:
        found.sort(key=Version)
        lowest, highest = found[0], Version(found[-1])
    except InvalidVersion:
        return f">={found[0]}" if len(found) == 1 else None
    except IndexError:
        return None
    return f">={lowest}" if highest.epoch else f">={lowest},<{_next(highest, minor=name in _MINOR)}"


def pip_bound(versions: Iterable[str]) -> str | None:
    """From the lowest: ">=3.0.3"."""
    found = [Version(version) for version in versions]
    return f">={min(found).public}" if found else None


def _next(version: Version, *, minor: bool) -> str:
    if version.major and not minor:
        return str(version.major + 1)
    return f"{version.major}.{version.minor + 1}"
