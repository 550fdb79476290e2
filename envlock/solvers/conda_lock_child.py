"""The child process that works with conda-lock: `python -m envlock.solvers.conda_lock_child ANSWER`.

A request is JSON on stdin: {program, channels: [url], platform, specs, limits, virtual: [[name, version, build]],
keep: [match spec], packages: folder}. The answer is JSON in the file ANSWER: {"packages": [{name, url, sha256}]}, or
{"error": text}, in the words of the program that solves.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conda_lock import invoke_conda  # type: ignore[import-untyped]
from conda_lock.conda_solver import solve_specs_for_arch  # type: ignore[import-untyped]
from conda_lock.models.channel import Channel  # type: ignore[import-untyped]
from conda_lock.virtual_package import FakeRepoData, VirtualPackage  # type: ignore[import-untyped]

from envlock.system.process import ProgramFailed

# a package of ours that needs nothing, is asked for, and whose `constrains` hold for whatever else is chosen
_LIMITS = "envlock-limits"

Record = dict[str, Any]


class Question:
    """One request; each `ask` is one run of the program."""

    def __init__(self, request: dict[str, Any], folder: Path) -> None:
        self.request = request
        self.declared = FakeRepoData(base_path=folder)
        for name, version, build in request["virtual"]:
            package = VirtualPackage(name=name, version=version, build_string=build)
            self.declared.add_package(package, subdirs=[request["platform"]])

    def ask(self, pins: Sequence[str]) -> list[Record]:
        """What is chosen where these pins, as far as they are needed, hold; ProgramFailed where nothing can be."""
        request = self.request
        self.declared.write()
        self._limit([*request["limits"], *pins])
        channels = [*(Channel(url=url, used_env_vars=()) for url in request["channels"]), self.declared.channel]
        with self.declared, self.declared.conda_virtual_package_overrides(request["platform"]):
            plan = solve_specs_for_arch(request["program"], channels, [*request["specs"], _LIMITS], request["platform"])
        chosen = (dict(record) for record in plan["actions"]["FETCH"])
        return [record for record in chosen if record["name"] != _LIMITS and not record["name"].startswith("__")]

    def _limit(self, specs: Sequence[str]) -> None:
        path = self.declared.base_path / "noarch" / "repodata.json"
        index = json.loads(path.read_bytes())
        record = {"name": _LIMITS, "version": "1", "build": "0", "build_number": 0, "subdir": "noarch"}
        index["packages"][f"{_LIMITS}-1-0.tar.bz2"] = {**record, "depends": [], "constrains": list(specs), "size": 0}
        path.write_text(json.dumps(index, sort_keys=True))


def solve(question: Question) -> list[Record]:
    """What is chosen, with as many of the pins kept as can be: all, or else what is found by trying halves of them."""
    pins = sorted(question.request["keep"])
    if pins:
        try:
            return question.ask(pins)
        except ProgramFailed:
            pass
    free = question.ask(())
    there = {record["name"]: _pin(record) for record in free}
    held = [pin for pin in pins if pin in there.values()]
    moved = [pin for pin in pins if pin.partition(" ")[0] in there and pin not in held]
    return _widest(question, held, moved, free)[1]


def _widest(
    question: Question, held: list[str], wanted: list[str], best: list[Record]
) -> tuple[list[str], list[Record]]:
    """The pins that can be kept beside those that are held, and the answer to them."""
    if not wanted:
        return held, best
    try:
        return held + wanted, question.ask(held + wanted)
    except ProgramFailed:
        if len(wanted) == 1:
            return held, best
    half = len(wanted) // 2
    held, best = _widest(question, held, wanted[:half], best)
    return _widest(question, held, wanted[half:], best)


def _pin(record: Record) -> str:
    return f"{record['name']} {record['version']} {record.get('build_string') or record['build']}"


def _words(error: ProgramFailed) -> str:
    """What the program says of its failure: conda has a message, mamba a list of problems, and either may crash."""
    try:
        said = json.loads(error.stdout[error.stdout.index("{") :])
    except ValueError:
        said = {}
    problems = said.get("message") or "\n".join(said.get("solver_problems") or ()) or said.get("error")
    return str(problems or error.stderr or error.stdout or f"exit code {error.returncode}").strip()


def main(answer: Path) -> None:
    request = json.load(sys.stdin)
    # these are for this process, and not for the program, which may be another Python
    os.environ.pop("PYTHONPATH", None)
    folder = answer.with_name("declared")
    folder.mkdir()
    # what it learns of channels is kept: a new folder for each run would have them read anew
    invoke_conda.CONDA_PKGS_DIRS = request["packages"]
    try:
        chosen = solve(Question(request, folder))
    except ProgramFailed as error:
        value: dict[str, Any] = {"error": _words(error)}
    else:
        value = {"packages": [{key: record.get(key) for key in ("name", "url", "sha256")} for record in chosen]}
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(value))
    part.replace(answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
