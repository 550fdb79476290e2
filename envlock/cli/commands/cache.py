"""`envlock cache info` and `envlock cache clean`"""

import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from envlock.cli.command import Session, command, command_group
from envlock.cli.options import as_json
from envlock.cli.settings import is_terminal
from envlock.cli.text import age, number, size
from envlock.system.cache import Cache
from envlock.system.cache_entries import KINDS
from envlock.workflows.cache import CleanOptions, KindTotal, cache_totals, clean


@command("envlock cache info", "envlock cache info --json | jq 'map(.size) | add'")
@as_json("kinds, counts, bytes and times")
def info_command(session: Session, as_json: bool) -> None:
    """Say what is kept, how much, and when it was used last."""
    cache = Cache(session.settings.cache_folder)
    totals = cache_totals(cache)
    if as_json:
        session.console.json([_shape(total) for total in totals])
        return
    titles = ("KIND", "ENTRIES", "SIZE", "LAST USED", "WHAT IT IS")
    session.console.table(titles, [_row(total) for total in totals], right=(1, 2))
    session.console.note(f"{size(sum(total.size for total in totals))} in {cache.root}")


@command("envlock cache clean --older-than 30d", "envlock cache clean --kind prefixes", "envlock cache clean --yes")
@click.option("--older-than", metavar="SPAN", help="Only what was not used for so long: 30d, 8w, 12h.")
@click.option("--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, help="Only this; may be repeated.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json("kinds, counts and bytes removed")
def clean_command(session: Session, yes: bool, as_json: bool, **options: Any) -> None:
    """Remove what is kept; it is had again where it is needed.

    What another process works with stays. Without options everything else goes, after a question.
    """
    cache = Cache(session.settings.cache_folder)
    if not (yes or any(options.values())):
        _ask(f"remove everything that is kept in {cache.root}?")
    with session.console.progress() as told:
        cleaned = clean(cache, CleanOptions(**options), told.line)
    if as_json:
        session.console.json([_shape(total) for total in cleaned.removed])
    for total in () if as_json else cleaned.removed:
        session.console.note(f"  {total.kind}  {number(total.count, 'entry', 'entries')}, {size(total.size)}")
    if cleaned.in_use:
        session.console.note(f"  {number(cleaned.in_use, 'entry', 'entries')} in use, and kept")
    session.console.note(f"removed {size(cleaned.size)}")


def _ask(question: str) -> None:
    if not is_terminal(sys.stdin):
        raise click.UsageError("say `--yes` to remove everything, or name what by `--older-than` or `--kind`")
    click.confirm(question, abort=True, err=True)


def _shape(total: KindTotal) -> dict[str, object]:
    times = {"oldest": total.oldest, "newest": total.newest}
    return asdict(total) | {name: at and datetime.fromtimestamp(int(at), UTC).isoformat() for name, at in times.items()}


def _row(total: KindTotal) -> tuple[str, ...]:
    ages = [age(time.time() - at) for at in (total.newest, total.oldest) if at is not None]
    return total.kind, f"{total.count:,}", size(total.size), " – ".join(dict.fromkeys(ages)), total.holds


cache_command = command_group(
    "cache", "Say what is kept on this machine, and make room.", info=info_command, clean=clean_command
)
