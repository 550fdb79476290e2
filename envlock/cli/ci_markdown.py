"""What `ci` says to people, as Markdown: a comment at a pull request, and the summary of a job."""

from envlock.cli.diff_markdown import code, diff_markdown
from envlock.workflows.ci_report import CiReport

# bytes: a summary on GitHub has at most 1 MiB, all of its steps together; a comment 65,536 characters
SUMMARY, COMMENT = 1_000_000, 64_000


def ci_markdown(report: CiReport, limit: int = SUMMARY) -> str:
    """At most `limit` bytes."""
    parts = [f"### envlock: {len(report.changed)} changed"]
    for outcome in report.changed:
        parts += [code(outcome.subject.name)]
        parts += [diff_markdown(outcome.subject.comparison)] if outcome.subject.comparison else []
    return "\n\n".join(parts)[:limit] + "\n"
