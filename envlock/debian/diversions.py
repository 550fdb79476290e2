"""Files that a package has others put elsewhere, as `dpkg-divert` in its scripts says (policy 9.1, appendix G)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from posixpath import basename

from envlock.debian.listing import Member
from envlock.debian.merged_usr import moved
from envlock.debian.scripts_files import own_places
from envlock.debian.shell_command import Command
from envlock.debian.shell_status import UNKNOWN, Known
from envlock.debian.shell_walk import commands
from envlock.debian.shell_words import ShellError

PROGRAM = "dpkg-divert"
SCRIPTS = {"preinst": ("install",), "postinst": ("configure", "")}
_ASKS = frozenset({"--remove", "--list", "--listpackage", "--truename", "--local"})
_VALUED = frozenset({"--divert", "--package", "--admindir", "--instdir", "--root"})
# what keeps dpkg from removing files that moved into /usr: nothing is to be moved where that is merged
_MERGED = ".usr-is-merged"


def diversions(package: str, control: Mapping[str, bytes], architecture: str) -> dict[str, str]:
    """Where files of other packages go, by their paths below the root: what the scripts divert in any case."""
    found: dict[str, str] = {}
    for script, arguments in SCRIPTS.items():
        text = control.get(script, b"")
        if PROGRAM.encode() in text:
            known = Known(package=package, script=script, architecture=architecture, place=own_places(control))
            with suppress(ShellError):
                for command in commands(text.decode("utf-8", "replace"), arguments, known):
                    found.update(filter(None, [diversion(command, package)]))
    return found


def diversion(command: Command, package: str) -> tuple[str, str] | None:
    """The path that a command of a package's script diverts, and where to; None for any other command."""
    if not (command.certain and command.words and basename(command.words[0]) == PROGRAM):
        return None
    options, paths = _parsed(command.words[1:])
    if not _ASKS.isdisjoint(options) or len(paths) != 1 or options.get("--package", package) != package:
        return None
    path, target = paths[0], options.get("--divert") or f"{paths[0]}.distrib"
    if target.endswith(_MERGED) or not (_is_plain(path) and _is_plain(target)):
        return None
    return moved(path[1:]), moved(target[1:])


def without(members: Sequence[Member], diverted: Mapping[str, str]) -> tuple[Member, ...]:
    """The members of another package, those that are diverted where they go."""
    return tuple(_moved(member, diverted) for member in members)


def _moved(member: Member, diverted: Mapping[str, str]) -> Member:
    path = diverted.get(member.path, member.path)
    target = diverted.get(member.target, member.target) if member.kind == "hardlink" else member.target
    return member if (path, target) == (member.path, member.target) else replace(member, path=path, target=target)


def _parsed(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    paths = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            paths.append(word)
        else:
            options[name] = value if equals or name not in _VALUED else next(rest, "")
    return options, paths


def _is_plain(path: str) -> bool:
    """An absolute path that is wholly known."""
    parts = path.split("/")[1:]
    return path.startswith("/") and UNKNOWN not in path and not {"", ".", ".."} & {*parts} and path.isprintable()
