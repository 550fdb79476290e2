"""What building asks for, where packages are bound to indexes.

uv cannot be told which index a build requirement is to come from. So it is made to take none that it was not given the
sha256 of: it names what it lacks, that is chosen as any other package is, from the index that it may come from, and uv
is held to those bytes. Code of another index is never run.
"""

import platform as machine
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.model.spec import Index
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.system.process import Finished

_UNTRUSTED = "no trusted hash was provided for"
_RESOLVING = re.compile(r"No solution found when resolving: ((?:`[^`]+`(?:, )?)+)")
# of uv's commands that build in passing
REQUIRE_BUILD_HASHES = ("--require-build-hashes", "--preview-features", "build-dependency-hashes")
_FILE = "trusted.txt"


def are_bound(indexes: Iterable[Index]) -> bool:
    """Is there an index that packages are bound to?"""
    return any(index.packages for index in indexes)


def lacking_trust(done: Finished) -> frozenset[str]:
    """The requirements of a build that uv refused for want of hashes."""
    words = " ".join(done.stderr.split())
    found = _RESOLVING.search(words) if _UNTRUSTED in words else None
    return frozenset(re.findall(r"`([^`]+)`", found[1])) if found else frozenset()


def trust_flags(
    needs: Iterable[str], request: PipRequest, folder: Path, solve: Callable[[PipRequest], Sequence[PipAnswer]]
) -> list[str]:
    """The file of what may be taken for building, written into `folder`, as flags."""
    found = solve(_of_this_machine(tuple(sorted(needs)), request)) if needs else ()
    (folder / _FILE).write_text("".join(f"{a.name}=={a.version} --hash=sha256:{a.sha256}\n" for a in found))
    return ["--build-constraints", _FILE]


def _of_this_machine(needs: tuple[str, ...], request: PipRequest) -> PipRequest:
    """Builds run here, whatever platform the wheels are for."""
    here = (machine.system().lower(), machine.machine().lower())
    own = next((p for p in PLATFORMS.values() if (p.os, p.machine.lower()) == here), PLATFORMS[DEFAULT_PLATFORM])
    return replace(request, requirements=needs, provided={}, keep=(), limits=(), platform=own, system=own.system)
