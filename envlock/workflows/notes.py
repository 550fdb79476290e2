"""What packages would want to run and nobody does: said at lock and build, so that nobody has to find out."""

from collections.abc import Iterable, Iterator

from envlock.model.lock import Lock
from envlock.system.cache import Cache
from envlock.workflows import later
from envlock.workflows.activation import SCRIPTS
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.solve_conda import ANNOUNCED, read_contents


def script_notes(name: str, scripts: Iterable[str], paths: Iterable[str]) -> Iterator[str]:
    """Of one conda package: the link scripts among its metadata, the activation scripts among its files."""
    if linked := ", ".join(scripts):
        yield f"`{name}` has link scripts, which are not run: {linked}"
    if activating := ", ".join(path for path in paths if path.startswith(SCRIPTS)):
        yield f"`{name}` has activation scripts, of which only plain exports are taken over: {activating}"


def lock_notes(project: Project, new: Lock, old: Lock | None, context: Context) -> tuple[str, ...]:
    """Of a lock that was just solved: what runs code when it is installed, and what no image runs of the conda
    packages, which were looked into for it, and of the Debian packages that were not in the lock before."""
    debian = later.glance_notes(project, new, old, context) if any(p.debian for p in new.platforms) else ()
    return (*_built(new), *_scripts(new, context.cache), *debian)


def _built(lock: Lock) -> Iterator[str]:
    """What is no wheel, once for all platforms."""
    built = {(p.name, p.version): p for platform in lock.platforms for p in platform.pip if p.builds}
    for (name, version), package in sorted(built.items()):
        what = "an sdist" if package.file else f"`{package.path}`" if package.path else "a commit of git"
        yield f"`{name}` {version} is locked as {what}: installing it runs its code"


def _scripts(lock: Lock, cache: Cache) -> Iterator[str]:
    packages = {p.sha256: p for platform in lock.platforms for p in platform.conda}
    known = read_contents([(sha256, "") for sha256 in packages], cache, kind=ANNOUNCED)
    for sha256, package in packages.items():
        paths = (path for path, _, _ in known[sha256]["files"])
        yield from script_notes(package.name, known[sha256]["scripts"], paths)
