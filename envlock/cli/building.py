"""What `build` and `push` do with the environments that are named: each by itself, and what came of it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from envlock.cli.build_lines import build_lines
from envlock.cli.command import Session
from envlock.cli.push_json import push_json
from envlock.errors import EnvlockError
from envlock.workflows.build import BuildOptions, BuildResult, build
from envlock.workflows.project import Project, titles


def build_each(
    session: Session, envs: Sequence[str], options: BuildOptions, *, insecure: Sequence[str], as_json: bool
) -> int:
    """The exit code; one environment that cannot be built hinders no other."""
    shapes, codes = [], [0]
    with session.context(animated=False) as reading:
        projects = dict.fromkeys(session.environments(envs, reading))
        for project in projects:
            shape, code = _built(session, project, projects, options, insecure)
            shapes.append(shape)
            codes.append(code)
            if not as_json and "reference" in shape:
                session.console.data(shape["reference"])
    if as_json:
        session.console.json(shapes)
    return max(codes)


def _built(
    session: Session, project: Project, beside: Collection[Project], options: BuildOptions, insecure: Sequence[str]
) -> tuple[dict[str, Any], int]:
    """What is told of one, and the exit code."""
    try:
        with session.context(insecure=insecure) as context:
            result = build(project, context, options)
    except EnvlockError as error:
        if len(beside) == 1:
            raise
        title = titles(beside, Path.cwd())[project]
        session.console.error(f"{title}: {error.message}", error.hint)
        return {"environment": project.title, "error": error.message}, error.exit_code
    for line in build_lines(result):
        session.console.note(line)
    return _shape(project.title, result), 0


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
        "pushed": push_json(result.pushed),
        "seconds": {"build": round(result.seconds, 3), "push": round(result.pushing, 3)},
    }
