"""What packages would want to run and nobody does: said at lock and build, so that nobody has to find out."""

from collections.abc import Iterable, Iterator

from envlock.model.lock import Lock
from envlock.system.cache import Cache
from envlock.workflows.activation import SCRIPTS
from envlock.workflows.solve_conda import ANNOUNCED, read_contents


def script_notes(name: str, scripts: Iterable[str], paths: Iterable[str]) -> Iterator[str]:
    """Of one conda package: the link scripts among its metadata, the activation scripts among its files."""
    if linked := ", ".join(scripts):
        yield f"`{name}` has link scripts, which are not run: {linked}"
    if activating := ", ".join(path for path in paths if path.startswith(SCRIPTS)):
        yield f"`{name}` has activation scripts, of which only plain exports are taken over: {activating}"


def lock_notes(lock: Lock, cache: Cache) -> tuple[str, ...]:
    """Of all conda packages of a lock that was just solved, whose contents were looked into for it."""
    packages = {p.sha256: p for platform in lock.platforms for p in platform.conda}
    known = read_contents([(sha256, "") for sha256 in packages], cache, kind=ANNOUNCED)
    notes = (
        note
        for sha256, package in packages.items()
        for note in script_notes(
            package.name, known[sha256]["scripts"], (path for path, _, _ in known[sha256]["files"])
        )
    )
    return tuple(notes)
