"""The report of `ci` as JSON: described in docs/ci.md."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from envlock.cli.diff_json import diff_json
from envlock.cli.push_json import push_json
from envlock.workflows.ci_matrix import matrix_of
from envlock.workflows.ci_report import CiImage, CiReport, Outcome, State


def matrix_shape(report: CiReport) -> dict[str, Any]:
    """`{"include": […]}`, as a job matrix is written."""
    return matrix_of(report)


def report_shape(report: CiReport) -> dict[str, Any]:
    """Everything that is known of the run."""
    states = Counter(outcome.subject.state for outcome in report.outcomes)
    return {
        "event": asdict(report.event),
        "commit": report.commit,
        "is_committed": report.is_committed,
        "base": report.base,
        "reproduce": report.reproduce,
        "pushes": report.pushes,
        "planned": report.planned,
        "exit_code": report.exit_code,
        "notes": list(report.notes),
        "counts": {state.value: states[state] for state in State},
        "environments": [_outcome(outcome) for outcome in report.outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    subject = outcome.subject
    return {
        "environment": subject.name,
        "folder": subject.folder,
        "state": subject.state.value,
        "changed": subject.is_changed,
        "answers": not subject.problems,
        "problems": [asdict(problem) for problem in subject.problems],
        "was_stale": subject.was_stale,
        "image_key": subject.key,
        "image_key_before": subject.was,
        "comparison": diff_json(subject.comparison) if subject.comparison else None,
        "image": _image(outcome.image) if outcome.image else None,
        "error": outcome.error,
        "hint": outcome.hint,
        "exit_code": outcome.exit_code,
    }


def _image(image: CiImage) -> dict[str, Any]:
    """As `build --json` has it, and what `ci` knows besides."""
    return {
        "name": image.name,
        "reference": image.reference,
        "digest": image.digest,
        "image_key": image.key,
        "lock_hashes": dict(image.lock_hashes),
        "tags": [asdict(tag) for tag in image.tags],
        "cached": image.came,
        "in_registry": image.in_registry,
        "base_layers": image.base_layers,
        "layers": [asdict(layer) for layer in image.layers],
        "size": image.size,
        "size_before": image.before,
        "notes": list(image.notes),
        "pushed": push_json(image.pushed),
        "sbom": str(image.sbom) if image.sbom else None,
        "seconds": round(image.seconds, 3),
    }
