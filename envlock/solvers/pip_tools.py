"""Wheels chosen by pip-compile, run as a program that sees nothing but what env.toml declares.

pip resolves for the Python that runs it and for the machine it runs on; it merges all indexes, and knows of no glibc
but this machine's. So it runs on a Python of the wanted version, is refused for other machines, and its only index
is one of ours, which shows it the wheels that fit.
"""

import os
import platform as this_machine
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envlock.errors import OutsideError, UserInputError
from envlock.model.index_file import IndexFile
from envlock.model.platform import PLATFORMS
from envlock.model.requirements import applies
from envlock.model.spec import python_minor
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers.index_server import Serving, serve
from envlock.solvers.pip_words import failure
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.wheel_shelf import FilesOf, Shelf, require_sha256
from envlock.system.process import run, scrubbed
from envlock.system.secrets import redact

_WANTED, _LIMITS, _PINS = "requirements.in", "limits.txt", "requirements.txt"
_FLAGS = (
    "--no-config", "--quiet", "--no-header", "--no-annotate", "--strip-extras", "--allow-unsafe", "--newline=lf",
    "--no-emit-index-url", "--no-emit-find-links", "--no-emit-options", "--no-emit-trusted-host",
    "--resolver=backtracking", "--cache-dir=cache",
)  # fmt: skip
_INSTEAD = 'take `pip-resolver = "uv"`, which resolves for any platform and Python'


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What this solver is handed: the wheels on an index, the wheel at a URL (by name and URL), what a wheel says of
    itself, and the path of a Python of a version, which raises OutsideError where there is none."""

    files_of: FilesOf
    wheel_at: Callable[[str, str], IndexFile]
    metadata_of: Callable[[IndexFile], WheelMetadata]
    python: Callable[[str], str]


def solve(request: PipRequest, doors: Doors) -> tuple[PipAnswer, ...]:
    """The wheels that answer the requirements, sorted by name; UserInputError where none can."""
    python = _python(request, doors)
    shelf = Shelf(request, doors.files_of)
    asked = [_on_shelf(requirement, shelf, doors) for requirement in _applying(request.requirements, shelf)]
    serving = Serving(wheels=shelf.wheels, metadata=lambda file: _metadata(file, shelf, doors))
    with tempfile.TemporaryDirectory(prefix="envlock-") as name, serve(serving) as url:
        folder = Path(name)
        (folder / _WANTED).write_text("".join(f"{r}\n" for r in asked))
        (folder / _LIMITS).write_text("".join(f"{r}\n" for r in _applying(request.limits, shelf)))
        (folder / _PINS).write_text("".join(f"{p.name}=={p.version}\n" for p in request.keep if p.index))
        command = [python, "-s", "-m", "piptools", "compile", *_FLAGS, "-c", _LIMITS, "-o", _PINS, _WANTED]
        done = run(command, environment=_environment(url, folder), folder=name)
        if serving.failures:
            raise serving.failures[0]
        if done.code:
            raise failure(done.stderr.replace(url, ""), asked, shelf)
        pins = tuple(_pins((folder / _PINS).read_text()))
    return tuple(_answer(*pin, shelf) for pin in sorted(pins) if shelf.provided(pin[0]) is None)


def _on_shelf(requirement: str, shelf: Shelf, doors: Doors) -> str:
    """A requirement that names its own wheel as one of the only version there is; all others as they are."""
    parsed = Requirement(requirement)
    if parsed.url is None:
        return requirement
    name, url = canonicalize_name(parsed.name), parsed.url.partition("#")[0]
    if not url.endswith(".whl") or url.startswith("git+"):
        problem = f"`{name}` would have to be built from {redact(url)}, and pip-tools is not let build anything"
        raise UserInputError(problem, hint='take `pip-resolver = "uv"`, or name a wheel')
    file = doors.wheel_at(name, url)
    shelf.put(file)
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    return f"{name}{extras}=={file.version}"


def _python(request: PipRequest, doors: Doors) -> str:
    """The path of the Python to run pip-compile by; UserInputError where only another one could."""
    here = next((p.name for p in PLATFORMS.values() if _is_here(p.os, p.machine)), this_machine.system())
    if request.platform.name != here:
        problem = (
            f"pip-tools resolves for the platform it runs on, which is {here}, and not for {request.platform.name}"
        )
        raise UserInputError(problem, hint=_INSTEAD)
    minor = python_minor(request.python)
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    try:
        return doors.python(minor)
    except OutsideError as error:
        problem = f"pip-tools resolves for the Python it runs on, and there is {error.message}"
        raise UserInputError(problem, hint=f"{error.hint}; or {_INSTEAD}" if error.hint else _INSTEAD) from error


def _is_here(system: str, machine: str) -> bool:
    return system == this_machine.system().lower() and machine == this_machine.machine()


def _environment(index: str, folder: Path) -> dict[str, str]:
    # the address stands in no argument: other users of this machine see those; what pip would leave goes with `folder`
    settings = {
        "TMPDIR": str(folder),
        "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index, "PIP_ONLY_BINARY": ":all:", "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_KEYRING_PROVIDER": "disabled", "PYTHONPATH": _libraries(),
        "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
    }  # fmt: skip
    return scrubbed(**settings)


def _libraries() -> str:
    """Where pip-tools and pip lie, for a Python that is not ours."""
    origins = [spec.origin for spec in map(find_spec, ("piptools", "pip")) if spec and spec.origin]
    return os.pathsep.join(dict.fromkeys(str(Path(origin).parents[1]) for origin in origins))


def _metadata(file: str, shelf: Shelf, doors: Doors) -> WheelMetadata | None:
    found = shelf.file(file)
    if found is None:
        return None
    metadata = shelf.provided(found.name) or doors.metadata_of(found)
    # settled here, too: the Python that pip runs on may be of another patch version
    python = None if shelf.runs(metadata.requires_python) else "<1"
    return replace(metadata, requires_python=python, requires_dist=tuple(_settled(metadata, shelf)))


def _applying(requirements: Iterable[str], shelf: Shelf) -> list[str]:
    """Those that apply to the declared Python and platform, without their markers."""
    parsed = [Requirement(text) for text in shelf.asked_of(requirements)]
    return [_unmarked(r) for r in parsed if applies(r.marker, shelf.environment)]


def _settled(metadata: WheelMetadata, shelf: Shelf) -> Iterator[str]:
    """What a wheel requires, with markers only for extras: of all else pip would ask the Python that it runs on. One
    that breaks the rules for requirements is left out: that is no reason to refuse a wheel."""
    for text in shelf.asked_of(text for text in metadata.requires_dist if _requirement(text)):
        requirement = Requirement(text)
        if applies(requirement.marker, shelf.environment):
            yield _unmarked(requirement)
            continue
        for extra in metadata.provides_extra:
            if applies(requirement.marker, shelf.environment, [extra]):
                yield f'{_unmarked(requirement)} ; extra == "{extra}"'


def _unmarked(requirement: Requirement) -> str:
    return str(requirement).partition(" ;" if requirement.url else ";")[0]


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _pins(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            pin = Requirement(line)
            if pin.url:
                raise OutsideError(f"pip-tools chose `{pin.name}` from {redact(pin.url)}, which is on no index")
            (specifier,) = pin.specifier
            yield canonicalize_name(pin.name), specifier.version


def _answer(name: str, version: str, shelf: Shelf) -> PipAnswer:
    file = shelf.best(name, version)
    if file is None:
        raise OutsideError(f"pip-tools chose `{name}` {version}, which it was not shown")
    return PipAnswer(
        name=name,
        version=file.version,
        file=file.file,
        url=file.url,
        sha256=require_sha256(file),
        size=file.size,
        index=file.index,
        uploaded=file.uploaded,
        yanked=file.yanked,
    )
