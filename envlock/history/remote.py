"""A remote repository, spoken with by the git program: it knows the addresses, the logins and the keys of a person."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from envlock.errors import OutsideError, escaped
from envlock.history.git_program import Git
from envlock.system.secrets import redact_text

ORIGIN = "origin"
_HERE = "."  # as the remote of a branch that follows another one of the same repository
_MOST_LINES = 12  # of what git and the hooks of a server say

# what git and its servers say of a reference that is no longer what it was, or is there already
_QUICKER = re.compile(
    r"non-fast-forward|fetch first|needs force|stale info|already exists|would clobber|failed to (update ref|lock)"
    r"|cannot lock ref|unable to (lock|create)|incorrect old value|reference changed|but expected"
)
# git's own lines around what a hook says
_AROUND = re.compile(r"(error|hint): .*|To .*|Everything up-to-date|Done| ! .*| [=*+-] .*|! .*")
# what follows upon every reason why there was no answer
_ADVICE = {
    "",
    "Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
}


class Outcome(Enum):
    """What became of a pushed reference."""

    DONE = "done"
    SAME = "same"  # it was so before
    QUICKER = "quicker"  # somebody else was: look again
    REFUSED = "refused"  # by a hook or a rule of the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of one reference of a push; `words` are those of git and of the server."""

    reference: str
    outcome: Outcome
    words: str = ""


def remotes(git: Git) -> Mapping[str, str]:
    """The remotes of a repository by name, with their addresses as they are written in git's settings."""
    found: dict[str, str] = {}
    for key, value in _settings(git).items():
        section, _, setting = key.rpartition(".")
        if section.startswith("remote.") and setting in ("url", "pushurl"):
            found.setdefault(section.removeprefix("remote."), value)
    return found


def chosen_remote(git: Git, given: str | None = None) -> str | None:
    """The remote that is meant: the one given (a name or an address), else the one git would push the branch to, else
    `origin`, else the only one; None where none is."""
    if given is not None:
        return given
    settings, known = _settings(git), [*remotes(git)]
    code, said, _ = git.tried("symbolic-ref", "--quiet", "--short", "HEAD")
    branch = said.decode(errors="surrogateescape").strip() if code == 0 else ""
    keys = (f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote")
    named = [settings[key] for key in keys if settings.get(key, _HERE) != _HERE]
    return next(iter([*named, *([ORIGIN] if ORIGIN in known else known if len(known) == 1 else [])]), None)


class Remote:
    """One remote repository of the repository that `git` works in; `name` is a remote's name or an address.

    OutsideError, in git's own words, where it cannot be reached or lets nobody in.
    """

    def __init__(self, git: Git, name: str) -> None:
        self._git = git
        self.name = name

    def __str__(self) -> str:
        return redact_text(self.name)

    def references(self, prefix: str) -> Mapping[str, str]:
        """All references there that begin so (`refs/tags/env/train/`), sorted, with what they name themselves."""
        kind = ("--tags",) if prefix.startswith("refs/tags/") else ()
        code, said, error = self._git.tried("ls-remote", *kind, "--refs", "--", self.name, f"{prefix}*")
        if code != 0:
            raise self._failed("cannot be read", error)
        lines = (line.partition("\t") for line in said.decode(errors="surrogateescape").splitlines())
        # git's patterns match the end of a name, too
        return dict(sorted((name, id) for id, _, name in lines if name.startswith(prefix)))

    def fetch(self, specs: Iterable[str], *, prune: bool = False) -> None:
        """Brings references (`+refs/a/*:refs/b/*`), or what they name alone (`refs/a/b`), and nothing else; with
        `prune`, those of `refs/b/*` that are not there any more are forgotten."""
        forget = "--prune" if prune else "--no-prune"
        # no refmap: what is asked for goes nowhere else, not over our own references where the remote is mirrored
        quiet = ("--quiet", "--no-tags", forget, "--refmap=", "--no-write-fetch-head", "--no-recurse-submodules")
        asked = "".join(f"{spec}\n" for spec in specs).encode(errors="surrogateescape")
        code, _, error = self._git.tried("fetch", *quiet, "--stdin", "--", self.name, stdin=asked)
        if code != 0:
            raise self._failed("cannot be fetched from", error)

    def push(self, ids: Mapping[str, str]) -> tuple[Pushed, ...]:
        """Sends what references there are to name, without force; what became of each, in that order."""
        # by ids: a name that cannot be read at this moment git would take for a wish to delete it there
        return self._pushed(ids, [f"{id}:{name}" for name, id in ids.items()])

    def remove(self, references: Mapping[str, str]) -> tuple[Pushed, ...]:
        """Removes references, by name with what each must still be there; what became of each."""
        leases = [f"--force-with-lease={name}:{id}" for name, id in references.items()]
        return self._pushed(references, [f":{name}" for name in references], *leases)

    def _pushed(self, references: Mapping[str, str], specs: Iterable[str], *options: str) -> tuple[Pushed, ...]:
        # also to a remote that a plain `git push` mirrors: that would take no words, and overwrite what is there
        plain = ("-c", f"remote.{self.name}.mirror=false", "push", "--porcelain", "--no-follow-tags")
        code, said, error = self._git.tried(*plain, "--recurse-submodules=no", *options, "--", self.name, *specs)
        told = dict(_reports(said.decode(errors="surrogateescape"), error))
        if not references.keys() <= told.keys():
            raise self._failed("cannot be pushed to", error or f"git ends with {code}")
        return tuple(told[name] for name in references)

    def _failed(self, what: str, error: str) -> OutsideError:
        lines = [line.removeprefix("fatal: ").removeprefix("error: ") for line in error.splitlines()]
        first, *rest = _shown(line for line in lines if line not in _ADVICE) or ["git does not say why"]
        return OutsideError("\n".join([f"`{self}` {what}: {first}", *rest]))


def _reports(said: str, error: str) -> Iterator[tuple[str, Pushed]]:
    """By reference what `git push --porcelain` says of it: a flag, `from:to`, and a summary with a reason."""
    for flag, names, summary in (line.split("\t", 2) for line in said.splitlines() if line.count("\t") >= 2):
        name = names.rpartition(":")[2]
        yield name, Pushed(reference=name, outcome=_outcome(flag, summary), words=_words(flag, summary, error))


def _outcome(flag: str, summary: str) -> Outcome:
    if flag != "!":
        return Outcome.SAME if flag == "=" else Outcome.DONE
    return Outcome.QUICKER if _QUICKER.search(summary) else Outcome.REFUSED


def _words(flag: str, summary: str, error: str) -> str:
    if flag != "!":
        return ""
    reason = summary.partition("(")[2].rpartition(")")[0] or summary
    told = (line.removeprefix("remote:").strip() for line in error.splitlines() if not _AROUND.fullmatch(line.rstrip()))
    return "\n".join([redact_text(escaped(reason)), *_shown(told)])


def _shown(lines: Iterable[str]) -> list[str]:
    """Words of git and of servers, fit to be shown."""
    filled = [redact_text(escaped(line.strip())) for line in lines if line.strip()]
    return filled[:_MOST_LINES]


def _settings(git: Git) -> dict[str, str]:
    """All of git's settings, the last of each; sections and keys in small letters, names between them as they are."""
    _, said, _ = git.tried("config", "--null", "--list")
    pairs = (entry.partition("\n") for entry in said.decode(errors="surrogateescape").split("\0") if entry)
    return {key: value for key, _, value in pairs}
