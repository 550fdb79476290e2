"""The virtual packages that a pixi.lock was solved for, as the declared system of a platform."""

from collections.abc import Iterable
from dataclasses import replace

from envlock.model.platform import PLATFORMS, System
from envlock.model.system_values import system_value

_FIELDS = {
    "__linux": "linux",
    "__glibc": "glibc",
    "__osx": "macos",
    "__win": "windows",
    "__cuda": "cuda",
    "__cuda_arch": "cuda_arch",
}


def declared(texts: Iterable[str], platform: str) -> tuple[System | None, tuple[str, ...]]:
    """The system of `__glibc=2.28`, `__archspec=0=x86_64` …, None where it is the default one; and what of these no
    system has."""
    usual = PLATFORMS[platform].system
    keys = PLATFORMS[platform].keys
    found: dict[str, str] = {}
    unknown: list[str] = []
    for text in texts:
        name, _, rest = text.partition("=")
        version, _, build = rest.partition("=")
        key, value = ("archspec", build) if name == "__archspec" else (_FIELDS.get(name, ""), version)
        if key in keys and _stands(key, value):
            found[key] = value
        elif name != "__unix" and value not in ("", "0"):
            unknown.append(text)
    system = replace(usual, **found)
    return (system if system != usual else None), tuple(unknown)


def _stands(key: str, value: str) -> bool:
    """Can env.toml say so? Where only the presence of something is known, tools write the version 0."""
    try:
        return value != "0" and bool(system_value(key.replace("_", "-"))(value))
    except ValueError:
        return False
