"""The command line in processes that are forked from one which has loaded it all: a call costs no start of Python."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.projects import Project, Result

# loads what the commands load, then forks for each line; it has one thread only, so its children lack nothing
_SERVER = """
import importlib, json, os, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
from envlock.cli.main import run
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child:
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    for descriptor, path in enumerate((os.devnull, asked["stdout"], asked["stderr"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
    os.chdir(asked["folder"])
    os.environ["ENVLOCK_CACHE_DIR"] = asked["cache"]
    code = run(asked["words"], program="envlock")
    sys.stdout.flush()
    os._exit(code)
"""


class Started(NamedTuple):
    """A call that is under way; `end` waits for it."""

    pid: int
    forker: "Forker"
    stdout: Path
    stderr: Path

    def end(self) -> Result:
        code = int(self.forker.line())
        return Result(code, self.stdout.read_text(), self.stderr.read_text())


class Forker:
    """Starts calls, one after another."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder = process, folder

    def start(self, project: Project, words: Sequence[str]) -> Started:
        stdout, stderr = self._folder / "stdout", self._folder / "stderr"
        asked = {"words": list(words), "folder": str(project.folder), "cache": str(project.cache)}
        assert self._process.stdin
        self._process.stdin.write(json.dumps({**asked, "stdout": str(stdout), "stderr": str(stderr)}) + "\n")
        self._process.stdin.flush()
        return Started(int(self.line()), self, stdout, stderr)

    def line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@contextmanager
def forker(project: Project, folder: Path, modules: Sequence[str]) -> Iterator[Forker]:
    """One that has loaded `modules`, in the environment of the project's calls."""
    with subprocess.Popen(
        (sys.executable, "-c", _SERVER, json.dumps(list(modules))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=project.environment(),
    ) as process:
        yield Forker(process, folder)
        assert process.stdin
        process.stdin.close()
