"""Labels and runs, shared with a remote: fetched beside our own, united with them, and pushed without force.

What was there when we looked last is kept in `refs/envlock/remotes/REMOTE/…`, which `git fetch` leaves alone. Nothing
that was recorded here or there is dropped: what diverged gets a commit that comes from both, the same whoever makes it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from envlock.errors import EnvlockError, OutsideError
from envlock.history.again import move, spaced
from envlock.history.labels import read_label, unite_labels
from envlock.history.pruned import kept_since, marked, unite_marks
from envlock.history.remote import Outcome, Remote
from envlock.history.repository import Person, Repository
from envlock.model.version import PRUNED, REMOTES
from envlock.model.version_name import why_not

_ALL = "refs/envlock/"
_KINDS = ("labels", "runs")
_NAME = re.compile(r"labels/[^/]+/[^/]+|runs/[0-9]{4}-(?:0[1-9]|1[0-2])|pruned")
_MOST_TRIES = 12
_PAUSE = 0.05  # seconds, longer each time, before those who were quicker are met again

State = str | None  # the commit that a reference names, None where it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What is shared, `labels/train/prod` or `runs/2026-11`: what it was here and there at first, and is since;
    `sent` tells that it went there; `failed` why it could not be shared."""

    name: str
    here: State
    there: State
    now: State
    sent: bool = False
    failed: str | None = None


@dataclass
class _Sharing:
    """What was found at first, and what became of it so far, all by name."""

    here: dict[str, State] = field(default_factory=dict)
    there: dict[str, State] = field(default_factory=dict)
    now: dict[str, State] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


def share(repository: Repository, remote: Remote, told: Callable[[str], None]) -> tuple[Met, ...]:
    """Shares all labels and runs with a remote; OutsideError where it cannot be asked, or others are always quicker."""
    sharing = _Sharing()
    for _ in spaced(_MOST_TRIES, _PAUSE):
        told(f"fetching from `{remote}`")
        remote.fetch([f"+{_ALL}{kind}/*:{_tracked(remote, kind)}/*" for kind in _KINDS] + [_marks(remote)], prune=True)
        there = _states(repository, f"{REMOTES}{remote.name}/")
        _unite(repository, there, sharing)
        if _push(repository, remote, there, sharing, told):
            return tuple(_met(sharing, name) for name in sorted(sharing.now))
    raise OutsideError(f"others push to `{remote}` all the time", hint="run `envlock sync` again")


def _met(sharing: _Sharing, name: str) -> Met:
    return Met(
        name=name,
        here=sharing.here[name],
        there=sharing.there[name],
        now=sharing.now[name],
        sent=name in sharing.sent,
        failed=sharing.failed.get(name),
    )


def _states(repository: Repository, prefix: str) -> dict[str, str]:
    found = {name.removeprefix(prefix): id for name, id in repository.references(prefix).items()}
    return {name: id for name, id in found.items() if _NAME.fullmatch(name)}


def _unite(repository: Repository, there: Mapping[str, str], sharing: _Sharing) -> None:
    """Has all that is here come from what is there, too."""
    ours = _states(repository, _ALL)
    for name in sorted({*ours, *there}):  # which months are kept comes before runs
        if name.startswith("runs/") and name.removeprefix("runs/") < kept_since(repository):
            continue
        sharing.here.setdefault(name, ours.get(name))
        sharing.there.setdefault(name, there.get(name))
        sharing.now[name] = ours.get(name)
        sharing.failed.pop(name, None)
        try:
            sharing.now[name] = move(
                repository, f"{_ALL}{name}", partial(_both, repository, name, there.get(name)), why="sync"
            )
        except EnvlockError as error:
            sharing.failed[name] = error.message


def _both(repository: Repository, name: str, there: State, here: State) -> State:
    """What comes from what is here, and from what is there."""
    if there is None or here == there:
        return here
    kind = name.partition("/")[0]
    _CHECKS[kind](repository, name, there)  # what somebody pushed is looked at before it is ours
    if here is None or repository.is_ancestor(here, there):
        return there
    return here if repository.is_ancestor(there, here) else _UNITE[kind](repository, here, there)


def _unite_runs(repository: Repository, one: str, other: str) -> str:
    """A commit upon both: the same, whoever unites them and in whichever order."""
    parents = sorted((one, other))
    last = max(repository.commit(id).committer.time for id in parents)
    nobody = Person(name="envlock", email="envlock@localhost", time=last)
    return repository.write("runs: two states are one again\n", parents, author=nobody, committer=nobody)


def _require_runs(repository: Repository, _name: str, id: str) -> None:
    if any(repository.entries(id)):  # such as a branch that was pushed there
        raise OutsideError(f"`{id[:12]}` has files, and is no run")


def _require_mark(repository: Repository, _name: str, id: str) -> None:
    marked(repository, id)


def _require_label(repository: Repository, name: str, id: str) -> None:
    state = read_label(repository, id)
    if name != f"labels/{state.environment}/{state.label}":
        raise OutsideError(f"what is there is a state of the label `{state.label}` of `{state.environment}`")
    if reason := why_not(state.label):
        raise OutsideError(f"no label can be called so: {reason}")


_UNITE: dict[str, Callable[[Repository, str, str], str]] = {
    "labels": unite_labels,
    "runs": _unite_runs,
    "pruned": unite_marks,
}
_CHECKS: dict[str, Callable[[Repository, str, str], None]] = {
    "labels": _require_label,
    "runs": _require_runs,
    "pruned": _require_mark,
}


def _push(
    repository: Repository,
    remote: Remote,
    there: Mapping[str, str],
    sharing: _Sharing,
    told: Callable[[str], None],
) -> bool:
    """Sends what is not there yet; False where somebody was quicker with some of it."""
    new = {name: id for name, id in sharing.now.items() if id and id != there.get(name) and name not in sharing.failed}
    if not new:
        return True
    told(f"pushing to `{remote}`")
    outcomes = remote.push({f"{_ALL}{name}": id for name, id in new.items()})
    for (name, id), pushed in zip(new.items(), outcomes, strict=True):
        if pushed.outcome in (Outcome.DONE, Outcome.SAME):
            sharing.sent.add(name)
            # only a note of what is there, which the next fetch makes anew
            repository.move(_tracked(remote, name), old=there.get(name), new=id, why="sync")
        elif pushed.outcome is Outcome.REFUSED:
            sharing.failed[name] = f"`{remote}` refuses it: {pushed.words}"
    return all(pushed.outcome is not Outcome.QUICKER for pushed in outcomes)


def _marks(remote: Remote) -> str:
    # with a star: there may be none
    return f"+{PRUNED}*:{_tracked(remote, 'pruned')}*"


def _tracked(remote: Remote, name: str) -> str:
    return f"{REMOTES}{remote.name}/{name}"
