"""export: what is locked, as a file that other tools install from."""

import os
import platform as machine
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.exports.contents import Contents
from envlock.interchange.exports.formats import FORMATS, Format
from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Lock, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.spec import DEFAULT_INDEX, EnvSpec
from envlock.sources.places import Sources
from envlock.system.files import write_whole
from envlock.workflows import later, later_images
from envlock.workflows.bill import Billed, bill_of
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.export_places import conda_urls, md5s, pip_urls, public, snapshot_address, snapshots
from envlock.workflows.licences import licences
from envlock.workflows.logins import sources_of
from envlock.workflows.packages import supply_of
from envlock.workflows.project import Project

_DEBIAN = {"Debian": "they are the image's base"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """A format by name; without `platform` all that the format can hold; `output` is None for text to be printed."""

    format: str
    platform: str | None = None
    groups: tuple[str, ...] = ()
    output: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The text of the file, and what it does not say."""

    text: str
    notes: tuple[str, ...]


def export(project: Project, context: Context, options: ExportOptions) -> Exported:
    """The lock in another format, written to `output` where one is given. A stale lock is refused."""
    if options.format not in FORMATS:
        raise UserInputError(f"no format `{options.format}`", hint=f"these are written: {', '.join(FORMATS)}")
    require_fresh(project, context.cache)
    form, lock, spec = FORMATS[options.format], read_lock(project.lockfile), read_manifest(project.manifest)
    _refuse_unknown_groups(spec, options.groups)
    chosen = sorted(_platforms(lock, form, options), key=lambda p: p.platform)
    if form.bill:
        exported = _bill(spec.name, lock, chosen[0], options, context)
        return _written(exported, options)
    contents = exported_contents(project, context, options, chosen)
    asked = tuple(p.of_groups(*options.groups) for p in chosen)
    exported = Exported(text=form.write(contents), notes=tuple(_notes(asked, contents, form, spec)))
    return _written(exported, options)


def exported_contents(
    project: Project, context: Context, options: ExportOptions, chosen: Sequence[PlatformLock]
) -> Contents:
    """What the writer of a format is given, of some platforms of the lock."""
    form, lock, spec = FORMATS[options.format], read_lock(project.lockfile), read_manifest(project.manifest)
    contents = Contents(
        name=spec.name,
        lock=lock,
        platforms=tuple(_holdable(p.of_groups(*options.groups), form) for p in chosen),
        groups=options.groups,
        folder=_folder(project, options.output),
        snapshot=snapshot_address(spec.image.debian),
        snapshots=tuple(snapshots(chosen[0].base.dates)) if form.of_image else (),
    )
    return _with_places(contents, form, project, context)


def _written(exported: Exported, options: ExportOptions) -> Exported:
    if options.output:
        write_whole(options.output, exported.text.encode())
    return exported


def _bill(name: str, lock: Lock, locked: PlatformLock, options: ExportOptions, context: Context) -> Exported:
    """A bill of materials, with the licences that the cache knows of."""
    asked = Billed(name=name, lock=lock, locked=locked, groups=options.groups)
    bill = bill_of(asked, licences(locked.of_groups(*options.groups), context.cache))
    unknown = len([p for p in bill.packages if p.node not in bill.licences])
    plural = "s" if unknown > 1 else ""
    notes = (f"no licence is known of {unknown} package{plural}",) if unknown else ()
    return Exported(text=later_images.bill_text(bill, options.format), notes=notes)


def _platforms(lock: Lock, form: Format, options: ExportOptions) -> tuple[PlatformLock, ...]:
    """Those to be exported: the named one, or all, or of a format that holds one that of this machine."""
    possible = _possible(lock, form)
    listed = ", ".join(p.platform for p in possible)
    name = options.platform
    if name is None and form.one_platform and len(possible) > 1:
        name = _this_machine()
        if name not in [p.platform for p in possible]:
            raise UserInputError(
                f"a file of the format `{options.format}` holds one platform, and this machine's is not locked",
                hint=f"name one by --platform: {listed}",
            )
    if name is None:
        return possible
    locked = next((p for p in possible if p.platform == name), None)
    if locked is None:
        what = f"no image is made for `{name}`" if lock.platform(name) else f"`{name}` is not locked"
        raise UserInputError(what, hint=f"locked are: {listed}")
    return (locked,)


def _possible(lock: Lock, form: Format) -> tuple[PlatformLock, ...]:
    """The platforms that a format is for."""
    found = tuple(p for p in lock.platforms if PLATFORMS[p.platform].has_images or not form.of_image)
    if not found:
        raise UserInputError("no image is made for the locked platforms", hint="add `linux-64` to `platforms`")
    return found


def _this_machine() -> str | None:
    """The platform that this is, by its name."""
    here = (machine.system().lower(), machine.machine())
    return next((name for name, platform in PLATFORMS.items() if (platform.os, platform.machine) == here), None)


def _refuse_unknown_groups(spec: EnvSpec, groups: tuple[str, ...]) -> None:
    for group in groups:
        if group not in spec.group_names:
            raise UserInputError(f"there is no group `{group}`", hint=f"groups are: {', '.join(spec.group_names)}")


def _holdable(locked: PlatformLock, form: Format) -> PlatformLock:
    """What of a platform a format can hold, by name: a lock may have been put together by hand."""
    conda = [] if "conda" in form.left_out else locked.conda
    pip = [] if "pip" in form.left_out else [p for p in locked.pip if not form.refuses(p)]
    return replace(
        locked,
        debian=(),
        conda=tuple(sorted(conda, key=lambda p: p.name)),
        pip=tuple(sorted(pip, key=lambda p: p.name)),
    )


def _with_places(contents: Contents, form: Format, project: Project, context: Context) -> Contents:
    """The contents with what the lock does not hold: where channels, indexes and packages are."""
    inputs = contents.lock.inputs
    # without mirrors: what is exported is for others
    where = inputs.channels, inputs.indexes, project.folder
    sources = Sources.of(*where)
    supply = supply_of(sources, context)
    conda = [p for locked in contents.platforms for p in locked.conda]
    default = next((index.name for index in inputs.indexes if index.default), DEFAULT_INDEX)
    pip = [p for locked in contents.platforms for p in locked.pip if form.needs_url or p.index != default]
    urls = pip_urls(pip, supply, context) | conda_urls(conda if form.conda_urls else [], supply)
    first = sorted(sources.indexes.items(), key=lambda item: item[0] != default)
    return replace(
        contents,
        urls=urls,
        md5=md5s(conda, supply_of(sources_of(*where, context), context), context) if form.needs_md5 else {},
        channels={name: public(url) for name, url in sources.channels.items()},
        indexes={name: public(url or later.default_index()) for name, url in first},
        default_index=default,
    )


def _folder(project: Project, output: Path | None) -> str:
    """The environment's folder as seen from that of the file; what is printed is as if it were in the former."""
    # into a pipe or a device; and what was has no folder but where the environment is
    printed = output is None or project.at or (output.exists() and not output.is_file())
    beside = project.folder if output is None or printed else output.absolute().parent.resolve()
    return Path(os.path.relpath(project.folder, beside)).as_posix()


def _notes(asked: tuple[PlatformLock, ...], contents: Contents, form: Format, spec: EnvSpec) -> Iterator[str]:
    """What the file does not hold, and why."""
    pythons = " and ".join(contents.pythons)
    for kind, why in {**({} if form.of_image else _DEBIAN), **form.left_out}.items():
        count = len({p.name for locked in asked for p in locked.packages if p.kind == kind.lower()})
        if count:
            yield f"{count} {kind} package{'s' if count > 1 else ''} left out: {why}"
    if "conda" in form.left_out and pythons:
        yield f"what is exported is for Python {pythons}"
    if form.without_python and pythons and not any(locked.conda for locked in asked):
        yield f"Python {pythons} is not a conda package here: {form.without_python}"
    yield from _of_folders(contents)
    yield from form.notes(contents)
    if form.asks_for_pip and any(p.pip and "pip" not in {c.name for c in p.conda} for p in contents.platforms):
        yield "no `pip` is locked: the file asks conda for one, to install the `pip:` part"
    if "pip" not in form.left_out:
        refused = {p.name: form.refuses(p) for locked in asked for p in locked.pip}
        yield from (f"`{name}` left out: {why}" for name, why in sorted(refused.items()) if why)
        yield from (f"`{project.name}` left out: editable projects are not locked" for project in spec.pip.editable)


def _of_folders(contents: Contents) -> Iterator[str]:
    for name in sorted({p.channel for locked in contents.platforms for p in locked.conda}):
        if "://" not in name and contents.channels[name].startswith("file:"):
            yield f"the channel `{name}` is a folder: what is exported has its path on this machine"
