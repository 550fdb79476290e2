"""Where a conda package with a known sha256 is now: a channel may keep its packages elsewhere (CEP 15)."""

from envlock.model.lock import CondaPackage
from envlock.system.cache import Cache
from envlock.system.conda.child import ask


def find_package(package: CondaPackage, channel_url: str, cache: Cache) -> str | None:
    """The URL of a package as its channel says it; None where the channel does not have it."""
    question = {
        "channel": channel_url,
        "subdir": package.subdir,
        "name": package.name,
        "sha256": package.sha256,
        "cache": str(cache.solver_cache / "repodata"),
        "offline": False,
    }
    url: str | None = ask("find", question)
    return url
