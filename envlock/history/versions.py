"""From `NAME@X` to a commit: registered versions are tags, labels are references that move, all else is git's."""

from envlock.errors import UserInputError
from envlock.history.repository import Repository
from envlock.model.version import GIT, LABELS, LATEST, LOCK, NUMBER, TAGS

_SHALLOW = "this clone has only a part of the history: `git fetch --unshallow --tags` brings the rest"


def version_commit(repository: Repository, name: str | None, version: str) -> str:
    """The commit, in full, of a version of the environment `name`; without a name only what git knows.

    Tried in this order: registered number or name, label, `latest`, `lock-HEX`, git revision; `git:REV` is the last
    and nothing else.
    """
    given = version.removeprefix(GIT)
    if not repository.has_commits and given in ("HEAD", "@"):
        raise UserInputError("the repository has no commit yet", hint="commit env.toml and env.lock first")
    found = _registered(repository, name, version) if name and not version.startswith(GIT) else None
    if found is None and LOCK.fullmatch(version):
        raise UserInputError(
            f"`{version}`: versions cannot be looked up by their lock hash in this version of envlock",
            hint="give a registered version or a git revision",
        )
    found = found or repository.commit_of(given)
    if found is None:
        what = f"version of `{name}` and no git revision" if name and given == version else "git revision"
        raise UserInputError(f"`{given}` is no {what}", hint=_SHALLOW if repository.is_shallow else None)
    return found


def _registered(repository: Repository, name: str, version: str) -> str | None:
    tag, label = f"{TAGS}{name}/{version}", f"{LABELS}{name}/{version}"
    found = repository.reference(tag) or repository.reference(label)
    if found is None and version == LATEST:
        numbers = _numbers(repository, name)
        found = repository.reference(f"{TAGS}{name}/{numbers[-1]}") if numbers else None
    return repository.commit(found).id if found else None


def _numbers(repository: Repository, name: str) -> list[str]:
    """The registered numbers, smallest first."""
    prefix = f"{TAGS}{name}/"
    tags = (reference.removeprefix(prefix) for reference in repository.references(prefix))
    return sorted(filter(NUMBER.fullmatch, tags), key=int)
