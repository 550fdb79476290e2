"""Who may import whom, which module is the door to what, and how long things may be: read off the source."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from pip._internal.models.index import PyPI

ROOT = Path(__file__).parents[1]

LAYERS = (
    {"errors"},
    {"model", "system"},
    {"oci", "interchange"},
    {
        *("manifest", "lockfile", "solvers", "sources", "debian", "history", "environments", "images", "registry"),
        "forges",
    },
    {"workflows"},
    {"cli", "api"},
)
LEVEL = {part: number for number, parts in enumerate(LAYERS) for part in parts}
ABOVE = {"": len(LAYERS)}  # `envlock` itself, which hands out the API
USERS_OF_OCI = {"oci", "images", "registry", "workflows"}

# library -> the only modules that may import it, by how their names begin
DOORS = {
    "subprocess": ("envlock.system.process", "envlock.system.pipes"),
    # the docker SDK lets errors of its HTTP library through
    "requests": (
        "envlock.system.http",
        "envlock.system.http_connections",
        "envlock.system.http_logins",
        "envlock.images.docker_engine",
    ),
    "urllib3": ("envlock.system.http", "envlock.system.http_connections"),
    "truststore": ("envlock.system.http_connections",),
    "rattler": ("envlock.system.conda",),
    "uv": ("envlock.system.uv_program",),
    "conda_lock": ("envlock.solvers.conda_lock_child",),
    "docker": ("envlock.images.docker_engine",),
    "cyclonedx": ("envlock.interchange.exports.cyclonedx",),
    "packageurl": ("envlock.interchange.exports.purl",),
    "debian": ("envlock.debian",),
    "pysequoia": ("envlock.debian.signatures",),
    "zstandard": ("envlock.debian.deb_stream", "envlock.oci.opened"),
    "OpenSSL": ("envlock.debian.certificate",),
    "ruamel": ("envlock.interchange.yaml_nodes",),
    "yaml": ("envlock.interchange.yaml_plain",),
    "tomlkit": ("envlock.manifest.editor",),
    "pypi_simple": ("envlock.sources.index",),
    "pygit2": ("envlock.history.library", "envlock.history.opened", "envlock.history.work_tree"),
    "click": ("envlock.cli",),
    "rich": ("envlock.cli.progress",),
    "tomllib": (
        *("envlock.manifest", "envlock.lockfile", "envlock.interchange"),
        *("envlock.solvers.uv_answer", "envlock.sources.source_metadata"),
    ),
}
# modules that import within functions, and why
LAZY = {
    "envlock": "the API, by programs that ask for it: the command line does without",
    "envlock.cli.progress": "rich is loaded where it draws",
    "envlock.cli.console": "tables, by who prints one",
    "envlock.cli.failures": "redaction is for bugs alone",
    "envlock.cli.lazy_group": "the command table",
    "envlock.cli.lock_lines": "the words of changes, where something changed",
    "envlock.cli.main": "a shell asks for completions",
    "envlock.cli.settings": "platformdirs, where no cache folder is given",
    "envlock.manifest.later": "what a manifest takes from other files, and a YAML library for those in YAML",
    "envlock.system.cache": "the lock library, by those who wait for one another",
    "envlock.workflows.later": "the table of what only some runs need",
    "envlock.workflows.later_local": "the same for copied files and Dockerfiles",
    "envlock.workflows.later_ci": "the same for continuous integration, which mostly finds nothing to make",
    "envlock.workflows.later_history": "the same for what was: revisions, locks of other times",
    "envlock.workflows.later_hooks": "the same for git's hooks, which mostly find nothing to look at",
    "envlock.workflows.later_import": "the same for what is taken over from other tools",
    "envlock.workflows.later_images": "the same for images: engines, registries, attachments",
    "envlock.workflows.later_merge": "the same for the merge driver, which git starts once a file",
}
# modules that look at the process environment, and why
ENVIRON = {
    "envlock.api.session": "the same settings for programs",
    "envlock.cli.settings": "settings of a person",
    "envlock.solvers.conda_lock_child": "what is for the child, and not for the program that it starts in turn",
    "envlock.system.process": "what a scrubbed child keeps",
}
MODULE_LINES, FUNCTION_LINES, COMMAND_LINES, PARAMETERS = 300, 40, 80, 5


@dataclass(frozen=True)
class Import:
    name: str
    line: int
    lazy: bool  # within a function
    typing: bool = False  # for the type checker alone


class Module:
    """A module of the package by its dotted name."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text, self.tree = name, text, ast.parse(text)
        self.part = (*name.split("."), "")[1]

    def imports(self) -> Iterator[Import]:
        """Everything it imports, at the top or within a function, by statement or by `import_module("…")`."""
        typing = {id(node) for block in ast.walk(self.tree) if _is_typing(block) for node in ast.walk(block)}
        for node, lazy in _walk(self.tree, in_function=False):
            for name in _imported(node):
                yield Import(name, getattr(node, "lineno", 0), lazy, id(node) in typing)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _walk(node: ast.AST, *, in_function: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, in_function
    inner = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, in_function=inner)


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [f"{module}.{alias.name}" for alias in names]
        case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name)), *_]):
            return [name]
    return []


