"""What is compared with what, and the figures of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from tests.bench.measure import Sample, Step, measure

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Subject:
    """`ready` prepares a round, which is not measured, and gives the steps that are.

    Of what a daemon does for a client only the time is seen here: then it is not `own`. `counts` tells after a round
    what came of it, by what it is.
    """

    name: str
    ready: Callable[[], Sequence[Step]]
    own: bool = True
    counts: Callable[[], Mapping[str, float]] | None = None


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most so many seconds, mebibytes, or what `of` counts; with `peer`, so many times as long as that takes; with
    `beyond`, so many seconds more than that takes, `times` over."""

    subject: str
    at_most: float
    peer: str | None = None
    beyond: str | None = None
    times: float = 1.0
    of: str = "wall"  # or "largest", "tree", else a name of what is counted


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Subjects that are measured in turn; `rounds` is the most that are worth it."""

    does: str
    subjects: tuple[Subject, ...]
    limits: tuple[Limit, ...] = ()
    rounds: int = 1000
    watch: bool = False


Samples = dict[str, list[Sample]]


def run_scenario(scenario: Scenario, rounds: int) -> dict[str, Any]:
    """The result in the form that is printed."""
    samples = interleaved(scenario, min(rounds, scenario.rounds))
    ratios = [(limit.subject, limit.peer) for limit in scenario.limits if limit.peer]
    return {
        "does": scenario.does,
        "rounds": min(rounds, scenario.rounds),
        "subjects": {subject.name: figures(samples[subject.name], subject) for subject in scenario.subjects},
        "ratios": [
            {"subject": subject, "peer": peer, "wall": spread(_quotients(samples, subject, peer))}
            for subject, peer in ratios
            if peer
        ],
        "limits": [judged(limit, samples) for limit in scenario.limits],
    }


def interleaved(scenario: Scenario, rounds: int) -> Samples:
    """A B A B …, so that what the machine does beside it meets all alike; after one round that does not count."""
    samples: Samples = {subject.name: [] for subject in scenario.subjects}
    for number in range(rounds + 1):
        for subject in scenario.subjects:
            sample = measure(subject.ready(), watch=scenario.watch)
            if subject.counts:
                sample = replace(sample, counts=subject.counts())
            if number:
                samples[subject.name].append(sample)
    return samples


def figures(samples: Sequence[Sample], subject: Subject) -> dict[str, Any]:
    """Median, least and most of what was measured: seconds, and MiB."""
    found: dict[str, Any] = {"wall": spread([s.wall for s in samples])}
    if subject.own:
        found["user"] = spread([s.user for s in samples])
        found["system"] = spread([s.system for s in samples])
        found["largest_process_mib"] = spread([s.largest / MIB for s in samples])
        trees = [s.tree / MIB for s in samples if s.tree is not None]
        found["all_processes_mib"] = spread(trees) if trees else None
    counted = samples[0].counts if samples else {}
    found["counted"] = {name: spread([s.counts[name] for s in samples]) for name in counted}
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4)}


def judged(limit: Limit, samples: Samples) -> dict[str, Any]:
    """The limit with what was found, and whether it is met."""
    found = _found(limit, samples)
    return asdict(limit) | {"found": round(found, 4), "met": found <= limit.at_most}


def _found(limit: Limit, samples: Samples) -> float:
    if limit.peer:
        return median(_quotients(samples, limit.subject, limit.peer))
    if limit.beyond:
        pairs = zip(samples[limit.subject], samples[limit.beyond], strict=True)
        return median(a.wall - limit.times * b.wall for a, b in pairs)
    found = samples[limit.subject]
    match limit.of:
        case "wall":
            return median(sample.wall for sample in found)
        case "largest":
            return max(sample.largest for sample in found) / MIB
        case "tree":
            return max(sample.tree or 0 for sample in found) / MIB
        case counted:
            return max(sample.counts[counted] for sample in found)


def _quotients(samples: Samples, subject: str, peer: str) -> list[float]:
    """Round by round: both sides of one were measured one after the other."""
    return [a.wall / b.wall for a, b in zip(samples[subject], samples[peer], strict=True)]
