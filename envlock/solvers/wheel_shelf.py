"""What a resolver gets to see of package indexes: wheels that fit, each distribution from the one index it is from.

A resolver that knows one index and one machine, pip, sees through this what env.toml declares: its indexes in their
order, its system, its limit in time, and of what conda provides the one version there is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.errors import OutsideError, UserInputError
from envlock.model.index_file import IndexFile
from envlock.model.spec import DEFAULT_INDEX, Index, python_minor
from envlock.model.tags import wheel_tags
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers.index_rules import bound_to
from envlock.solvers.requests import PipRequest
from envlock.solvers.uv_failure import declared

# the wheels of a distribution on an index; None where it has no such distribution
FilesOf = Callable[[Index, str], tuple[IndexFile, ...] | None]


@dataclass(frozen=True)
class Shelf:
    """The wheels of a request by distribution, asked for once each, from several threads."""

    request: PipRequest
    files_of: FilesOf
    seen: dict[str, tuple[IndexFile, ...]] = field(default_factory=dict)
    # of what is on an index, the wheels that do not fit: none at all where it has only what would have to be built
    passed_over: dict[str, tuple[IndexFile, ...]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def environment(self) -> dict[str, str]:
        """What markers are evaluated in."""
        return self.request.platform.markers(self.request.python)

    def wheels(self, name: str) -> tuple[IndexFile, ...]:
        """Those that fit, best last of each version; none where no index has the distribution."""
        name = canonicalize_name(name)
        with self._lock:
            if name not in self.seen:
                self._look(name)
            return self.seen[name]

    def best(self, name: str, version: str) -> IndexFile | None:
        """The wheel of a version that fits the declared system best."""
        found = [file for file in self.wheels(name) if Version(file.version) == Version(version)]
        return found[-1] if found else None

    def file(self, name: str) -> IndexFile | None:
        """A wheel by its file name, among those that were shown."""
        with self._lock:
            return next((f for files in self.seen.values() for f in files if f.file == name), None)

    def provided(self, name: str) -> WheelMetadata | None:
        """What conda's own says of itself, where it has a version that a resolver can read."""
        brought = self.request.provided.get(name)
        version = brought.pep440 if brought else None
        if brought is None or version is None:
            return None
        return WheelMetadata(name=name, version=version, requires_dist=brought.requires, provides_extra=brought.extras)

    def put(self, file: IndexFile) -> None:
        """The one wheel there is of a distribution: no index is asked for it. UserInputError where it does not fit."""
        if _tags(file.file, self._ranks) is None:
            python = python_minor(self.request.python)
            problem = f"`{file.name}` {file.version} has no wheel for Python {python} and {declared(self.request)}"
            raise UserInputError(problem, hint="take one that is made for it")
        self.seen[file.name] = (file,)

    def asked_of(self, requirements: Iterable[str]) -> tuple[str, ...]:
        """Requirements without those of what is there already at a version that no resolver could read."""
        return tuple(r for r in requirements if not self._untied(canonicalize_name(Requirement(r).name)))

    def _untied(self, name: str) -> bool:
        return name in self.request.provided and self.provided(name) is None

    def _look(self, name: str) -> None:
        stub = self.provided(name)
        if stub:
            self.seen[name] = (_stub(stub),)
            return
        files = self._first(name)
        fitting = sorted((f for f in files or () if self._fits(f)), key=self._rank)
        self.seen[name] = tuple(fitting)
        if files is not None:
            self.passed_over[name] = tuple(file for file in files if file not in fitting)

    def _first(self, name: str) -> tuple[IndexFile, ...] | None:
        """From the first index that has it: one of the same name elsewhere does not take its place."""
        for index in indexes_for(name, self.request.indexes):
            files = self.files_of(index, name)
            if files is not None:
                return files
        return None

    def _fits(self, file: IndexFile) -> bool:
        return _tags(file.file, self._ranks) is not None and self.runs(file.requires_python) and self.in_time(file)

    def runs(self, requires_python: str | None) -> bool:
        """Does what requires this of Python run on the declared one?"""
        try:
            return SpecifierSet(requires_python or "").contains(self.request.python, prereleases=True)
        except InvalidSpecifier:  # which limits nothing, as for installers
            return True

    def in_time(self, file: IndexFile) -> bool:
        """Uploaded before the limit, where there is one; what has no time does not count, nor does what was uploaded
        in that very second: uv has it so, too."""
        cutoff = self.request.cutoff
        return cutoff is None or (file.uploaded is not None and file.uploaded < cutoff)

    def _rank(self, file: IndexFile) -> tuple[Version, int, tuple[int, str] | tuple[()], str]:
        _, version, build, _ = parse_wheel_filename(file.file)
        return version, -(_tags(file.file, self._ranks) or 0), build, file.file

    @cached_property
    def _ranks(self) -> Mapping[Tag, int]:
        request = self.request
        tags = list(wheel_tags(request.python, request.platform, request.system))
        return {tag: number for number, tag in reversed(list(enumerate(tags)))}


def indexes_for(name: str, indexes: Iterable[Index]) -> Iterator[Index]:
    """Where a distribution may come from, in order: the index it is bound to, else all that bind nothing, the
    default one last."""
    indexes = tuple(indexes)
    bound = bound_to(name, indexes)
    if bound:
        yield bound
        return
    yield from (index for index in indexes if not index.packages and not index.default)
    yield next((index for index in indexes if index.default), Index(name=DEFAULT_INDEX, default=True))


def _stub(metadata: WheelMetadata) -> IndexFile:
    file = f"{metadata.name.replace('-', '_')}-{metadata.version}-py3-none-any.whl"
    return IndexFile(name=metadata.name, version=metadata.version, file=file, url="")


def _tags(file: str, ranks: Mapping[Tag, int]) -> int | None:
    """How well a wheel fits: 0 is best; None where it does not."""
    try:
        _, _, _, tags = parse_wheel_filename(file)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return min((ranks[tag] for tag in tags if tag in ranks), default=None)


def require_sha256(file: IndexFile) -> str:
    """The digest of a file; OutsideError where its index has none."""
    if not file.sha256:
        raise OutsideError(f"the index has no sha256 for `{file.file}`", hint="take it from an index that has")
    return file.sha256
