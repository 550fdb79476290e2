"""The indexes that Debian's packages are chosen from: verified, kept, and fetched only where they changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from envlock.debian.release import IndexFile, Release, index_paths
from envlock.debian.signatures import Keyring, archive_keys, keys_of
from envlock.errors import OutsideError
from envlock.model.spec import DebianSpec
from envlock.system.side_by_side import side_by_side
from envlock.workflows.debian_index_files import Moved, Part
from envlock.workflows.debian_mirrors import AT_ONCE, mirrors_of, suites_of
from envlock.workflows.debian_releases import Wanted, release_of, require_new_enough
from envlock.workflows.task import PlatformTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """All indexes of a suite for one platform; `dates` are those of its releases, by suite, sorted."""

    files: tuple[IndexFile, ...]
    dates: tuple[tuple[str, str], ...]


def indexes(task: PlatformTask) -> Indexes:
    """Everything that the suite, its updates and its security updates list for a platform."""
    try:
        return _indexes(task, again=False)
    except Moved:
        task.context.progress(f"{task.name}: a mirror of Debian changed meanwhile, asking once more")
        return _indexes(task, again=True)


def _indexes(task: PlatformTask, *, again: bool) -> Indexes:
    wanted = _wanted(task)
    stop = task.context.stopped.set
    releases = side_by_side(lambda one: release_of(one, task.context, again=again), wanted, stop=stop, at_once=AT_ONCE)
    for release, one in zip(releases, wanted, strict=True):
        require_new_enough(release, one, task.dates.get(release.suite))
        _require_before(release, one, task)
    parts = [part for release, one in zip(releases, wanted, strict=True) for part in _parts(task, release, one)]
    kept = [part.kept(task.context) for part in parts]
    missing = [part for part, index in zip(parts, kept, strict=True) if index is None]
    _tell(missing, task)
    fetched = iter(side_by_side(lambda part: part.fetch(task.context), missing, stop=stop, at_once=AT_ONCE))
    files = tuple(index or next(fetched) for index in kept)
    return Indexes(files=files, dates=tuple(sorted((release.suite, release.date) for release in releases)))


def _wanted(task: PlatformTask) -> list[Wanted]:
    """The releases of the suite that is asked for; as they were, where a limit and a snapshot archive say when."""
    debian, context = _debian(task), task.context
    mirrors, keys = mirrors_of(debian, task.project.folder, context), _keys(debian, task)
    then = task.cutoff if task.cutoff and mirrors.snapshot else None
    if task.cutoff and not then:
        context.warn(
            "`exclude-newer` does not hold for Debian's packages: no snapshot archive is named"
            " (`snapshot` in `[image.debian]`, or ENVLOCK_DEBIAN_SNAPSHOT)"
        )
    return [
        Wanted(
            suite=suite,
            archive=archive,
            files=mirrors.archive_at(archive, then, context) if then else mirrors.archive(archive, context),
            keys=keys,
            alive=not then,
        )
        for suite, archive in suites_of(debian.suite)
    ]


def _debian(task: PlatformTask) -> DebianSpec:
    assert task.spec.image.debian
    return task.spec.image.debian


def _keys(debian: DebianSpec, task: PlatformTask) -> Keyring:
    if debian.keys is None:
        return task.context.once("debian-keys", archive_keys)
    path = task.project.folder / debian.keys
    return task.context.once(("debian-keys", path), lambda: keys_of(path))


def _require_before(release: Release, wanted: Wanted, task: PlatformTask) -> None:
    """A snapshot of the past has nothing that came later."""
    if not wanted.alive and task.cutoff and release.date > task.cutoff:
        raise OutsideError(f"`{wanted.name}` is of {release.date}, later than `exclude-newer` ({task.cutoff})")


def _parts(task: PlatformTask, release: Release, wanted: Wanted) -> list[Part]:
    own = task.platform.architecture
    architectures = (own, "all") if release.all_apart else (own,)
    return [
        Part(
            wanted=wanted,
            release=release,
            component=component,
            architecture=architecture,
            paths=index_paths(release, component, architecture, name=wanted.name),
        )
        for component in _debian(task).components
        for architecture in architectures
    ]


def _tell(missing: Sequence[Part], task: PlatformTask) -> None:
    distant = [part for part in missing if not part.wanted.files.is_local]
    if distant and not task.context.offline:
        megabytes = sum(part.size for part in distant) / 1e6
        what = f"{len(distant)} indexes" if len(distant) > 1 else "an index"
        task.context.progress(f"{task.name}: fetching {what} of {_debian(task).suite}, {megabytes:.1f} MB")
