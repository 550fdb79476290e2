"""Runs commands one after the other and prints what each of them took: `python -I -S launcher.py < JOB`.

The peak memory of a process begins with that of the process which it was forked from. So they are forked from this
small one, and a figure above some 10 MiB is their own.
"""

import json
import os
import sys
import time
from typing import Any


def main() -> None:
    job = json.load(sys.stdin)
    json.dump([_run(step, job["log"]) for step in job["steps"]], sys.stdout)


def _run(step: dict[str, Any], log: str) -> dict[str, float]:
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        _become(step, log)
    _, status, usage = os.wait4(child, 0)  # the usage of the child and of all whom it waited for
    return {
        "wall": time.perf_counter() - began,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "largest": usage.ru_maxrss * 1024,
        "code": os.waitstatus_to_exitcode(status),
    }


def _become(step: dict[str, Any], log: str) -> None:
    """Turns this process into the command; its output is of interest only when it fails."""
    try:
        os.dup2(os.open(step["stdin"], os.O_RDONLY), 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
        os.chdir(step["folder"])
        os.execvpe(step["command"][0], step["command"], step["variables"])
    finally:
        os._exit(127)


main()
