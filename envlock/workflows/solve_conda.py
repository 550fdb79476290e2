"""The conda part of a platform's lock: solve, then look into the packages for the distributions they bring."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from envlock.errors import OutsideError, UserInputError
from envlock.model.conda_contents import distributions
from envlock.model.lock import CondaPackage
from envlock.solvers.requests import CondaAnswer, CondaRequest
from envlock.sources.fetch import remember
from envlock.system.cache import Cache, typed
from envlock.system.conda.child import Child, ask
from envlock.workflows import later, later_import
from envlock.workflows.task import PlatformTask

_FREE_THREADED = re.compile(r"_cp\d+t$")
CONTENTS = "conda-info"
# read from a channel before the package itself was verified: good enough to solve with, not to build from
ANNOUNCED = "conda-announced"


def solve_conda(tasks: Sequence[PlatformTask], child: Child | None = None) -> list[tuple[CondaPackage, ...]]:
    """For each platform its conda packages, with `provides`; none where the manifest asks for none.

    `child` is ready to solve, where py-rattler is to.
    """
    asking = [task for task in tasks if task.wants.conda]
    if not asking:
        return [() for _ in tasks]
    answers = dict(zip((t.name for t in asking), _answers(asking, child), strict=True))
    everything = [answer for found in answers.values() for answer in found]
    _refuse_free_threaded([answer.package for answer in everything])
    provides = _provides(everything, asking[0])
    return [
        tuple(replace(a.package, provides=provides[a.package.sha256]) for a in answers.get(task.name, ()))
        for task in tasks
    ]


def _answers(asking: Sequence[PlatformTask], child: Child | None) -> list[tuple[CondaAnswer, ...]]:
    """What is pinned already, else what the solver says."""
    if asking[0].pinned:
        return later_import.pinned_conda(asking)
    solve = later.conda_solver(asking[0].spec.lock.conda_solver, child)
    return solve([conda_request(task) for task in asking])


def conda_request(task: PlatformTask) -> CondaRequest:
    """What the solver of conda packages is asked for one platform."""
    spec, context = task.spec, task.context
    return CondaRequest(
        channels=tuple((name, task.sources.asked_channel(name)) for name in spec.conda.channels),
        priority=spec.conda.channel_priority,
        specs=task.wants.conda,
        platform=task.platform,
        system=task.system,
        keep=task.kept_conda,
        limits=task.limits("conda"),
        cutoff=task.cutoff,
        cache=context.cache.solver_cache,
        offline=context.offline,
    )


def _provides(answers: Sequence[CondaAnswer], task: PlatformTask) -> dict[str, tuple[str, ...]]:
    """By sha256 the distributions inside packages: all that are not known yet are looked into at once."""
    cache = task.context.cache
    for each in answers:
        _remember(each, task)
    places = {a.package.sha256: _place(a, cache) for a in answers}
    if task.context.offline:
        _refuse_unknown([a.package for a in answers], places, cache)
    found = read_contents(tuple(places.items()), cache, kind=ANNOUNCED)
    return {sha256: tuple(sorted(distributions(p for p, _, _ in raw["files"]))) for sha256, raw in found.items()}


def read_contents(packages: Sequence[tuple[str, str]], cache: Cache, *, kind: str = CONTENTS) -> dict[str, Any]:
    """What is inside packages given as (sha256, URL or path); read once and kept by sha256 among those of a kind."""
    known = {sha256: cache.record(kind, sha256, _looked_into) for sha256, _ in packages}
    missing = [(sha256, place) for sha256, place in packages if known[sha256] is None]
    if missing:
        for (sha256, _), raw in zip(missing, ask("read", {"packages": [p for _, p in missing]}), strict=True):
            cache.keep(kind, sha256, raw)
            known[sha256] = raw
    return known


def known_contents(sha256s: Iterable[str], cache: Cache) -> dict[str, Any]:
    """The same of those packages that were read before."""
    found = {sha256: cache.record(CONTENTS, sha256, _looked_into) for sha256 in sha256s}
    return {sha256: raw for sha256, raw in found.items() if raw is not None}


def _looked_into(kept: Any) -> dict[str, Any]:
    """What is kept of a package, as far as it is what `system.conda.contents` reads."""
    return {
        **kept,
        "files": [(typed(path, str), typed(size, int), kind) for path, size, kind in typed(kept["files"], list)],
        "index": typed(kept["index"], dict),
        "noarch": kept["noarch"],
        "entry_points": [typed(line, str) for line in typed(kept["entry_points"], list)],
        "scripts": [typed(line, str) for line in typed(kept["scripts"], list)],
        "activation": {path: (typed(text, str), old) for path, (text, old) in typed(kept["activation"], dict).items()},
    }


def _remember(answer: CondaAnswer, task: PlatformTask) -> None:
    """Where the package is not below its channel's own URL: it could be fetched from nowhere else."""
    package = answer.package
    if package.channel in task.sources.mirrors:
        return  # which is asked first in any case
    if answer.url != task.sources.conda_url(package.channel, package.subdir, package.file):
        remember(package.sha256, answer.url, task.context.cache)


def _refuse_free_threaded(packages: Sequence[CondaPackage]) -> None:
    """UserInputError for a Python without the global lock: its folders and its wheels have other names."""
    for python in packages:
        if python.name == "python" and _FREE_THREADED.search(python.build):
            raise UserInputError(
                f"`python {python.version} {python.build}` is a free-threaded Python, which envlock cannot fill",
                hint="add `python-gil` to [conda] dependencies",
            )


def _refuse_unknown(packages: Sequence[CondaPackage], places: Mapping[str, str], cache: Cache) -> None:
    """OutsideError that names the packages which only a connection could look into."""
    distant = [p for p in packages if places[p.sha256].startswith(("http:", "https:"))]
    unknown = [p.file for p in distant if cache.record(ANNOUNCED, p.sha256, _looked_into) is None]
    if unknown:
        listed = ", ".join(f"`{file}`" for file in unknown)
        raise OutsideError(f"{listed}: not in the cache, and this is --offline", hint="run it once without")


def _place(answer: CondaAnswer, cache: Cache) -> str:
    here = cache.package(answer.package.sha256, answer.package.file)
    return str(here) if here else answer.url
