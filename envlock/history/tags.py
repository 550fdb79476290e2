"""Registered versions: annotated tags `env/NAME/VERSION`, which say in trailers what they are a version of."""

from collections.abc import Mapping
from dataclasses import dataclass

from envlock.errors import OutsideError, escaped
from envlock.history.git_program import Git
from envlock.history.repository import Person, Repository
from envlock.model.trailers import message, trailers_of
from envlock.model.version import NUMBER, TAGS

_ENVIRONMENT, _LOCK, _WHOLE, _IMAGE = "Environment", "Lock-Hash", "Environment-Hash", "Image"
_UNSIGNED = "git is told to sign tags (`tag.gpgSign`), and cannot: see `user.signingKey` and `gpg.format`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registered version: `id` is that of the tag; `environment_hash` None tells a tag that was made by hand, of
    which no more is known than its commit. `lock_hashes` are (platform, hash), `image` is `REPOSITORY@DIGEST`."""

    environment: str
    version: str
    id: str
    commit: str
    environment_hash: str | None = None
    lock_hashes: tuple[tuple[str, str], ...] = ()
    image: str | None = None
    by: Person | None = None

    @property
    def reference(self) -> str:
        return reference_of(self.environment, self.version)

    @property
    def number(self) -> int | None:
        return int(self.version) if NUMBER.fullmatch(self.version) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a version is to say of an environment at a commit."""

    commit: str
    environment_hash: str
    lock_hashes: tuple[tuple[str, str], ...]
    image: str | None = None


def reference_of(environment: str, version: str) -> str:
    return f"{TAGS}{environment}/{version}"


def tags_of(repository: Repository, environment: str) -> Mapping[str, str]:
    """What the tags of an environment's versions name themselves, by version."""
    prefix = reference_of(environment, "")
    return {name.removeprefix(prefix): id for name, id in repository.references(prefix).items()}


def commit_behind(repository: Repository, id: str) -> str | None:
    """The commit that a tag, or a reference in place of one, leads to; None for a tag of something else, as people may
    make it by hand; OutsideError where the object is missing."""
    tag = repository.tag(id)
    return tag.target if tag else repository.commit_of(id)


def read_version(repository: Repository, environment: str, version: str, id: str) -> Registered:
    """The version that a tag, or a commit in place of one, tells of; `commit` is what the tag names where that is no
    commit: its number is taken all the same. OutsideError where the object is missing."""
    tag = repository.tag(id)
    if tag is None:
        commit = repository.commit_of(id) or id
        return Registered(environment=environment, version=version, id=id, commit=commit)
    trailers = trailers_of(tag.message)
    told = dict(trailers)
    ours = told.get(_ENVIRONMENT) == environment
    return Registered(
        environment=environment,
        version=version,
        id=id,
        commit=tag.target,
        environment_hash=told.get(_WHOLE) if ours else None,
        lock_hashes=tuple(_pair(value) for key, value in trailers if key == _LOCK) if ours else (),
        image=told.get(_IMAGE) if ours else None,
        by=tag.tagger,
    )


def make_tag(repository: Repository, git: Git, environment: str, version: str, contents: Contents) -> str | None:
    """Makes the tag of a version, signed where git is told to sign tags; its id, or None where there is one already."""
    reference = reference_of(environment, version)
    # as an argument, not by a pipe: whoever kills us, git has the whole of it or was not started
    told = ("-m", _text(environment, version, contents))
    name = reference.removeprefix("refs/tags/")
    code, _, error = git.tried("tag", "--annotate", "--cleanup=verbatim", *told, "--", name, contents.commit)
    made = repository.reference(reference)
    if code != 0:
        if made is not None:
            return None
        raise _failed(name, error, git)
    if made and error and _signs(git) and not _is_signed(repository, made):
        # git takes some failures of ssh-keygen for success
        repository.move(reference, old=made, new=None, why="envlock: not signed")
        raise _failed(name, error, git)
    return made


def _signs(git: Git) -> bool:
    return git.tried("config", "--type=bool", "--get", "tag.gpgSign")[1].strip() == b"true"


def _is_signed(repository: Repository, id: str) -> bool:
    tag = repository.tag(id)
    return tag is not None and "\n-----BEGIN " in tag.message


def _text(environment: str, version: str, contents: Contents) -> str:
    told = [(_ENVIRONMENT, environment)]
    told += [(_LOCK, f"{platform} {value}") for platform, value in contents.lock_hashes]
    told += [(_WHOLE, contents.environment_hash)]
    told += [(_IMAGE, contents.image)] if contents.image else []
    return message(f"{environment} {version}", told)


def _failed(name: str, error: str, git: Git) -> OutsideError:
    lines = [escaped(line.strip().rstrip("\r?")) for line in error.splitlines() if line.strip()]
    lines = [line.removeprefix("error: ").removeprefix("fatal: ") for line in lines] or ["git does not say why"]
    return OutsideError(
        "\n".join([f"the tag `{name}` cannot be made:", *lines]), hint=_UNSIGNED if _signs(git) else None
    )


def _pair(value: str) -> tuple[str, str]:
    platform, _, found = value.partition(" ")
    return platform, found
