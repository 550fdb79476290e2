"""What a package's maintainer scripts would do beyond unpacking, read off their text: for telling, never for doing.

What a system function does instead is left out, and what changes nothing in a new root. Whatever is not known to be
one of these is told: a script in another language by its language, a program by its name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from posixpath import basename

from envlock.debian.diversions import diversion
from envlock.debian.handled import HANDLED
from envlock.debian.scripts_files import own_places
from envlock.debian.scripts_known import Effect, effects, shown, written
from envlock.debian.shell_command import Command
from envlock.debian.shell_status import UNKNOWN, Known
from envlock.debian.shell_walk import commands
from envlock.debian.shell_words import ShellError

# script -> how dpkg and debconf call it when the package is new
ARGUMENTS = {"preinst": ("install",), "postinst": ("configure", ""), "config": ("configure", "")}
SHELLS = frozenset({"sh", "dash", "bash"})
LANGUAGES = {"perl": "Perl", "python": "Python", "python3": "Python", "ruby": "Ruby", "tclsh": "Tcl"}
ASK = "ask"
MOST_NAMES = 3

# packages whose scripts do something for a new root that is none of `HANDLED`'s, by the programs that are no loss
HARMLESS: Mapping[re.Pattern[str], frozenset[str]] = {
    # the link `sh` is in the package; scripts only move it
    re.compile(r"dash"): frozenset({"dpkg-divert", "mv", "cp", "ln", "touch", "add-shell"}),
    # bytecode, and settings of what makes it
    re.compile(r"python3(\.\d+)?(-minimal)?"): frozenset({UNKNOWN, "mkdir", "touch", "cat", "chmod", "chown"}),
    # `sh` where there is none
    re.compile(r"bash"): frozenset({"ln", "add-shell"}),
    # files of versions before
    re.compile(r"dpkg|procps"): frozenset({"mv"}),
    # /usr is merged from the beginning
    re.compile(r"usrmerge"): frozenset({"convert-usrmerge", "convert-etc-shells"}),
}


def unhandled(package: str, control: Mapping[str, bytes]) -> tuple[str, ...]:
    """What is lost of a package by its control files, in words: "create the user `messagebus`", "run `locale-gen`"."""
    if any(package in packages for packages in HANDLED.values()):
        return ()
    harmless = next((names for pattern, names in HARMLESS.items() if pattern.fullmatch(package)), frozenset())
    found = dict.fromkeys(_effects(package, control, harmless))
    lost = [effect for effect in found if effect[0] != ASK]
    # a question that changes nothing else has its default answer
    return tuple(_phrases(lost)) + (("ask debconf",) if lost and len(found) > len(lost) else ())


def _effects(package: str, control: Mapping[str, bytes], harmless: frozenset[str]) -> Iterator[Effect]:
    known = Known(package=package, architecture=_architecture(control), place=own_places(control))
    for name, arguments in ARGUMENTS.items():
        if data := control.get(name):
            yield from _script(replace(known, script=name), data, arguments, harmless)
    # what is done when other packages bring files that it waits for
    if (data := control.get("postinst")) and (waits := _interests(control.get("triggers", b""))):
        yield from _script(known, data, ("triggered", " ".join(waits)), harmless)


def _architecture(control: Mapping[str, bytes]) -> str | None:
    """For which it was built; None for all."""
    found = re.search(rb"^Architecture: *([a-z0-9-]{1,32})$", control.get("control", b""), re.MULTILINE)
    return found[1].decode() if found and found[1] != b"all" else None


def _script(known: Known, data: bytes, arguments: tuple[str, ...], harmless: frozenset[str]) -> Iterator[Effect]:
    language = _language(data)
    if language not in SHELLS:
        yield ASK if known.script == "config" else f"run a script in {_named(language)}:", known.script
        return
    try:
        found = commands(data.decode("utf-8", "replace"), arguments, known)
    except ShellError:
        yield ASK if known.script == "config" else "run a script that cannot be read ahead:", known.script
        return
    for command in found:
        if diversion(command, known.package):
            continue  # files are put where it says
        if known.script != "config" or command.words[:1] == ("db_input",):
            yield from _command(command, harmless)


def _command(command: Command, harmless: frozenset[str]) -> Iterator[Effect]:
    if command.words and basename(command.words[0]) in harmless:
        return
    if command.words:
        yield from effects(command.words)
    for path in command.writes:
        yield from written(path)


def _language(data: bytes) -> str:
    """The program that the first line names: "sh", "perl", …; "" for none."""
    first = data[:200].partition(b"\n")[0].decode("ascii", "replace")
    words = first[2:].split() if first.startswith("#!") else []
    names = [basename(word) for word in words if not word.startswith("-")]
    return next((name for name in names if name != "env"), "")


def _named(language: str) -> str:
    return LANGUAGES.get(language, f"`{shown(language)}`" if language else "machine code")


def _interests(triggers: bytes) -> list[str]:
    """The triggers that a package waits for."""
    lines = (line.split() for line in triggers[: 1 << 16].decode("utf-8", "replace").splitlines())
    return [words[1] for words in lines if len(words) == 2 and words[0].startswith("interest")]


def _phrases(lost: Iterable[Effect]) -> Iterator[str]:
    """One a verb, in the order of the scripts, with the first names."""
    names: dict[str, list[str]] = {}
    for verb, name in lost:
        names.setdefault(verb, []).append(f"`{shown(name)}`")
    for verb, found in names.items():
        known = [*dict.fromkeys(name for name in found if name != "`…`")] or ["`…`"]
        more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
        yield f"{verb} {', '.join(known[:MOST_NAMES])}{more}"
