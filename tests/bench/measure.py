"""What commands take: time, processor time and memory of whole processes, descendants included."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.bench.memory import Watch

LAUNCHER = Path(__file__).with_name("launcher.py")


class MeasuredCommandError(Exception):
    """A measured command failed; the message holds what it said."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command, with its whole environment."""

    command: Sequence[str | Path]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stdin: Path = Path(os.devnull)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Seconds, and bytes of resident memory.

    `largest` is the peak of the largest single process; `tree` is the largest sum over all processes at one moment,
    which counts shared pages once a process; sampled, so only where asked for. `counts` is what else was counted.
    """

    wall: float
    user: float
    system: float
    largest: int
    tree: int | None = None
    counts: Mapping[str, float] = field(default_factory=dict)


def measure(steps: Sequence[Step], *, watch: bool = False) -> Sample:
    """Runs steps one after the other; times are added up. Watching memory costs a little time."""
    with tempfile.TemporaryDirectory(prefix="envlock-bench-") as folder:
        log = Path(folder, "log")
        launcher = subprocess.Popen(
            (sys.executable, "-I", "-S", LAUNCHER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with Watch(launcher.pid, wanted=watch) as watched:
            printed, _ = launcher.communicate(json.dumps({"log": str(log), "steps": [_plain(s) for s in steps]}))
        usages = json.loads(printed)
        for step, usage in zip(steps, usages, strict=True):
            if usage["code"] != 0:
                words = " ".join(map(str, step.command))
                raise MeasuredCommandError(f"exit {usage['code']} of {words}\n{log.read_text(errors='replace')}")
    return Sample(
        wall=sum(usage["wall"] for usage in usages),
        user=sum(usage["user"] for usage in usages),
        system=sum(usage["system"] for usage in usages),
        largest=max(int(usage["largest"]) for usage in usages),
        tree=watched.most if watch else None,
    )


def _plain(step: Step) -> dict[str, object]:
    return asdict(step) | {
        "command": [str(word) for word in step.command],
        "folder": str(step.folder),
        "stdin": str(step.stdin),
    }
