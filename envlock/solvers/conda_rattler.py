"""conda packages chosen by py-rattler."""

import re
from collections.abc import Sequence
from typing import Any

from envlock.errors import OutsideError, UserInputError
from envlock.model.lock import CondaPackage
from envlock.model.platform import virtual_packages
from envlock.solvers.requests import CondaAnswer, CondaRequest
from envlock.system.conda.child import Child, ask
from envlock.system.secrets import redact, redact_text

_NO_INDEX = re.compile(r"no usable repodata cache for (\S+)")


def solve(requests: Sequence[CondaRequest], child: Child | None = None) -> list[tuple[CondaAnswer, ...]]:
    """For each request, which differ in their platform alone, the packages that answer it, sorted by name; `child` is
    one that is ready for it.

    UserInputError that says for which of them nothing can.
    """
    try:
        found = ask("solve", question(requests), child)
    except OutsideError as error:
        raise _unknown(requests[0], error) from error
    refused = [
        (r, answer["unsatisfiable"]) for r, answer in zip(requests, found, strict=True) if "records" not in answer
    ]
    if refused:
        raise unsatisfiable(refused)
    return [tuple(answer_of(record) for record in answer["records"]) for answer in found]


def question(requests: Sequence[CondaRequest]) -> dict[str, Any]:
    """The requests in the words of the child that solves."""
    shared = requests[0]
    return {
        "channels": [{"name": name, "url": url} for name, url in shared.channels],
        "priority": shared.priority,
        "cache": str(shared.cache / "repodata"),
        "offline": shared.offline,
        "cutoff": shared.cutoff,
        "targets": [_target(request) for request in requests],
    }


def _target(request: CondaRequest) -> dict[str, Any]:
    return {
        "platform": request.platform.name,
        "specs": [with_url(spec, request.channels) for spec in request.specs],
        "limits": request.limits,
        "virtual": [(v.name, v.version, v.build) for v in virtual_packages(request.system)],
        "keep": [{"name": p.name, "sha256": p.sha256} for p in request.keep],
    }


def with_url(spec: str, channels: Sequence[tuple[str, str]]) -> str:
    """`channel::name` with the channel's URL: only env.toml knows what its names stand for."""
    place, found, rest = spec.rpartition("::")
    if not found:
        return spec
    for name, url in channels:
        if place == name or place.startswith(f"{name}/"):
            return f"{url}{place.removeprefix(name)}::{rest}"
    listed = ", ".join(f"`{name}`" for name, _ in channels)
    raise UserInputError(
        f"`{spec}`: `{place}` is not among the channels {listed}", hint=f'add "{place}" to `channels` in [conda]'
    )


def answer_of(record: dict[str, Any]) -> CondaAnswer:
    """A channel's record as an answer; OutsideError where it has no sha256."""
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
        uploaded=record["uploaded"],
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


def unsatisfiable(refused: Sequence[tuple[CondaRequest, str]]) -> UserInputError:
    """The error for requests that nothing can answer, each with the words of the program that found so."""
    first = refused[0][0]
    channels = ", ".join(f"`{name}`" for name, _ in first.channels)
    platforms: dict[str, list[str]] = {}
    for request, words in refused:
        told = _in_words_of_env_toml(redact_text(words).strip(), request)
        platforms.setdefault(told, []).append(request.platform.name)
    reasons = [
        f"what [conda] asks for cannot be had on {', '.join(names)} from {channels}\n{words}"
        for words, names in platforms.items()
    ]
    if first.cutoff:
        reasons.append(f"nothing that was published after {first.cutoff} counts (`exclude-newer`)")
    return UserInputError("\n".join(reasons), hint="loosen one of the requirements named above, or add a channel")


def _in_words_of_env_toml(words: str, request: CondaRequest) -> str:
    """Channels by the names that env.toml has for them."""
    for name, url in request.channels:
        shown = redact(url).rstrip("/")
        words = words.replace(f"{shown}::", f"{name}::").replace(f'"{shown}/"', f'"{name}"')
    return words
