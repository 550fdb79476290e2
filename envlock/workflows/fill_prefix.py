"""Filling a prefix: conda packages linked, wheels unpacked, each file as the lock has it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from envlock.environments.interpreter import Interpreter
from envlock.environments.prefix import write_prefix
from envlock.environments.venv import venv_files
from envlock.environments.wheel import WheelTarget, placed
from envlock.environments.wheel_reading import ReadWheel, read_wheel
from envlock.model.conda_contents import conda_meta, conda_meta_path
from envlock.model.files import Inline, PrefixFile
from envlock.model.lock import CondaPackage, PlatformLock
from envlock.model.ownership import resolve
from envlock.model.spec import python_minor
from envlock.system.parts import scratch_folder
from envlock.workflows.conda_stage import LinkTarget, link
from envlock.workflows.contents import PackageContents, conda_contents, require_promised
from envlock.workflows.context import Context
from envlock.workflows.known_wheels import known_wheel
from envlock.workflows.made_wheels import made_wheels
from envlock.workflows.packages import fetch_all
from envlock.workflows.prefix_task import PrefixTask


def fill_prefix(task: PrefixTask, folder: Path, final: Path) -> None:
    """Fills `folder` with what will stand at `final`."""
    locked, context = task.locked, task.context
    files = fetch_all(locked, task.lock.inputs, task.project, context)
    count = len(locked.prefix_packages)
    context.progress(f"installing {count} package{'' if count == 1 else 's'}")
    contents = conda_contents(locked, files, context.cache)
    ready = {p.name: known_wheel(p, files[p.sha256], context.cache) for p in locked.pip if not p.builds}
    for package in locked.pip:
        if package.name in ready:
            require_promised(package, files[package.sha256], locked, ready[package.name].metadata)
    owned = _link(contents, files, context, LinkTarget(prefix=folder, final=str(final), share=False))
    with scratch_folder(context.cache.root / "stages") as stage:
        made = made_wheels(task, folder, stage)
        wheels = {**ready, **{name: read_wheel(path) for name, path in made.items()}}
        planned = _wheel_files(locked, task.python, wheels, final=str(final), owned=owned)
        write_prefix(folder, [*_notes(contents, owned), *_venv(task.python), *planned])


def _link(
    contents: tuple[PackageContents, ...], files: Mapping[str, Path], context: Context, target: LinkTarget
) -> dict[str, tuple[str, ...]]:
    """The conda packages, linked; the paths that each owns."""
    if not contents:
        return {}
    # before anything is linked: no path leaves the prefix, and none goes through a link of another package
    resolve([(c.key, c.paths) for c in contents])
    owned = link(
        tuple(c.package for c in contents if isinstance(c.package, CondaPackage)), files, context.cache, target
    )
    _take_out_notes(target.prefix)
    return owned


def _wheel_files(
    locked: PlatformLock,
    python: Interpreter | None,
    wheels: Mapping[str, ReadWheel],
    *,
    final: str,
    owned: Mapping[str, tuple[str, ...]],
) -> Iterator[PrefixFile]:
    """The files of wheels, which win over conda's; only the virtual environment wins over theirs."""
    target = WheelTarget(prefix=final, python=python_minor(python.version if python else locked.python))
    plans = {name: placed(wheel, target) for name, wheel in wheels.items()}
    brought = [(f"conda:{name}", paths) for name, paths in owned.items()]
    brought += [(f"pip:{name}", tuple(f.path for f in plan)) for name, plan in plans.items()]
    kept = resolve([*brought, ("envlock", [f.path for f in _venv(python)])]).kept
    for name, plan in plans.items():
        mine = set(kept[f"pip:{name}"])
        yield from (file for file in plan if file.path in mine)


def _notes(contents: tuple[PackageContents, ...], owned: Mapping[str, tuple[str, ...]]) -> Iterator[PrefixFile]:
    """conda's records of what is installed, as in images: they name no cache, no place and no time."""
    for each in contents:
        if isinstance(each.package, CondaPackage):
            record = conda_meta(each.package, each.index, owned[each.package.name])
            yield PrefixFile(path=conda_meta_path(each.package), content=Inline(record))
    if contents:
        yield PrefixFile(path="conda-meta/history", content=Inline(b""))


def _take_out_notes(folder: Path) -> None:
    """Removes what the linker noted of its own."""
    for note in [*(folder / "conda-meta").glob("*"), folder / "CACHEDIR.TAG"]:
        note.unlink(missing_ok=True)


def _venv(python: Interpreter | None) -> tuple[PrefixFile, ...]:
    if python is None:
        return ()
    return venv_files(python.home, python.path, python.version)
