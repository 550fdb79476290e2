"""A version of an environment in another repository: by its path on this machine, or by its URL, from where only what
is needed comes into the cache.

What is registered never moves, and is asked for once; labels, branches and what is the latest are asked for each time.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from envlock.errors import OutsideError, UserInputError
from envlock.history.around import repository_around
from envlock.history.other_repository import OtherRepository
from envlock.history.repository import Repository
from envlock.history.versions import version_commit
from envlock.model.version import GIT, LABELS, LATEST, LOCK, NUMBER, TAGS, At
from envlock.system.secrets import redact
from envlock.workflows.context import Context
from envlock.workflows.moment import Moment
from envlock.workflows.project import MANIFEST

HEAD = "HEAD"
_HEAD_THERE = "refs/other/HEAD"
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_ID = re.compile(r"[0-9a-f]{4,39}")
_FROM = re.compile(r"[~^]|@\{")  # what follows says which commit from there on
_HELPER = re.compile(r"[A-Za-z0-9]+::")
_SCHEMES = ("https", "http", "ssh", "git", "file", "git+https", "git+ssh", "git+file")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What is asked for of another repository; the address may hold a password."""

    address: str
    name: str | None
    version: str

    @property
    def tag(self) -> str:
        return f"{TAGS}{self.name}/{self.version}"

    @property
    def label(self) -> str:
        return f"{LABELS}{self.name}/{self.version}"

    @property
    def given(self) -> str:
        """As git is to understand it."""
        return self.version.removeprefix(GIT)

    @property
    def is_head(self) -> bool:
        return self.given in (HEAD, "@")


def moment_elsewhere(asked: Elsewhere, context: Context, start: Path) -> Moment:
    """The commit that is meant, with its files as they are needed."""
    address = _checked(asked.address)
    if not is_remote(address):
        return _on_this_machine(asked, (start / Path(address).expanduser()))
    other = OtherRepository(address, context.cache.repositories / _key(address) / _folder_name(address))
    with context.cache.lock(f"repository-{other.folder.parent.name[:32]}"):
        other.prepare()
        if not context.offline:
            _bring_commit(other, asked, context)
        repository = _opened(other.folder)
        at = At(version=asked.version, commit=_commit(repository, asked, context), origin=other.shown)
    return _with_files(other, repository, at, context)


def is_remote(address: str) -> bool:
    """Is it an address for git, and no path? `host:path` is ssh's short form."""
    return "://" in address or ":" in address.partition("/")[0]


def _on_this_machine(asked: Elsewhere, folder: Path) -> Moment:
    repository = repository_around(folder) if folder.exists() else None
    if repository is None:
        raise UserInputError(f"`{asked.address}` is no git repository")
    commit = version_commit(repository, asked.name, asked.version)
    return Moment(repository=repository, at=At(version=asked.version, commit=commit, origin=asked.address))


def _checked(address: str) -> str:
    scheme = address.partition("://")[0] if "://" in address else "ssh"
    if address.startswith("-") or _HELPER.match(address) or scheme not in _SCHEMES:
        raise UserInputError(
            f"`{redact(address)}` is no address of a repository",
            hint="write `https://…#NAME@VERSION`, `ssh://…`, `host:path`, `file://…` or a path",
        )
    return address.removeprefix("git+")


def _key(address: str) -> str:
    """What the repository is kept under, whoever asks."""
    parts = urlsplit(address)
    public = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.netloc else address
    return hashlib.sha256(public.rstrip("/").encode(errors="surrogateescape")).hexdigest()


def _folder_name(address: str) -> str:
    last = re.split("[/:]", address.rstrip("/"))[-1].removesuffix(".git")
    return f"{last if _NAME.fullmatch(last) else 'repository'}.git"


def _opened(folder: Path) -> Repository:
    repository = repository_around(folder)
    assert repository
    return repository


