"""pylock.toml (PEP 751), of any tool: every pin, without solving."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from packaging.pylock import (
    Package,
    PackageDirectory,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
    is_valid_pylock_path,
)

from envlock.errors import UserInputError
from envlock.interchange.pip.beside import beside, editable_project
from envlock.interchange.pip.pins import (
    ForeignToml,
    Indexes,
    asked,
    git_source,
    limits_remark,
    opened,
    pinned_file,
    platforms_of,
    utc_time,
)
from envlock.interchange.pip.pythons import Selection, Spans, checked_marker, python_key
from envlock.interchange.source import Source
from envlock.model.fields import Document
from envlock.model.imported import Imported, Pinned, PinnedFile, PinnedPip, Remark
from envlock.model.place import Place
from envlock.model.platform import PLATFORMS
from envlock.model.spec import MAIN, EditableProject, EnvSpec, PipSpec, Wants


def is_one(path: Path, text: str) -> bool:
    return is_valid_pylock_path(path) or ("\nlock-version = " in f"\n{text}" and "\n[[packages]]" in f"\n{text}")


def read(source: Source) -> Imported:
    """UserInputError names file and line of what is wrong."""
    document = opened(source)
    lock = _lock(document)
    limits = str(lock.requires_python) if lock.requires_python is not None else None
    reader = _Reader(document, source, Indexes(source.default_index))
    packages = list(reader.packages(lock))
    groups = _groups(lock, source, document)
    environments = [str(marker) for marker in lock.environments or ()]
    platforms = platforms_of(source, environments, limits)
    python = python_key(limits)
    pinned = tuple(_pinned(name, limits, python, packages, groups) for name in platforms)
    spec = EnvSpec(
        name="",
        python=python,
        platforms=platforms,
        pip=PipSpec(
            indexes=reader.indexes.named(), editable=tuple(sorted(reader.editable, key=lambda each: each.path))
        ),
        groups=tuple((name, Wants()) for name in sorted(groups) if name != MAIN),
    )
    remarks = (
        *limits_remark(document, ("requires-python",), limits, python),
        *reader.remarks,
        *reader.indexes.remarks,
        *_beside(lock, document),
    )
    return Imported(spec=spec, pinned=pinned, remarks=remarks)


def _lock(document: ForeignToml) -> Pylock:
    try:
        lock = Pylock.from_dict(document.root.raw)
    except PylockUnsupportedVersionError as error:
        _refuse(document, ("lock-version",), str(error).partition(" in ")[0])
    except PylockValidationError as error:
        _refuse(document, _path(error.context or ""), error.message)
    for number, package in enumerate(lock.packages):
        try:
            checked_marker(str(package.marker)) if package.marker else None
        except ValueError as error:
            _refuse(document, ("packages", number, "marker"), str(error))
    return lock


def _refuse(document: Document, path: tuple[str | int, ...], what: str) -> NoReturn:
    raise UserInputError(Place(document.name, document.line(path), path).said(f": {what}"))


def _path(context: str) -> tuple[str | int, ...]:
    """`packages[3].wheels[0].hashes` as a path of keys."""
    words = context.replace("[", ".").replace("]", "").split(".")
    return tuple(int(word) if word.isdigit() else word for word in words if word)


def _groups(lock: Pylock, source: Source, document: Document) -> dict[str, Selection]:
    """What each group of env.toml stands for: an extra or a dependency group, beside those that are always meant."""
    usual = frozenset(lock.default_groups or ())
    extras, groups = frozenset(lock.extras or ()), frozenset(lock.dependency_groups or ())
    known = sorted((extras | groups) - (usual - extras))
    for name in source.groups:
        if name not in known:
            listed = ", ".join(f"`{each}`" for each in known) or "none"
            raise UserInputError(f"`{document.name}` has no group or extra `{name}`: it has {listed}")
    found = {MAIN: Selection(groups=usual)}
    for name in known if not source.groups else sorted(source.groups):
        selection = Selection(
            extras=frozenset([name]) & extras,
            groups=usual | (frozenset([name]) & groups),
        )
        found[f"{name}-extra" if name == MAIN else name] = selection
    return found


@dataclass
class _Reader:
    """What a lock's packages are as pins; what none can be made of is remarked, projects that are installed editable
    are `editable`."""

    document: Document
    source: Source
    indexes: Indexes
    remarks: list[Remark] = field(default_factory=list)
    editable: list[EditableProject] = field(default_factory=list)

    def packages(self, lock: Pylock) -> Iterator[PinnedPip]:
        for number, package in enumerate(lock.packages):
            try:
                if package.directory and package.directory.editable and not package.marker:
                    self.editable.append(editable_project(self.source, _folder(package.directory)))
                else:
                    yield self._pinned(package)
            except ValueError as error:
                self._remark(package, number, str(error))

    def _pinned(self, package: Package) -> PinnedPip:
        version = str(package.version) if package.version else ""
        marker = str(package.marker) if package.marker else None
        pinned = PinnedPip(name=package.name, version=version, marker=marker)
        source = _source(package, self.source, self.indexes)
        if source:
            asked(package.name, source)
            return replace(pinned, source=source, files=_archived(package))
        index = self.indexes.seen(package.index, package.name)
        return replace(pinned, index=index, files=tuple(_files(package)))

    def _remark(self, package: Package, number: int, why: str) -> None:
        line = self.document.line(("packages", number))
        version = f" {package.version}" if package.version else ""
        self.remarks.append(Remark(file=self.document.name, what=f"{package.name}{version}", why=why, line=line))


def _source(package: Package, source: Source, indexes: Indexes) -> str | None:
    """As after `NAME @`; None of what is from an index."""
    if package.vcs:
        vcs = package.vcs
        if vcs.type != "git":
            raise ValueError(f"it is from a repository of `{vcs.type}`: envlock knows git alone")
        if vcs.url is None:
            raise ValueError("it is from a repository of this machine: give its address")
        return git_source(indexes.address(vcs.url, package.name), vcs.commit_id, vcs.subdirectory)
    if package.directory:
        return beside(source, _folder(package.directory))
    if package.archive:
        if package.archive.subdirectory:
            raise ValueError("it is in a folder of an archive, for which env.toml has no form")
        path, url = package.archive.path, package.archive.url
        return beside(source, path) if path else indexes.address(url or "", package.name)
    return _wheel_here(package, source)


def _folder(directory: PackageDirectory) -> str:
    return "/".join(part for part in (directory.path, directory.subdirectory) if part)


def _wheel_here(package: Package, source: Source) -> str | None:
    """The one file that lies beside the lock; None where files are on an index."""
    files = [*(package.wheels or ()), *([package.sdist] if package.sdist else ())]
    if any(file.url for file in files) or not any(file.path for file in files):
        return None
    if len(files) > 1:
        raise ValueError("several files of it lie beside the lock, and env.toml names one: `NAME @ ./FILE.whl`")
    return beside(source, files[0].path or "")


def _archived(package: Package) -> tuple[PinnedFile, ...]:
    here = package.archive or next(iter(package.wheels or ()), None) or package.sdist
    if here is None:
        return ()
    name = (here.path or here.url or "").partition("#")[0].rpartition("/")[2]
    return (pinned_file(name, here.url, sha256=here.hashes.get("sha256"), size=here.size),)


def _files(package: Package) -> Iterator[PinnedFile]:
    for file in (*(package.wheels or ()), *([package.sdist] if package.sdist else ())):
        uploaded = utc_time(file.upload_time)
        yield pinned_file(file.filename, file.url, sha256=file.hashes.get("sha256"), size=file.size, uploaded=uploaded)


def _pinned(
    platform: str, limits: str | None, python: str | None, packages: Iterable[PinnedPip], groups: dict[str, Selection]
) -> Pinned:
    """What applies on one platform, in which groups, and on which Pythons."""
    packages = list(packages)
    markers = [package.marker for package in packages if package.marker]
    spans = Spans(PLATFORMS[platform], limits, markers, groups.values())
    found = []
    for package in packages:
        holding = {
            group: {each for each in spans.lowest if spans.holds(package.marker, each, selection)}
            for group, selection in groups.items()
        }
        pythons = set[str]().union(*holding.values())
        belongs = (MAIN,) if holding[MAIN] else tuple(sorted(group for group, found in holding.items() if found))
        if pythons:
            found.append(replace(package, marker=spans.marker(pythons), groups=belongs))
    return Pinned(platform=platform, python=python, requires_python=limits, pip=tuple(found))


def _beside(lock: Pylock, document: Document) -> Iterator[Remark]:
    """What says something about packages that no lock of ours holds."""
    signed = [package.name for package in lock.packages if package.attestation_identities]
    if signed:
        what = f"attestation-identities of {len(signed)} packages"
        line = document.line(("packages",))
        yield Remark(file=document.name, what=what, why="files are known by their sha256 alone", line=line)
    tools: dict[str, Any] = dict(lock.tool or {})
    for name in sorted(tools):
        line = document.line(("tool", name))
        yield Remark(file=document.name, what=f"tool.{name}", why="it is for that tool alone", line=line)
