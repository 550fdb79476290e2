"""Conda packages that another tool's lock, or a prefix, pins: completed, not solved.

What the lock does not say of a package its channel does, by the name of its file, and where that has left the channel's
index, the package itself. Whatever both say has to be the same.
"""

import hashlib
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from envlock.errors import OutsideError, UserInputError
from envlock.model.imported import PinnedConda
from envlock.model.lock import CondaPackage
from envlock.solvers.requests import CondaAnswer
from envlock.sources.fetch import fetch, remember
from envlock.sources.places import file_url
from envlock.system.conda.child import ask
from envlock.system.local_files import content_sha256
from envlock.system.secrets import redact
from envlock.system.side_by_side import side_by_side
from envlock.workflows.packages import supply_of
from envlock.workflows.solve_conda import read_contents
from envlock.workflows.task import PlatformTask
from envlock.workflows.wheel_doors import fetched_file

_AGAIN = "it was made anew, or tampered with: pin it again with the tool that wrote the file"
_TOLD = "conda-told"
_MOST_SECONDS = 253_402_300_799  # the last that has a year of four digits
_COMPLETE = ("sha256", "size", "requires", "constrains")


def pinned_conda(tasks: Sequence[PlatformTask]) -> list[tuple[CondaAnswer, ...]]:
    """For each platform what is pinned there, sorted by name, with all that a lock holds of a package.

    UserInputError names what its channel has with another hash, OutsideError what cannot be had any more.
    """
    asked = [(task, package) for task in tasks if task.pinned for package in task.pinned.conda]
    lacking = list(dict.fromkeys(package for _, package in asked if not _is_complete(package)))
    told = dict(zip(lacking, _told(lacking, tasks[0]), strict=True))
    pairs = side_by_side(
        lambda pair: (pair[0].name, _answer(pair[1], told.get(pair[1]), pair[0])),
        asked,
        stop=tasks[0].context.stopped.set,
    )
    return [
        tuple(sorted((answer for name, answer in pairs if name == task.name), key=lambda a: a.package.name))
        for task in tasks
    ]


def _is_complete(package: PinnedConda) -> bool:
    return all(getattr(package, name) is not None for name in _COMPLETE)


def _told(packages: Sequence[PinnedConda], task: PlatformTask) -> list[dict[str, Any] | None]:
    """What channels say of packages, or said once of the same bytes; None of each that they do not have."""
    cache = task.context.cache
    found = {p: _kept(cache.record(_TOLD, _key(p, task)), p) for p in packages}
    missing = [p for p in packages if found[p] is None]
    if missing:
        for package, record in zip(missing, _asked(missing, task), strict=True):
            found[package] = record
            if record:
                cache.keep(_TOLD, _key(package, task), record, lasting=False)
    return [found[p] for p in packages]


def _key(package: PinnedConda, task: PlatformTask) -> str:
    place = f"{task.sources.asked_channel(package.channel)} {package.subdir} {package.file}"
    return hashlib.sha256(place.encode()).hexdigest()


def _kept(record: Any, package: PinnedConda) -> dict[str, Any] | None:
    """A record of the same bytes as are pinned, by their hash: that says no other thing later."""
    if not isinstance(record, dict) or not (package.sha256 or package.md5):
        return None
    same = all(record.get(kind) == stated for kind, stated in _stated(package).items())
    return record if same else None


def _asked(packages: Sequence[PinnedConda], task: PlatformTask) -> list[dict[str, Any] | None]:
    """Nothing where a channel cannot be asked: then the packages tell, or looking for them says what is wrong."""
    names = sorted({p.channel for p in packages})
    question = {
        "channels": [{"name": name, "url": task.sources.asked_channel(name)} for name in names],
        "subdirs": sorted({p.subdir for p in packages}),
        "packages": [{"name": p.name, "channel": p.channel, "subdir": p.subdir, "file": p.file} for p in packages],
        "cache": str(task.context.cache.solver_cache / "repodata"),
        "offline": task.context.offline,
    }
    try:
        found: list[dict[str, Any] | None] = ask("named", question)
    except OutsideError:
        return [None for _ in packages]
    return found


def _answer(pinned: PinnedConda, told: dict[str, Any] | None, task: PlatformTask) -> CondaAnswer:
    if _is_complete(pinned):
        return CondaAnswer(package=_package(pinned, {}), url=_url(pinned, None, task))
    if told is None or not (pinned.sha256 or told["sha256"]):
        return _from_itself(pinned, task)
    _refuse_other(pinned, told, f"`{pinned.channel}`")
    return CondaAnswer(package=_package(pinned, told), url=_url(pinned, told["url"], task))


