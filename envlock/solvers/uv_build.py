"""Wheels built by the uv program, in an environment of its own with what the source says that building needs."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS, System
from envlock.model.spec import Index
from envlock.solvers.build_needs import REQUIRE_BUILD_HASHES, are_bound, lacking_trust, trust_flags
from envlock.solvers.pip_uv import solve
from envlock.solvers.requests import PipRequest
from envlock.solvers.uv_command import index_flags
from envlock.system.process import OF_GIT, Finished, run, scrubbed
from envlock.system.secrets import redact_text
from envlock.system.uv_program import uv_program

_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """`source` is a folder, which building may change; `python` the path of the interpreter to build for, `version`
    what it is."""

    name: str
    source: Path
    python: str
    version: str
    indexes: tuple[Index, ...]
    cache: Path
    offline: bool
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


def build_wheel(request: BuildRequest, folder: Path) -> Path:
    """The wheel, in `folder`; OutsideError with the last of what was said where it cannot be built."""
    command = ["build", "--wheel", str(request.source), "--out-dir", str(folder), "--no-create-gitignore"]
    _run(command, request, strict=["--require-hashes"])
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise OutsideError(f"building `{request.name}` gave {len(wheels)} wheels, not one")
    return wheels[0]


def install_editable(request: BuildRequest, folder: Path) -> None:
    """Puts into `folder`, which is empty, what makes an interpreter find the project where it is (PEP 660)."""
    command = ["pip", "install", "--no-deps", "--editable", str(request.source), "--target", str(folder)]
    _run([*command, "--link-mode", "copy"], request, strict=REQUIRE_BUILD_HASHES)


def _run(command: list[str], request: BuildRequest, *, strict: Sequence[str]) -> None:
    """Runs it; where packages are bound to indexes, `strict` has uv refuse what it was given no hash of."""
    needs: frozenset[str] = frozenset()
    with tempfile.TemporaryDirectory(prefix="envlock-") as beside:
        for _ in range(_ROUNDS):
            done = _ran([*command, *_trusted(needs, request, strict, Path(beside))], request, beside)
            lacking = lacking_trust(done) if done.code else frozenset()
            if lacking <= needs:
                break
            needs |= lacking
    if done.code:
        said = redact_text("\n".join((done.stderr or done.stdout).strip().splitlines()[-30:]))
        raise OutsideError(f"`{request.name}` could not be built\n{said}")


def _ran(command: list[str], request: BuildRequest, folder: str) -> Finished:
    environment = scrubbed(*OF_GIT, **request.credentials)
    return run([uv_program(), *command, *_flags(request)], environment=environment, folder=folder)


def _trusted(needs: frozenset[str], request: BuildRequest, strict: Sequence[str], folder: Path) -> list[str]:
    if not are_bound(request.indexes):
        return []
    asked = PipRequest(
        requirements=(),
        indexes=request.indexes,
        provided={},
        python=request.version,
        platform=PLATFORMS[DEFAULT_PLATFORM],
        system=System(),
        keep=(),
        cache=request.cache,
        offline=request.offline,
        credentials=request.credentials,
    )
    return [*strict, *trust_flags(needs, asked, folder, solve)]


def _flags(request: BuildRequest) -> list[str]:
    flags = ["--no-config", "--no-python-downloads", "--system-certs"]
    flags += ["--python", request.python, "--cache-dir", str(request.cache / "uv")]
    flags += index_flags(request.indexes, apart=False)
    return [*flags, "--offline"] if request.offline else flags
