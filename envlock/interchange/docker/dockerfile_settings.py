"""What the instructions of a Dockerfile come to, each by its reader."""

import os
import posixpath
from collections.abc import Callable

from envlock.interchange.docker.dockerfile_lines import Instruction
from envlock.interchange.docker.dockerfile_run import run
from envlock.interchange.docker.dockerfile_stage import Copied, Stage, holds_any, listed, shown, without_references
from envlock.interchange.docker.dockerfile_words import Unknown, expanded, words_in
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image_values import variable_name
from envlock.model.masking import holds_secret

# in folders of an environment, which is elsewhere here; and those that every image searches
_OWN_PATHS = ("conda", "mamba", "venv", "virtualenv", "/env", ".local/bin", "/azureml-envs/")
_SYSTEM_PATHS = ("", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SEARCHED = ("PATH", "LD_LIBRARY_PATH")
_PREFIXES = ("CONDA_PREFIX", "VIRTUAL_ENV")
_GLOB = "*?["


def take(instruction: Instruction, stage: Stage) -> None:
    """One instruction after FROM."""
    before = len(stage.kept)
    try:
        _TAKEN[instruction.word](instruction, stage)
    except Unknown as error:
        if stage.kept[-1:] != [instruction.text]:
            stage.kept.append(instruction.text)
        stage.keep(instruction, f"{error} is known only to who builds it, or to the image below")
    if any(holds_any(line) for line in stage.kept[before:]):
        stage.refuse(instruction, "it looks as if it held a secret, which is not written a second time")


_SECRET = "it looks like a secret, which never stands in a file: set it where the environment is run"


def _arg(instruction: Instruction, stage: Stage) -> None:
    found = [word.partition("=") for word in words_in(instruction.rest)]
    secrets = {name for name, _, default in found if is_secret_here(name, default, stage)}
    bare = " ".join(name if name in secrets else "".join(word) for word in found for name in word[:1])
    stage.kept.append(f"ARG {bare}" if secrets else instruction.text)
    for name, has_default, default in found:
        if name in secrets:
            stage.values[name] = None
            stage.say(instruction, f"ARG {name}", _SECRET)
            continue
        value = expanded(default, stage.values) if has_default else stage.outer.get(name)
        if name not in stage.variables:
            stage.values[name] = value
        why = "there are no arguments here: its default is taken" if value is not None else "it has no default"
        stage.say(instruction, f"ARG {name}{has_default}{default}", why)


def is_secret_here(name: str, raw: str, stage: Stage) -> bool:
    """Is the value one that no file may hold? Of a variable that is not known none stands there."""
    try:
        value = expanded(raw, stage.values)
    except Unknown:
        value = without_references(raw).strip("0\"'")
    return holds_secret(name, value)


def _open(instruction: Instruction, stage: Stage) -> list[tuple[str, str]]:
    """Names and values as they are written, without secrets, which are named."""
    pairs = _pairs(instruction.rest)
    found = [(name, raw) for name, raw in pairs if not is_secret_here(name, raw, stage)]
    for name, raw in pairs:
        if (name, raw) not in found:
            stage.values[name] = None
            stage.say(instruction, f"{instruction.word} {name}", _SECRET)
    return found


def _env(instruction: Instruction, stage: Stage) -> None:
    pairs = _open(instruction, stage)
    if len(pairs) == len(_pairs(instruction.rest)):
        stage.kept.append(instruction.text)
    elif pairs:
        stage.kept.append(" ".join(("ENV", *(f"{name}={raw}" for name, raw in pairs))))
    for name, raw in pairs:
        _variable(name, raw, instruction, stage)


def _is_the_environment(name: str, raw: str, stage: Stage) -> bool:
    """Does it only say where programs and libraries of the environment lie?"""
    if name in _PREFIXES:
        return True
    try:
        known = {**stage.values, **dict.fromkeys(_PREFIXES, IMAGE_PREFIX), name: ""}
        places = expanded(raw, known).split(":") if name in _SEARCHED else []
    except Unknown:
        return False
    others = [place for place in places if place not in _SYSTEM_PATHS]
    return bool(others) and all(any(own in place for own in (*_OWN_PATHS, *stage.prefixes())) for place in others)


def _variable(name: str, raw: str, instruction: Instruction, stage: Stage) -> None:
    if _is_the_environment(name, raw, stage):
        stage.values[name] = None
        stage.say(
            instruction, f"ENV {name}", f"the environment lies in `{IMAGE_PREFIX}`, where it is found without this"
        )
        return
    try:
        value = expanded(raw, stage.values)
        variable_name(name)
    except ValueError as error:
        stage.values[name] = None
        unknown = isinstance(error, Unknown)
        stage.keep(instruction, f"{error} is the image's below" if unknown else f"`{name}` {error}")
        return
    stage.values[name] = stage.variables[name] = value


def _label(instruction: Instruction, stage: Stage) -> None:
    pairs = _open(instruction, stage)
    found = {expanded(name, stage.values): expanded(raw, stage.values) for name, raw in pairs}
    stage.labels |= found


def _maintainer(instruction: Instruction, stage: Stage) -> None:
    stage.labels["maintainer"] = instruction.rest


def _pairs(text: str) -> list[tuple[str, str]]:
    """`A=b C="d e"`, or `A all the rest`."""
    words = words_in(text)
    if words and "=" not in words[0]:
        return [(words[0], text[len(words[0]) :].strip())]
    return [(name, raw) for name, _, raw in (word.partition("=") for word in words)]


def _workdir(instruction: Instruction, stage: Stage) -> None:
    stage.kept.append(instruction.text)
    before, stage.workdir = stage.workdir, None  # where the new one is not known, the old one does not hold either
    path = expanded(instruction.rest, stage.values)
    if not path.startswith("/") and before is None:
        stage.keep(instruction, "it begins where the image below says")
        return
    stage.workdir = posixpath.normpath(posixpath.join(before or "/", path))


def _user(instruction: Instruction, stage: Stage) -> None:
    stage.kept.append(instruction.text)
    stage.user = None  # where the new one is not known, the old one does not hold either
    stage.user = expanded(instruction.rest, stage.values)


def _shell(instruction: Instruction, stage: Stage) -> None:
    stage.kept.append(instruction.text)
    shell = listed(instruction.rest)
    if not shell:
        stage.refuse(instruction, "expected a list of words")
        return
    stage.shell = shell
    stage.say(instruction, shown(instruction), "it is for lines of the Dockerfile, none of which is run any more")


def _started(instruction: Instruction, stage: Stage) -> tuple[str, ...] | None:
    """Words of an ENTRYPOINT or CMD; what is no list goes to the shell. None where one is a secret."""
    words = listed(instruction.rest)
    words = (*stage.shell, instruction.rest) if words is None else words
    if holds_any(" ".join(words)):
        stage.say(instruction, instruction.word, "it looks as if it held a secret, which never stands in a file")
        return None
    names = [posixpath.basename(word) for word in instruction.rest.replace('"', " ").replace(",", " ").split()[:3]]
    if any(name in ("conda", "mamba", "micromamba") for name in names):
        stage.say(instruction, shown(instruction), "carried as it is: but no conda is needed to enter the environment")
    return words


def _entrypoint(instruction: Instruction, stage: Stage) -> None:
    stage.entrypoint = _started(instruction, stage)


def _cmd(instruction: Instruction, stage: Stage) -> None:
    stage.cmd = _started(instruction, stage)


def _expose(instruction: Instruction, stage: Stage) -> None:
    stage.kept.append(instruction.text)
    why = "ports are opened by who starts the container: `docker run -p`"
    stage.say(instruction, shown(instruction), why)


def _kept(instruction: Instruction, stage: Stage) -> None:
    stage.kept.append(instruction.text)
    stage.keep(instruction, "env.toml has no key for it")


def _copy(instruction: Instruction, stage: Stage) -> None:
    words = listed(instruction.rest) or tuple(words_in(instruction.rest))
    options = {name: value for name, _, value in (flag.partition("=") for flag in instruction.flags)}
    if "--from" in options or "--exclude" in options or instruction.documents or len(words) < 2:
        stage.refuse(instruction, "only files of the build context are taken, by their names")
        return
    *sources, target = (expanded(word, stage.values) for word in words)
    if any("://" in source or any(sign in source for sign in _GLOB) for source in sources):
        stage.refuse(instruction, "patterns and URLs are not taken over")
        return
    if {"--chown", "--chmod"} & set(options):
        stage.say(instruction, shown(instruction), "what is copied belongs to root, and all may read it")
    for source in sources:
        _copied(source, target, many=len(sources) > 1, at=(instruction, stage))


def _copied(source: str, target: str, *, many: bool, at: tuple[Instruction, Stage]) -> None:
    instruction, stage = at
    path = posixpath.normpath(source.lstrip("/") or ".")
    if path.startswith(".."):
        stage.refuse(instruction, "it is outside of the build context")
        return
    is_folder = os.path.isdir(stage.folder / path)  # noqa: PTH112 - it is false where no file can have this name
    place = posixpath.normpath(posixpath.join(stage.workdir or "/", target))
    into = many or target.endswith(("/", "/.")) or target == "." or place == (stage.workdir or "/")
    if not is_folder and into:
        place = posixpath.join(place, posixpath.basename(path))
    stage.copied.append(Copied(source=path, target=place, is_folder=is_folder, line=instruction.line))


_TAKEN: dict[str, Callable[[Instruction, Stage], None]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": _copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _kept,
    "LABEL": _label,
    "MAINTAINER": _maintainer,
    "ONBUILD": _kept,
    "RUN": run,
    "SHELL": _shell,
    "STOPSIGNAL": _kept,
    "USER": _user,
    "VOLUME": _kept,
    "WORKDIR": _workdir,
}
