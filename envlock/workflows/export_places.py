"""What files of other tools name and a lock does not: where each package is, and the MD5 of conda packages."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, PipPackage, PrefixPackage
from envlock.model.spec import DebianSpec
from envlock.sources.debian_archives import seen_by, snapshot_path
from envlock.sources.fetch import fetch
from envlock.sources.order import places
from envlock.sources.supply import Supply
from envlock.system.conda.child import ask
from envlock.system.side_by_side import side_by_side
from envlock.workflows.context import Context

# only at the beginning: `/packages/source/t/torch/` holds none
_TOKEN = re.compile(r"^/t/[^/]+(?=/)")


def public(url: str) -> str:
    """A URL without what only its owner may know: user, password, `/t/TOKEN` before the path, query, fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], _TOKEN.sub("", parts.path), "", ""))


def snapshot_address(debian: DebianSpec | None) -> str | None:
    """The snapshot archive that env.toml names for Debian's packages, where others may reach it."""
    url = debian.snapshot if debian else None
    return public(url) if url and "://" in url else None


def snapshots(dates: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each suite, and where a snapshot archive has it as it was when it was locked: by its date, or the last of all, or
    a day later."""
    last = max((date for _, date in dates), default="")
    for suite, date in dates:
        archive = "security" if suite.endswith("-security") else "main"
        times = dict.fromkeys((*seen_by(date), *seen_by(last)))
        yield from ((suite, snapshot_path(archive, time)) for time in times)


def conda_urls(packages: Iterable[CondaPackage], supply: Supply) -> dict[PrefixPackage, str]:
    """Where the channels of env.toml have each package."""
    found = ((p, supply.sources.conda_url(p.channel, p.subdir, p.file)) for p in packages)
    return {package: _as_conda_writes(public(url), package.file) for package, url in found}


def _as_conda_writes(url: str, file: str) -> str:
    """With `!` of an epoch and `+` of a local version as they are: conda's tools read name and version off the URL."""
    return f"{url.rpartition('/')[0]}/{quote(file, safe='!+')}"


def pip_urls(packages: Iterable[PipPackage], supply: Supply, context: Context) -> dict[PrefixPackage, str]:
    """Where the files of packages are: as env.toml says, as seen when they were locked, else as their index says."""
    files = list(dict.fromkeys(p for p in packages if p.index or p.url))
    urls = side_by_side(lambda p: p.url or _found(p, supply), files, stop=context.stopped.set)
    return dict(zip(files, map(public, urls), strict=True))


def _found(package: PipPackage, supply: Supply) -> str:
    """Where a file is; of a place that was remembered the name is enough, also without a connection."""
    here = (place for place in places(package, supply) if place.remembered or not (supply.offline and place.distant))
    url = next((url for url in (place.find() for place in here) if url), None)
    if url:
        return url
    if supply.offline:
        what, hint = f"where `{package.file}` is can only its index say, and this is --offline", "run it once without"
    else:
        what = f"`{package.file}` (sha256 {package.sha256}) is no longer to be had from `{package.source}`"
        hint = "`envlock lock --upgrade` chooses what is there now"
    raise OutsideError(what, hint=hint)


def md5s(packages: Sequence[CondaPackage], supply: Supply, context: Context) -> dict[CondaPackage, str]:
    """The MD5 of each package: of its bytes where they are here, else as its channel says, else of its bytes again."""
    found = {p: _md5(p, supply) for p in packages if supply.cache.package(p.sha256, p.file)}
    missing = [p for p in dict.fromkeys(packages) if p not in found]
    announced = _announced(missing, supply) if missing and not supply.offline else {}
    found |= {p: announced[p.sha256] for p in missing if p.sha256 in announced}
    unknown = [p for p in missing if p not in found]
    if unknown:
        context.progress(f"fetching {len(unknown)} packages for their MD5, which conda-lock asks for")
    fetched = side_by_side(lambda p: _md5(p, supply), unknown, stop=context.stopped.set)
    return found | dict(zip(unknown, fetched, strict=True))


def _md5(package: CondaPackage, supply: Supply) -> str:
    with fetch(package, supply).open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _announced(packages: Sequence[CondaPackage], supply: Supply) -> Mapping[str, str]:
    """By sha256; nothing where a channel cannot be asked, which fetching then says better."""
    question = {
        "channels": [supply.sources.asked_channel(name) for name in sorted({p.channel for p in packages})],
        "subdirs": sorted({p.subdir for p in packages}),
        "packages": [{"name": p.name, "sha256": p.sha256} for p in packages],
        "cache": str(supply.cache.solver_cache / "repodata"),
    }
    try:
        answer: dict[str, str] = ask("md5", question)
    except OutsideError:
        return {}
    return answer
