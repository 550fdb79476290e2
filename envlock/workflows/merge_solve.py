"""A merge that needs a solver: in a process of its own, which is ended when its time is over."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from typing import Any

from envlock.errors import UserInputError
from envlock.lockfile.reader import lock_of
from envlock.model.lock import Lock
from envlock.system.process import Running, without_git_variables
from envlock.workflows.context import Context
from envlock.workflows.merge_sides import NEXT
from envlock.workflows.merged import Texts

_CHILD = "envlock.workflows.merge_child"


def merge_solved(texts: Texts, folder: Path, context: Context, seconds: float) -> Lock:
    """What a solver makes of both sides without a connection, in so many seconds; UserInputError where it does not."""
    question = {
        "texts": asdict(texts),
        "folder": str(folder.absolute()),
        "cache": str(context.cache.root),
        "environment": dict(context.environment),
    }
    # -P: a module named like one of ours in the current folder must not be taken
    words = [sys.executable, "-P", "-m", _CHILD, str(os.getpid())]
    environment = without_git_variables(PYTHONPATH=str(Path(__file__).parents[2]))
    with Running(words, environment=environment, group=True) as child:
        timer = Timer(max(seconds, 0.0), child.end)
        timer.start()
        try:
            done = child.finished(json.dumps(question))
        finally:
            timer.cancel()
    return _answer(done.stdout, ended=done.code < 0)


def _answer(said: str, *, ended: bool) -> Lock:
    value: dict[str, Any] = json.loads(said) if said.endswith("}\n") else {}
    if "lock" in value:
        return lock_of("env.lock", value["lock"])
    why = "there was no time for more" if ended else "the solver failed"
    # why no solver finds anything `envlock lock` tells in full
    said = value.get("error", why).partition("\n")[0]
    raise UserInputError(f"nothing at hand answers both sides: {said}", hint=NEXT)
