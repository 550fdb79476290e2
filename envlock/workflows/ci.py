"""ci: what continuous integration does for an event, the same on every server and on a laptop.

All environments are checked. Of a pull request, the images that it changes are made, and go nowhere; of the default
branch and of version tags, those that their repository lacks are made and pushed, and their tags set.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from envlock.errors import EnvlockError
from envlock.forges.nowhere import Nowhere
from envlock.model.ci_event import Event, Kind
from envlock.system.refused import refused
from envlock.workflows import later_ci
from envlock.workflows.check import UNREADABLE
from envlock.workflows.ci_report import CiImage, CiReport, Outcome, State, Subject
from envlock.workflows.context import Context

_Ask = Callable[[Subject, Event, "CiOptions", Context], CiImage | None]
AUTO, ALWAYS, NEVER = "auto", "true", "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiOptions:
    """`environments` are names or paths, none is all; `push` "auto" is for the default branch and version tags, "true"
    for every branch; nothing is ever pushed of a pull request.

    `repository` is where images go instead of `[image] repository`: `{name}` in it is the environment's; without a
    registry in it, it is one of `registry`. `base` is the revision that changes are held against, instead of the one
    that the event tells. `version` is a version of the environments, whose images are wanted instead of those that are
    checked out. `plan`: nothing is made, and no image looked for. `home` is a folder for what outlives the command.
    """

    environments: tuple[str, ...] = ()
    push: str = AUTO
    registry: str | None = None
    repository: str | None = None
    platforms: tuple[str, ...] = ()
    engine: str | None = None
    base: str | None = None
    version: str | None = None
    plan: bool = False
    home: Path | None = None


def ci(event: Event, options: CiOptions, start: Path, context: Context) -> CiReport:
    """Checks, makes, pushes and tags what the event asks for; what goes wrong with one is in its outcome."""
    found = later_ci.found_subjects(event, options, start, context)
    subjects = found.subjects
    outcomes = [_unmade(s) for s in subjects] if options.plan else _outcomes(subjects, event, options, context)
    return CiReport(
        event=event,
        outcomes=tuple(outcomes),
        commit=found.commit,
        is_committed=found.is_committed,
        base=found.base,
        reproduce=found.reproduce,
        pushes=wants_push(event, options),
        planned=options.plan,
        notes=found.notes,
    )


def wants_push(event: Event, options: CiOptions) -> bool:
    """Are images of this event pushed?"""
    if options.push == NEVER or event.kind is Kind.PULL_REQUEST or event.has_secrets:
        return False
    # on a laptop, nothing is pushed unasked
    return options.push == ALWAYS or (event.forge != Nowhere.name and (event.kind is Kind.TAG or event.is_default))


def is_wanted(subject: Subject, event: Event, pushes: bool) -> bool:
    """Is its image to be had? What is pushed is looked for each time: an earlier run may have failed."""
    if subject.project is None or subject.problems or subject.state is State.REMOVED or subject.key is None:
        return False
    return pushes or event.kind is Kind.TAG or subject.is_changed


def _outcomes(subjects: Sequence[Subject], event: Event, options: CiOptions, context: Context) -> list[Outcome]:
    """Of what is pushed most is there already: that is looked for several at a time, the rest made one by one."""
    pushes = wants_push(event, options)
    later_ci.require_own_places([s for s in subjects if is_wanted(s, event, pushes)], event, options)

    def outcome(subject: Subject, ask: _Ask) -> Outcome:
        if not is_wanted(subject, event, pushes):
            return _unmade(subject)
        try:
            return Outcome(subject=subject, image=ask(subject, event, options, context))
        except EnvlockError as error:
            return _failed(subject, error)
        except OSError as failure:
            return _failed(subject, refused(failure, context.cache.root))

    look = partial(outcome, ask=later_ci.known_image_of)
    known = later_ci.side_by_side(look, subjects, context) if pushes else map(_unmade, subjects)
    return [found if found.image or found.error else outcome(found.subject, later_ci.image_of) for found in known]


def _failed(subject: Subject, error: EnvlockError) -> Outcome:
    return Outcome(subject=subject, error=error.message, hint=error.hint, exit_code=error.exit_code)


def _unmade(subject: Subject) -> Outcome:
    return Outcome(subject=subject, exit_code=_code(subject))


def _code(subject: Subject) -> int:
    """As `check` has it."""
    if any(problem.kind == UNREADABLE for problem in subject.problems):
        return 2
    return 1 if subject.problems else 0
