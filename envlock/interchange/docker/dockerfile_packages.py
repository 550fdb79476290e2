"""The packages that the commands of a Dockerfile install, by the readers of the files that they are of."""

import json
import os
import posixpath
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from envlock.interchange.conda import environment_import
from envlock.interchange.docker.dockerfile_commands import Meaning
from envlock.interchange.docker.dockerfile_lines import Instruction
from envlock.interchange.docker.dockerfile_stage import Stage
from envlock.interchange.moved_spec import moved_spec
from envlock.interchange.pip import requirements_file
from envlock.interchange.source import Source
from envlock.interchange.written import text_of
from envlock.model.imported import Imported, Remark
from envlock.model.spec import DEFAULT_CHANNEL
from envlock.system.text_file import display

_FILES = ("-r", "--requirement", "-c", "--constraint")
_PATHS = (*_FILES, "-e", "--editable", "-f", "--find-links")
# what uv calls them
_AS_PIP = {"--index": "--extra-index-url", "--default-index": "--index-url"}

Install = tuple[Instruction, Meaning, str]


class Elsewhere(ValueError):
    """A command needs a file that the build context does not have; says which."""

    def __init__(self, instruction: Instruction, what: str) -> None:
        super().__init__(what)
        self.instruction = instruction


def packages(stage: Stage, source: Source) -> Iterator[Imported]:
    """What is installed: by conda's files, by conda, by pip. Elsewhere where a file is not there."""
    for install in stage.installs:
        if install[1].environment:
            yield _specification(install, stage, source)
    conda = [each for each in stage.installs if each[1].conda or (each[1].channels and not each[1].environment)]
    if conda:
        yield _conda(conda, source)
    pip = [each for each in stage.installs if each[1].pip]
    if pip:
        yield _pip(pip, stage, source)


def targets(stage: Stage) -> set[str]:
    """The conda environments that packages go to, by name or folder; "" is the one that is active."""
    return {_target(meaning) for _, meaning, _ in stage.installs if meaning.conda or meaning.environment}


def _target(meaning: Meaning) -> str:
    name = posixpath.basename(meaning.target)
    # of the one that a file names it is not known here which that is
    return "FILE" if meaning.environment and not name else ("" if name == "base" else name)


def _specification(install: Install, stage: Stage, source: Source) -> Imported:
    meaning = install[1]
    path = _file(meaning.environment or "", install, stage)
    folder = posixpath.dirname(path)
    full = source.path.parent / path
    found = environment_import.read(replace(source, path=full, text=text_of(full)))
    spec = moved_spec(found.spec, folder or ".")
    extra = tuple(dict.fromkeys((*meaning.channels, *spec.conda.channels)))
    remarks = tuple(replace(each, file=each.file or display(full)) for each in found.remarks)
    conda = replace(spec.conda, channels=extra if meaning.channels else spec.conda.channels)
    return replace(found, spec=replace(spec, conda=conda, name=""), remarks=remarks)


def _conda(installs: Sequence[Install], source: Source) -> Imported:
    """As a specification of conda's, one line for each package, so that lines can be told apart."""
    channels: list[str] = []
    for _, meaning, _ in installs:
        channels = [*meaning.channels, *channels] if meaning.first else [*channels, *meaning.channels]
    lines = [(instruction.line, spec) for instruction, meaning, _ in installs for spec in meaning.conda]
    named = list(dict.fromkeys(channels)) or [DEFAULT_CHANNEL]
    text = f"channels: {json.dumps(named)}\ndependencies:\n" + "".join(f"- {json.dumps(s)}\n" for _, s in lines)
    found = environment_import.read(replace(source, text=text))
    at = [installs[0][0].line, installs[0][0].line, *(line for line, _ in lines)]
    remarks = _placed(found.remarks, at, source)
    if not channels and lines:
        why = f"the image's conda has channels of its own, which are not told here: `{DEFAULT_CHANNEL}` it is"
        remarks = (*remarks, Remark(what="channels", why=why, line=lines[0][0]))
    return replace(found, remarks=remarks)


def _pip(installs: Sequence[Install], stage: Stage, source: Source) -> Imported:
    lines: list[str] = []
    at: list[int] = []
    for install in installs:
        for option, value in install[1].pip:
            lines.append(_line(option, value, install, stage))
            at.append(install[0].line)
    found = requirements_file.read(replace(source, text="".join(f"{line}\n" for line in lines)))
    return replace(found, remarks=_placed(found.remarks, at, source))


def _line(option: str, value: str, install: Install, stage: Stage) -> str:
    """A line of a requirements file; paths are those of the build context."""
    option = _AS_PIP.get(option, option)
    if option in _FILES and "://" not in value:
        value = _file(value, install, stage)
    elif (option in _PATHS and "://" not in value) or (not option and _is_path(value)):
        value = _folder(value, install, stage)
    return f"{option} {shlex.quote(value)}" if option else value


def _is_path(text: str) -> bool:
    return text.startswith((".", "/")) or text.endswith((".whl", ".tar.gz", ".zip"))


def _file(path: str, install: Install, stage: Stage) -> str:
    found = stage.in_context(path, install[2])
    if found is None or not os.path.isfile(stage.folder / found):  # noqa: PTH113 - any name
        raise Elsewhere(install[0], f"`{found or path}` is not there to be read")
    stage.read.add(found)
    return found


def _folder(text: str, install: Install, stage: Stage) -> str:
    path, bracket, extras = text.partition("[")
    found = stage.in_context(path, install[2])
    if found is None:
        raise Elsewhere(install[0], f"`{path}` is not copied before")
    stage.read.add(found)
    return f"./{found}" + bracket + extras


def _placed(remarks: Sequence[Remark], lines: Sequence[int], source: Source) -> tuple[Remark, ...]:
    """With the lines of the Dockerfile in place of those of the text that was made of it."""

    def placed(remark: Remark) -> Remark:
        if remark.file not in ("", display(source.path)):
            return remark
        known = remark.line is not None and 0 < remark.line <= len(lines)
        return replace(remark, file="", line=lines[remark.line - 1] if known and remark.line else None)

    return tuple(placed(remark) for remark in remarks)
