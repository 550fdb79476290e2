"""What `show` prints: the table of packages, and what is to be said of the platforms."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from envlock.cli.package_text import sizes, where
from envlock.cli.text import aligned, number, size
from envlock.errors import escaped
from envlock.model.listing import PackageRow, PlatformView, package_rows
from envlock.model.lock import Base, DebianPackage
from envlock.model.spec import MAIN

KINDS = ("debian", "conda", "pip")
_DIGEST, _HASH = len("sha256:") + 12, 16


class Table(NamedTuple):
    """What `Console.table` draws."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int]


def package_table(views: Sequence[PlatformView]) -> Table:
    """One row a package and version; GROUPS is empty for the main set alone, PLATFORMS for all of them."""
    platforms = [view.platform for view in views]
    titles = ("NAME", "VERSION", "KIND", "SIZE", "GROUPS", "FROM", "PLATFORMS")
    return Table(titles, [_row(row, platforms) for row in package_rows(views)], (3,))


def _row(row: PackageRow, platforms: Sequence[str]) -> tuple[str, ...]:
    facts = row.facts
    kind = click.style("pip builds", fg="yellow") if facts.builds else facts.kind
    groups = "" if facts.groups == (MAIN,) else ", ".join(facts.groups)
    texts = map(escaped, (groups, facts.source))
    return escaped(facts.name), escaped(facts.version), kind, sizes(row.sizes), *texts, where(row.platforms, platforms)


def summary(views: Sequence[PlatformView]) -> Iterator[str]:
    """Of one platform a line for each fact; of several a line for each platform."""
    yield from _one(views[0]) if len(views) == 1 else _several(views)
    builds = sorted({row.facts.name for row in package_rows(views) if row.facts.builds})
    if builds:
        yield f"runs code of its own when it is installed: {escaped(', '.join(builds))}"


def _one(view: PlatformView) -> Iterator[str]:
    yield f"{view.platform}: {_counts(view)}, {_download(view)} to download"
    if view.python:
        yield f"python     {view.python}"
    count = f", {number(view.count(DebianPackage.kind), 'package')}" if view.base.suite else ""
    yield f"base       {_base(view.base, view.base.digest)}{count}"
    yield f"lock hash  {view.lock_hash}"


def _several(views: Sequence[PlatformView]) -> list[str]:
    """A column a kind; Debian's where there is a base of them."""
    kinds = [kind for kind in KINDS if kind != DebianPackage.kind or any(view.base.suite for view in views)]
    titles = ("PLATFORM", *map(str.upper, kinds), "DOWNLOAD", "PYTHON", "LOCK HASH", "BASE")
    right = range(1, len(kinds) + 2)
    return aligned([titles, *(_line(view, kinds) for view in views)], right=right)


def _line(view: PlatformView, kinds: Sequence[str]) -> tuple[str, ...]:
    digest = f"{view.base.digest[:_DIGEST]}…" if view.base.digest else None
    counts = (str(view.count(kind)) for kind in kinds)
    short = view.lock_hash[:_HASH]
    base = _base(view.base, digest) if view.base != Base(python=view.base.python) else ""
    return view.platform, *counts, size(view.size), view.python or "", short, base


def _counts(view: PlatformView) -> str:
    kinds = [f"{view.count(kind)} {kind}" for kind in KINDS if view.count(kind)]
    return f"{number(len(view.packages), 'package')} ({', '.join(kinds)})" if kinds else "no packages"


def _download(view: PlatformView) -> str:
    return size(view.size) + (f" and {view.unsized} of unknown size" if view.unsized else "")


def _base(base: Base, digest: str | None) -> str:
    if base.suite:
        return f"Debian {escaped(base.suite)}"
    if base.context:
        return f"what a Dockerfile makes of {base.context[:_HASH]}…"
    return escaped(base.reference or "none") + (f"@{digest}" if digest else "")
