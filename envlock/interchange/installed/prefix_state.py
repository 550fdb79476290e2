"""What belongs to a conda prefix beside its packages: variables that are set in it, settings, scripts of one's own."""

import re
from collections.abc import Iterable, Iterator

from envlock.interchange.installed.conda_meta import META, CondaRecord
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.model.imported import Remark
from envlock.system.secrets import redact_text

_STATE = f"{META}/state"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSET = "***unset***"
_HOOKS = ("etc/conda/activate.d", "etc/conda/deactivate.d", "etc/conda/env_vars.d")
_SETTINGS = {
    f"{META}/pinned": "limits for future installations, while what is installed is locked",
    ".condarc": "settings of conda for this prefix",
    "condarc": "settings of conda for this prefix",
}


def variables(files: PrefixFiles) -> tuple[tuple[tuple[str, str], ...], tuple[Remark, ...]]:
    """What `conda env config vars set` has set, and what of that is not carried over."""
    kept: dict[str, str] = {}
    remarks = []
    try:
        found = (files.document(_STATE) or {}).get("env_vars", {})
    except ValueError as error:
        return (), (Remark(what="variables", why=f"the file {error}", file=files.shown(_STATE)),)
    for name, value in found.items() if isinstance(found, dict) else ():
        why = _unkept(name, value)
        if why:
            remarks.append(Remark(what=name, why=f"{why}", file=files.shown(_STATE)))
        else:
            kept[name] = value
    return tuple(sorted(kept.items())), tuple(remarks)


def _unkept(name: str, value: object) -> str | None:
    if not isinstance(value, str) or not _NAME.fullmatch(name):
        return "it has no name and text that a variable can have"
    if value == _UNSET:
        return "it is one that is to be unset"
    return "it holds credentials" if redact_text(value) != value else None


def settings(records: Iterable[CondaRecord], files: PrefixFiles) -> Iterator[Remark]:
    """Files by which somebody changed how the prefix behaves."""
    for path, why in _SETTINGS.items():
        folder, _, name = path.rpartition("/")
        if name in files.names(folder):
            yield Remark(what=name, why=why, file=files.shown(path))
    owned = frozenset().union(*(record.hooks for record in records))
    for folder in _HOOKS:
        for name in files.names(folder):
            if f"{folder}/{name}" not in owned:
                why = "a script that no package brought; [variables] of env.toml sets variables"
                yield Remark(what=name, why=why, file=files.shown(f"{folder}/{name}"))
