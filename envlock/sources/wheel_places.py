"""Where a distribution is: on its index and the index's mirror, at its URL, or below env.toml's repository."""

from pathlib import Path
from typing import IO

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.sources.place import Place, at
from envlock.sources.supply import Supply
from envlock.system.secrets import redact

LOGIN_HINT = "a login goes into ENVLOCK_INDEX_NAME_USERNAME and ENVLOCK_INDEX_NAME_PASSWORD, or netrc"


def places(package: PipPackage, supply: Supply) -> tuple[list[Place], list[Place]]:
    if package.index is None:
        return [], [at(package.url) if package.url else _local(package, supply)]
    mirror = supply.sources.mirrors.get(package.index)
    own = _of_index(package, supply.sources.index(package.index, package.file), supply)
    return ([_of_index(package, mirror, supply)] if mirror else []), [own]


def _of_index(package: PipPackage, url: str | None, supply: Supply) -> Place:
    shown = (
        f"{redact(url).rstrip('/')}/{package.name}/" if url else f"the page of `{package.name}` on `{package.index}`"
    )
    return Place(shown, lambda: _listed(package, url, supply), distant=not (url or "").startswith("file:"))


def _listed(package: PipPackage, index_url: str | None, supply: Supply) -> str | None:
    """Where an index says the file is; that it was yanked is told, but does not hide it."""
    http, name = supply.http(), package.name
    listed = supply.find_wheel(http, index_url, name=name, file=package.file, sha256=package.sha256)
    if listed is None:
        return None
    if listed.yanked is not None:
        why = f": {listed.yanked}" if listed.yanked else ""
        supply.told(f"warning: `{package.file}` was yanked from `{package.index}`{why}")
    return listed.url


def _local(package: PipPackage, supply: Supply) -> Place:
    if supply.sources.folder is None or package.path is None:
        raise OutsideError(f"`{package.name}` is no file that could be fetched")
    here = Path(supply.sources.folder, package.path)
    return Place(package.path, lambda: here.resolve().as_uri() if here.is_file() else None, distant=False)


def source(package: PipPackage) -> str:
    return f"`{package.source}`"


def hint(package: PipPackage) -> str:
    if package.path:
        return "get it back, or take it out of env.toml"
    if package.url:
        return "give another address in env.toml"
    return f"`envlock lock -P {package.name}` chooses what is there now"


def download(package: PipPackage, url: str, target: IO[bytes], limit: int, supply: Supply) -> bool:
    return supply.http().download(url, target, limit=limit, login=supply.login(package, url))
