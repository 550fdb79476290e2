"""Environments that come with envlock: small, readable, to start from; and the one to run in where there is none."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import UserInputError
from envlock.manifest.reader import read_manifest
from envlock.manifest.stated_name import stated_texts
from envlock.model.words import did_you_mean
from envlock.system.cache_use import used
from envlock.system.files import write_whole
from envlock.system.secrets import redact
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.moment import top_name
from envlock.workflows.other_repository import HEAD, Elsewhere, moment_elsewhere
from envlock.workflows.project import CURATED, MANIFEST, Project
from envlock.workflows.upgrade import KEEP

_FOLDER = Path(__file__).parents[1] / "curated"
DEFAULT = "envlock-minimal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An environment to start from: its name, what it is for, and what `init --from` takes it by."""

    name: str
    description: str
    origin: str


def curated() -> tuple[Offered, ...]:
    """All that come with envlock, sorted by name."""
    prefix, path = CURATED
    specs = (read_manifest(file) for file in sorted(_FOLDER.glob(f"*/{MANIFEST}")))
    return tuple(Offered(name=prefix + s.name, description=s.description, origin=path + s.name) for s in specs)


def catalogue(address: str, start: Path, context: Context) -> tuple[Offered, ...]:
    """The environments of another repository, by its URL or path, as they are at its HEAD; sorted by name."""
    moment = moment_elsewhere(Elsewhere(address=address, name=None, version=HEAD), context, start)
    top, found = top_name(moment.repository), []
    for path in moment.repository.files(moment.at.commit, MANIFEST):
        content = moment.repository.read(moment.at.commit, path) or b""
        folder = path.rpartition("/")[0].rpartition("/")[2]
        stated = stated_texts(content.decode("utf-8-sig", errors="replace"))
        name = stated.get("name", folder or top)
        origin = f"{redact(address)}#{name}"
        found.append(Offered(name=name, description=stated.get("description", ""), origin=origin))
    return tuple(sorted(found, key=lambda each: each.name))


def is_curated(word: str) -> bool:
    """Does a word mean one of them, whether there is one of that name or not?"""
    return word.startswith(CURATED)


def curated_named(word: str) -> Project:
    """One of them by its name; UserInputError where there is none."""
    name = word.removeprefix(CURATED[1]).removeprefix(CURATED[0])
    known = {folder.name for folder in _FOLDER.iterdir() if (folder / MANIFEST).is_file()}
    if name not in known:
        hint = did_you_mean(name, known) or "`envlock list --curated` lists what there is"
        raise UserInputError(f"no curated environment `{name}`", hint=hint)
    return Project(_FOLDER / name)


def default_project(context: Context) -> Project:
    """What commands run in where no environment is meant."""
    return curated_project(DEFAULT, context)


def curated_project(word: str, context: Context) -> Project:
    """One of them to be installed or built as it is: locked when it is needed first, and kept so."""
    given = curated_named(word)
    content, name = given.manifest.read_bytes(), f"{CURATED[0]}{given.folder.name}"
    key = hashlib.sha256(content).hexdigest()
    project = Project(context.cache.versions / key / name)
    with context.cache.lock(f"version-{key[:32]}"):
        if not project.manifest.exists():
            project.folder.mkdir(parents=True, exist_ok=True)
            write_whole(project.manifest, content)
        if not project.lockfile.exists():
            context.progress(f"locking {name}, which is used for the first time")
            later.relock(project, context, KEEP)
    used(project.folder.parent)
    return project
