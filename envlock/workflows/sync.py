"""sync: labels and recorded runs, shared with the team through a remote of git."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history.git_program import Git
from envlock.history.labels import read_label
from envlock.history.remote import Remote, chosen_remote, remotes
from envlock.history.repository import Repository
from envlock.history.sync import Met, share
from envlock.model.words import did_you_mean
from envlock.workflows import later_history
from envlock.workflows.context import Context

_SHORT = 7

Named = tuple[str, str] | None  # a version and its commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A label that is another than before: versions, None where it is none; `sent` where it moved there, not here."""

    environment: str
    label: str
    before: str | None
    after: str | None
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """With which remote; how many runs came and went; labels that moved; and by name, what could not be shared."""

    remote: str
    fetched_runs: int
    pushed_runs: int
    labels: tuple[Moved, ...]
    failed: tuple[tuple[str, str], ...]


def sync(start: Path, given: str | None, context: Context) -> Synced:
    """Shares labels and runs with a remote: the one given, else the one that git would push to."""
    repository = later_history.repository_around(start)
    if repository is None:
        raise UserInputError(f"`{start}` is in no git repository")
    if context.offline:
        raise OutsideError("nothing can be shared with --offline")
    remote = Remote(Git(start), _remote(Git(start), given))
    met = share(repository, remote, context.progress)
    of_runs = [one for one in met if one.name.startswith("runs/") and not one.failed]
    return Synced(
        remote=remote.name,
        fetched_runs=sum(_count(repository, one.there, one.here) for one in of_runs),
        pushed_runs=sum(_count(repository, one.now, one.there) for one in of_runs if one.sent),
        labels=tuple(_moved(repository, met)),
        failed=tuple((one.name, one.failed) for one in met if one.failed),
    )


def _remote(git: Git, given: str | None) -> str:
    known = remotes(git)
    chosen = chosen_remote(git, given)
    if chosen is None:
        hint = f"name one: {', '.join(known)}" if known else "`git remote add origin URL` adds one"
        raise UserInputError("there is no remote to share with", hint=hint)
    if chosen not in known:
        raise UserInputError(
            f"there is no remote `{chosen}`",
            hint=did_you_mean(chosen, known) or f"there is {', '.join(known) or 'none'}",
        )
    return chosen


def _count(repository: Repository, new: str | None, old: str | None) -> int:
    """How many runs one state has that another has not."""
    if new is None or new == old:
        return 0
    return sum(len(commit.parents) < 2 for commit in repository.log(new, without=[old] if old else []))


def _moved(repository: Repository, met: tuple[Met, ...]) -> Iterator[Moved]:
    for one in met:
        _, _, rest = one.name.partition("labels/")
        if one.failed or not rest:
            continue
        environment, label = rest.split("/")
        here, there, now = (_named(repository, id) for id in (one.here, one.there, one.now))
        was = here if now != here else there
        if now != was and (now != here or one.sent):
            before, after = _told(was, now)
            yield Moved(environment=environment, label=label, before=before, after=after, sent=now == here)


def _named(repository: Repository, state: str | None) -> Named:
    found = read_label(repository, state) if state else None
    return (found.version, found.commit) if found and found.version and found.commit else None


def _told(before: Named, after: Named) -> Iterator[str | None]:
    """Two versions as people are told of them: with their commits where one number was given to two."""
    same = before is not None and after is not None and before[0] == after[0]
    for named in (before, after):
        yield named and (f"{named[0]} ({named[1][:_SHORT]})" if same else named[0])
