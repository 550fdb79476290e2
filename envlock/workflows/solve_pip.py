"""The pip part of a platform's lock: solve around what conda provides, then read what each wheel requires."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.cutoff import is_newer
from envlock.model.lock import PipPackage
from envlock.model.requirements import Applied, applied
from envlock.model.spec import DEFAULT_PYTHON
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers.requests import PipAnswer, PipRequest, Provided
from envlock.solvers.uv_run import UvRun
from envlock.sources.fetch import fetch, remember
from envlock.sources.metadata import wheel_metadata
from envlock.sources.supply import Supply
from envlock.system.secrets import redact
from envlock.system.side_by_side import side_by_side
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.direct_sources import DirectSource, as_written, asked, direct_sources
from envlock.workflows.engines import pip_solver
from envlock.workflows.locked_wheels import locked_wheels
from envlock.workflows.packages import supply_of
from envlock.workflows.pip_request import pip_request
from envlock.workflows.task import PlatformTask


def solve_pip(
    task: PlatformTask, *, python: str | None, provided: Mapping[str, Provided], begun: UvRun | None = None
) -> tuple[PipPackage, ...]:
    """The wheels for one platform, sorted by name; none where the manifest asks for none."""
    keep = task.kept_pip
    wants, context = task.wants, task.context
    if not wants.pip:
        return ()
    if python is None:
        raise UserInputError(f"[pip] needs a Python on {task.name}", hint=_python_hint(task))
    supply = supply_of(task.sources, context)
    direct = direct_sources(wants.pip, task.platform.markers(python), keep, supply)
    request = pip_request(task, python=python, provided=provided, keep=keep)
    request = replace(request, requirements=tuple(asked(text, direct) for text in request.requirements))
    _refuse_twice(direct.values(), request)
    known = locked_wheels(task.pins.pip, supply) if begun and task.pins else {}
    answers = _answers(task, request, direct, begun)
    _say_yanked(answers, context)
    by_name = {source.name: source for source in direct.values()}
    found = [_package(answer, by_name.get(answer.name)) for answer in answers]
    _require_older(found, task.cutoff)
    _remember([answer for answer in answers if answer.name not in by_name], task)

    def look_into(package: PipPackage, url: str) -> tuple[PipPackage, WheelMetadata]:
        sized = _sized(package, supply)
        if sized.builds:
            return sized, later.built_metadata(sized, supply, task, python)
        return sized, known.get(sized.sha256) or wheel_metadata(sized, url, supply)

    pairs = [(package, answer.url) for package, answer in zip(found, answers, strict=True)]
    read = side_by_side(lambda pair: look_into(*pair), pairs, stop=context.stopped.set)
    return _with_needs([(_require_same(*pair), pair[1]) for pair in read], request, task)


def _python_hint(task: PlatformTask) -> str:
    if task.spec.has_conda:
        return "add `python` to [conda] dependencies"
    if task.spec.image.debian:
        return f"say by `python` which: on Linux it is the one of Debian {task.spec.image.debian.suite}"
    other = ", or take a base with one" if task.platform.has_images else ""
    return f'say which: `python = "{DEFAULT_PYTHON}"`{other}'


def _refuse_twice(direct: Iterable[DirectSource], request: PipRequest) -> None:
    """UserInputError for what has a source of its own in [pip] and is there already."""
    for source in direct:
        if brought := request.provided.get(source.name):
            there = f"{brought.version} comes from [conda]" if brought.version else "is installed editable"
            raise UserInputError(
                f"`{source.name}` {there}, and [pip] asks for it from `{source.source}`",
                hint="take one of the two out of env.toml",
            )


def _remember(answers: Sequence[PipAnswer], task: PlatformTask) -> None:
    """Where files of indexes are; a mirror is asked first in any case."""
    for answer in answers:
        if answer.sha256 and answer.index not in task.sources.mirrors:
            remember(answer.sha256, answer.url, task.context.cache)


def _with_needs(
    found: Sequence[tuple[PipPackage, WheelMetadata]], request: PipRequest, task: PlatformTask
) -> tuple[PipPackage, ...]:
    """The packages with what applies of what they require, sorted by name."""
    metadata = {package.name: said for package, said in found}
    brought = {name: each.requires for name, each in request.provided.items() if each.told}
    requires_dist = {**brought, **{name: m.requires_dist for name, m in metadata.items()}}
    needs = applied(task.wants.pip, requires_dist, task.platform.markers(request.python))
    packages = sorted((package for package, _ in found), key=lambda p: p.name)
    for package in packages:
        _say_unknown(package, needs[package.name], metadata[package.name], task.context)
    return tuple(_with_requirements(p, needs[p.name], metadata[p.name]) for p in packages)


def _answers(
    task: PlatformTask, request: PipRequest, direct: Mapping[str, DirectSource], begun: UvRun | None
) -> tuple[PipAnswer, ...]:
    """What the solver says; its errors in the words of env.toml."""
    try:
        return pip_solver(task, begun)(request)
    except EnvlockError as error:
        raise type(error)(as_written(error.message, direct.values()), hint=error.hint) from error


def _package(answer: PipAnswer, direct: DirectSource | None) -> PipPackage:
    if direct:
        return direct.locked(answer)
    if answer.index is None:  # a project's own dependency, which nobody who reads env.toml would see
        raise UserInputError(
            f"`{answer.name}` is asked for from {redact(answer.url)} by something that has a source of its own, too",
            hint=f"add `{answer.name} @ SOURCE` to [pip] dependencies: where code is from stands in env.toml",
        )
    return PipPackage(
        name=answer.name,
        version=answer.version,
        file=answer.file,
        sha256=answer.sha256,
        size=answer.size,
        index=answer.index,
        builds=answer.builds,
        uploaded=answer.uploaded,
    )


def _sized(package: PipPackage, supply: Supply) -> PipPackage:
    """With the size of a file that is named by its URL, which nobody else tells."""
    return replace(package, size=fetch(package, supply).stat().st_size) if package.url else package


def _say_yanked(answers: Sequence[PipAnswer], context: Context) -> None:
    for answer in answers:
        if answer.yanked is not None:
            why = f": {answer.yanked}" if answer.yanked else ""
            context.warn(f"`{answer.name}` {answer.version} was yanked from `{answer.index}`{why}")


def _say_unknown(package: PipPackage, needs: Applied, metadata: WheelMetadata, context: Context) -> None:
    """Extras that are asked for and that there are none of: most often a slip of the pen."""
    for extra in sorted({*needs.extras} - {*map(canonicalize_name, metadata.provides_extra)}):
        if not any(need.endswith(f'; extra == "{extra}"') for need in needs.requires):
            context.warn(f"`{package.name}` {package.version} has no extra `{extra}`")


def _require_older(packages: Sequence[PipPackage], cutoff: str | None) -> None:
    """OutsideError where a solver passed over the limit in time."""
    for package in packages:
        if is_newer(package.uploaded, cutoff):
            raise OutsideError(
                f"`{package.file}` was uploaded at {package.uploaded}, after {cutoff} (`exclude-newer`),"
                " and was chosen all the same"
            )


def _with_requirements(package: PipPackage, known: Applied, metadata: WheelMetadata) -> PipPackage:
    return replace(package, extras=known.extras, requires=known.requires, requires_python=metadata.requires_python)


def _require_same(package: PipPackage, metadata: WheelMetadata) -> PipPackage:
    """The package with the version that it says it has; OutsideError where it is another than it should be."""
    found = replace(package, version=package.version or metadata.version)
    if (metadata.name, metadata.version) != (found.name, found.version):
        raise OutsideError(
            f"`{package.name}` {found.version} from `{package.source}` says that it is"
            f" {metadata.name} {metadata.version}"
        )
    return found
