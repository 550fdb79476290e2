"""Where in env.toml stands what a problem is about: asked only when there are problems to show."""

from collections.abc import Iterable
from pathlib import Path

from envlock.manifest.conda_spec import normalized_spec
from envlock.manifest.pip_requirement import normalized_requirement
from envlock.manifest.reader import open_manifest
from envlock.model.fields import Document
from envlock.model.problem import Problem
from envlock.model.system_values import SYSTEM_KEYS
from envlock.model.toml_lines import KeyPath

# problems of these kinds are about a key, the others about a requirement
_KEYED = ("input", "order", "origin", "image", "platform")
_KEYS: dict[str, KeyPath] = {
    "python": ("python",),
    "platforms": ("platforms",),
    "channels": ("conda", "channels"),
    "channel-priority": ("conda", "channel-priority"),
    "indexes": ("pip", "indexes"),
    "variables": ("variables",),
    **{key: ("image", key) for key in ("base", "interpreter", "user", "workdir", "entrypoint", "cmd", "labels")},
}


def lines_of(path: Path, problems: Iterable[Problem]) -> tuple[int | None, ...]:
    """For each problem the line of env.toml that it is about, None where nothing written there is."""
    document = open_manifest(path)
    roots = _roots(document)
    return tuple(_line(document, roots, problem) for problem in problems)


def _roots(document: Document) -> dict[str, KeyPath]:
    """The dependencies as they are spelt in problems, and the match spec that the key `python` stands for."""
    conda = document.root.table("conda").texts("dependencies", normalized_spec) or ()
    pip = document.root.table("pip").texts("dependencies", normalized_requirement) or ()
    python = document.root.text("python")
    own: dict[str, KeyPath] = {f"python {python}.*": ("python",), f"python =={python}": ("python",)}
    return own | {item.value: item.path for item in (*conda, *pip)}


def _line(document: Document, roots: dict[str, KeyPath], problem: Problem) -> int | None:
    path = _key(problem) if problem.kind in _KEYED else roots.get(problem.subject or "")
    return document.line(path) if path else None


def _key(problem: Problem) -> KeyPath | None:
    subject = problem.subject or ""
    if problem.kind == "platform":
        return ("platforms",)
    if subject in SYSTEM_KEYS:
        return ("platform", problem.platform or "", subject)
    table, _, name = subject.partition(".")  # of variables and labels each is by itself
    path = _KEYS.get(table)
    return (*path, name) if path and name else path
