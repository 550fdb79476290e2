"""One environment in the report of `ci`."""

import re
from collections.abc import Iterator, Sequence
from posixpath import join, normpath

from envlock.cli.ci_groups import must_be_mended, word_of
from envlock.cli.ci_markdown_sizes import (
    image_sizes,
    layers_in_short,
    layers_table,
    move_of,
    sent,
    size,
    size_in_short,
    sizes_table,
    unbroken,
)
from envlock.cli.diff_markdown import changes_table
from envlock.cli.diff_table import counts
from envlock.cli.markdown import fenced, fitting, folded, html_named, named, prose, referred, weight
from envlock.cli.text import number
from envlock.model.problem import Problem
from envlock.workflows.check import UNREADABLE
from envlock.workflows.ci_report import CiImage, CiReport, Outcome, State

_ENVIRONMENT = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
# of a commit, or of a version
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
# tables of more rows are folded away; of what is new nobody reads every line
_FEW, _MANY = 8, 25
# what stands around a table
_HEAD = 400
_WHAT = {"new": "new", "moved": "moved here", "there": "there already"}


def section(outcome: Outcome, report: CiReport, room: int) -> str:
    """All of it under a heading; tables and lists are cut so that all is not more than `room` bytes."""
    title = f"#### {named(outcome.subject.name)}: {word_of(outcome, report)}"
    return "\n\n".join((title, *_blocks(outcome, report, room - weight(title))))


def folded_section(outcome: Outcome, report: CiReport, room: int) -> str:
    """The same, to be opened; what it is about is said before."""
    word = word_of(outcome, report)
    # in HTML, as all of what stands there
    short = (
        f"<b>{word}</b>" if must_be_mended(outcome, report) else word,
        _packages(outcome),
        move_of(image_sizes(outcome)),
    )
    title = f"{html_named(outcome.subject.name)}: {' · '.join(part for part in short if part)}"
    return folded(title, "\n\n".join(_blocks(outcome, report, room - weight(title) - 60)))


def overview_row(outcome: Outcome, report: CiReport) -> tuple[str, ...]:
    """Name, what it is, packages, image, layers."""
    word = word_of(outcome, report)
    return (
        named(outcome.subject.name),
        f"**{word}**" if must_be_mended(outcome, report) else word,
        ", ".join(map(unbroken, _packages(outcome).split(", "))),
        size_in_short(image_sizes(outcome)),
        layers_in_short(outcome.image),
    )


def _packages(outcome: Outcome) -> str:
    found = outcome.subject.comparison
    if not found or not found.changes:
        return ""
    if outcome.subject.state in (State.NEW, State.REMOVED):
        return number(len(found.packages), "package")
    return counts(found)


def _blocks(outcome: Outcome, report: CiReport, room: int) -> list[str]:
    """Those that say something; each has a share of its own, and packages what the others leave."""
    share = room // 8
    above = [_error(outcome, share), _stale(outcome, share)]
    below = [*_figures(outcome), _image(outcome, share), _notes(outcome, share), _reproduce(outcome, report)]
    left = room - sum(weight(text) + 2 for text in (*above, *below))
    return [text for text in (*above, _changes(outcome, left), *below) if text]


def _error(outcome: Outcome, room: int) -> str:
    return error_text(outcome.error, outcome.hint, room) if outcome.error is not None else ""


def error_text(message: str, hint: str | None, room: int) -> str:
    """What went wrong, its further lines as they are, and a hint."""
    first, *more = message.splitlines() or [""]
    parts = [f"**Error:** {prose(first)}"]
    parts += [fenced("\n".join(more), "text")] if more else []
    parts += [f"**Hint:** {prose(hint)}"] if hint else []
    kept = fitting(parts, room)
    return "\n\n".join(kept or ["**Error:** too long to be shown here"])


def _stale(outcome: Outcome, room: int) -> str:
    problems = outcome.subject.problems
    if not problems:
        return ""
    unreadable = any(problem.kind == UNREADABLE for problem in problems)
    said = "Its files cannot be read:" if unreadable else "`env.lock` does not answer `env.toml`:"
    name = outcome.subject.name
    command = f"`envlock lock {name}`" if _ENVIRONMENT.fullmatch(name) else "`envlock lock`"
    parts = [said, _listed(list(_reasons(outcome)), room)]
    parts += [] if unreadable else [f"**What to do:** run {command}, and commit what it writes."]
    return "\n\n".join(parts)


def _reasons(outcome: Outcome) -> Iterator[str]:
    """A line a reason: where, on which platforms, what."""
    found: dict[tuple[str, str], list[str]] = {}
    for problem in outcome.subject.problems:
        places = found.setdefault((_place(outcome, problem), problem.message), [])
        places.extend([problem.platform] if problem.platform else [])
    for (place, message), platforms in found.items():
        where = f"{named(place)} " if place else ""
        of = f" ({named(', '.join(dict.fromkeys(platforms)))})" if platforms else ""
        yield f"{where}{prose(message)}{of}"


def _place(outcome: Outcome, problem: Problem) -> str:
    """File and line, from the top of the repository."""
    if not problem.line:
        return ""
    return f"{normpath(join(outcome.subject.folder, problem.file or 'env.toml'))}:{problem.line}"


def _changes(outcome: Outcome, room: int) -> str:
    found = outcome.subject.comparison
    if outcome.subject.state is State.REMOVED or not found or not found.changes:
        return ""
    fold = _FEW if outcome.subject.state is State.NEW else _MANY
    return changes_table(found, room - _HEAD, fold, _packages(outcome))


def _figures(outcome: Outcome) -> Iterator[str]:
    if outcome.subject.state is not State.REMOVED:
        yield sizes_table(outcome)
    if outcome.image:
        yield layers_table(outcome.image)


def _image(outcome: Outcome, room: int) -> str:
    """Where it is, and what it is called there."""
    image = outcome.image
    if image is None:
        return ""
    facts = [f"**{what}:** {said}" for what, said in _image_facts(image) if said]
    if image.size is not None and not sizes_table(outcome):
        facts.append(f"**Size:** {size(image.size)}")
    return facts[0] if len(facts) == 1 else _listed(facts, room)


def _image_facts(image: CiImage) -> Iterator[tuple[str, str]]:
    yield "Image", referred(image.reference) if image.in_registry else ""
    yield "Digest", "" if image.in_registry else f"{named(image.digest)}, made and not pushed"
    yield "Pushed", sent(image)
    if image.in_registry:
        yield "Tags", ", ".join(_tags(image))


def _tags(image: CiImage) -> Iterator[str]:
    yield named(image.name.rpartition(":")[2])
    yield from (f"{named(tag.name)} {_WHAT.get(tag.what, '')}".rstrip() for tag in image.tags)


def _notes(outcome: Outcome, room: int) -> str:
    notes = outcome.image.notes if outcome.image else ()
    return f"**Notes:**\n\n{_listed([prose(note) for note in notes], room)}" if notes else ""


def _reproduce(outcome: Outcome, report: CiReport) -> str:
    """The one command that makes the same image elsewhere; nothing in it that a shell understands in another way."""
    name, at = outcome.subject.name, report.reproduce or ""
    if outcome.image is None or not _ENVIRONMENT.fullmatch(name) or not _VERSION.fullmatch(at):
        return ""
    return f"**The same image elsewhere:**\n\n{fenced(f'git envlock build {name}@{at}', 'console')}"


def _listed(lines: Sequence[str], room: int) -> str:
    kept = fitting([f"- {line}" for line in lines], room)
    left = len(lines) - len(kept)
    return "\n".join([*kept, f"- … and {left} more"] if left else kept)
