"""A repository elsewhere, of which only what is asked for is brought into a bare one of our own, by the git program.

That has no history but what is asked for, and files only as they are needed, where the other side can do that. Nothing
that comes from there is executed; nothing of the address but what can be shown is kept.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from envlock.errors import OutsideError, escaped
from envlock.history.git_program import Git
from envlock.history.remote import ORIGIN
from envlock.model.version import LABELS
from envlock.system.process import without_git_variables
from envlock.system.secrets import redact, redact_text

# what others could have us start by an address or by what we fetch
_SAFE = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
    ("protocol.file.allow", "always"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)
# for fetching alone: written down, git would fetch whatever is missing, one by one, and its library would not open it
_PARTIAL = (
    (f"remote.{ORIGIN}.promisor", "true"),
    (f"remote.{ORIGIN}.partialclonefilter", "blob:none"),
)
_NEWEST = ("--depth=1",)
# told which commits are here, a server would take their files to be here, too
_SAYING_NOTHING = ("-c", "fetch.negotiationAlgorithm=noop")
_WITHOUT_FILES = ("--filter=blob:none",)
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", f"+{LABELS}*:{LABELS}*")
_CANNOT = re.compile("shallow|filter|unadvertised|not our ref|does not support", re.IGNORECASE)
_OTHER_FORM = re.compile("mismatched algorithms: client sha[0-9]+; server (sha1|sha256)$", re.MULTILINE)
_PREFIX = re.compile(r"(?:fatal|error|remote): ")
# what git says of each failure
_ADVICE = re.compile(r"(?:fatal: )?Could not read from .*|Please make sure .*|and the repository exists\.|")
_MOST_LINES = 6


class OtherRepository:
    """The one at `address`, as far as it is in the bare repository `folder`."""

    def __init__(self, address: str, folder: Path) -> None:
        self.folder, self.shown = folder, redact(address)
        self._git = Git(folder, environment=_environment(address))

    def prepare(self) -> None:
        """Makes the bare repository, where there is none; what was half made is made again."""
        if (self.folder / "HEAD").is_file() and (self.folder / "config").is_file():
            return
        self._make()

    def _make(self, form: str = "sha1") -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ("init", "--quiet", "--bare", "--template=", "--initial-branch=main", f"--object-format={form}", ".")
        self._git.said(*words)

    def references(self, *patterns: str) -> Mapping[str, str]:
        """The references there, `HEAD` too, that one of the patterns names, with what they name themselves."""
        code, said, error = self._git.tried("ls-remote", "--", ORIGIN, *patterns)
        if code != 0:
            raise self._failed("cannot be read", error)
        lines = (line.partition("\t") for line in said.decode(errors="surrogateescape").splitlines())
        return {name: id for id, _, name in lines if not name.endswith("^{}")}

    def here(self, prefix: str = "refs/") -> Mapping[str, str]:
        """The references of ours that begin so."""
        said = self._git.said("for-each-ref", "--format=%(objectname) %(refname)", prefix.rstrip("/") or "refs")
        pairs = (line.partition(" ") for line in said.decode(errors="surrogateescape").splitlines())
        return {name: id for id, _, name in pairs if name.startswith(prefix)}

    def fetch(self, specs: Sequence[str], *, depth: int = 1) -> None:
        """Brings references or ids, each with so many commits of its history; 0 is all of it."""
        is_shallow = (self.folder / "shallow").exists()
        far = [f"--depth={depth}"] if depth else ["--unshallow"] if is_shallow else []
        error = ""
        # what a server cannot do is asked for no more
        for options in ((*_WITHOUT_FILES, *far), _WITHOUT_FILES, ()):
            code, error = self._fetched(options, specs)
            if code == 0:
                return
            if not _CANNOT.search(error):
                break
        raise self._failed("cannot be fetched from", error)

    def forget(self, references: Iterable[str]) -> None:
        """Removes references of ours."""
        lines = "".join(f"delete {name}\n" for name in references)
        self._git.said("update-ref", "--stdin", stdin=lines.encode(errors="surrogateescape"))

    def has(self, id: str) -> bool:
        """Is an object here?"""
        return not self._missing([id])

    def bring(self, ids: Iterable[str], commit: str) -> None:
        """Has files here, by their ids, which are of a commit: at once, and from a server that gives no single ones,
        with all others of that commit, or of all."""
        wanted = sorted(set(ids))
        error = ""
        for options, specs in (
            (_WITHOUT_FILES, None),
            (("--refetch", "--no-filter", *_NEWEST), (commit,)),
            (("--refetch", "--no-filter"), _EVERYTHING),
        ):
            missing = self._missing(wanted)
            if not missing:
                return
            _, error = self._fetched(options, specs or missing, _SAYING_NOTHING)
        if self._missing(wanted):
            raise self._failed("cannot be fetched from", error)

    def _missing(self, ids: Sequence[str]) -> list[str]:
        asked = "".join(f"{id}\n" for id in ids).encode()
        said = Git(self.folder, environment=_environment(None)).said("cat-file", "--batch-check", stdin=asked)
        return [line.split()[0] for line in said.decode().splitlines() if line.endswith(" missing")]

    def _fetched(self, options: Sequence[str], specs: Sequence[str], before: Sequence[str] = ()) -> tuple[int, str]:
        quiet = ("--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules", "--force")
        asked = "".join(f"{spec}\n" for spec in specs).encode(errors="surrogateescape")
        words = (*before, "fetch", *quiet, *options, "--stdin", "--", ORIGIN)
        code, _, error = self._git.tried(*words, stdin=asked)
        other_form = _OTHER_FORM.search(error) if code != 0 else None
        if other_form:
            # nothing of theirs can be in ours
            shutil.rmtree(self.folder)
            self._make(other_form[1])
            code, _, error = self._git.tried(*words, stdin=asked)
        return code, error

    def _failed(self, what: str, error: str) -> OutsideError:
        lines = [_PREFIX.sub("", line.strip()) for line in error.splitlines() if not _ADVICE.fullmatch(line.strip())]
        told = [redact_text(escaped(line)).replace(f"'{ORIGIN}'", f"`{self.shown}`") for line in lines][:_MOST_LINES]
        first, *rest = told or ["git does not say why"]
        return OutsideError("\n".join([f"`{self.shown}` {what}: {first}", *rest]))


def _environment(address: str | None) -> dict[str, str]:
    """A person's own, in English, which is read here, with the address and what keeps others from having us start
    something, as settings of git."""
    found = without_git_variables(LC_ALL="C", GIT_TERMINAL_PROMPT="0", GIT_ALLOW_PROTOCOL="https:http:ssh:git:file")
    given = [*_SAFE, *([(f"remote.{ORIGIN}.url", address), *_PARTIAL] if address else [])]
    count = int(found.get("GIT_CONFIG_COUNT", "0") or 0)
    for number, (key, value) in enumerate(given, start=count):
        found[f"GIT_CONFIG_KEY_{number}"], found[f"GIT_CONFIG_VALUE_{number}"] = key, value
    return {**found, "GIT_CONFIG_COUNT": str(count + len(given))}
