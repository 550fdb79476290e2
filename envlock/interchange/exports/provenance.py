"""SLSA provenance v1 in an in-toto Statement: what an image was made from, where, when and by whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from envlock.model.digest import canonical_json

BUILD_TYPE = "urn:envlock:build:1"
BUILDER = "pkg:pypi/git-envlock"
_DISTANT = ("https", "http", "ssh", "git")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Where in git an environment is: the commit, in full, the URL of `origin` as git has it, None without one, and
    whether what was built is another than what is committed."""

    commit: str
    origin: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """An image and how it was made. `image` is its digest, `lock` the sha256 (64 hex) of env.lock, `bases` the digests
    of base images by reference; times are UTC."""

    image: str
    name: str
    environment: str
    lock: str
    keys: Mapping[str, str]
    bases: Mapping[str, str]
    engine: str
    layout: int
    compressor: str
    version: str
    revision: Revision | None
    began: datetime | None
    ended: datetime


def provenance(making: Making) -> bytes:
    """The statement, as it is stored."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": making.name, "digest": _digest(making.image)}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": _definition(making), "runDetails": _run(making)},
    }
    return canonical_json(statement)


def public_origin(url: str) -> str | None:
    """The URL of a remote without user, password and query, as others can use it; None for a folder."""
    if "://" not in url:
        host, colon, path = url.partition(":")
        if not colon or "/" in host or not path:
            return None
        url = f"ssh://{host}/{path.lstrip('/')}"  # git's short form
    parts = urlsplit(url.removeprefix("git+"))
    if parts.scheme not in _DISTANT or not parts.hostname:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _definition(making: Making) -> dict[str, Any]:
    return {
        "buildType": BUILD_TYPE,
        "externalParameters": {
            "environment": making.environment,
            "platforms": sorted(making.keys),
            "engine": making.engine,
            "layout": making.layout,
        },
        "internalParameters": {"compressor": making.compressor},
        "resolvedDependencies": [*_sources(making)],
    }


def _sources(making: Making) -> Iterator[dict[str, Any]]:
    yield {"name": "env.lock", "digest": {"sha256": making.lock}, "annotations": {"lockHashes": dict(making.keys)}}
    for reference, digest in sorted(making.bases.items()):
        yield {"name": reference, "digest": _digest(digest)}
    if making.revision:
        origin = public_origin(making.revision.origin) if making.revision.origin else None
        yield {
            "name": "source",
            **({"uri": f"git+{origin}"} if origin else {}),
            "digest": {"gitCommit": making.revision.commit},
            "annotations": {"dirty": making.revision.dirty},
        }


def _run(making: Making) -> dict[str, Any]:
    began = {"startedOn": _time(making.began)} if making.began else {}
    return {
        "builder": {"id": BUILDER, "version": {"git-envlock": making.version}},
        "metadata": {**began, "finishedOn": _time(making.ended)},
    }


def _digest(digest: str) -> dict[str, str]:
    algorithm, _, content = digest.partition(":")
    return {algorithm: content}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
