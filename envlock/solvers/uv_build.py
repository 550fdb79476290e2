"""Wheels built by the uv program, in an environment of its own with what the source says that building needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import uv

from envlock.errors import OutsideError
from envlock.model.spec import Index
from envlock.solvers.uv_command import index_flags
from envlock.system.process import OF_GIT, run, scrubbed
from envlock.system.secrets import redact_text


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """`source` is a folder, which building may change; `python` the path of the interpreter to build for."""

    name: str
    source: Path
    python: str
    indexes: tuple[Index, ...]
    cache: Path
    offline: bool
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


def build_wheel(request: BuildRequest, folder: Path) -> Path:
    """The wheel, in `folder`; OutsideError with the last of what was said where it cannot be built."""
    command = ["build", "--wheel", str(request.source), "--out-dir", str(folder), "--no-create-gitignore"]
    _run(command, request, folder)
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise OutsideError(f"building `{request.name}` gave {len(wheels)} wheels, not one")
    return wheels[0]


def install_editable(request: BuildRequest, folder: Path) -> None:
    """Puts into `folder`, which is empty, what makes an interpreter find the project where it is (PEP 660)."""
    command = ["pip", "install", "--no-deps", "--editable", str(request.source), "--target", str(folder)]
    _run([*command, "--link-mode", "copy"], request, folder)


def _run(command: list[str], request: BuildRequest, folder: Path) -> None:
    environment = scrubbed(*OF_GIT, **request.credentials)
    done = run([uv.find_uv_bin(), *command, *_flags(request)], environment=environment, folder=str(folder))
    if done.code:
        said = redact_text("\n".join((done.stderr or done.stdout).strip().splitlines()[-30:]))
        raise OutsideError(f"`{request.name}` could not be built\n{said}")


def _flags(request: BuildRequest) -> list[str]:
    flags = ["--no-config", "--no-python-downloads", "--system-certs"]
    flags += ["--python", request.python, "--cache-dir", str(request.cache / "uv")]
    flags += index_flags(request.indexes, apart=False)
    return [*flags, "--offline"] if request.offline else flags
