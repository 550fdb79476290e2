"""Where in env.toml, or in a file it takes from, stands what a problem is about: asked only when there are some."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from envlock.interchange.addresses import Surroundings
from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.pip.pip_requirement import normalized_constraint
from envlock.manifest import later
from envlock.manifest.reader import open_manifest
from envlock.model.debian_base import stated_interpreter
from envlock.model.fields import Document
from envlock.model.place import Place
from envlock.model.platform import PLATFORMS
from envlock.model.problem import Problem
from envlock.model.system_values import SYSTEM_KEYS
from envlock.model.toml_lines import KeyPath
from envlock.system.text_file import seen_from

# problems of these kinds are about a key, the others about a requirement
_KEYED = ("input", "order", "origin", "image", "platform")
_DEBIAN: KeyPath = ("image", "debian")
_KEYS: dict[str, KeyPath] = {
    "python": ("python",),
    "platforms": ("platforms",),
    "channels": ("conda", "channels"),
    "channel-priority": ("conda", "channel-priority"),
    "indexes": ("pip", "indexes"),
    "constraints": ("pip", "constraints"),
    "editable": ("pip", "editable"),
    "groups": ("groups",),
    "variables": ("variables",),
    **{key: ("lock", key) for key in ("exclude-newer", "pip-resolver", "conda-solver")},
    "debian": _DEBIAN,
    **{key: ("image", key) for key in ("base", "dockerfile", "interpreter", "user", "workdir", "entrypoint", "cmd")},
    **{key: ("image", key) for key in ("labels", "copy", "bytecode")},
}
# by requirement, as problems spell it: the table that asks for it, and where
Roots = dict[str, list[tuple[KeyPath, Place]]]


def places_of(path: Path, problems: Iterable[Problem]) -> tuple[Place | None, ...]:
    """For each problem the place that it is about, its file relative to env.toml; None where nothing written is."""
    document = open_manifest(path)
    roots: Roots = {}
    for need, table, place in asked_for(document, Surroundings(path.parent)):
        roots.setdefault(need, []).append((table, place))
    for item in document.root.table("pip").texts("constraints", normalized_constraint) or ():
        roots.setdefault(item.value, []).append(((), document.place(item.path)))
    found = (_place(document, roots, problem) for problem in problems)
    return tuple(place and relative(place, path.parent) for place in found)


def relative(place: Place, folder: Path) -> Place:
    """A place whose file is named as seen from a folder."""
    return place._replace(file=seen_from(folder, place.file))


def asked_for(document: Document, surroundings: Surroundings) -> Iterator[tuple[str, KeyPath, Place]]:
    """Every requirement in one spelling, the table that asks for it, its place; and what `python` stands for."""
    root = document.root
    python = root.text("python")
    meanings = (f"python {python}.*", f"python =={python}", stated_interpreter(python) or "")
    yield from ((text, (), document.place(("python",))) for text in meanings)
    for path in _asking(document):
        table = document.root
        for key in path:
            table = table.table(str(key))
        conda = table.table("conda").texts("dependencies", normalized_spec) or ()
        pip = table.table("pip").texts("dependencies", surroundings.requirement) or ()
        yield from ((item.value, path, document.place(item.path)) for item in (*conda, *pip))
    yield from _debian(document)
    if root.table("pip").has("editable"):
        for editable in later.read_editable(root.table("pip"), surroundings):
            yield from ((need, (), place) for need, place in editable.places.items())


def _debian(document: Document) -> Iterator[tuple[str, KeyPath, Place]]:
    image = document.root.table("image")
    if image.is_table("debian"):
        for item in image.table("debian").texts("packages", later.plain_requirement) or ():
            yield item.value, _DEBIAN, document.place(item.path)


def _asking(document: Document) -> Iterator[KeyPath]:
    """The tables that hold `conda` and `pip`."""
    yield ()
    for key in ("groups", "platform"):
        yield from ((key, name) for name in document.root.table(key).names())


def _place(document: Document, roots: Roots, problem: Problem) -> Place | None:
    if problem.kind in _KEYED:
        path = _key(problem)
        return document.place(path) if path else None
    found = roots.get(problem.subject or "") or _first_of(roots, problem.subject or "")
    foreign = [("platform", name) for name in PLATFORMS if name != problem.platform]
    return next((place for table, place in found if not (problem.platform and table in foreign)), None)


def _first_of(roots: Roots, subject: str) -> list[tuple[KeyPath, Place]]:
    """Of several requirements about one package, which stand in a row in one problem, the first."""
    return next((places for need, places in roots.items() if subject.startswith(f"{need}; ")), [])


def _key(problem: Problem) -> KeyPath | None:
    subject = problem.subject or ""
    if problem.kind == "platform":
        return ("platforms",)
    if subject in SYSTEM_KEYS:
        return ("platform", problem.platform or "", subject)
    table, _, name = subject.partition(".")  # of variables, labels and groups each is by itself
    path = _KEYS.get(table)
    return (*path, name) if path and name else path