def package() -> list[Module]:
    files = sorted((ROOT / "envlock").rglob("*.py"))
    named = [(".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), f) for f in files]
    return [Module(name, file.read_text(encoding="utf-8")) for name, file in named]


# each rule says what is wrong with one module


def wrong_layer(module: Module) -> Iterator[str]:
    for imported in module.imports():
        top, _, rest = imported.name.partition(".")
        part = rest.partition(".")[0]
        if top != "envlock" or part == module.part or part not in LEVEL:
            continue
        if LEVEL[part] >= LEVEL.get(module.part, ABOVE.get(module.part, -1)):
            yield f"{module.name}:{imported.line} imports {imported.name}: not below it"
        if part == "oci" and module.part not in USERS_OF_OCI:
            yield f"{module.name}:{imported.line} imports {imported.name}: only images and registry do"


def wrong_door(module: Module) -> Iterator[str]:
    for imported in module.imports():
        doors = DOORS.get(imported.name.partition(".")[0])
        if doors and not f"{module.name}.".startswith(tuple(f"{door}." for door in doors)):
            yield f"{module.name}:{imported.line} imports {imported.name}: the door is {doors[0]}"


def foreign_in_model(module: Module) -> Iterator[str]:
    for imported in module.imports():
        top = imported.name.partition(".")[0]
        if module.part == "model" and top not in {"envlock", "packaging", *sys.stdlib_module_names}:
            yield f"{module.name}:{imported.line} imports {imported.name}: model is the standard library and packaging"


def hidden_import(module: Module) -> Iterator[str]:
    if module.name not in LAZY:
        yield from (f"{module.name}:{i.line} imports {i.name} within a function" for i in module.imports() if i.lazy)


def prints_or_exits(module: Module) -> Iterator[str]:
    if module.part in {"cli", ""}:
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Name(id="print" | "exit" | "quit" | "input" as name)):
                yield f"{module.name}:{node.lineno} calls {name}"
            case ast.Attribute(value=ast.Name(id="sys"), attr="exit") | ast.Name(id="SystemExit"):
                yield f"{module.name}:{node.lineno} ends the program"


def reads_environ(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and module.name not in ENVIRON:
            yield f"{module.name}:{node.lineno} reads os.{node.attr}"


def over_budget(module: Module) -> Iterator[str]:
    limit = COMMAND_LINES if module.name.startswith("envlock.cli.commands.") else MODULE_LINES
    lines = len(module.text.splitlines())
    if lines > limit:
        yield f"{module.name} has {lines} lines: at most {limit}"
    for function in module.functions():
        length = (function.end_lineno or 0) - function.lineno + 1
        parameters = [a for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in {"self", "cls"}]
        if length > FUNCTION_LINES:
            yield f"{module.name}:{function.lineno} {function.name} has {length} lines: at most {FUNCTION_LINES}"
        if len(parameters) > PARAMETERS:
            yield f"{module.name}:{function.lineno} {function.name} has {len(parameters)} positional parameters"


RULES = (wrong_layer, wrong_door, foreign_in_model, hidden_import, prints_or_exits, reads_environ, over_budget)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Callable[[Module], Iterator[str]]) -> None:
    faults = [fault for module in package() for fault in rule(module)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (wrong_layer, "envlock.model.lock", "from envlock.manifest.reader import read_manifest"),
        (wrong_layer, "envlock.model.lock", "import envlock.system.files"),
        (wrong_layer, "envlock.registry.client", "from envlock.images import base"),
        (wrong_layer, "envlock.workflows.lock", "def f():\n    import_module('envlock.cli.main')"),
        (wrong_layer, "envlock.manifest.reader", "from envlock.oci.layout import Layout"),
        (wrong_layer, "envlock.api.run", "from envlock.cli.console import Console"),
        (wrong_layer, "envlock.cli.main", "from envlock.api.run import Run"),
        (wrong_layer, "envlock.errors", "from envlock.model.lock import Lock"),
        (wrong_door, "envlock.workflows.lock", "import subprocess"),
        (wrong_door, "envlock.system.processes", "import subprocess"),
        (wrong_door, "envlock.workflows.lock", "from requests.adapters import HTTPAdapter"),
        (wrong_door, "envlock.workflows.run", "def f():\n    import rattler.shell"),
        (foreign_in_model, "envlock.model.lock", "import yaml"),
        (hidden_import, "envlock.model.lock", "def f():\n    import json"),
        (hidden_import, "envlock.model.lock", "class A:\n    def f(self):\n        from json import loads"),
        (prints_or_exits, "envlock.model.lock", "print('x')"),
        (prints_or_exits, "envlock.workflows.run", "import sys\nsys.exit(1)"),
        (prints_or_exits, "envlock.workflows.run", "raise SystemExit"),
        (reads_environ, "envlock.cli.main", "import os\nos.environ['A']"),
        (over_budget, "envlock.model.lock", "\n" * 301),
        (over_budget, "envlock.cli.commands.lock", "\n" * 81),
        (over_budget, "envlock.model.lock", "def f():\n" + "    pass\n" * 40),
        (over_budget, "envlock.model.lock", "def f(a, b, c, d, e, f): ..."),
    ],
)
def test_a_breach_is_seen(rule: Callable[[Module], Iterator[str]], name: str, text: str) -> None:
    assert list(rule(Module(name, text)))


