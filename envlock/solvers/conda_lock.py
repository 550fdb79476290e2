"""conda packages chosen by conda-lock, which has a conda, mamba or micromamba of this machine solve.

conda-lock and that program decide which packages; what is locked of them is what their channels say, the same as where
py-rattler decides.
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.platform import virtual_packages
from envlock.solvers.conda_rattler import answer_of, unsatisfiable, with_url
from envlock.solvers.requests import CondaAnswer, CondaRequest
from envlock.system.conda.child import ask
from envlock.system.process import run, scrubbed
from envlock.system.secrets import redact_text

PROGRAMS = ("mamba", "micromamba", "conda")
_INSTEAD = 'take `conda-solver = "rattler"`'
# what these programs say where nothing meets the specs; anything else they fail of is no fault of env.toml
_UNMET = re.compile(
    r"unsatisfiable|could not solve|nothing provides|packagesnotfound|packages are not available|conflict"
    r"|not installable|does not exist|no viable|cannot be installed|cannot solve",
    re.IGNORECASE,
)


def find_program() -> str | None:
    """The path of the program that would solve: the first of PROGRAMS that is on PATH."""
    return next((found for found in map(shutil.which, PROGRAMS) if found), None)


def solve(requests: Sequence[CondaRequest]) -> list[tuple[CondaAnswer, ...]]:
    """For each request, which differ in their platform alone, the packages that answer it, sorted by name."""
    program = find_program()
    if program is None:
        listed = ", ".join(f"`{name}`" for name in PROGRAMS)
        hint = f"install micromamba, or {_INSTEAD}"
        raise UserInputError(f"conda-lock needs one of {listed} on PATH, and there is none", hint=hint)
    if requests[0].cutoff:
        raise UserInputError("`exclude-newer` cannot be held by conda-lock, which knows no such limit", hint=_INSTEAD)
    return [_solved(request, program) for request in requests]


def _solved(request: CondaRequest, program: str) -> tuple[CondaAnswer, ...]:
    with tempfile.TemporaryDirectory(prefix="envlock-") as name:
        folder = Path(name)
        answer = folder / "answer.json"
        command = [sys.executable, "-P", "-m", "envlock.solvers.conda_lock_child", str(answer)]
        question = json.dumps(_question(request, program))
        done = run(command, environment=_environment(request, folder), stdin=question, group=True)
        if not answer.exists():
            last = redact_text(done.stderr.strip().rpartition("\n")[2]) or f"exit code {done.code}"
            raise OutsideError(f"conda-lock failed: {last}")
        value = json.loads(answer.read_bytes())
    if "error" in value:
        raise _failure(value["error"], request, program)
    chosen = sorted(value["packages"], key=lambda package: str(package["name"]))
    return tuple(answer_of(record) for record in ask("records", _places(request, chosen)))


def _question(request: CondaRequest, program: str) -> dict[str, Any]:
    packages = request.cache / "conda-lock"
    packages.mkdir(parents=True, exist_ok=True)
    return {
        "program": program,
        "channels": [url for _, url in request.channels],
        "platform": request.platform.name,
        "specs": sorted(with_url(spec, request.channels) for spec in request.specs),
        "limits": sorted(request.limits),
        "virtual": [(v.name, v.version, v.build) for v in virtual_packages(request.system)],
        "keep": [f"{p.name} {p.version} {p.build}" for p in request.keep],
        "packages": str(packages),
    }


def _places(request: CondaRequest, chosen: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "channels": [{"name": name, "url": url} for name, url in request.channels],
        "platform": request.platform.name,
        "packages": chosen,
        "cache": str(request.cache / "repodata"),
        "offline": request.offline,
    }


def _environment(request: CondaRequest, folder: Path) -> dict[str, str]:
    """A home without settings: a .condarc may name channels, pins and packages that nobody sees in env.toml."""
    for name in (".netrc", ".mamba/auth"):
        kept, here = Path.home() / name, folder / "home" / name
        here.parent.mkdir(parents=True, exist_ok=True)
        if kept.exists():
            here.symlink_to(kept)
    settings = {
        "HOME": str(folder / "home"), "TMPDIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2]),
        "MAMBA_NO_RC": "true", "MAMBA_ROOT_PREFIX": str(request.cache / "mamba"),
        "CONDA_CHANNEL_PRIORITY": request.priority, "MAMBA_CHANNEL_PRIORITY": request.priority,
        "CONDA_PINNED_PACKAGES": "", "CONDA_CREATE_DEFAULT_PACKAGES": "", "CONDA_NOTIFY_OUTDATED_CONDA": "false",
        "CONDA_FLAGS": "--offline" if request.offline else "",
    }  # fmt: skip
    environment = scrubbed("NETRC", **settings)
    # these programs have certificates of their own, and know those of this machine by other names
    if file := environment.get("SSL_CERT_FILE"):
        environment |= {"REQUESTS_CA_BUNDLE": file, "MAMBA_SSL_VERIFY": file}
    return environment


def _failure(words: str, request: CondaRequest, program: str) -> EnvlockError:
    if _UNMET.search(words):
        return unsatisfiable([(request, words)])
    return OutsideError(f"`{Path(program).name}` could not solve [conda] for conda-lock\n{redact_text(words)}")
