"""What Azure ML's definitions say that env.toml has no key for: named where it is not what the SDK writes unasked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from envlock.model.imported import Remark
from envlock.model.masking import masked

_SERVICE = "it is kept by Azure ML's service"
_STARTED = "who starts a container says it: `docker run`"
_R = "R comes from conda: add `r-base`, and packages by their names there, such as `r-dplyr`, to [conda]"
_SPARK = "Java and Spark come from conda or pip: add `openjdk` and `pyspark`"
_DATABRICKS = "libraries of a Databricks cluster: those of PyPI belong into [pip]"
_LOGIN = "credentials never stand in a file: `docker login` keeps them, or any credential helper of docker"
_NOTHING: tuple[Any, ...] = (None, [], {}, "")

# by key path: what needs no word, and why the rest is not carried over. A section stands for all that is in it
_LEFT_OUT: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "version": (_NOTHING, "versions are tags in git: `envlock register` makes one"),
    "assetId": (_NOTHING, _SERVICE),
    "inferencingStackVersion": (
        _NOTHING,
        "add the server that answers requests to [pip], such as `azureml-inference-server-http`",
    ),
    "python.baseCondaEnvironment": (_NOTHING, "what is in it is not told here: `envlock import PREFIX` reads it"),
    "docker.enabled": ((*_NOTHING, False), "each run says it: `envlock run --in docker`"),
    "docker.sharedVolumes": ((*_NOTHING, True), "each run says it: `envlock run --in docker --volume`"),
    "docker.shmSize": ((*_NOTHING, "2g"), "who starts a container says it: `docker run --shm-size`"),
    "docker.arguments": (_NOTHING, _STARTED),
    "docker.gpuSupport": ((*_NOTHING, True, False), "each run says it: `envlock run --in docker --gpus all`"),
    "docker.baseImageRegistry.username": (_NOTHING, _LOGIN),
    "docker.baseImageRegistry.password": (_NOTHING, _LOGIN),
    "docker.baseImageRegistry.registryIdentity": (_NOTHING, _LOGIN),
    "spark.precachePackages": ((*_NOTHING, True), _SPARK),
    "spark": (_NOTHING, _SPARK),
    "databricks": (_NOTHING, _DATABRICKS),
    "r.userManaged": ((*_NOTHING, False), _R),
    "r": (_NOTHING, _R),
}
# what may be a password, or hold one, is named without its value
_UNSHOWN = ("docker.arguments", "docker.buildContext.location")
_LONGEST = 120


def left_out(document: Mapping[str, Any], carried: frozenset[str], lines: Mapping[str, int]) -> Iterator[Remark]:
    """A remark for each key that is not `carried` and says something; `lines` are of keys."""
    for path, value in _leaves(document, ""):
        if path in carried:
            continue
        silent, why = _reason(path)
        if not any(value is nothing or value == nothing for nothing in silent):
            hidden = path in _UNSHOWN or path.startswith("docker.baseImageRegistry.")
            shown = path if hidden else f"{path}: {_short(value)}"
            yield Remark(what=shown, why=why, line=lines.get(path.rpartition(".")[2]))


def _leaves(document: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and value and path not in ("environmentVariables", "python.condaDependencies"):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _reason(path: str) -> tuple[tuple[Any, ...], str]:
    section = path.partition(".")[0]
    return _LEFT_OUT.get(path) or _LEFT_OUT.get(section) or (_NOTHING, "env.toml has no key for it")


def _short(value: object) -> str:
    (text,) = masked((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