def cycle(modules: list[Module]) -> list[str]:
    """Modules that import one another in a ring, as they are imported at the top; empty without one."""
    names = {module.name for module in modules}
    edges = {
        module.name: {_module_of(i.name, names) for i in module.imports() if not (i.lazy or i.typing)}
        for module in modules
    }
    try:
        TopologicalSorter({name: found - {name, None} for name, found in edges.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _module_of(name: str, names: set[str]) -> str | None:
    """The module that an imported name is or stands in."""
    return name if name in names else next((n for n in [name.rpartition(".")[0]] if n in names), None)


def test_no_modules_import_one_another() -> None:
    assert cycle(package()) == []


def test_a_ring_of_imports_is_seen() -> None:
    one, two = Module("envlock.a", "from envlock.b import x"), Module("envlock.b", "import envlock.a")
    assert set(cycle([one, two])) == {"envlock.a", "envlock.b"}


def test_every_lazy_import_that_is_allowed_is_there() -> None:
    assert {module.name for module in package() if any(i.lazy for i in module.imports())} == LAZY.keys()


def test_contributing_gives_a_reason_for_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["test"]]
    wanted += project["build-system"]["requires"]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in map(_distribution, wanted) if f"| `{name}` |" not in text] == []


def _distribution(requirement: str) -> str:
    return Requirement(requirement).name


def registry_hosts() -> set[str]:
    """Hosts of package registries as the tools of this machine know them; they stand in no file of ours."""
    hosts = {PyPI.netloc, PyPI.file_storage_domain}
    for source in (*Path("/etc/apt/sources.list.d").glob("*"), Path("/etc/apt/sources.list")):
        if source.is_file():
            hosts.update(re.findall(r"https?://([^/\s]+)", source.read_text(errors="replace")))
    return hosts


def test_no_file_names_a_host_of_a_package_registry() -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    files = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    assert len(files) > 50
    texts = {file: file.read_text(errors="replace") for file in files}
    assert [(str(f), host) for f, text in texts.items() for host in registry_hosts() if host in text] == []
