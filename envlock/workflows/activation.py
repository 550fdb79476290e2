"""What conda packages set on activation, read from an installed prefix without running anything."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envlock.model.activation import literal_exports

ENV_VARS = "etc/conda/env_vars.d"
SCRIPTS = "etc/conda/activate.d"


def activated(prefix: Path) -> tuple[tuple[str, str], ...]:
    """The variables that `env_vars.d` files and plain exports of `activate.d` scripts set, in their order."""
    texts = {
        f"{folder}/{path.name}": path.read_text(errors="replace")
        for folder in (ENV_VARS, SCRIPTS)
        for path in sorted((prefix / folder).glob("*"))
        if path.is_file()
    }
    return variables(texts)


def variables(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """As `activated`, from texts by their path below the prefix; later files win, scripts come after JSON."""
    found: dict[str, str] = {}
    for path in sorted(texts, key=lambda p: (p.startswith(SCRIPTS), p)):
        if path.startswith(ENV_VARS) and path.endswith(".json"):
            found |= _from_json(texts[path])
        elif path.startswith(SCRIPTS) and path.endswith(".sh"):
            found |= literal_exports(texts[path])
    return tuple(found.items())


def _from_json(text: str) -> dict[str, str]:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return {}
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
