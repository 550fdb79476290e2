"""Measures and prints JSON: `python -m tests.bench [--rounds N] [--only NAME …] > result.json`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.bench.machine import machine
from tests.bench.measure import MeasuredCommandError
from tests.bench.place import Place, settle
from tests.bench.profiling import profiles
from tests.bench.scenario import run_scenario
from tests.bench.scenarios import SCENARIOS
from tests.bench.table import table
from tests.support.processes import CommandError

FORM = 1


def main() -> None:
    options = _options(sys.argv[1:])
    if options.table:
        sys.stdout.write(table(json.loads(options.table.read_text())))
        return
    with tempfile.TemporaryDirectory(prefix="envlock-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        settle(folder)
        place = Place(folder, stack, small=options.small)
        if options.profile:
            for text in profiles(SCENARIOS[options.profile](place), folder):
                sys.stdout.write(f"{text}\n")
        else:
            result = _result(place, options.only or list(SCENARIOS), options.rounds)
            sys.stdout.write(f"{json.dumps(result, indent=1)}\n")
            sys.exit(any("failed" in scenario for scenario in result["scenarios"].values()))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure envlock, and print JSON.")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds that count (default: 5)")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, metavar="NAME", help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--small", action="store_true", help="a tiny environment from local wheels: is all in order?")
    parser.add_argument("--profile", choices=SCENARIOS, metavar="NAME", help="print where the time of NAME goes")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print an earlier result as Markdown")
    return parser.parse_args(arguments)


def _result(place: Place, names: Sequence[str], rounds: int) -> dict[str, Any]:
    here = machine()  # before it is busy with us
    scenarios = {name: _measured(place, name, rounds) for name in names}
    return {"form": FORM, "machine": here, "scenarios": scenarios, **place.facts()}


def _measured(place: Place, name: str, rounds: int) -> dict[str, Any]:
    """The figures of a scenario, or why there are none."""
    sys.stderr.write(f"{name}\n")
    try:
        return run_scenario(SCENARIOS[name](place), rounds)
    except pytest.skip.Exception as missing:
        return {"skipped": str(missing)}
    except (CommandError, MeasuredCommandError) as error:
        sys.stderr.write(f"{error}\n")
        return {"failed": str(error)}  # the figures of the others still count


if __name__ == "__main__":
    main()
