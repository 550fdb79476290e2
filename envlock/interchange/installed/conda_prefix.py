"""A conda prefix as it is installed: every package with its build, channel and hash, and pip's distributions in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from envlock.interchange.installed.conda_meta import META, CondaRecord, read_records
from envlock.interchange.installed.conda_overlaid import overlaid
from envlock.interchange.installed.conda_requests import requested
from envlock.interchange.installed.pinned_distributions import pinned_distributions
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.interchange.installed.prefix_platform import captured_system, only_platform
from envlock.interchange.installed.prefix_state import settings, variables
from envlock.interchange.installed.site_packages import Site, read_site
from envlock.interchange.source import Source
from envlock.model.imported import Imported, Pinned, PinnedConda, Remark
from envlock.model.match_specs import conda_name
from envlock.model.spec import DEFAULT_CHANNEL, CondaSpec, EnvSpec, PipSpec, python_minor


def is_one(path: Path, text: str) -> bool:
    return not text and (path / META).is_dir()


def read(source: Source) -> Imported:
    """UserInputError names a record that cannot be read; ValueError says what else is wrong."""
    files = PrefixFiles(source.path)
    records = read_records(files)
    if not records:
        raise ValueError(f"there is no package in its `{META}`")
    platform = only_platform({r.pinned.subdir for r in records} - {"noarch"}, source)
    site = _site(records, files)
    over = overlaid(records, site)
    kept = [r for r in records if r.pinned.name not in over.conda and not r.address.local]
    pip = pinned_distributions((d for d in site.distributions if d.name not in over.pip), source)
    conda = tuple(_with_channel(r) for r in kept)
    python = _python(kept)
    values, unset = variables(files)
    spec = EnvSpec(
        name=_name(source.path),
        python=python_minor(python) if python else None,
        platforms=(platform,),
        systems=captured_system(platform, conda, site.distributions),
        conda=CondaSpec(
            channels=_channels(conda),
            dependencies=tuple(text for text in requested(kept, files) if conda_name(text) != "python"),
        ),
        pip=PipSpec(dependencies=tuple(sorted(pip.requested)), editable=pip.editable),
        variables=values,
    )
    told = (*_told(records), *_of_channels(kept), *over.remarks, *site.remarks, *pip.remarks, *unset)
    return Imported(
        spec=spec,
        remarks=(*told, *settings(records, files)),
        pinned=(Pinned(platform=platform, conda=conda, pip=pip.pip),),
    )


def _name(path: Path) -> str:
    """What conda calls it; the one that conda itself is installed in has no name of its own."""
    place = path.resolve()
    return "" if (place / "condabin").is_dir() or place.name.startswith(".") else place.name.lower()


def _python(records: Sequence[CondaRecord]) -> str | None:
    return next((r.pinned.version for r in records if r.pinned.name == "python"), None)


def _site(records: Sequence[CondaRecord], files: PrefixFiles) -> Site:
    """The distributions of the Python that is there; what is left of another one is named."""
    python = _python(records)
    owned = frozenset().union(*(r.site for r in records))
    if python is None:
        return Site(distributions=(), remarks=tuple(_left(files, "")))
    minor = python_minor(python)
    folders = (f"lib/python{minor}/site-packages", f"lib/python{minor}t/site-packages", "Lib/site-packages")
    folder = next((each for each in folders if files.names(each)), folders[0])
    site = read_site(folder, owned, files)
    return replace(site, remarks=(*site.remarks, *_left(files, folder)))


def _left(files: PrefixFiles, used: str) -> Iterator[Remark]:
    for name in files.names("lib"):
        folder = f"lib/{name}/site-packages"
        left = [one for one in files.names(folder) if one.endswith((".dist-info", ".egg-info"))]
        if name.startswith("python") and folder != used and left:
            why = "packages for a Python that is not there any more"
            yield Remark(what=f"{len(left)} distributions", why=why, file=files.shown(folder))


def _with_channel(record: CondaRecord) -> PinnedConda:
    return replace(record.pinned, channel=record.pinned.channel or DEFAULT_CHANNEL)


def _channels(packages: Sequence[PinnedConda]) -> tuple[str, ...]:
    """Those with more packages first; nothing tells which had priority."""
    counted = Counter(package.channel for package in packages)
    return tuple(sorted(counted, key=lambda name: (-counted[name], name))) or (DEFAULT_CHANNEL,)


def _told(records: Sequence[CondaRecord]) -> Iterator[Remark]:
    for record in records:
        if record.address.local:
            why = f"installed from `{record.address.local}`, which is in no channel: put it into one"
            yield Remark(what=f"{record.pinned.name} {record.pinned.version}", why=why)


def _of_channels(records: Sequence[CondaRecord]) -> Iterator[Remark]:
    unknown = [r for r in records if not r.address.channel]
    if unknown:
        what = f"the channel of {len(unknown)} package{'s' if len(unknown) > 1 else ''}"
        yield Remark(what=what, why=f"not recorded in the prefix: `{DEFAULT_CHANNEL}` is asked for exactly these files")
    for name in sorted({r.pinned.channel for r in records if r.address.cleaned}):
        why = "its credentials are left out: keep them in netrc, or in the file that RATTLER_AUTH_FILE names"
        yield Remark(what=name, why=why)
    for name in sorted({r.pinned.channel for r in records if r.pinned.channel.startswith("file:")}):
        yield Remark(what=name, why="a channel of this machine: other machines do not have it")
    known = _channels([_with_channel(r) for r in records])
    if len(known) > 1:
        listed = ", ".join(f"`{name}`" for name in known)
        yield Remark(
            what="the order of channels", why=f"not recorded in the prefix: {listed}, by how much is from each"
        )
