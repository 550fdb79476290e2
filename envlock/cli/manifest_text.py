"""`show --manifest`: what is asked for, in place of what is locked."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from typing import Any

import click

from envlock.cli.command import Session
from envlock.errors import UserInputError, escaped
from envlock.workflows.manifest_view import ManifestRow, manifest_view

# values wider than this do not push the origins of the others to the right
_WIDEST = 60


def or_manifest(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """An option that shows the manifest instead of what the command shows; it takes `env` and `as_json` only."""

    @click.option("--manifest", is_flag=True, help="What is asked for instead: each value, and the line it comes from.")
    @wraps(function)
    def chosen(session: Session, *, manifest: bool, **options: Any) -> int | None:
        if not manifest:
            return function(session, **options)
        other = next((key for key, value in options.items() if value and key not in ("env", "as_json")), None)
        if other:
            raise UserInputError(f"`--manifest` shows what is asked for: it has no `--{other.removesuffix('s')}`")
        with session.context() as context:
            rows = manifest_view(session.environment(options["env"], context))
        _show(session, rows, as_json=options["as_json"])
        return None

    return chosen


def _show(session: Session, rows: Sequence[ManifestRow], *, as_json: bool) -> None:
    if as_json:
        session.console.json([asdict(row) for row in rows])
        return
    lines = [escaped(f"{row.key} = {json.dumps(row.value, ensure_ascii=False)}") for row in rows]
    width = max(len(line) for line in lines if len(line) <= _WIDEST) if rows else 0
    for row, line in zip(rows, lines, strict=True):
        session.console.data(f"{line:<{width}}  # {row.origin}")
