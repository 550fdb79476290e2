"""Distributions that another tool's lock, or a prefix, pins: the file for a platform chosen, nothing solved."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name

from envlock.errors import OutsideError, UserInputError
from envlock.model.imported import Pinned, PinnedFile, PinnedPip
from envlock.model.requirements import applies
from envlock.model.tags import wheel_tags
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.uv_answer import UvFile, UvPackage, answer, index_name, ranked
from envlock.system.local_files import content_sha256
from envlock.system.side_by_side import side_by_side
from envlock.workflows.pinned_files import as_today, known_files
from envlock.workflows.task import PlatformTask
from envlock.workflows.wheel_doors import fetched_file


def pinned_pip(request: PipRequest, task: PlatformTask) -> tuple[PipAnswer, ...]:
    """What is pinned for a platform: of several files of a distribution the one that fits best.

    UserInputError names what has none, and a Python that the pins are not for.
    """
    pinned = task.pinned or Pinned(platform=task.name)
    _refuse_python(pinned, request)
    choice = _Choice(request=request, task=task, ranks=_ranks(request), direct=dict(_direct(request)))
    packages = list(_applying(pinned.pip, request))
    _say_provided(packages, request, task)
    chosen = [p for p in packages if p.name not in request.provided]
    return tuple(side_by_side(choice.of, chosen, stop=task.context.stopped.set))


def _ranks(request: PipRequest) -> dict[Tag, int]:
    return ranked(wheel_tags(request.python, request.platform, request.system))


def _refuse_python(pinned: Pinned, request: PipRequest) -> None:
    limits = pinned.requires_python
    if limits and not SpecifierSet(limits).contains(request.python, prereleases=True):
        raise UserInputError(
            f"the packages are pinned for Python {limits}, and {request.python} was found on {request.platform.name}",
            hint="say which by `--python`, and a base with it by `--base` where it is not the usual one",
        )


def _direct(request: PipRequest) -> Iterator[tuple[str, str]]:
    """What is asked for from a source of its own, by canonical name, and the URL at which it is now."""
    environment = request.platform.markers(request.python)
    for requirement in map(Requirement, request.requirements):
        if requirement.url and applies(requirement.marker, environment):
            yield canonicalize_name(requirement.name), requirement.url


def _applying(packages: Iterable[PinnedPip], request: PipRequest) -> Iterator[PinnedPip]:
    """Those that are for the Python there is; UserInputError where that leaves two of a name."""
    found: dict[str, PinnedPip] = {}
    environment = request.platform.markers(request.python)
    for package in map(as_today, packages):
        if not applies(Marker(package.marker) if package.marker else None, environment):
            continue
        other = found.setdefault(package.name, package)
        if (other.version, other.source, other.files) != (package.version, package.source, package.files):
            raise UserInputError(
                f"`{package.name}` is pinned twice for {request.platform.name} and Python {request.python}:"
                f" {other.version or other.source} and {package.version or package.source}",
                hint="one environment has one of them: take one out, or import fewer groups by `--group`",
            )
    yield from found.values()


def _say_provided(packages: Iterable[PinnedPip], request: PipRequest, task: PlatformTask) -> None:
    """What conda brings is not installed twice."""
    for package in packages:
        there = request.provided.get(package.name)
        if there and there.version and there.pep440 != package.version:
            task.context.warn(
                f"`{package.name}` {package.version} is pinned as a wheel, and conda brings {there.version}: that stays"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Of what is pinned of a distribution, what a platform takes. `direct` are URLs by name, `ranks` as in `answer`."""

    request: PipRequest
    task: PlatformTask
    ranks: Mapping[Tag, int]
    direct: Mapping[str, str]

    def of(self, package: PinnedPip) -> PipAnswer:
        url = self.direct.get(package.name) or package.source
        return self._from_source(package, url) if url else self._from_index(package)

    def _from_index(self, package: PinnedPip) -> PipAnswer:
        index = index_name(package.index, self.task.spec.pip.indexes)
        files = [_file(file) for file in known_files(package, index, self.task)]
        return self._answer(
            package,
            index,
            wheels=tuple(file for file in files if file.name.endswith(".whl")),
            sdist=next((file for file in files if not file.name.endswith(".whl")), None),
        )

    def _from_source(self, package: PinnedPip, url: str) -> PipAnswer:
        if url.startswith("git+"):
            return _of_repository(package, url)
        here = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
        if here and here.is_dir():
            return PipAnswer(name=package.name, version=package.version, url=url, builds=True)
        return self._answer(package, None, archive=self._archive(package, url, here))

    def _archive(self, package: PinnedPip, url: str, here: Path | None) -> UvFile:
        """The file at a path or URL; OutsideError where it is another than the one that is pinned."""
        name = unquote(urlsplit(package.source or url).path.rpartition("/")[2])
        stated = next((file.sha256 for file in package.files if file.sha256), None)
        size = next((file.size for file in package.files if file.size is not None), None)
        path = here or (None if stated else fetched_file(self.task, url, name))
        sha256 = content_sha256(path) if path else stated or ""
        if stated and sha256 != stated:
            raise OutsideError(
                f"`{package.source or name}` is another file than the one that is pinned: its sha256 is {sha256},"
                f" not {stated}"
            )
        return UvFile(name, url, sha256, path.stat().st_size if path else size, None)

    def _answer(
        self,
        package: PinnedPip,
        index: str | None,
        *,
        wheels: tuple[UvFile, ...] = (),
        sdist: UvFile | None = None,
        archive: UvFile | None = None,
    ) -> PipAnswer:
        found = UvPackage(
            name=package.name,
            version=package.version,
            wheels=wheels,
            sdist=sdist,
            archive=archive,
            folder=None,
            vcs=None,
        )
        try:
            return answer(found, self.ranks, index, self.request)
        except UserInputError as error:
            raise UserInputError(error.message, hint=_pinned_here(found)) from error


def _pinned_here(package: UvPackage) -> str:
    """What a person can do where no file fits."""
    named = [f"`{file.name}`" for file in (*package.wheels, package.archive) if file]
    more = f" and {len(named) - 2} others" if len(named) > 2 else ""
    return (
        f"pinned is {', '.join(named[:2])}{more}: choose another platform or Python by `--platform`, `--python`,"
        " or have the tool that wrote the file pin it for this one"
    )


def _file(file: PinnedFile) -> UvFile:
    return UvFile(file.name, file.url or "", file.sha256 or "", file.size, file.uploaded)


def _of_repository(package: PinnedPip, url: str) -> PipAnswer:
    """What is pinned at a commit: the source of the pin names it, whatever revision env.toml asks for."""
    address, _, fragment = (package.source or url).partition("#")
    commit = address.partition("://")[2].rpartition("@")[2]
    if len(commit) not in (40, 64):
        raise UserInputError(f"`{package.name}` is pinned from a repository, but at no commit")
    return PipAnswer(
        name=package.name,
        version=package.version,
        url=url,
        commit=commit,
        subdirectory=fragment.removeprefix("subdirectory=") or None,
        builds=True,
    )
