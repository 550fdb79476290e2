"""What `ci` says to people, as Markdown: a comment at a pull request, and the summary of a job.

Names, versions and messages of others stand in it as text; nothing in them is a link, a mention, a row or a heading.
"""

from collections.abc import Iterator, Sequence

from envlock.cli.ci_groups import Group, group_of, has_section, headline, must_be_mended
from envlock.cli.ci_markdown_section import error_text, folded_section, overview_row, section
from envlock.cli.ci_markdown_shared import shared_table
from envlock.cli.markdown import fitting, folded, named, prose, referred, row_line, table, weight
from envlock.cli.text import number
from envlock.errors import EnvlockError
from envlock.model.ci_event import Kind
from envlock.workflows.ci_report import CiReport, Outcome

# bytes: a summary on GitHub has at most 1 MiB, that of all steps together; a comment 65,536 characters
SUMMARY, COMMENT = 1_000_000, 64_000
# from so many environments on there is a table of them, and each is folded away; longer tables are folded away, too
_OVERVIEW, _OPEN, _ROWS = 2, 3, 25
# what one environment is to have at least, so that it is worth beginning
_LEAST = 6_000
_COMMIT = 12
_TITLES = ("Environment", "What", "Packages", "Image", "Layers")


def ci_markdown(report: CiReport, limit: int = SUMMARY) -> str:
    """At most `limit` bytes; what does not fit is left out by whole rows and environments, and counted."""
    told = sorted((o for o in report.outcomes if has_section(o, report)), key=lambda o: group_of(o, report))
    parts = [f"### envlock: {headline(report)}", *_context(report)]
    if len(told) >= _OVERVIEW:
        parts.append(_overview(told, report, limit // 3))
    shared = shared_table(told, limit // 16) if len(told) > _OPEN else ""
    parts += [shared] if shared else []
    rest = [
        text for text in (_same(report, limit // 16), _there(report, limit // 8), _notes(report, limit // 16)) if text
    ]
    room = limit - sum(weight(part) + 2 for part in (*parts, *rest))
    return "\n\n".join((*parts, *_sections(told, report, room), *rest)) + "\n"


def failure_markdown(error: EnvlockError) -> str:
    """Of a run that came to no report."""
    return f"### envlock: this run failed\n\n{error_text(error.message, error.hint, _LEAST)}\n"


def _sections(told: Sequence[Outcome], report: CiReport, room: int) -> Iterator[str]:
    room -= 200  # for the word about what is left out
    for n, outcome in enumerate(told):
        share = min(room, max(_LEAST, room // (len(told) - n)))
        is_open = len(told) <= _OPEN or (n < _OPEN and must_be_mended(outcome, report))
        written = section if is_open else folded_section
        text = written(outcome, report, share)
        room -= weight(text) + 2
        if room < 0:
            more = number(len(told) - n, "more environment")
            yield f"… and {more}, for which there is no room here"
            return
        yield text


def _context(report: CiReport) -> Iterator[str]:
    """What was looked at, and what was not done."""
    said = [_held(report)] if report.commit else []
    said += ["nothing was made, only compared"] if report.planned else []
    if said:
        yield " · ".join(said)


def _held(report: CiReport) -> str:
    """What is held against what."""
    event, base = report.event, report.base
    commit = named((report.commit or "")[:_COMMIT])
    where = {
        Kind.PULL_REQUEST: f" for {named(event.target)}" if event.target else "",
        Kind.BRANCH: f" on {named(event.branch)}" if event.branch else "",
        Kind.TAG: f" tagged {named(event.tag)}" if event.tag else f", version {named(report.reproduce or '')}",
    }[event.kind]
    branch = {Kind.PULL_REQUEST: event.target, Kind.BRANCH: event.target or event.branch}.get(event.kind)
    if report.is_committed and base == report.commit and branch:
        return f"{commit}, which {named(branch)} has already"
    what = commit
    if not report.is_committed:
        what = "the work tree" if base == report.commit else f"the work tree, changed since {commit},"
    return f"{what}{where}{f', held against {named(base[:_COMMIT])}' if base else ''}"


def _overview(told: Sequence[Outcome], report: CiReport, room: int) -> str:
    return _rows(_TITLES, [overview_row(outcome, report) for outcome in told], room, "environments")


def _rows(titles: Sequence[str], rows: Sequence[Sequence[str]], room: int, what: str) -> str:
    shown = rows[: len(fitting([row_line(row) for row in rows], room))]
    text = "\n".join(table(titles, shown))
    if len(rows) > len(shown):
        text += f"\n\n… and {len(rows) - len(shown)} more"
    return text if len(rows) <= _ROWS else folded(f"{len(rows)} {what}", text)


def _same(report: CiReport, room: int) -> str:
    """Environments whose files changed, and nothing that a lock or an image shows."""
    names = [o.subject.name for o in report.outcomes if _is_silent(o, report, Group.SAME_IMAGE)]
    if not names:
        return ""
    kept = fitting([f"{named(name)}, " for name in names], room)
    left = f" and {len(names) - len(kept)} more" if len(kept) < len(names) else ""
    return f"Files changed, and the image does not: {''.join(kept).removesuffix(', ')}{left}"


def _there(report: CiReport, room: int) -> str:
    """Images for which nothing had to be done but to set tags."""
    found = [o for o in report.outcomes if _is_silent(o, report, Group.THERE)]
    rows = [(named(o.subject.name), referred(o.image.reference), _tags(o)) for o in found if o.image]
    if not rows:
        return ""
    table_of = _rows(("There already", "Image", "Tags set"), rows, room, "images were there already")
    return table_of


def _tags(outcome: Outcome) -> str:
    tags = outcome.image.tags if outcome.image else ()
    return ", ".join(named(tag.name) for tag in tags if tag.what != "there")


def _is_silent(outcome: Outcome, report: CiReport, group: Group) -> bool:
    return group_of(outcome, report) is group and not has_section(outcome, report)


def _notes(report: CiReport, room: int) -> str:
    kept = fitting([f"- {prose(note)}" for note in report.notes], room)
    return "\n".join(("**Notes:**", "", *kept)) if kept else ""
