"""Two versions by one number: here, not pushed yet, and in a remote, whose is the one that counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.history.git_program import Git
from envlock.history.remote import Remote, remotes
from envlock.history.repository import Person, Repository
from envlock.history.tags import Contents, Registered, make_tag, read_version, tags_of
from envlock.model.version import NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was done, for a person; `id` is that of the tag which was made, where one was."""

    words: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collisions:
    """Of the versions of one environment; `by` is whose own tags may be given another number."""

    repository: Repository
    git: Git
    environment: str
    by: Person

    def settle(self, version: str, id: str, far: Mapping[str, str], remote: Remote) -> Settled:
        """Gives the version here the next number, unless the remote has one with the same lock; then takes the tag of
        the remote. Nothing is done to what others have made, or was pushed elsewhere, or has a name."""
        own = read_version(self.repository, self.environment, version, id)
        called = f"`{self.environment} {version}`"
        if own.number is None or not self._is_ours(own) or self._is_elsewhere(own, remote):
            tag = own.reference.removeprefix("refs/tags/")
            return Settled(words=f"{called} is another version in `{remote}`; `git tag -d {tag}` removes the one here")
        same = self._same(own, far, but=version)
        new = same or self._renumbered(own, far)
        # whoever kills us between the two finds both, and does this again
        self.repository.move(own.reference, old=id, new=far[version], why=f"envlock register: {remote} has another")
        now = f"`{self.environment} {new.version}`"
        if same:
            return Settled(words=f"`{remote}` has the same lock as {now}: that one is taken")
        return Settled(words=f"{called} in `{remote}` is another: the one here, never pushed, is {now} now", id=new.id)

    def _is_ours(self, own: Registered) -> bool:
        return own.environment_hash is not None and own.by is not None and own.by.email == self.by.email

    def _is_elsewhere(self, own: Registered, remote: Remote) -> bool:
        """Was it pushed to another remote? One that cannot be asked may have it."""
        others = [Remote(self.git, name) for name in remotes(self.git) if name != remote.name]
        try:
            return any(own.id in other.references(own.reference).values() for other in others)
        except OutsideError:
            return True

    def _same(self, own: Registered, far: Mapping[str, str], *, but: str) -> Registered | None:
        """Another version with the same lock, first of all in the remote."""
        here = tags_of(self.repository, self.environment)
        found = [
            read_version(self.repository, self.environment, version, id)
            for version, id in [*far.items(), *((v, id) for v, id in here.items() if v != but)]
            if NUMBER.fullmatch(version)
        ]
        return next((version for version in found if version.environment_hash == own.environment_hash), None)

    def _renumbered(self, own: Registered, far: Mapping[str, str]) -> Registered:
        assert own.environment_hash
        contents = Contents(
            commit=own.commit,
            environment_hash=own.environment_hash,
            lock_hashes=own.lock_hashes,
            image=own.image,
        )
        while True:
            here = tags_of(self.repository, self.environment)
            number = max(int(version) for version in (*here, *far) if NUMBER.fullmatch(version)) + 1
            id = make_tag(self.repository, self.git, self.environment, str(number), contents)
            if id:
                return read_version(self.repository, self.environment, str(number), id)
