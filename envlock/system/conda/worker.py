"""The child process that works with py-rattler: `python -m envlock.system.conda.worker OPERATION ANSWER [PARENT]`.

A request is JSON on stdin. The answer is JSON in the file ANSWER, renamed into place when everything is done:
`{"answer": …}`, or `{"error": text, "kind": "unsatisfiable" | "outside"}`.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rattler.exceptions import SolverError

from envlock.errors import OutsideError
from envlock.system.conda import announced, contents, downloading, installing, members, named_files, records, solving
from envlock.system.parent import end_with

Operation = Callable[[dict[str, Any]], Coroutine[Any, Any, Any]]
OPERATIONS: dict[str, Operation] = {
    "solve": solving.solve,
    "find": solving.find,
    "records": records.records,
    "named": named_files.named,
    "md5": announced.md5,
    "read": contents.read,
    "members": members.members,
    "install": installing.install,
    "download": downloading.download,
}


def main(operation: str, answer: Path) -> None:
    request = json.load(sys.stdin)
    value: dict[str, Any]
    try:
        value = {"answer": asyncio.run(OPERATIONS[operation](request))}
    except SolverError as error:
        value = {"error": str(error), "kind": "unsatisfiable"}
    except OutsideError as error:
        value = {"error": error.message, "kind": "outside"}
    except Exception as error:  # noqa: BLE001 - rattler's errors share no base; their words are passed on
        value = {"error": f"{type(error).__name__}: {error}", "kind": "outside"}
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(value))
    part.replace(answer)


if __name__ == "__main__":
    if sys.argv[3:]:
        end_with(int(sys.argv[3]))
    main(sys.argv[1], Path(sys.argv[2]))
    sys.stdout.flush()
    # rattler's threads may crash an orderly interpreter exit; the answer is written, so leave at once
    os._exit(0)
