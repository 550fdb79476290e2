"""Wheels chosen by the uv program, with nothing of the machine's own configuration.

One run of uv answers, where there is one index and every package has a wheel. Else it is asked again: which index each
package is from, which uv's lock does not tell; with packages bound to their index that came from another; and with
leave to build what has no wheel.
"""

import platform
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.tags import wheel_tags
from envlock.solvers.build_needs import REQUIRE_BUILD_HASHES, are_bound, lacking_trust, trust_flags
from envlock.solvers.index_rules import bound_to, may_come_from
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.uv_answer import UvPackage, answer, index_name, ranked, read_pylock
from envlock.solvers.uv_command import (
    PINS,
    Round,
    first_round,
    named_to_build,
    start_uv,
    write_origins_question,
    write_question,
)
from envlock.solvers.uv_failure import failure, no_wheels, not_found, yanked
from envlock.solvers.uv_run import UvRun
from envlock.system.process import Finished

_ROUNDS = 24
# a line of requirements, and uv's remark below it
_ORIGIN = re.compile(r"^([^\s=]+)==\S+\n\s+# from (\S+)$", re.MULTILINE)


def solve(request: PipRequest, begun: UvRun | None = None) -> tuple[PipAnswer, ...]:
    """What answers the requirements, sorted by name; UserInputError where nothing can.

    `begun` is a run that was started before, on the guess that this would be asked.
    """
    asked = first_round(request)
    for _ in range(_ROUNDS):
        guessed = begun and (begun.request, begun.asked) == (request, asked)
        with begun if begun and guessed else UvRun(request, asked, partial(_trusted, request, asked)) as run:
            found = _answered(run)
        if not isinstance(found, Round):
            return found
        asked = found
    raise OutsideError(f"uv has been asked {_ROUNDS} times, and packages still come from the wrong index")


def prepared(request: PipRequest, folder: Path) -> list[str]:
    """The command that solves, to be run in `folder`, where the files that it reads are written."""
    return write_question(request, first_round(request), folder)


def _answered(run: UvRun) -> tuple[PipAnswer, ...] | Round:
    """The answer; or how to ask better."""
    request, asked = run.request, run.asked
    done = run.finished()
    if done.code:
        better = _after_failure(done, request, asked)
        if better == asked:
            raise failure(done, request, asked)
        return better
    chosen = [p for p in read_pylock((run.folder / PINS).read_text()) if p.name not in request.provided]
    origins = _origins(chosen, request, asked, run.folder)
    better = _after_answer(origins, request, asked)
    if better != asked:
        return better
    ranks = ranked(wheel_tags(request.python, request.platform, request.system))
    withdrawn = yanked(done)
    found = (answer(p, ranks, origins.get(p.name), request) for p in chosen)
    return tuple(replace(a, yanked=withdrawn.get(a.name)) for a in found)


def _after_failure(done: Finished, request: PipRequest, asked: Round) -> Round:
    """With bound packages from their index, then leave to build, then nothing else from indexes that are bound."""
    if not (needs := lacking_trust(done)) <= asked.needs:
        return replace(asked, needs=asked.needs | needs)
    absent, lacking = not_found(done), no_wheels(done)
    # what is bound is told where it is from before it is built: it could be another's code
    bound = _bound(absent | lacking, request)
    if not bound <= asked.routed:
        return replace(asked, routed=asked.routed | bound)
    if not request.only_wheels and not lacking <= asked.built:
        return replace(asked, built=asked.built | lacking, lacking=done)
    if asked.lacking is None and asked.built != (named := named_to_build(request)):
        return replace(asked, built=named, lacking=done)  # what was built once may have wheels alone now
    if are_bound(request.indexes) and not _bound(absent, request):
        return replace(asked, apart=True)
    return asked


def _after_answer(origins: dict[str, str], request: PipRequest, asked: Round) -> Round:
    """As asked where every package is from where it may be; else so that it will be."""
    wrong = {n for n, index in origins.items() if not may_come_from(n, index, request.indexes)}
    if not wrong:
        return asked
    if wrong & asked.routed or (asked.apart and not _bound(wrong, request)):
        name = min(wrong)
        raise OutsideError(f"uv took `{name}` from index `{origins[name]}`, which it must not come from")
    apart = asked.apart or bool(wrong - _bound(wrong, request))
    return replace(asked, routed=asked.routed | _bound(origins if apart else wrong, request), apart=apart)


def _bound(names: "frozenset[str] | set[str] | dict[str, str]", request: PipRequest) -> frozenset[str]:
    return frozenset(n for n in names if n not in request.provided and bound_to(n, request.indexes))


def _trusted(request: PipRequest, asked: Round, folder: Path) -> list[str]:
    """Where packages are bound to indexes, flags that hold builds to what comes from the index that it may."""
    if not (asked.built and are_bound(request.indexes)):
        return []
    # builds run in the Python that runs us
    needed = trust_flags(asked.needs, replace(request, python=platform.python_version()), folder, solve)
    return [*REQUIRE_BUILD_HASHES, *needed]


def _origins(chosen: Sequence[UvPackage], request: PipRequest, asked: Round, folder: Path) -> dict[str, str]:
    """The index that each package is from, by name, of those that are from one: uv's pylock does not tell."""
    listed = [p for p in chosen if p.wheels or p.sdist]
    if not listed or all(index.default for index in request.indexes):
        return {p.name: index_name(None, request.indexes) for p in listed}
    pins = [f"{p.name}=={p.version}" for p in listed]
    routed = replace(asked, routed=asked.routed & {p.name for p in listed})
    (folder / PINS).unlink()
    with start_uv(write_origins_question(pins, request, routed, folder), request, folder) as uv:
        done = uv.finished()
    if done.code:
        raise failure(done, request, asked)
    found = dict(_ORIGIN.findall(done.stdout))
    untold = [p.name for p in listed if p.name not in found]
    if untold:
        raise OutsideError(f"uv does not say which index `{untold[0]}` is from")
    return {name: index_name(url, request.indexes) for name, url in found.items()}
