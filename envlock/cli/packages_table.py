"""`inspect --packages`: what an image holds, one row a package."""

from dataclasses import asdict

from envlock.cli.command import Session
from envlock.cli.text import number
from envlock.errors import escaped
from envlock.workflows.context import Context
from envlock.workflows.image_places import ImagePlace
from envlock.workflows.inspect_packages import packages_in


def list_packages(session: Session, place: ImagePlace, context: Context, *, as_json: bool) -> None:
    """Prints what each platform of an image holds; the kinds one after another, each by name."""
    found = packages_in(place, context)
    if as_json:
        session.console.json({platform: [asdict(each) for each in held] for platform, held in found.items()})
        return
    for platform, held in found.items():
        rows = [tuple(map(escaped, (each.name, each.version or "?", each.kind, each.place))) for each in held]
        if rows:
            session.console.table(("NAME", "VERSION", "KIND", "RECORDED IN"), rows)
        session.console.note(f"{escaped(platform)}: {number(len(rows), 'package')}")
