"""The figures of a result as Markdown, for the page that shows them."""

from collections.abc import Iterator
from typing import Any


def table(result: dict[str, Any]) -> str:
    return "\n".join((*_figures(result["scenarios"]), "", *_limits(result["scenarios"]), ""))


def _figures(scenarios: dict[str, Any]) -> Iterator[str]:
    times = "| scenario | what | median, s | least – most, s | processor, s "
    yield f"{times}| largest process, MiB | all processes, MiB | counted |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, scenario in scenarios.items():
        for subject, found in scenario.get("subjects", {}).items():
            wall = found["wall"]
            cells = (
                name,
                f"`{subject}`",
                _seconds(wall["median"]),
                f"{_seconds(wall['min'])} – {_seconds(wall['max'])}",
            )
            own = (
                _processor(found),
                *(_mebibytes(found.get(f"{kind}_mib")) for kind in ("largest_process", "all_processes")),
            )
            yield f"| {' | '.join((*cells, *own, _counted(found)))} |"


def _limits(scenarios: dict[str, Any]) -> Iterator[str]:
    yield "| scenario | limit | found | |"
    yield "|---|---|---|---|"
    for name, scenario in scenarios.items():
        if "limits" not in scenario:
            yield f"| {name} | | not measured | |"
        for limit in scenario.get("limits", []):
            verdict = "met" if limit["met"] else "**missed**"
            yield f"| {name} | {_limit(limit)} | {_amount(limit, limit['found'])} | {verdict} |"


def _limit(limit: dict[str, Any]) -> str:
    words = {"largest": ", largest process", "tree": ", all processes"}.get(limit["of"], "")
    return f"`{limit['subject']}` at most {_amount(limit, limit['at_most'])}{words}"


def _amount(limit: dict[str, Any], value: float) -> str:
    if limit["peer"]:
        return f"{value:.2f} × `{limit['peer']}`"
    if limit.get("beyond"):
        times = f"{limit['times']:g} × " if limit.get("times", 1) != 1 else ""
        return f"{_seconds(value)} s beyond {times}`{limit['beyond']}`"
    unit = {"wall": "s", "largest": "MiB", "tree": "MiB"}.get(limit["of"], limit["of"])
    return f"{_seconds(value) if unit == 's' else _count(value)} {unit}"


def _counted(found: dict[str, Any]) -> str:
    return ", ".join(f"{_count(spread['max'])} {name}" for name, spread in found.get("counted", {}).items())


def _count(value: float) -> str:
    return f"{value:.2f}" if value < 10 and value % 1 else f"{value:.0f}"


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def _processor(found: dict[str, Any]) -> str:
    return _seconds(found["user"]["median"] + found["system"]["median"]) if "user" in found else ""


def _mebibytes(spread: dict[str, float] | None) -> str:
    return f"{spread['max']:.0f}" if spread else ""
