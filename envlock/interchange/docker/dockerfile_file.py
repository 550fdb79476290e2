"""A Dockerfile as an environment: what installs packages becomes packages, what cannot stays a Dockerfile."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.docker.dockerfile_lines import INSTRUCTIONS, Instruction, NoDockerfile, instructions
from envlock.interchange.docker.dockerfile_packages import Elsewhere, packages, targets
from envlock.interchange.docker.dockerfile_settings import is_secret_here, take
from envlock.interchange.docker.dockerfile_stage import Stage, remark, shown
from envlock.interchange.docker.dockerfile_words import Unknown, expanded, words_in
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.interchange.source import Source
from envlock.interchange.united import united
from envlock.model.debian_relations import plain_requirement
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image_values import copied_name, user
from envlock.model.imported import Imported, Pinned, Remark
from envlock.model.masking import masked
from envlock.model.platform import PLATFORMS
from envlock.model.reference import parse_reference
from envlock.model.spec import DebianSpec, EnvSpec, ImageSpec
from envlock.system.text_file import display

REST = "base/Dockerfile"  # in a folder of its own, which is all that it may copy
_NAME = re.compile(r"(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?", re.IGNORECASE)
_SUITES = {"12": "bookworm", "13": "trixie", "bookworm": "bookworm", "trixie": "trixie"}
_ARCHITECTURES = {platform.architecture: name for name, platform in PLATFORMS.items() if platform.os == "linux"}


def is_one(path: Path, text: str) -> bool:
    return bool(_NAME.fullmatch(path.name) and (not text or _any_instruction(text)))


def _any_instruction(text: str) -> bool:
    return any((*line.split(None, 1), "")[0].upper() in INSTRUCTIONS for line in text.split("\n"))


def read(source: Source) -> Imported:
    """UserInputError names file and line of what is no Dockerfile."""
    name = display(source.path)
    try:
        found = list(instructions(source.text))
    except NoDockerfile as error:
        raise UserInputError(f"{name}:{error.line}: {masked((str(error),))[0]}") from None
    stages = [each for each in found if each.word == "FROM"]
    if not stages:
        raise UserInputError(f"`{name}` has no FROM", hint="a part of a Dockerfile says too little")
    stage = Stage(folder=source.path.parent)
    if len(stages) > 1:
        stage.refuse(stages[1], "of several stages what goes into the image is known when they are built")
        return _whole(source, stage)
    return _read(found, stage, source)


def _read(found: list[Instruction], stage: Stage, source: Source) -> Imported:
    at = next(number for number, each in enumerate(found) if each.word == "FROM")
    try:
        base, platform = _base(found[: at + 1], stage)
    except Unknown as error:
        stage.refuse(found[at], f"{error} is said by who builds it (with a default in its ARG it could be read)")
        return _whole(source, stage)
    except ValueError as error:
        raise UserInputError(f"{display(source.path)}:{found[at].line}: {masked((str(error),))[0]}") from None
    for each in found[at + 1 :]:
        take(each, stage)
    if len(targets(stage)) > 1:
        stage.refuse(found[at], "packages go into more than one environment of conda")
    try:
        parts = [] if stage.whole else list(packages(stage, source))
    except Elsewhere as error:
        stage.refuse(error.instruction, str(error))
    image = None if stage.whole else _image(base, stage)
    if stage.whole or not image:
        return _whole(source, stage)
    return _taken(parts, image, platform, stage)


def _base(before: list[Instruction], stage: Stage) -> tuple[str, str | None]:
    """The image that it stands on, and the platform where one is named. Unknown, or ValueError where it is none."""
    for each in before[:-1]:
        if each.word != "ARG":
            raise ValueError(f"`{each.word}` before FROM")
        for word in words_in(each.rest):
            name, has_default, default = word.partition("=")
            secret = is_secret_here(name, default, stage)
            stage.outer[name] = expanded(default, stage.outer) if has_default and not secret else None
    start = before[-1]
    words = words_in(start.rest)
    if len(words) not in (1, 3):
        raise ValueError("expected `FROM IMAGE`")
    base = expanded(words[0], stage.outer)
    if base != "scratch":
        parse_reference(base)
    stage.kept.append(" ".join(("FROM", *start.flags, base)))
    if words[0] != base and "$" in words[0]:
        stage.say(start, words[0], f"the defaults of its arguments are taken: `{base}`")
    named = next((flag.partition("=")[2] for flag in start.flags if flag.startswith("--platform=")), "")
    platform = _ARCHITECTURES.get(posixpath.basename(named))
    if named and not platform:
        stage.say(start, f"--platform={named}", "platforms stand in env.toml: `linux-64`, unless it says another")
    return base, platform


def _image(base: str, stage: Stage) -> ImageSpec:
    """The settings; what has no place there is noted in `stage`, whose rest decides what it stands on."""
    user_name = _user(stage)
    copy = _copy(stage)
    image = ImageSpec(
        user=user_name,
        workdir=stage.workdir,
        entrypoint=stage.entrypoint,
        cmd=stage.cmd,
        labels=tuple(sorted(stage.labels.items())),
        copy=copy,
    )
    debian = _debian(base, stage)
    if debian:
        return replace(image, debian=debian)
    return replace(image, dockerfile=REST) if stage.needed else replace(image, base=base)


def _user(stage: Stage) -> str | None:
    try:
        return user(stage.user) if stage.user else None
    except ValueError as error:
        stage.needed.append(remark(f"USER {stage.user}", str(error)))
        stage.beyond_apt = True
        return None


def _copy(stage: Stage) -> tuple[str, ...]:
    """What goes into `workdir` under its own name; for all else the whole file stays."""
    found: dict[str, str] = {}
    for each in stage.copied:
        path = "./" if each.source == "." else f"./{each.source}"
        there = posixpath.normpath(posixpath.join(stage.workdir or "/", copied_name(path)))
        if each.source in stage.removed:
            continue
        if stage.workdir and there == each.target and stage.workdir != "/":
            found[copied_name(path)] = path
        elif each.source in stage.read:
            why = "it is read for what it installs, and is not in the image"
            stage.remarks.append(Remark(what=f"COPY {each.source}", why=why, line=each.line))
        else:
            why = f"`copy` puts things into `workdir` under their own names, and this goes to `{each.target}`"
            stage.whole.append(Remark(what=f"COPY {each.source}", why=why, line=each.line))
    return ("./",) if "" in found else tuple(sorted(found.values()))


def _debian(base: str, stage: Stage) -> DebianSpec | None:
    """A plain Debian with packages of its own: both are locked. None for any other base, and where more is run."""
    reference = parse_reference(base) if base != "scratch" else None
    tag = (reference.tag or "").removesuffix("-slim") if reference else ""
    plain = reference and reference.repository == "library/debian" and reference.registry == "docker.io"
    if not plain or (reference and reference.digest) or tag not in _SUITES or stage.beyond_apt or not stage.debian:
        return None
    try:
        wanted = {plain_requirement(text) for _, read in stage.debian for text in read.debian or ()}
    except ValueError:
        return None
    said = [(instruction, each) for instruction, read in stage.debian for each in read.said]
    if any(not why for _, (_, why) in said):
        return None
    for instruction, (what, why) in said:
        stage.say(instruction, what, why)
    stage.needed.clear()
    return DebianSpec(suite=_SUITES[tag], packages=tuple(sorted(wanted)))


def _taken(parts: list[Imported], image: ImageSpec, platform: str | None, stage: Stage) -> Imported:
    pinned, parts = _pins(parts)
    _forget_prefixes(stage)
    own = EnvSpec(name="", image=image, variables=tuple(sorted(stage.variables.items())))
    spec = united([*(part.spec for part in parts), own]) if parts else own
    # what the Dockerfile sets goes before what a specification of conda's does
    variables = tuple(sorted({**dict(spec.variables), **stage.variables}.items()))
    spec = replace(spec, image=image, variables=variables, platforms=(platform,) if platform else spec.platforms)
    remarks = [*stage.remarks, *(remark for part in parts for remark in part.remarks)]
    files: tuple[tuple[str, bytes], ...] = ()
    if image.dockerfile:
        files = ((REST, "".join(f"{line}\n" for line in stage.kept).encode()),)
        remarks += [replace(each, why=f"{each.why}: it stays, in `{REST}`") for each in stage.needed]
    return Imported(spec=spec, remarks=_in_order(remarks), pinned=pinned, files=files)


def _forget_prefixes(stage: Stage) -> None:
    """Variables that say where an environment is which is not made there."""
    for name, value in tuple(stage.variables.items()):
        if value in stage.prefixes():
            del stage.variables[name]
            why = f"the environment lies in `{IMAGE_PREFIX}`, which CONDA_PREFIX says"
            stage.remarks.append(remark(f"ENV {name}={value}", why))


def _pins(parts: list[Imported]) -> tuple[tuple[Pinned, ...], list[Imported]]:
    """The pins of a file of requirements with hashes; beside packages of conda, which are yet to be solved, as
    versions that are asked for."""
    asks = any(part.spec.has_conda for part in parts)
    pinned = tuple(each for part in parts for each in part.pinned)
    return ((), [_asking(part) for part in parts]) if asks else (pinned, parts)


def _asking(part: Imported) -> Imported:
    if not part.pinned:
        return part
    listed = part.pinned[0].pip
    found = (f"{each.name} @ {each.source}" if each.source else f"{each.name}=={each.version}" for each in listed)
    pip = replace(part.spec.pip, dependencies=tuple(sorted({normalized_requirement(text) for text in found})))
    why = "`envlock lock` chooses what is from conda, and notes the hashes then"
    return replace(part, spec=replace(part.spec, pip=pip), remarks=(*part.remarks, Remark(what="--hash", why=why)))


def _whole(source: Source, stage: Stage) -> Imported:
    """The file as it is: nothing of it is lost, and nothing in it is locked but the images that it stands on."""
    name = source.path.name
    remarks = [replace(each, why=f"{each.why}: `{name}` is kept whole") for each in stage.whole]
    for instruction, read, _ in stage.installs:
        if read.pip or read.conda or read.environment:
            why = "it is run when the image is made, and env.lock does not know what it installs"
            remarks.append(Remark(what=shown(instruction), why=why, line=instruction.line))
    spec = EnvSpec(name="", image=ImageSpec(dockerfile=name))
    return Imported(spec=spec, remarks=_in_order(dict.fromkeys(remarks)))


def _in_order(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda each: (bool(each.file), each.line or 0)))
