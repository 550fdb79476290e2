"""What `build` and `push` do with the environments that are named: each by itself, and what came of it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from envlock.cli.build_lines import build_lines
from envlock.cli.command import Session
from envlock.errors import EnvlockError
from envlock.workflows.build import BuildOptions, BuildResult, build
from envlock.workflows.project import Project, titles


def build_each(
    session: Session, projects: Sequence[Project], options: BuildOptions, *, insecure: Sequence[str], as_json: bool
) -> int:
    """The exit code; one environment that cannot be built hinders no other."""
    shapes, codes = [], [0]
    for project in dict.fromkeys(projects):
        try:
            with session.context(insecure=insecure) as context:
                result = build(project, context, options)
        except EnvlockError as error:
            if len(projects) == 1:
                raise
            title = titles(projects, Path.cwd())[project]
            session.console.error(f"{title}: {error.message}", error.hint)
            shapes.append({"environment": project.name, "error": error.message})
            codes.append(error.exit_code)
            continue
        for line in build_lines(result):
            session.console.note(line)
        if as_json:
            shapes.append(_shape(project.name, result))
        else:
            session.console.data(result.reference)
    if as_json:
        session.console.json(shapes)
    return max(codes)


def _shape(environment: str, result: BuildResult) -> dict[str, Any]:
    """For programs; of an image that the registry had, no layer was looked at."""
    tag = result.name.rpartition(":")[2]
    return {
        "environment": environment,
        "name": result.name,
        "reference": result.reference,
        "digest": result.digest,
        "tags": [tag],
        "cached": result.cached,
        "base": list(result.base),
        "layers": [asdict(layer) for layer in result.layers],
        "notes": list(result.notes),
        "in_registry": result.in_registry,
        "pushed": _pushed(result),
        "seconds": {"build": round(result.seconds, 3), "push": round(result.pushing, 3)},
    }


def _pushed(result: BuildResult) -> dict[str, Any] | None:
    pushed = result.pushed
    if pushed is None:
        return None
    return {
        "uploaded": pushed.uploaded,
        "uploaded_layers": pushed.layers,
        "uploaded_bytes": pushed.uploaded_bytes,
        "mounted": pushed.mounted,
        "present": pushed.present,
    }
