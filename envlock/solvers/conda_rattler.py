"""conda packages chosen by py-rattler."""

import re
from typing import Any

from envlock.errors import OutsideError, UserInputError
from envlock.model.lock import CondaPackage
from envlock.model.platform import virtual_packages
from envlock.solvers.requests import CondaAnswer, CondaRequest
from envlock.system.conda.child import ask

_NO_INDEX = re.compile(r"no usable repodata cache for (\S+)")


def solve(request: CondaRequest) -> tuple[CondaAnswer, ...]:
    """The packages that answer the specs, sorted by name; UserInputError where nothing can."""
    try:
        records = ask("solve", question(request))
    except UserInputError as error:
        raise _unsatisfiable(request, error) from error
    except OutsideError as error:
        raise _unknown(request, error) from error
    return tuple(_answer(record) for record in records)


def question(request: CondaRequest) -> dict[str, Any]:
    """The request in the words of the child that solves."""
    return {
        "channels": [{"name": name, "url": url} for name, url in request.channels],
        "platform": request.platform.name,
        "specs": request.specs,
        "virtual": [(v.name, v.version, v.build) for v in virtual_packages(request.system)],
        "keep": [{"name": p.name, "sha256": p.sha256} for p in request.keep],
        "priority": request.priority,
        "cache": str(request.cache / "repodata"),
        "offline": request.offline,
    }


def _answer(record: dict[str, Any]) -> CondaAnswer:
    if not record["sha256"]:
        raise OutsideError(
            f"channel `{record['channel']}` has no sha256 for `{record['file']}`",
            hint="its index is too old: have it indexed anew, or take the package from another channel",
        )
    package = CondaPackage(
        name=record["name"],
        version=record["version"],
        build=record["build"],
        subdir=record["subdir"],
        file=record["file"],
        sha256=record["sha256"],
        size=record["size"] or 0,
        channel=record["channel"],
        requires=tuple(record["requires"]),
        constrains=tuple(record["constrains"]),
    )
    return CondaAnswer(package=package, url=record["url"])


def _unknown(request: CondaRequest, error: OutsideError) -> OutsideError:
    """In words of ours where a channel was never asked before and must not be now."""
    found = _NO_INDEX.search(error.message)
    if not (found and request.offline):
        return error
    return OutsideError(f"the index {found[1]} is not in the cache, and this is --offline", hint="run it once without")


def _unsatisfiable(request: CondaRequest, error: UserInputError) -> UserInputError:
    channels = ", ".join(f"`{name}`" for name, _ in request.channels)
    return UserInputError(
        f"what [conda] asks for cannot be had on {request.platform.name} from {channels}\n{error.message.strip()}",
        hint="loosen one of the requirements named above, or add a channel",
    )
