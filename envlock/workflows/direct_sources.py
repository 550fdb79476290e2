"""Requirements that name their own source: as the solver is asked for them, and as they are locked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.direct import is_path
from envlock.model.lock import PipPackage
from envlock.model.requirements import applies
from envlock.solvers.requests import PipAnswer
from envlock.sources.fetch import fetch
from envlock.sources.source_folder import local_project
from envlock.sources.supply import Supply
from envlock.system.local_files import content_sha256, lfs_pointer, tree_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectSource:
    """A distribution's own source, as env.toml has it (`./x.whl`, `https://…`, `git+https://…@v1`), and the URL at
    which the solver finds it now."""

    name: str
    source: str
    url: str
    tree: str | None = None
    sha256: str = ""
    size: int | None = None

    def locked(self, answer: PipAnswer) -> PipPackage:
        """What the solver found there, said as env.toml does: nothing of this machine."""
        package = PipPackage(name=answer.name, version=answer.version, builds=answer.builds)
        if self.tree:
            return replace(package, path=self.source, tree=self.tree)
        if answer.commit:
            git = self.source.partition("#")[0]
            return replace(package, git=git, commit=answer.commit, subdirectory=answer.subdirectory)
        package = replace(package, file=answer.file, sha256=self.sha256 or answer.sha256, size=self.size or answer.size)
        return replace(package, path=self.source) if is_path(self.source) else replace(package, url=self.source)


def direct_sources(
    wants: Iterable[str], environment: Mapping[str, str], keep: Iterable[PipPackage], supply: Supply
) -> dict[str, DirectSource]:
    """By requirement, those that name a source and apply; UserInputError for a path where nothing is."""
    pinned = {package.name: package for package in keep}
    found = {}
    for text in wants:
        requirement = Requirement(text)
        if requirement.url and applies(requirement.marker, environment):
            found[text] = _found(canonicalize_name(requirement.name), requirement.url, pinned, supply)
    return found


def asked(text: str, direct: Mapping[str, DirectSource]) -> str:
    """A requirement as the solver is to read it: elsewhere than beside env.toml."""
    requirement = Requirement(text)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    if text in direct:
        return f"{direct[text].name}{extras} @ {direct[text].url}{marker}"
    # of what does not apply on this platform, solvers read no path
    return f"{requirement.name}{extras}{marker}" if requirement.url and is_path(requirement.url) else text


def as_written(text: str, direct: Iterable[DirectSource]) -> str:
    """What a solver says of files and folders, with the paths that stand in env.toml."""
    for source in direct:
        for shown in (source.url, unquote(urlsplit(source.url).path)):
            text = text.replace(shown, source.source) if source.url.startswith("file:") else text
    return text


def _found(name: str, source: str, pinned: Mapping[str, PipPackage], supply: Supply) -> DirectSource:
    if is_path(source):
        return _local(name, source, supply)
    if source.startswith("git+"):
        return DirectSource(name=name, source=source, url=_kept_commit(source, pinned.get(name)))
    pin = pinned.get(name)
    here = supply.cache.package(pin.sha256, pin.file) if pin and pin.url == source else None
    if pin and here:
        url = here.resolve().as_uri()
        return DirectSource(name=name, source=source, url=url, sha256=pin.sha256, size=pin.size)
    return DirectSource(name=name, source=source, url=source)


def _local(name: str, source: str, supply: Supply) -> DirectSource:
    path = Path(supply.sources.folder or ".", source)
    if path.is_dir():
        tree = tree_sha256(path)
        # the copy has what the hash is of, and building it leaves nothing in the folder
        url = local_project(path, tree, supply).resolve().as_uri()
        return DirectSource(name=name, source=source, url=url, tree=tree)
    sha256 = content_sha256(path)
    pointer = lfs_pointer(path)
    size = pointer.size if pointer else path.stat().st_size
    if pointer:
        path = fetch(PipPackage(name=name, version="", file=path.name, sha256=sha256, path=source), supply)
    return DirectSource(name=name, source=source, url=path.resolve().as_uri(), sha256=sha256, size=size)


def _kept_commit(source: str, pin: PipPackage | None) -> str:
    """A repository at the commit that is locked, where it is still asked for in the same words."""
    address, mark, folder = source.partition("#")
    if pin is None or pin.git != address:
        return source
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{path.rpartition('@')[0] or path}@{pin.commit}{mark}{folder}"
