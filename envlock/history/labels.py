"""Labels: names that move from version to version. Each move is a commit without files that comes from the move before
and from the commit that the label names since; so a label has a history, and what it names is never lost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from envlock.errors import OutsideError
from envlock.history import again
from envlock.history.repository import Person, Repository
from envlock.model.trailers import message, trailers_of
from envlock.model.version import LABELS, REMOTES

_ENVIRONMENT, _LABEL, _VERSION, _COMMIT, _UNITED = "Environment", "Label", "Version", "Commit", "United"
_REMOVED = "removed"
# who unites what two have moved: whoever does it makes the same commit of it
_NOBODY = ("envlock", "envlock@localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelState:
    """A move of a label: `version` as it was given and the commit it names, both None where the label was removed;
    `before` are the states that this one came upon, several where it unites what diverged."""

    id: str
    environment: str
    label: str
    version: str | None
    commit: str | None
    by: Person
    before: tuple[str, ...] = ()
    united: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a label is to name; without version and commit it is removed."""

    environment: str
    label: str
    version: str | None = None
    commit: str | None = None


def reference_of(environment: str, label: str) -> str:
    return f"{LABELS}{environment}/{label}"


def read_label(repository: Repository, commit: str) -> LabelState:
    """The move that a commit tells of; OutsideError where it tells of none."""
    found = repository.commit(commit)
    told = dict(trailers_of(found.message))
    named = told.get(_COMMIT)
    if _ENVIRONMENT not in told or _LABEL not in told or (named and found.parents[-1:] != (named,)):
        raise OutsideError(
            f"`{commit[:12]}` is no state of a label", hint="`git fsck` says whether objects are damaged"
        )
    return LabelState(
        id=found.id,
        environment=told[_ENVIRONMENT],
        label=told[_LABEL],
        version=told.get(_VERSION),
        commit=named,
        by=found.committer,
        before=found.parents[:-1] if named else found.parents,
        united=_UNITED in told,
    )


def find_label(repository: Repository, environment: str, label: str) -> LabelState | None:
    """The state of a label here, else as it was in a remote when we looked last; a removed one, too."""
    own = repository.reference(reference_of(environment, label))
    if own:
        return read_label(repository, own)
    known = _of_remotes(repository, environment).get(f"{environment}/{label}")
    return _readable(repository, known) if known else None


def find_labels(repository: Repository, environment: str | None = None) -> tuple[LabelState, ...]:
    """All labels that are not removed, sorted by environment and name; those of one environment."""
    prefix = f"{LABELS}{environment}/" if environment else LABELS
    own = {name.removeprefix(LABELS): id for name, id in repository.references(prefix).items()}
    states = {name: _readable(repository, id) for name, id in _of_remotes(repository, environment).items()}
    states |= {name: read_label(repository, id) for name, id in own.items()}
    return tuple(state for _, state in sorted(states.items()) if state and state.commit)


def _readable(repository: Repository, id: str) -> LabelState | None:
    """None for what somebody has pushed that is no state of a label."""
    try:
        return read_label(repository, id)
    except OutsideError:
        return None


def label_history(repository: Repository, state: LabelState) -> Iterator[LabelState]:
    """A state and all before it, the newest first."""
    waiting, seen = {state.id: state}, {state.id}
    while waiting:
        newest = max(waiting.values(), key=_age)
        yield waiting.pop(newest.id)
        for id in newest.before:
            if id not in seen:
                seen.add(id)
                waiting[id] = read_label(repository, id)


def move_label(repository: Repository, move: Move, by: Person) -> LabelState:
    """Writes down where a label goes; whoever moves it meanwhile, nothing of it is lost."""
    reference = reference_of(move.environment, move.label)

    def made(_own: str | None) -> str:
        known = find_label(repository, move.environment, move.label)
        return _written(repository, move, before=(known.id,) if known else (), by=_after(by, known))

    state = again.move(repository, reference, made, why=_subject(move))
    assert state
    return read_label(repository, state)


def unite_labels(repository: Repository, one: str, other: str) -> str:
    """The state in which two end: the newer, where one came from the other; else a state upon both, which names what
    the one moved later does. The same id, whoever unites them and in whichever order."""
    first, second = (read_label(repository, id) for id in sorted((one, other)))
    for old, new in ((first, second), (second, first)):
        if any(state.id == old.id for state in label_history(repository, new)):
            return new.id
    newer = max((first, second), key=_age)
    move = Move(environment=newer.environment, label=newer.label, version=newer.version, commit=newer.commit)
    by = Person(name=_NOBODY[0], email=_NOBODY[1], time=newer.by.time)
    return _written(repository, move, before=(first.id, second.id), by=by)


def _written(repository: Repository, move: Move, *, before: Sequence[str], by: Person) -> str:
    told = [(_ENVIRONMENT, move.environment), (_LABEL, move.label)]
    told += [(_VERSION, move.version)] if move.version else []
    told += [(_COMMIT, move.commit)] if move.commit else []
    told += [(_UNITED, "yes")] if len(before) > 1 else []
    parents = (*before, move.commit) if move.commit else tuple(before)
    return repository.write(message(_subject(move), told), parents, author=by, committer=by)


def _subject(move: Move) -> str:
    return f"{move.label}: {f'{move.environment}@{move.version}' if move.commit else _REMOVED}"


def _after(by: Person, known: LabelState | None) -> Person:
    """With a time that is not before that of the last move, whatever the clocks say."""
    return replace(by, time=max(by.time, known.by.time)) if known else by


def _age(state: LabelState) -> tuple[int, str]:
    return state.by.time, state.id


def _of_remotes(repository: Repository, environment: str | None) -> Mapping[str, str]:
    """By `NAME/LABEL`, as they were in the remotes; those of the first remote by name go before those of others."""
    found: dict[str, str] = {}
    for name, id in repository.references(REMOTES).items():
        remote_and_label = name.removeprefix(REMOTES).partition("/labels/")
        label = remote_and_label[2]
        if label and (environment is None or label.startswith(f"{environment}/")):
            found.setdefault(label, id)
    return found
