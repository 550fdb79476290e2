"""What somebody asked conda for: as its history has it, else the records of the packages."""

import ast
import re
from collections.abc import Iterable

from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.installed.conda_meta import META, CondaRecord
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.model.conda_limits import plainly_met
from envlock.model.match_specs import conda_name

_HISTORY = f"{META}/history"
_SPECS = re.compile(r"# (?P<verb>update|install|create|remove|uninstall|neutered) specs: *(?P<specs>\[.*\]) *")
_LONGEST = 100_000


def requested(records: Iterable[CondaRecord], files: PrefixFiles) -> tuple[str, ...]:
    """Match specs of packages that are there, one a name, sorted; those that no longer hold by their name alone."""
    by_name = {record.pinned.name: record for record in records}
    # of an explicit list of files each one was asked for: that tells nothing
    asked = {name: text for r in by_name.values() for text in r.requested if (name := _name(text))}
    asked = asked | _of_history(files) if len(asked) < len(by_name) else _of_history(files)
    return tuple(sorted({_held(text, by_name[name]) for name, text in asked.items() if name in by_name}))


def _of_history(files: PrefixFiles) -> dict[str, str]:
    try:
        text = files.text(_HISTORY) or ""
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _SPECS.fullmatch(line) if len(line) <= _LONGEST else None
        for spec in _listed(match["specs"]) if match else ():
            name = _name(spec)
            if match and match["verb"] in ("remove", "uninstall"):
                found.pop(name, None)
            elif name:
                found[name] = spec
    return found


def _listed(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [spec for spec in found if isinstance(spec, str)] if isinstance(found, list) else []


def _name(spec: str) -> str:
    """The package that a spec asks for; "" of a URL, and of what is none."""
    try:
        return conda_name(normalized_spec(spec.replace("'", '"')))
    except ValueError:
        return ""


def _held(text: str, record: CondaRecord) -> str:
    """The spec, without its channel and without a build of its own; the name alone where it does not say more, or is
    not plain to hold."""
    name, pinned = record.pinned.name, record.pinned
    spec = normalized_spec(text).rpartition("::")[2]
    if "[" in spec or spec.count(" ") > 1 or not plainly_met(spec, pinned.version, pinned.build):
        return name
    return spec