def _package(pinned: PinnedConda, told: dict[str, Any]) -> CondaPackage:
    """What is pinned, and of what it does not say what was told."""

    def one(name: str, otherwise: Any = None) -> Any:
        stated = getattr(pinned, name)
        return told.get(name, otherwise) if stated is None else stated

    return CondaPackage(
        name=pinned.name,
        version=pinned.version,
        build=pinned.build,
        subdir=pinned.subdir,
        file=pinned.file,
        sha256=one("sha256", ""),
        size=one("size") or 0,
        channel=pinned.channel,
        uploaded=one("uploaded"),
        requires=tuple(sorted(one("requires", ()))),
        constrains=tuple(sorted(one("constrains", ()))),
    )


def _url(pinned: PinnedConda, told: str | None, task: PlatformTask) -> str:
    """Where it is read from: its channel's mirror where there is one, else where the channel or the lock says."""
    mirror = task.sources.mirrors.get(pinned.channel)
    if mirror:
        return file_url(mirror.rstrip("/"), pinned.subdir, pinned.file)
    usual = task.sources.conda_url(pinned.channel, pinned.subdir, pinned.file)
    other = told or pinned.url or usual
    return usual if unquote(redact(other)) == unquote(usual) else other


def _stated(pinned: PinnedConda) -> dict[str, str]:
    return {kind: value for kind, value in (("sha256", pinned.sha256), ("md5", pinned.md5)) if value}


def _refuse_other(pinned: PinnedConda, found: dict[str, Any], where: str) -> None:
    """UserInputError where a file of that name is another than the one that is pinned."""
    for kind, stated in _stated(pinned).items():
        if found.get(kind) and found[kind] != stated:
            raise UserInputError(
                f"`{pinned.file}` is pinned with {kind} {stated}, and {where} has it with {found[kind]}", hint=_AGAIN
            )
    same = (found.get("name", pinned.name), found.get("version", pinned.version), found.get("build", pinned.build))
    if same != (pinned.name, pinned.version, pinned.build):
        raise UserInputError(
            f"`{pinned.file}` is pinned as {pinned.name} {pinned.version} {pinned.build},"
            f" and {where} has it as {' '.join(same)}"
        )


def _from_itself(pinned: PinnedConda, task: PlatformTask) -> CondaAnswer:
    """As the package says that it is, whole and compared with what is pinned."""
    url = _url(pinned, None, task)
    path = _fetched(pinned, url, task)
    sha256 = content_sha256(path)
    with path.open("rb") as stream:
        md5 = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    _refuse_other(pinned, {"sha256": sha256, "md5": md5}, f"`{redact(url)}`")
    index = read_contents([(sha256, str(path))], task.context.cache)[sha256]["index"]
    told = {
        "sha256": sha256,
        "size": path.stat().st_size,
        "uploaded": _uploaded(index.get("timestamp")),
        "requires": _texts(index.get("depends"), pinned),
        "constrains": _texts(index.get("constrains"), pinned),
    }
    return CondaAnswer(package=_package(pinned, told), url=url)


def _fetched(pinned: PinnedConda, url: str, task: PlatformTask) -> Path:
    """The file, in the cache; without a sha256 it can only be asked for by its URL."""
    cache = task.context.cache
    if pinned.sha256:
        if url != task.sources.conda_url(pinned.channel, pinned.subdir, pinned.file):
            remember(pinned.sha256, url, cache)
        return fetch(_package(pinned, {}), supply_of(task.sources, task.context))
    if url.startswith("file:"):
        here = Path(unquote(urlsplit(url).path))
        if not here.is_file():
            raise OutsideError(f"`{pinned.file}` is not in `{pinned.channel}`")
        with here.open("rb") as source:
            return cache.add_package(content_sha256(here), here.name, lambda target: shutil.copyfileobj(source, target))
    if task.context.offline:
        raise OutsideError(
            f"`{pinned.file}` is pinned without a sha256, its channel's index is not in the cache, and this is"
            " --offline",
            hint="run it once without",
        )
    return fetched_file(task, url, pinned.file)


def _texts(found: object, pinned: PinnedConda) -> tuple[str, ...]:
    if found is None:
        return ()
    if isinstance(found, list) and all(isinstance(text, str) for text in found):
        return tuple(found)
    raise OutsideError(f"`{pinned.file}` does not say what it requires")


def _uploaded(found: object) -> str | None:
    if not isinstance(found, int) or not 0 < found < 1 << 53:
        return None
    seconds = min(found // 1000 if found > _MOST_SECONDS else found, _MOST_SECONDS)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
