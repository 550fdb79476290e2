"""The scripts that git calls: as they are shipped, as they are installed, and how ours are told from others."""

import hashlib
from pathlib import Path

import envlock
from envlock.errors import OutsideError

# of git's hooks those that envlock has a word in
NAMES = ("pre-commit", "pre-push", "post-checkout", "post-merge", "post-rewrite")
# what is called earlier than ours: a hook that stood there before
KEPT = ".before-envlock"
# where pre-commit puts a hook that it found, to call it
LEGACY = ".legacy"
# all others: a hooks folder for all repositories hides their own, which have to be called from it. Not those by whose
# mere presence git behaves differently (push-to-checkout, proc-receive, fsmonitor-watchman).
OTHERS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "prepare-commit-msg", "commit-msg", "post-commit"),
    *("pre-merge-commit", "pre-rebase", "pre-auto-gc", "post-index-change", "reference-transaction"),
    *("pre-receive", "update", "post-receive", "post-update", "sendemail-validate"),
)
_ENVLOCK = "\nenvlock=envlock\n"
_SEAL = "\n# as installed: "
_OWN = '"$(git rev-parse --git-common-dir)/hooks/{name}"'
_PASSED_ON = (
    f"#!/bin/sh\n# envlock: calls the repository's own hook.\nown={_OWN}\n" + '[ ! -x "$own" ] || exec "$own" "$@"\n'
)


def script(name: str, program: Path | None, *, everywhere: bool = False, sourced: bool = False) -> bytes:
    """A hook as it is installed: it calls the envlock `program` where that is there, else that of PATH.

    One for all repositories (`everywhere`) calls the repository's own first, instead of what stood in its place;
    `sourced` is for folders whose scripts are called as `sh FILE`, executable or not.
    """
    if name in OTHERS:
        return sealed(_PASSED_ON.format(name=name))
    text = (_folder() / name).read_text(encoding="utf-8")
    if program:
        text = _replaced(text, _ENVLOCK, f"\nenvlock={_quoted(str(program))}\n")
    if everywhere:
        text = _replaced(text, f'"${{0%/*}}/{name}{KEPT}"', _OWN.format(name=name))
    if sourced:
        text = _replaced(text, '[ -x "$earlier" ]', '[ -f "$earlier" ]')
        text = text.replace('"$earlier" "$@"', 'sh -e "$earlier" "$@"')
    return sealed(text)


def sealed(text: str) -> bytes:
    """With a last line by which it is seen whether somebody has edited it since."""
    return f"{text.rstrip()}{_SEAL}{_digest(text.rstrip())}\n".encode()


def is_ours(data: bytes) -> bool:
    """Is it one of ours, maybe edited, or of another version?"""
    return b"# envlock: " in data[:200]


def is_as_installed(data: bytes) -> bool:
    """Is it one of ours, of whatever version, as it was installed?"""
    text, found, digest = data.decode(errors="replace").rpartition(_SEAL)
    return is_ours(data) and bool(found) and digest == f"{_digest(text)}\n"


def calls_envlock(data: bytes, name: str) -> bool:
    """Does a hook of somebody else call envlock already?"""
    return f"git-hook {name}".encode() in data


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _replaced(text: str, old: str, new: str) -> str:
    assert old in text, (old, text)
    return text.replace(old, new)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _folder() -> Path:
    """Where the scripts are shipped: within the installed package, or beside it in a checkout."""
    package = Path(envlock.__file__).parent
    for folder in (package / "hooks", package.parent / "hooks"):
        if (folder / NAMES[0]).is_file():
            return folder
    raise OutsideError("the hooks that come with envlock are missing", hint="install envlock anew")
