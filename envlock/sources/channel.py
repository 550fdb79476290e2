"""What py-rattler does for fetching: where a package is now (CEP 15), and downloads with logins that it alone knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage
from envlock.system.cache import Cache
from envlock.system.conda.child import ask
from envlock.system.parts import scratch_folder


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


@contextmanager
def download(url: str, limit: int, cache: Cache) -> Iterator[Path | None]:
    """What is at a URL, as a file that is there within; None where py-rattler does not get it either."""
    with scratch_folder(cache.root / "downloads") as folder:
        path = folder / "package"
        try:
            ask("download", {"url": url, "path": str(path), "limit": limit})
        except OutsideError:
            yield None
        else:
            yield path
