"""runs prune: months of recorded runs removed, here or with a remote, and noted so that `sync` does not bring them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history.again import spaced
from envlock.history.git_program import Git
from envlock.history.identity import committer
from envlock.history.pruned import mark, unite_marks
from envlock.history.remote import Outcome, Remote
from envlock.history.repository import Repository
from envlock.model.version import MONTH, PRUNED, PRUNED_HERE, REMOTES, RUNS
from envlock.workflows.runs import opened

_TRIES, _PAUSE = 12, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunedMonth:
    """A month: how many runs of it are here, how many of these no remote was seen to have, and whether it is removed
    from the remote, too."""

    month: str
    runs: int
    unpushed: int
    there: bool


def prune(start: Path, before: str, *, remote: str | None, dry_run: bool) -> tuple[PrunedMonth, ...]:
    """Removes the months before `before` (`2026-01`), here and at `remote`; what went, or would go."""
    if not MONTH.fullmatch(before):
        raise UserInputError(f"`{before}` is no month: say `2026-01`")
    now = f"{datetime.now(UTC):%Y-%m}"
    if before > now:  # runs that are still to come would be shared with nobody
        raise UserInputError(f"`{before}` is not there yet: runs go by whole months, the last ones before `{now}`")
    repository, git = opened(start), Git(start)
    here = _before(repository.references(RUNS), before)
    other = Remote(git, remote) if remote else None
    there = _before(other.references(RUNS), before) if other else {}
    found = tuple(_month(repository, name, here.get(name), name in there) for name in sorted({*here, *there}))
    if dry_run:
        return found
    mark(repository, PRUNED if other else PRUNED_HERE, before, committer(git))
    if other:
        _share_mark(repository, other)
        _remove_there(other, there)
    seen = repository.references(REMOTES)
    for name, id in {**here, **{name: id for name, id in seen.items() if _is_old(name, before)}}.items():
        if not repository.move(name, old=id, new=None, why="prune"):
            raise OutsideError(f"`{name}` was added to meanwhile", hint="prune again")
    return found


def _before(references: Mapping[str, str], before: str) -> dict[str, str]:
    return {name: id for name, id in references.items() if _is_old(name, before)}


def _is_old(name: str, before: str) -> bool:
    kind, _, month = name.rpartition("/")
    return kind.endswith("/runs") and bool(MONTH.fullmatch(month)) and month < before


def _month(repository: Repository, name: str, id: str | None, there: bool) -> PrunedMonth:
    month = name.removeprefix(RUNS)
    seen = [tip for other, tip in repository.references(REMOTES).items() if other.endswith(f"/runs/{month}")]
    if id is None:
        return PrunedMonth(month=month, runs=0, unpushed=0, there=there)
    counts = [sum(len(commit.parents) < 2 for commit in repository.log(id, without=without)) for without in ((), seen)]
    return PrunedMonth(month=month, runs=counts[0], unpushed=counts[1], there=there)


def _share_mark(repository: Repository, remote: Remote) -> None:
    """The mark comes first: from then on nobody sends what is about to be removed."""
    tracked = f"{REMOTES}{remote.name}/pruned"
    for _ in spaced(_TRIES, _PAUSE):
        remote.fetch([f"+{PRUNED}*:{tracked}*"])
        here, there = repository.reference(PRUNED), repository.reference(tracked)
        assert here
        if there and not repository.is_ancestor(there, here):
            both = here if there == here else unite_marks(repository, here, there)
            new = there if repository.is_ancestor(here, there) else both
            repository.move(PRUNED, old=here, new=new, why="prune")
            here = new
        (pushed,) = remote.push({PRUNED: here})
        if pushed.outcome is Outcome.REFUSED:
            raise OutsideError(f"`{remote}` refuses `{PRUNED}`: {pushed.words}")
        if pushed.outcome is not Outcome.QUICKER:
            return
    raise OutsideError(f"others push to `{remote}` all the time", hint="prune again")


def _remove_there(remote: Remote, references: dict[str, str]) -> None:
    for pushed in remote.remove(references) if references else ():
        if pushed.outcome not in (Outcome.DONE, Outcome.SAME):
            why = pushed.words or "somebody was quicker"
            raise OutsideError(f"`{remote}` keeps `{pushed.reference}`: {why}", hint="prune again")
