"""`envlock` under a profile, all its threads included: `python -m tests.bench.profiled OUTPUT ARGUMENT…`.

Child processes are seen as the time that somebody waits for them. From Python 3.12 on only one thread can be profiled:
then it is the first.
"""

import cProfile
import io
import pstats
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from envlock.cli.main import run

SHOWN = 30
ALL_THREADS = sys.version_info < (3, 12)


def main(output: Path, arguments: list[str]) -> int:
    profiles = [cProfile.Profile()]
    if ALL_THREADS:
        _profile_threads(profiles)
    code = profiles[0].runcall(run, arguments, program="envlock")
    output.write_text(_text(profiles))
    return code


def _profile_threads(profiles: list[cProfile.Profile]) -> None:
    """Has every thread that is started from now on profiled, too."""
    whole: Callable[[threading.Thread], None] = threading.Thread.run

    def profiled(thread: threading.Thread) -> None:
        profile = cProfile.Profile()
        profiles.append(profile)
        profile.runcall(whole, thread)

    setattr(threading.Thread, "run", profiled)  # noqa: B010 - a method of a class is not to be assigned, says mypy


def _text(profiles: list[cProfile.Profile]) -> str:
    text = io.StringIO()
    statistics = pstats.Stats(profiles[0], stream=text)
    for profile in profiles[1:]:
        statistics.add(profile)
    statistics.strip_dirs()
    for order in ("cumulative", "tottime"):
        statistics.sort_stats(order).print_stats(SHOWN)
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
