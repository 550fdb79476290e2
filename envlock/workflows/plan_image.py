"""From a lock to a recipe: which package's files go into which layer, and what each layer's bytes depend on."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from envlock.environments.venv import venv_files
from envlock.images.recipe import PlannedLayer, require_all
from envlock.model.digest import canonical_json
from envlock.model.files import IMAGE_PREFIX, Inline, PrefixFile
from envlock.model.layers import LAYOUT, Sized, group
from envlock.model.lock import CondaPackage, PlatformLock
from envlock.model.ownership import Ownership, resolve
from envlock.model.spec import python_minor
from envlock.oci.compress import compressor_id
from envlock.workflows.bytecode import Bytecode, digest_of
from envlock.workflows.conda_stage import CondaStage
from envlock.workflows.contents import PackageContents

_TOP = "envlock"
# a package, and those of its paths that no other one has taken
Member = tuple[PackageContents, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """The layers of an image, bottom to top, and what packages took from one another."""

    layers: tuple[PlannedLayer, ...]
    ownership: Ownership


def plan_layers(
    locked: PlatformLock,
    contents: Sequence[PackageContents],
    stage: CondaStage,
    bytecode: Bytecode | None = None,
) -> ImagePlan:
    """Groups packages into the layers of the layout; nothing is unpacked, or compiled, before a layer's files are
    asked for."""
    top = _top_files(locked)
    brought = [(c.key, paths) for c, paths in _brought(contents, stage)]
    ownership = resolve([*brought, (_TOP, [f.path for f in top])])
    kept = bytecode.without_shipped(ownership.kept) if bytecode else ownership.kept
    by_key = {c.key: c for c in contents}
    sizes = [Sized(key=c.key, size=c.size) for c in contents if kept[c.key]]
    layers = []
    for found in group(sizes):
        members = [(by_key[key], kept[key]) for key in found.keys]
        keys = [_member_key(*member) for member in members]
        plain = partial(_member_files, stage=stage)
        layers.append(
            PlannedLayer(
                title=_title(found.title, members),
                key=_layer_key(locked, keys, bytecode),
                count=sum(len(paths) for _, paths in members),
                size=sum(c.size for c, _ in members),
                made_of=frozenset(c.package.sha256 for c, _ in members),
                files=partial(_layer_files, members, plain, bytecode),
                added=partial(bytecode.count, [*map(digest_of, keys)]) if bytecode else lambda: 0,
            )
        )
    if top:
        layers.append(PlannedLayer(title=_TOP, key=_top_key(top), count=len(top), size=0, files=lambda: top))
    require_all(layers, sum(map(len, kept.values())))
    return ImagePlan(layers=tuple(layers), ownership=ownership)


def _brought(
    contents: Sequence[PackageContents], stage: CondaStage
) -> Iterator[tuple[PackageContents, tuple[str, ...]]]:
    """What each package brings, conda's first; where conda packages overlap, as conda's linker decides it."""
    conda = [c for c in contents if isinstance(c.package, CondaPackage)]
    paths = [path for c in conda for path in c.paths]
    decided = stage.ownership() if len(paths) != len(set(paths)) else {}
    for each in contents:
        won = decided.get(each.package.name) if isinstance(each.package, CondaPackage) else None
        yield each, each.paths if won is None else tuple(p for p in each.paths if p in {*won, *_records(each.paths)})


def _records(paths: Iterable[str]) -> Iterator[str]:
    yield from (path for path in paths if path.startswith("conda-meta/"))


def _layer_files(
    members: Sequence[Member], plain: Callable[[Member], Iterable[PrefixFile]], bytecode: Bytecode | None
) -> Iterator[PrefixFile]:
    """The files of several packages, each followed by its bytecode."""
    for member in members:
        found = [*plain(member)]
        yield from found
        if bytecode:
            yield from bytecode.files(digest_of(_member_key(*member)), found, root=IMAGE_PREFIX, everywhere=False)


def _member_files(member: Member, *, stage: CondaStage) -> Iterator[PrefixFile]:
    each, paths = member
    if isinstance(each.package, CondaPackage):
        yield from stage.prefix_files(each.package, each.index, paths)
    else:
        kept = set(paths)
        yield from (file for file in each.files() if file.path in kept)


def _member_key(found: PackageContents, paths: tuple[str, ...]) -> list[str]:
    """What tells the files of a package in a layer."""
    package = found.package
    return [package.kind, package.name, package.sha256, hashlib.sha256("\0".join(paths).encode()).hexdigest()]


def _layer_key(locked: PlatformLock, packages: Sequence[list[str]], bytecode: Bytecode | None) -> str:
    # a noarch package is linked for the Python of its environment, and prefixes are written into files
    scheme = [
        LAYOUT,
        IMAGE_PREFIX,
        locked.platform,
        python_minor(locked.python),
        *(bytecode.scheme if bytecode else ()),
    ]
    return _digest({"scheme": scheme, "compressor": compressor_id(), "packages": packages})


def _top_files(locked: PlatformLock) -> tuple[PrefixFile, ...]:
    """What belongs to no package: the mark of a conda environment, or the virtual environment over a base's Python."""
    if locked.conda:
        return (PrefixFile(path="conda-meta/history", content=Inline(b"")),)
    if locked.base.interpreter and locked.base.python:
        home = locked.base.interpreter.rpartition("/")[0]
        return venv_files(home, locked.base.interpreter, locked.base.python)
    return ()


def _top_key(files: Iterable[PrefixFile]) -> str:
    listed = [[f.path, f.link or "", b"".join(f.content.chunks()).hex() if f.content else ""] for f in files]
    return _digest({"scheme": [LAYOUT, IMAGE_PREFIX], "compressor": compressor_id(), "files": listed})


def _title(title: str, members: Sequence[Member]) -> str:
    """What stands in the image's history: names and versions, nothing of clock or machine."""
    listed = ", ".join(f"{c.package.name} {c.package.version}" for c, _ in members[:4])
    more = f", and {len(members) - 4} more" if len(members) > 4 else ""
    return f"{title}: {listed}{more}" if title.startswith("bin") else listed


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
