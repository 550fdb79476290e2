"""RUN: what its commands do to the environment, and what of them remains for a Dockerfile."""

import posixpath
import re
from dataclasses import replace

from envlock.interchange.docker.dockerfile_commands import (
    BESIDE,
    CACHES,
    INSTALLS,
    LEFT_OUT,
    RUNS,
    STAYS,
    TIDIES,
    Meaning,
    meaning,
)
from envlock.interchange.docker.dockerfile_lines import Instruction
from envlock.interchange.docker.dockerfile_stage import Stage, brief, listed, remark, shown
from envlock.interchange.docker.dockerfile_words import Command, commands, words_in
from envlock.model.imported import Remark

_SHELLS = ("sh", "bash", "zsh", "dash", "ash")
_RUNS_TEXT = re.compile(r"-[a-z]*c")


def run(instruction: Instruction, stage: Stage) -> None:
    """Its commands one after the other, none of which is run."""
    found = _commands(instruction, stage)
    if found is None:
        _anything(instruction, stage, "only commands one after the other are read, and none is run")
        return
    remaining: list[str] = []
    cwd, real = stage.workdir or "/", False
    for command in found:
        read = _judged(meaning(command), cwd, stage)
        if read.kind == STAYS and read.folder:
            cwd = posixpath.join(cwd, read.folder)
        real = _take_command(read, command, (instruction, stage, cwd)) or real
        if read.kind in (STAYS, BESIDE, RUNS) or (read.kind == TIDIES and read.debian is not None):
            remaining.append(command.text)
    _say_of_nothing(found, instruction, stage)
    if real:
        flags = " ".join(("RUN", *instruction.flags))
        stage.kept.append(f"{flags} " + " \\\n    && ".join(remaining))


def _say_of_nothing(found: list[Command], instruction: Instruction, stage: Stage) -> None:
    if all(command.program in ("cd", "export", "set") for command in found):
        stage.say(instruction, shown(instruction), "it ends with its line: nothing after it knows of it")


def _judged(read: Meaning, cwd: str, stage: Stage) -> Meaning:
    """What removes copied files tidies up; what removes others is done before anything else is there."""
    if read.kind != TIDIES or not read.paths:
        return read
    sources = {path: stage.in_context(path, cwd) for path in read.paths}
    stage.removed |= {source for source in sources.values() if source}
    known = all(source or path.startswith(CACHES) for path, source in sources.items())
    return read if known else replace(read, kind=BESIDE)


def _take_command(read: Meaning, command: Command, at: tuple[Instruction, Stage, str]) -> bool:
    """Whether something of it remains for a Dockerfile."""
    instruction, stage, cwd = at
    what = brief(command.text)
    for option, why in read.said if read.kind == INSTALLS else ():
        stage.say(instruction, f"{what}: {option}" if option not in what else option, why)
    if read.kind == INSTALLS:
        stage.installs.append((instruction, read, cwd))
    elif read.kind == LEFT_OUT:
        stage.say(instruction, what, read.why)
    elif read.kind == BESIDE:
        if read.debian:
            stage.debian.append((instruction, read))
        stage.needed.append(remark(what, read.why or "no key of env.toml says it", instruction.line))
        stage.beyond_apt = stage.beyond_apt or read.debian is None
    elif read.kind == RUNS:
        _runs(remark(what, read.why, instruction.line), stage)
    return read.kind in (BESIDE, RUNS)


def _runs(found: Remark, stage: Stage) -> None:
    """After packages or files it may need these: then nothing can be taken out of the file."""
    (stage.whole if stage.installs or stage.copied else stage.needed).append(found)
    stage.beyond_apt = True


def _anything(instruction: Instruction, stage: Stage, why: str) -> None:
    stage.kept.append(instruction.text)
    _runs(remark(shown(instruction), why, instruction.line), stage)


def _commands(instruction: Instruction, stage: Stage) -> list[Command] | None:
    mounts = [flag for flag in instruction.flags if flag.startswith("--mount") and "type=cache" not in flag]
    shells = [posixpath.basename(word) for word in stage.shell]
    if mounts or not any(name in _SHELLS for name in shells):
        return None
    found = _written(instruction, stage)
    return None if found is None else [inner for command in found for inner in _opened(command, stage)]


def _opened(command: Command, stage: Stage) -> list[Command]:
    """What `bash -c "…"` runs, where all of it is understood."""
    match command.words:
        case (shell, options, script) if posixpath.basename(shell) in _SHELLS and _RUNS_TEXT.fullmatch(options):
            inner = commands(script, stage.values)
            if inner and all(meaning(each).kind in (INSTALLS, TIDIES, LEFT_OUT) for each in inner):
                return inner
    return [command]


def _written(instruction: Instruction, stage: Stage) -> list[Command] | None:
    words = listed(instruction.rest)
    if words is not None:
        return [Command(words, instruction.rest)]
    if instruction.documents:
        whole = instruction.rest.startswith("<<") and len(words_in(instruction.rest)) == 1
        return commands(instruction.documents[0], stage.values) if whole else None
    return commands(instruction.rest, stage.values)
