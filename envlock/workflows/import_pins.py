"""The wishes of one file with the pins of another: what these have by URL alone is looked for where the wishes look."""

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.errors import UserInputError
from envlock.interchange.pip.pip_pins import BY_URL
from envlock.model.imported import Imported, Pinned, PinnedFile, PinnedPip, Remark
from envlock.model.spec import EnvSpec, Index, Wants
from envlock.solvers.uv_answer import index_name
from envlock.system.side_by_side import side_by_side
from envlock.workflows.context import Context
from envlock.workflows.pinned_files import known_files
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import KEEP

_BY_NAME = "no index here has the file that is pinned: env.toml asks for it by its URL"


def with_pins(wishes: Imported, pins: Imported) -> Imported:
    """What the first asks for, pinned as the second says; channels and indexes are those of both."""
    spec, others = wishes.spec, pins.spec
    known = {index.name for index in spec.pip.indexes}
    spec = replace(
        spec,
        python=spec.python or others.python,
        platforms=others.platforms,
        systems=others.systems,
        conda=replace(spec.conda, channels=tuple(dict.fromkeys((*spec.conda.channels, *others.conda.channels)))),
        pip=replace(
            spec.pip, indexes=(*spec.pip.indexes, *(each for each in others.pip.indexes if each.name not in known))
        ),
    )
    return replace(wishes, spec=spec, pinned=pins.pinned, remarks=(*wishes.remarks, *pins.remarks))


def on_indexes(imported: Imported, project: Project, context: Context) -> Imported:
    """With its index for each file that is pinned by URL and asked for by none, where an index of env.toml has it by
    the same name and sha256. What is on none env.toml then asks for by its URL, whatever it said."""
    direct = {_name(text) for text in _texts(imported.spec) if Requirement(text).url}
    urls = {p.name for each in imported.pinned for p in each.pip if p.name not in direct and _is_file(p)}
    if not urls:
        return imported
    tasks = {task.name: task for task in tasks_of(imported.spec, project, context, None, KEEP)}
    found = [_on_index(each, urls, tasks[each.platform]) for each in imported.pinned]
    # env.toml says one thing of a name: where a file of it is on no index, all of them are by their URLs
    left = urls & {p.name for each in found for p in each.pip if p.source}
    asked = [text for text in _texts(imported.spec) if _name(text) in left]
    extras = {_name(text): Requirement(text).extras for text in asked}
    pinned = (
        replace(before, pip=tuple(_chosen(a, b, left, extras) for a, b in zip(before.pip, after.pip, strict=True)))
        for before, after in zip(imported.pinned, found, strict=True)
    )
    remarks = (kept for each in imported.remarks if (kept := _still_true(each, urls - left)))
    said = (Remark(what=text, why=_BY_NAME) for text in dict.fromkeys(asked))
    return replace(imported, spec=_not_asking(imported.spec, left), pinned=tuple(pinned), remarks=(*remarks, *said))


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _texts(spec: EnvSpec) -> tuple[str, ...]:
    """What env.toml asks pip for, on any platform and in any group."""
    return (*spec.pip.dependencies, *(text for _, wants in (*spec.platform_wants, *spec.groups) for text in wants.pip))


def _is_file(package: PinnedPip) -> bool:
    """Is it a file on the web, by its sha256?"""
    web = (package.source or "").startswith(("https://", "http://"))
    return web and len(package.files) == 1 and bool(package.files[0].sha256)


def _on_index(pinned: Pinned, urls: set[str], task: PlatformTask) -> Pinned:
    """With the index of each of these, where one has it."""

    def looked_up(package: PinnedPip) -> PinnedPip:
        return _found(package, task) if package.name in urls and _is_file(package) else package

    return replace(pinned, pip=tuple(side_by_side(looked_up, pinned.pip, stop=task.context.stopped.set)))


def _found(package: PinnedPip, task: PlatformTask) -> PinnedPip:
    """The file on the first index that has it; as it was where none does."""
    name = unquote(urlsplit(package.source or "").path.rpartition("/")[2])
    wanted = replace(package, source=None, files=(PinnedFile(name=name, sha256=package.files[0].sha256),))
    for url in _indexes(package.name, task.spec.pip.indexes):
        try:
            files = known_files(wanted, index_name(url, task.spec.pip.indexes), task)
        except UserInputError:  # it does not have it, or another file by that name
            continue
        return replace(wanted, index=url, files=files)
    return package


def _indexes(name: str, indexes: tuple[Index, ...]) -> Iterator[str | None]:
    """The URLs of those that may have a distribution, as env.toml says; None is the default one, the last."""
    owners = [each.url for each in indexes if any(fnmatchcase(name, pattern) for pattern in each.packages)]
    if owners:
        yield from owners
        return
    yield from (each.url for each in indexes if not each.packages and not each.default)
    yield None


def _chosen(before: PinnedPip, after: PinnedPip, left: set[str], extras: dict[str, set[str]]) -> PinnedPip:
    if after.name not in left:
        return after
    return replace(before, extras=tuple(sorted({*before.extras, *extras.get(before.name, ())})))


def _not_asking(spec: EnvSpec, names: set[str]) -> EnvSpec:
    """Without what is asked of pip by these names."""

    def kept(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text in texts if _name(text) not in names)

    def each(wants: tuple[tuple[str, Wants], ...]) -> tuple[tuple[str, Wants], ...]:
        kept_wants = ((name, replace(of, pip=kept(of.pip))) for name, of in wants)
        return tuple((name, of) for name, of in kept_wants if of)

    return replace(
        spec,
        pip=replace(spec.pip, dependencies=kept(spec.pip.dependencies)),
        platform_wants=each(spec.platform_wants),
        groups=each(spec.groups),
    )


def _still_true(remark: Remark, found: set[str]) -> Remark | None:
    """Of what was to be asked for by URL, what still is."""
    if remark.why != BY_URL:
        return remark
    host, _, names = remark.what.partition(": ")
    left = [name for name in names.split(", ") if canonicalize_name(name) not in found]
    return replace(remark, what=f"{host}: {', '.join(left)}") if left else None
