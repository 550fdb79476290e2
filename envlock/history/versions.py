"""From `NAME@X` to a commit: registered versions are tags, labels are references that move, all else is git's."""

from collections.abc import Callable, Iterable, Iterator

from envlock.errors import UserInputError
from envlock.history.labels import find_label
from envlock.history.repository import Repository
from envlock.history.tags import commit_behind, tags_of
from envlock.model.trailers import trailers_of
from envlock.model.version import GIT, LATEST, LOCK, NUMBER, TAGS

SHALLOW = "this clone has only a part of the history: `git fetch --unshallow --tags` brings the rest"
# so many digits are of one hash alone: nobody looks for a second one
_CERTAIN = 16
_FEWEST = 4  # digits by which git finds a commit
_HEX = frozenset("0123456789abcdef")
_HASHES = ("Environment-Hash", "Lock-Hash")

# the commits that changed the lock of an environment, the newest first, each with all hashes of what was locked then
Locks = Callable[[str], Iterable[tuple[str, tuple[str, ...]]]]


def version_commit(repository: Repository, name: str | None, version: str, locks: Locks | None = None) -> str:
    """The commit, in full, of a version of the environment `name`; without a name only what git knows.

    Tried in this order: registered number or name, label, `latest`, `lock-HEX`, git revision; `git:REV` is the last
    and nothing else. `lock-HEX` is looked for among registered versions, then where `locks` tells.
    """
    given = version.removeprefix(GIT)
    if not repository.has_commits and given in ("HEAD", "@"):
        raise UserInputError("the repository has no commit yet", hint="commit env.toml and env.lock first")
    if name and not version.startswith(GIT):
        found = _registered(repository, name, version) or _labelled(repository, name, version)
        found = found or (_latest(repository, name) if version == LATEST else None)
        if found is None and LOCK.fullmatch(version):
            found = _locked(repository, name, version, locks)
        if found:
            return found
    return repository.commit_of(given) or _refuse(repository, name if given == version else None, given)


def _registered(repository: Repository, name: str, version: str) -> str | None:
    found = repository.reference(f"{TAGS}{name}/{version}")
    commit = commit_behind(repository, found) if found else None
    if found and commit is None:
        raise UserInputError(f"`{name}@{version}` is no version: its tag leads to no commit")
    return commit


def _labelled(repository: Repository, name: str, label: str) -> str | None:
    state = find_label(repository, name, label)
    return state.commit if state else None


def _latest(repository: Repository, name: str) -> str | None:
    tags = tags_of(repository, name)
    found = (commit_behind(repository, tags[number]) for number in reversed(_numbers(repository, name)))
    return next(filter(None, found), None)


def _numbers(repository: Repository, name: str) -> list[str]:
    """The registered numbers, smallest first."""
    return sorted(filter(NUMBER.fullmatch, tags_of(repository, name)), key=int)


def _locked(repository: Repository, name: str, version: str, locks: Locks | None) -> str | None:
    """The commit of the newest version, or else the newest commit, whose lock has a hash that begins so."""
    digits, found = version.removeprefix("lock-"), dict[str, str]()
    for commit, hashes in _tagged(repository, name):
        found |= {hash: commit for hash in hashes if hash.startswith(digits) and hash not in found}
    if len(digits) < _CERTAIN or not found:
        for commit, hashes in locks(name) if locks else ():
            found |= {hash: commit for hash in hashes if hash.startswith(digits) and hash not in found}
            if found and len(digits) >= _CERTAIN:
                break
    if len(set(found.values())) > 1:
        told = "\n".join(f"  lock-{hash[:_CERTAIN]}  {commit[:7]}" for hash, commit in sorted(found.items())[:10])
        raise UserInputError(
            f"`{version}` is the beginning of several locks of `{name}`\n{told}", hint="give more digits"
        )
    return next(iter(found.values()), None)


def _tagged(repository: Repository, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The registered versions with the hashes that their tags tell, the highest number first."""
    tags = tags_of(repository, name)
    for version in [*reversed(_numbers(repository, name)), *tags]:
        tag = repository.tag(tags[version])
        told = trailers_of(tag.message) if tag else ()
        if tag:
            yield tag.target, tuple(value.rpartition(" ")[2] for key, value in told if key in _HASHES)


def _refuse(repository: Repository, name: str | None, given: str) -> str:
    what = f"version of `{name}` and no git revision" if name else "git revision"
    raise UserInputError(f"`{given}` is no {what}", hint=_hint(repository, name, given))


def _hint(repository: Repository, name: str | None, given: str) -> str | None:
    if repository.is_shallow:
        return SHALLOW
    if LOCK.fullmatch(given):
        return f"`envlock versions {name}` lists locks" if name else "say of which environment: `NAME@lock-…`"
    if len(given) >= _FEWEST and set(given) <= _HEX:
        return "several commits may begin so: give more digits"
    known = _numbers(repository, name) if name else []
    if name and (NUMBER.fullmatch(given) or given == LATEST):
        return f"the highest number is {known[-1]}" if known else f"`envlock register {name}` makes the first"
    return None
