"""Where a conda package is: in its channel, and in the channel's mirror."""

from typing import IO

from envlock.model.lock import CondaPackage
from envlock.sources.channel import download as download_as_solver
from envlock.sources.channel import find_package
from envlock.sources.copying import copy_file
from envlock.sources.place import Place, at
from envlock.sources.places import file_url
from envlock.sources.supply import Supply
from envlock.system.login import Refused
from envlock.system.secrets import redact

LOGIN_HINT = "a login goes into netrc, or into the file that RATTLER_AUTH_FILE names"


def places(package: CondaPackage, supply: Supply) -> tuple[list[Place], list[Place]]:
    mirror = supply.sources.mirrors.get(package.channel)
    own = _of_channel(package, supply.sources.channel(package.channel, package.file), supply)
    return (_of_channel(package, mirror, supply) if mirror else []), own


def _of_channel(package: CondaPackage, url: str, supply: Supply) -> list[Place]:
    """Where the file usually is in a channel, and where the channel says it is."""
    index = f"{redact(url)}/{package.subdir}/repodata.json"
    return [
        at(file_url(url, package.subdir, package.file)),
        Place(index, lambda: find_package(package, url, supply.cache)),
    ]


def source(package: CondaPackage) -> str:
    return f"`{package.channel}`"


def hint(package: CondaPackage) -> str:
    return f"`envlock lock -P {package.name}` chooses what is there now"


def download(package: CondaPackage, url: str, target: IO[bytes], limit: int, supply: Supply) -> bool:
    try:
        return supply.http().download(url, target, limit=limit, login=supply.login(package, url))
    except Refused as refused:
        # py-rattler knows logins that nobody else can read: OAuth, and what is in the keyring under its own names
        with download_as_solver(url, limit, supply.cache) as path:
            if path is None:
                raise refused
            copy_file(path, target, limit=limit)
    return True
