"""The process that solves for a merge: `python -m envlock.workflows.merge_child PARENT`.

A question is JSON on stdin, an answer JSON on stdout: `{"lock": text}`, or `{"error": text}`.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from envlock.errors import EnvlockError, UserInputError
from envlock.lockfile.conflict import Conflict, Side
from envlock.lockfile.writer import lock_text
from envlock.model.lock import Lock
from envlock.model.problem import shown
from envlock.system.cache import Cache
from envlock.system.parent import end_with
from envlock.workflows.context import Context
from envlock.workflows.merge_sides import MergedSides, local_hashes, problems_of, read_sides
from envlock.workflows.merged import Texts
from envlock.workflows.pins import Pins, united
from envlock.workflows.project import Project
from envlock.workflows.resolve import locked
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import KEEP


def solve(sides: MergedSides, folder: Path, context: Context) -> Lock:
    """What both sides agree on is kept first, then what one of them has changed, then what else they have."""
    frame, spec = sides.frame, sides.spec
    had = {name: Side(label=name, platforms=getattr(sides.locks, name).platforms) for name in ("ours", "theirs")}
    base = sides.locks.base
    conflict = Conflict(**had, base=Side(label="base", platforms=base.platforms) if base else None)
    pins = Pins(lock=united(conflict, spec), conflict=conflict)
    # what is copied is not there yet as it is merged, and nothing else rests on it
    asked = replace(spec, image=replace(spec.image, copy=()))
    found = pins.resolved(lambda kept: locked(asked, tasks_of(asked, Project(folder), context, kept, KEEP), context))
    found = replace(found, image=frame.image, copied=frame.copied)
    _refuse_other_files(local_hashes(pins.lock), local_hashes(found))
    if wrong := problems_of(sides, found):
        raise UserInputError(shown(wrong)[0])
    return found


def _refuse_other_files(merged: dict[str, frozenset[str]], found: dict[str, frozenset[str]]) -> None:
    """The work tree is not merged yet: what lies there may be of one side."""
    for path, hashes in found.items():
        if path in merged and merged[path] != hashes:
            raise UserInputError(f"`{path}` is not merged yet")


def main() -> None:
    asked = json.load(sys.stdin)
    cache = Cache(Path(asked["cache"]))
    context = Context(cache=cache, environment=asked["environment"], offline=True)
    try:
        with cache.users.among():
            found = solve(read_sides(Texts(**asked["texts"])), Path(asked["folder"]), context)
            answer = {"lock": lock_text(found)}
    except EnvlockError as error:
        answer = {"error": error.message}
    sys.stdout.write(f"{json.dumps(answer)}\n")


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    main()
