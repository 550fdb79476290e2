"""Installed distributions as pins: those of an index by the file that they are from, the others by their source."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.interchange.installed.direct_url import DirectUrl
from envlock.interchange.installed.dist_info import Distribution
from envlock.interchange.pip.direct import as_path
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.interchange.pip.project_file import PROJECT_FILE, read_project_file
from envlock.interchange.source import Source
from envlock.model.imported import PinnedFile, PinnedPip, Remark
from envlock.model.spec import EditableProject
from envlock.system.files import repository_root

_COPY = "copy it into the repository, and `envlock add` it from there"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedDistributions:
    """`requested` are those that somebody asked for by name, as env.toml asks for them, where that is known of all."""

    pip: tuple[PinnedPip, ...] = ()
    editable: tuple[EditableProject, ...] = ()
    requested: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The prefix, from which paths in a spec go, and the repository that they must not leave."""

    prefix: Path
    repository: Path

    def path(self, path: Path) -> str:
        """As it is written; ValueError for one that is not to be."""
        target = path.resolve()
        if not target.exists():
            raise ValueError(f"`{path}` is not there any more")
        if target.is_relative_to(self.prefix) and not self.repository.is_relative_to(self.prefix):
            raise ValueError(f"`{path}` is in the prefix itself, which no other machine has: {_COPY}")
        if not target.is_relative_to(self.repository):
            raise ValueError(f"`{path}` is outside of the repository: {_COPY}")
        return as_path(os.path.relpath(target, self.prefix))


def pinned_distributions(found: Iterable[Distribution], source: Source) -> PinnedDistributions:
    """What cannot be had again is not among them, and named."""
    prefix = source.path.resolve()
    around = (source.into or prefix).resolve()
    place = _Place(prefix=prefix, repository=repository_root(around) or around)
    pins: list[PinnedPip] = []
    editable: list[EditableProject] = []
    requested: list[str] = []
    remarks: list[Remark] = []
    told = True
    for one in found:
        named = f"{one.name} {one.version}".strip()
        try:
            if one.direct and one.direct.editable:
                editable.append(_project(one, one.direct, place))
                continue
            pin = _pin(one, place)
        except ValueError as error:
            remarks.append(Remark(what=named, why=str(error)))
            continue
        pins.append(pin)
        remarks += [Remark(what=named, why=why) for why in _noted(one)]
        told = told and one.requested is not None
        if one.requested:
            requested.append(f"{one.name} @ {pin.source}" if pin.source else one.name)
    return PinnedDistributions(
        pip=tuple(pins),
        editable=tuple(sorted(editable, key=lambda project: project.path)),
        requested=tuple(requested) if told else (),
        remarks=tuple(remarks),
    )


def _pin(one: Distribution, place: _Place) -> PinnedPip:
    direct = one.direct
    if direct is None:
        files = (PinnedFile(name=one.file),) if one.file else ()
        return PinnedPip(name=one.name, version=one.version, files=files, requires=one.requires)
    files = (PinnedFile(sha256=direct.sha256),) if direct.sha256 else ()
    return PinnedPip(
        name=one.name, version=one.version, files=files, source=_source(one, direct, place), requires=one.requires
    )


def _source(one: Distribution, direct: DirectUrl, place: _Place) -> str:
    """As env.toml has it; ValueError for one that it cannot have."""
    if direct.path:
        path = place.path(direct.path)
        normalized_requirement(f"{one.name} @ {path}")
        return path
    try:
        return normalized_requirement(f"{one.name} @ {direct.source}").partition(" @ ")[2]
    except ValueError as error:
        raise ValueError(f"it was installed from `{direct.source}`, which env.toml has no form for: {error}") from None


def _project(one: Distribution, direct: DirectUrl, place: _Place) -> EditableProject:
    folder = direct.path or Path()
    try:
        path = place.path(folder)
        project = read_project_file(folder / PROJECT_FILE)
        for _, why in project.document.findings():
            raise ValueError(why.removeprefix(": "))
    except ValueError as error:
        raise ValueError(f"it is installed editable, and {error}") from None
    return EditableProject(path=path, name=one.name)


def _noted(one: Distribution) -> Iterator[str]:
    """What is to be said of one that is carried over."""
    direct = one.direct
    if direct and direct.cleaned:
        yield "it was installed from an address with credentials, which are left out: keep them in netrc"
    if direct and direct.source and direct.source.startswith("git+file:"):
        yield f"it was installed from `{direct.source}`, a repository of this machine: other machines do not have it"
    if direct and direct.path and direct.path.is_dir():
        yield f"it was installed from the folder `{direct.path}`: locked is what is in that now"
    if not direct and not one.file:
        yield "nothing here says which file it was installed from: the best of its version on the index is locked"