def _bring_commit(other: OtherRepository, asked: Elsewhere, context: Context) -> None:
    """Fetches what leads to the commit, unless it is here and cannot have moved."""
    if asked.name and not asked.version.startswith(GIT) and asked.tag in other.here(asked.tag):
        return
    if _ID.fullmatch(asked.given) and other.has(asked.given):
        return
    context.progress(f"asking {other.shown}")
    there = other.references(*_patterns(asked))
    other.forget(_moving(asked) & other.here().keys() - there.keys())
    wanted = _wanted(asked, there)
    if wanted:
        # of a label its state, and what that comes from: the commit that it names
        depth = 2 if asked.label in wanted else 1
        other.fetch([f"+{name}:{_HEAD_THERE if name == HEAD else name}" for name in wanted], depth=depth)
    if not wanted:
        _bring_revision(other, asked.given)


def _patterns(asked: Elsewhere) -> list[str]:
    base = _FROM.split(asked.given, maxsplit=1)[0]
    found = [HEAD] if asked.is_head else [f"refs/heads/{base}", f"refs/tags/{base}"]
    if asked.name and not asked.version.startswith(GIT):
        found += [asked.tag, asked.label, f"{TAGS}{asked.name}/*"]
    return found


def _moving(asked: Elsewhere) -> set[str]:
    """What may be here of before, and is no longer there."""
    return {asked.label, f"refs/heads/{asked.given}", f"refs/tags/{asked.given}"}


def _wanted(asked: Elsewhere, there: Mapping[str, str]) -> list[str]:
    """Which references are to be fetched, of those that are there."""
    names = [name for name in (asked.tag, asked.label, HEAD) if name in there and (name != HEAD or asked.is_head)]
    tags = [name for name in there if asked.name and name.startswith(f"{TAGS}{asked.name}/")]
    if not names and asked.version == LATEST:
        numbers = [tag for tag in tags if NUMBER.fullmatch(tag.rpartition("/")[2])]
        names = sorted(numbers, key=lambda tag: int(tag.rpartition("/")[2]))[-1:]
    if not names and LOCK.fullmatch(asked.version):
        names = tags
    given = [f"refs/{kind}/{asked.given}" for kind in ("tags", "heads")]
    return names or [name for name in given if name in there]


def _bring_revision(other: OtherRepository, given: str) -> None:
    """What is no name of a reference: an id, or the way from somewhere."""
    base = _FROM.split(given, maxsplit=1)[0]
    if _ID.fullmatch(given):
        try:
            other.fetch([given])
        except OutsideError:
            other.fetch(_EVERYTHING, depth=0)
    elif base != given or _SHORT_ID.fullmatch(given):
        head = [f"+{HEAD}:{_HEAD_THERE}"] if base in (HEAD, "@", "") else []
        other.fetch([*_EVERYTHING, *head], depth=0)


def _commit(repository: Repository, asked: Elsewhere, context: Context) -> str:
    try:
        if asked.is_head:
            return version_commit(repository, None, f"{GIT}{_HEAD_THERE}")
        revision = re.sub(r"^(?:HEAD|@)(?=[~^])", _HEAD_THERE, asked.given)
        return version_commit(repository, asked.name, revision if revision != asked.given else asked.version)
    except UserInputError as error:
        shown = redact(asked.address)
        if context.offline:
            raise OutsideError(f"`{asked.version}` of `{shown}` is not here, and `--offline` is given") from error
        of = f"version of `{asked.name}` and no git revision" if asked.name else "git revision"
        raise UserInputError(f"`{asked.given}` is no {of} in `{shown}`") from error


def _with_files(other: OtherRepository, repository: Repository, at: At, context: Context) -> Moment:
    def bring(ids: Iterable[str]) -> None:
        if not context.offline:
            other.bring(ids, at.commit)

    moment = Moment(repository=repository, at=at, bring=bring)
    # whichever of them is asked for by its name, all are looked at
    bring(entry.id for entry in repository.entries(at.commit) if Path(entry.path).name == MANIFEST)
    return moment
