"""Which paths the files of an environment name: more than they mean, perhaps, but never fewer."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

PROJECT_FILE = "pyproject.toml"
# under these keys of TOML files a bare word is a path, too
_OF_PATHS = ("base", "copy", "dockerfile", "extends", "file", "from")
_DOCKERFILE = "dockerfile"
_SCHEMES = re.compile(r"(?:oci|file):(?!//)")
_WORDS = re.compile(r"[^\s\"'\[\](){}<>,;=@#]+")
# a file of requirements is named as it likes: `-r base`, `-rbase`
_OTHER_LISTS = re.compile(r"^\s*(?:-[rc]|--(?:requirement|constraint)[\s=])\s*(\S+)", re.MULTILINE)
_LOCKED = re.compile(r'"(\.{1,2}/[^"\\]*)"')
_TOO_LONG = 1000


def named_paths(text: str, file: str) -> set[str]:
    """What may be paths in a text, relative to its folder; `file` is its name."""
    if file == "env.lock":
        return {path for path in _LOCKED.findall(text) if len(path) <= _TOO_LONG}
    found = _of_toml(text) if file.endswith(".toml") else _of_list(text)
    cleaned = (_SCHEMES.sub("", path) for path in found)
    return {path for path in cleaned if path and len(path) <= _TOO_LONG and path[0] != "/" and "\0" not in path}


def names_dockerfiles(text: str, file: str) -> set[str]:
    """Those of them that are Dockerfiles."""
    if not file.endswith(".toml") or file == PROJECT_FILE:
        return set()
    return {value for key, value in _texts("", _parsed(text)) if key == _DOCKERFILE}


def _of_toml(text: str) -> Iterator[str]:
    for key, value in _texts("", _parsed(text)):
        if key in _OF_PATHS:
            yield value
            yield value.partition("[")[0]  # `pyproject.toml[dev]`
        elif value.startswith("."):
            yield value
        yield from (word for word in _WORDS.findall(value) if word[0] == "." or "/" in word)


def _of_list(text: str) -> Iterator[str]:
    yield from _OTHER_LISTS.findall(text)
    yield from (word for word in _WORDS.findall(text) if "." in word or "/" in word)


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}  # whoever reads it as what it should be says why


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text, with the nearest key above it."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(key, item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(name, item)
