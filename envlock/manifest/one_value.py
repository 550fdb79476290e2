"""Sets one value of an env.toml, or takes it out; comments and layout stay as they are."""

import tomllib
from typing import Any

from envlock.errors import UserInputError
from envlock.manifest.value_edits import NotEditable, with_values
from envlock.model.place import key_text
from envlock.model.toml_strings import basic_string

Value = str | tuple[str, ...] | None


def with_value(text: str, path: tuple[str, ...], value: Value) -> str:
    """The text with `value` at a path; without what stands there for None. UserInputError where that is beyond us."""
    if not isinstance(value, str | tuple | None):
        raise UserInputError(f"`{key_text(path)}`: expected text, got `{value}`", hint=f'write `"{value}"`')
    wanted = tomllib.loads(text)
    tables = [wanted]
    for key in path[:-1]:
        tables.append(tables[-1].setdefault(key, {}))
    if value is None:
        tables[-1].pop(path[-1], None)
    else:
        tables[-1][path[-1]] = _plain(value)
    try:
        return with_values(text, wanted, [] if value is None else [_donor(path, value)])
    except NotEditable:
        raise UserInputError(
            f"`{key_text(path)}` cannot be set in env.toml as it is laid out", hint="edit it by hand"
        ) from None


def _plain(value: Any) -> Any:
    return [*value] if isinstance(value, tuple) else value


def _donor(path: tuple[str, ...], value: str | tuple[str, ...]) -> str:
    """A text that has the value: how it is written is taken from there."""
    word = basic_string(value) if isinstance(value, str) else f"[{', '.join(map(basic_string, value))}]"
    heading = f"[{key_text(path[:-1])}]\n" if path[1:] else ""
    return f"{heading}{key_text(path[-1:])} = {word}\n"
