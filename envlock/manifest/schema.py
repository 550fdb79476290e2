"""The JSON Schema of env.toml, by which editors complete it and say what is wrong while it is written.

It says what each value looks like by itself; what must hold between them, `check` and every other command say.
"""

from typing import Any

from envlock.model.platform import PLATFORMS
from envlock.model.system_values import SYSTEM_KEYS

ADDRESS = "https://envlock.dev/schema/env.json"
# a copy that a repository keeps of it, so that editors need no connection
FILE = "env.schema.json"
_DRAFT = "http://json-schema.org/draft-07/schema#"
_WORDS = "[a-z0-9]+(?:[._-][a-z0-9]+)*"

Schema = dict[str, Any]


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


def _flag(description: str) -> Schema:
    return {"type": "boolean", "default": False, "description": description}


def _texts(description: str, *, filled: bool = False, **more: Any) -> Schema:
    items = {"type": "string", **more}
    return {"type": "array", "items": items, "description": description, **({"minItems": 1} if filled else {})}


def _table(description: str, /, **properties: Schema) -> Schema:
    """A table of these keys and no others; `_` in a name is `-` in the file."""
    named = {key.replace("_", "-"): value for key, value in properties.items()}
    return {"type": "object", "description": description, "properties": named, "additionalProperties": False}


def _each(description: str, value: Schema, pattern: str) -> Schema:
    """A table whose keys people choose, of that pattern."""
    names = {"pattern": f"^{pattern}$"}
    return {"type": "object", "description": description, "propertyNames": names, "additionalProperties": value}


def _from(description: str) -> Schema:
    return {
        "description": description,
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    }


_SPECS = _texts('Match specs: "numpy >=1.26,<2". Where there are any, Python comes from conda.')
_REQUIREMENTS = _texts('PEP 508: "flask >=3", "own @ ./wheels/own-1.0-py3-none-any.whl".')
_PIP_FROM = _from('Files that stay the source: "requirements.in", "pyproject.toml[dev]".')
_CONDA_WANTS = _table("Conda packages.", dependencies=_SPECS)
_PIP_WANTS = _table("PyPI packages.", dependencies=_REQUIREMENTS, **{"from": _PIP_FROM})

_CONDA = _table(
    "Conda packages.",
    channels=_texts("Names, URLs, or paths that begin with `./`; the best first.", filled=True),
    channel_priority=_text(
        "Does a later channel count where an earlier one has a package?", enum=["strict", "flexible"], default="strict"
    ),
    dependencies=_SPECS,
    **{"from": _from('An environment.yml that stays the source: "environment.yml".')},
)
_INDEX = {
    **_table(
        "A package index beside PyPI.",
        name=_text("By which its login goes: ENVLOCK_INDEX_NAME_PASSWORD.", pattern=f"^{_WORDS}$"),
        url=_text("Its address, without login.", pattern="^https?://"),
        default=_flag("It stands in for PyPI."),
        packages=_texts('These come from this index alone: "acme-*".', filled=True),
    ),
    "required": ["name"],
}
_PIP = _table(
    "PyPI packages.",
    dependencies=_REQUIREMENTS,
    constraints=_texts('What limits versions without asking for anything: "numpy <2".'),
    editable=_texts('Local projects that `install` and `run` install editable: "./project[extra]".'),
    indexes={"type": "array", "items": _INDEX, "description": "Package indexes, the best first."},
    **{"from": _PIP_FROM},
)
_DEBIAN = {
    **_table(
        "A base of Debian's packages, in place of a base image.",
        suite=_text('A codename: "bookworm".', pattern="^[a-z]+$"),
        packages=_texts('"git", "libgomp1 (>= 12)", "curl=7.88.1-10".'),
        components=_texts("Parts of the archive.", filled=True, default=["main"]),
        docs={"type": "boolean", "default": True, "description": "Documentation and translations."},
        mirror=_text("Where packages are found: a URL, or a path that begins with `./`."),
        snapshot=_text("An archive that keeps what mirrors drop: a URL, or a path that begins with `./`."),
        keys=_text("A file of those who are believed instead of Debian."),
    ),
    "required": ["suite"],
}
_IMAGE = {
    **_table(
        "The container image.",
        base=_text("The image below: a registry reference, `oci:FOLDER`, or `scratch`."),
        debian=_DEBIAN,
        dockerfile=_text("A Dockerfile that makes the base; its context is its folder."),
        interpreter=_text("The base's Python, for environments without conda.", pattern="^/"),
        repository=_text('Where images go: "ghcr.io/acme/train".'),
        user=_text("A name, a uid, or uid:gid."),
        workdir=_text("Where commands begin.", pattern="^/"),
        entrypoint=_texts("What is started, as separate words."),
        cmd=_texts("The arguments of it that can be replaced, as separate words."),
        labels={"type": "object", "description": "Labels.", "additionalProperties": {"type": "string"}},
        copy=_texts("Files and folders that go into `workdir`, by content."),
        bytecode=_flag("Compiled modules, so that Python starts faster."),
    ),
    "allOf": [{"not": {"required": list(pair)}} for pair in (("base", "debian"), ("base", "dockerfile"))]
    + [{"not": {"required": list(pair)}} for pair in (("debian", "dockerfile"), ("debian", "interpreter"))],
}
_PLATFORM = _table(
    "What one platform needs beside the rest, and the machine that it is for.",
    conda=_CONDA_WANTS,
    pip=_PIP_WANTS,
    **{key: _text("Declared, never detected.") for key in SYSTEM_KEYS},
)
_LOCK = _table(
    "How to lock.",
    exclude_newer=_text('Nothing that was uploaded later: "2026-01-31T12:00:00Z", "2026-01-31", "7d".'),
    pip_resolver=_text("Who chooses what [pip] asks for.", enum=["uv", "pip-tools"], default="uv"),
    conda_solver=_text("Who chooses what [conda] asks for.", enum=["rattler", "conda-lock"], default="rattler"),
)


def schema() -> Schema:
    """The schema, as JSON has it (draft 7, which editors of TOML know)."""
    group = _table(
        "Solved together with the rest, installed where it is asked for.", conda=_CONDA_WANTS, pip=_PIP_WANTS
    )
    platforms = {"type": "string", "enum": list(PLATFORMS)}
    top = _table(
        "What an environment is made from; `envlock lock` answers it in env.lock.",
        name=_text("Unique in the repository; else the folder's name.", pattern=f"^{_WORDS}$"),
        description=_text("For people."),
        extends=_text('Another file whose values this one overrides: "../base/env.toml".', pattern=r"\.toml$"),
        python=_text('A minor or exact version: "3.12", "3.12.4".', pattern=r"^3\.[0-9]+(\.[0-9]+)?$"),
        platforms={
            "type": "array", "items": platforms, "minItems": 1, "uniqueItems": True, "default": ["linux-64"],
            "description": "The machines that it is locked for.",
        },
        conda=_CONDA,
        pip=_PIP,
        groups=_each("Groups of further dependencies, by name.", group, _WORDS),
        platform=_table("Single platforms, by name.", **{name.replace("-", "_"): _PLATFORM for name in PLATFORMS}),
        variables=_each(
            "Environment variables, in the image and in `run`.", {"type": "string"}, "[A-Za-z_][A-Za-z0-9_]*"
        ),
        image=_IMAGE,
        lock=_LOCK,
        workspace=_table(
            "In the root of a repository.", exclude=_texts('Folders whose environments are not its own: "examples/*".')
        ),
    )  # fmt: skip
    return {"$schema": _DRAFT, "$id": ADDRESS, "title": "env.toml of envlock", **top}
