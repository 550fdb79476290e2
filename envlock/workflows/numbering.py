"""Which number a version gets, agreed on with a remote: a number that is taken is never given again, and of two who
give the same one at once, the second takes the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envlock.errors import OutsideError, UserInputError
from envlock.history.again import spaced
from envlock.history.git_program import Git
from envlock.history.labels import find_label
from envlock.history.remote import Outcome, Remote
from envlock.history.repository import Busy, Person, Repository
from envlock.history.tags import Contents, Registered, make_tag, read_version, reference_of, tags_of
from envlock.model.version_name import why_not
from envlock.workflows.collisions import Collisions
from envlock.workflows.context import Context

_MOST_TRIES = 50
_HIGHEST = 999_999
_SHORT = 7
_PAUSE = 0.01  # seconds, longer each time, until somebody who was quicker is looked after


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A version where it now is: `new` tells that it was made just now, `pushed` that it was brought to the remote."""

    version: Registered
    new: bool
    pushed: bool


@dataclass(frozen=True, kw_only=True)
class Numbering:
    """The versions of one environment, here and in a remote; `contents` is what is to be registered, `by` whom."""

    repository: Repository
    git: Git
    environment: str
    contents: Contents
    by: Person
    remote: Remote | None
    context: Context
    _made: set[str] = field(default_factory=set)  # the tags that this run has made

    def place(self, name: str | None, *, push: bool) -> Placed:
        """The contents under the number that they have already, or the next; or under a name.

        UserInputError where the name is another version's.
        """
        for _ in spaced(_MOST_TRIES, _PAUSE):
            far = self._far(required=push)
            known = self._known(far)
            version = self._same(known, name) or self._tagged(name or self._next(known))
            if version:
                to_push = push and far.get(version.version) != version.id
                if not to_push or self._pushed(version):
                    return Placed(version=version, new=version.id in self._made, pushed=to_push)
        raise Busy(f"others register `{self.environment}` all the time", hint="try again")

    def _far(self, *, required: bool) -> Mapping[str, str]:
        """The tags of the versions in the remote, by version; none where it cannot be asked and need not be."""
        if self.remote is None:
            return {}
        prefix = reference_of(self.environment, "")
        try:
            return {name.removeprefix(prefix): id for name, id in self.remote.references(prefix).items()}
        except OutsideError as error:
            if required:
                raise
            reason = error.message.partition("\n")[0]
            self.context.warn(f"{reason}\nthe number comes from this clone alone: another may give the same")
            return {}

    def _known(self, far: Mapping[str, str]) -> list[Registered]:
        """All versions, here and there; what is there and not here is fetched, as `git fetch --tags` would."""
        own = tags_of(self.repository, self.environment)
        missing = [version for version, id in far.items() if self.repository.commit_of(id) is None]
        if missing and self.remote:
            self.remote.fetch(reference_of(self.environment, version) for version in missing)
        for version in far.keys() - own.keys():
            self._adopt(version, far[version])
        collisions = Collisions(repository=self.repository, git=self.git, environment=self.environment, by=self.by)
        for version in sorted(version for version in far if own.get(version, far[version]) != far[version]):
            assert self.remote
            renumbered = collisions.settle(version, own[version], far, self.remote)
            self.context.warn(renumbered.words)
            if own[version] in self._made and renumbered.id:
                self._made.add(renumbered.id)
        now = {**tags_of(self.repository, self.environment), **far}
        return [read_version(self.repository, self.environment, version, id) for version, id in now.items()]

    def _adopt(self, version: str, id: str) -> None:
        reference = reference_of(self.environment, version)
        try:
            self.repository.move(reference, old=None, new=id, why="envlock register: fetched")
        except Busy:
            return  # somebody else fetches it at this moment

    def _same(self, known: list[Registered], name: str | None) -> Registered | None:
        """The version that the contents are already."""
        alike = [v for v in known if v.environment_hash == self.contents.environment_hash]
        if name is None:
            return max((v for v in alike if v.number is not None), key=lambda v: v.number or 0, default=None)
        if reason := why_not(name, others=(v.version for v in known)):
            raise UserInputError(f"no version can be called `{name}`: {reason}")
        label = find_label(self.repository, self.environment, name)
        if label and label.commit:
            raise UserInputError(
                f"`{self.environment}@{name}` is a label, which may move",
                hint=f"see `envlock label {self.environment}`",
            )
        found = next((v for v in known if v.version == name), None)
        if found and found not in alike:
            raise UserInputError(
                f"`{self.environment}@{name}` is there already, at {found.commit[:_SHORT]}, with another lock",
                hint="versions never move: choose another name; for names that do, there is `envlock label`",
            )
        return found

    def _next(self, known: list[Registered]) -> str:
        number = max((v.number for v in known if v.number is not None), default=0) + 1
        if number > _HIGHEST:
            raise UserInputError(f"numbers end with {_HIGHEST}", hint="`--as NAME` registers under a name")
        return str(number)

    def _tagged(self, version: str) -> Registered | None:
        """A new version; None where somebody else here was quicker."""
        id = make_tag(self.repository, self.git, self.environment, version, self.contents)
        if id is None:
            return None
        self._made.add(id)
        return read_version(self.repository, self.environment, version, id)

    def _pushed(self, version: Registered) -> bool:
        """Whether the remote has it now; False where it has another by that number, or somebody else is at it."""
        assert self.remote
        called = f"`{version.environment} {version.version}`"
        try:
            (report,) = self.remote.push({version.reference: version.id})
        except OutsideError as error:
            raise OutsideError(
                f"{error.message}\n{called} is registered here", hint="run it again to push it"
            ) from error
        if report.outcome is Outcome.REFUSED:
            if version.id in self._made:
                self.repository.move(version.reference, old=version.id, new=None, why="envlock register: refused")
            raise OutsideError(f"`{self.remote}` refuses {called}: {report.words}")
        return report.outcome is not Outcome.QUICKER
